"""What a transfer does where it arrives: the call it ends with, tried before it is offered."""

from dataclasses import replace
from typing import Any, Final

from intents.chains.manifest import ChainManifest
from intents.engine.repricing import rules_for
from intents.lifecycle import StepKind
from intents.settlement.destination_call import DestinationCallError, encode_destination_call
from intents.settlement.order import MandateOutput, address_to_bytes32
from intents.solver.pricing import PricingRules
from intents.solver.router import DEFAULT_RULES

from .call import CallNotAllowed
from .intent import Intent
from .trial import Outcome, Trial, try_call

# Stands in for a recipient not known yet: only lengths count where the gas of an arrival is priced.
_ANYBODY: Final = "0x" + "11" * 20


def rules_of(intent: Intent, *, destination: ChainManifest) -> PricingRules:
    """Pricing with the gas that this arrival takes. Raises AppNotListed, CallNotAllowed."""
    if intent.call is None:
        return DEFAULT_RULES
    plain = MandateOutput(
        oracle=b"", settler=b"", chain_id=destination.chain_id, token=b"", amount=1, recipient=b""
    )
    who = intent.recipient or intent.user or _ANYBODY
    return rules_for([_carrying(intent, plain, who=who, destination=destination)])


def outputs_of(
    intent: Intent, plain: MandateOutput, *, destination: ChainManifest
) -> tuple[MandateOutput, ...]:
    """The order's outputs from the plain one. Raises AppNotListed, CallNotAllowed."""
    if intent.call is None:
        return (plain,)
    who = intent.recipient or intent.user
    return (_carrying(intent, plain, who=who, destination=destination),)


def trial_of(intent: Intent, *, amount: int, destination: ChainManifest) -> Trial | None:
    """The call made with `amount` base units of the output at the newest block; None without a call."""
    if intent.call is None:
        return None
    call = intent.call.bound(
        destination=destination, recipient=intent.recipient or intent.user, amount=amount
    )
    return try_call(call, token=intent.output_token, amount=amount, destination=destination)


def with_call(plan: list[dict[str, Any]], intent: Intent, trial: Trial | None) -> list[dict[str, Any]]:
    """The plan whose fill says which call it ends with, and whether that was tried."""
    call = intent.call
    if call is None:
        return plan
    is_tried = trial is not None and trial.outcome is Outcome.WORKS
    told = {"target": call.target, "app": call.app, "gas": str(call.gas), "is_tried": is_tried}
    return [
        {**step, "details": {**step["details"], "call": told}} if step["kind"] == StepKind.FILL else step
        for step in plan
    ]


def _carrying(intent: Intent, plain: MandateOutput, *, who: str, destination: ChainManifest) -> MandateOutput:
    assert intent.call is not None
    call = intent.call.bound(destination=destination, recipient=who, amount=plain.amount)
    try:
        callback = encode_destination_call(call)
    except DestinationCallError as error:
        raise CallNotAllowed(str(error), field="call") from error
    executor = address_to_bytes32(destination.address("call_executor"))
    return replace(plain, recipient=executor, callback_data=callback)
