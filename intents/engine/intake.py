"""Orders that were opened without us: written down from their log, so that they end well too."""

import secrets
import time

import structlog

from intents.chains import registry
from intents.chains.manifest import ChainManifest
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import ChainLog, Order, Step
from intents.settlement.destination_call import DestinationCallError, final_recipient
from intents.settlement.order import (
    MandateOutput,
    OrderFieldError,
    StandardOrder,
    bytes32_to_address,
    int_to_address,
    order_from_json,
)

from .depth import final_depth

log = structlog.get_logger(__name__)

ONCHAIN = "onchain"


def order_from_log(origin: ChainManifest, opened: ChainLog) -> Order | None:
    """The row of a stranger's order, SIGNED until its log is looked at; None when we cannot hold it.

    It is valued, gated and reserved when its fill's turn comes. Until then it needs final depth.
    """
    try:
        terms = order_from_json(opened.data["order"])
        destination = terms.outputs[0].chain_id
        if destination not in registry.all_chains():
            return None
        order = _write(origin, opened, terms)
    except (OrderFieldError, KeyError, ValueError, IndexError) as error:
        log.warning("intake.unreadable", order_id=opened.order_id, error=str(error))
        return None
    plan = [
        (StepKind.OPEN, origin.chain_id, {}),
        (StepKind.FILL, destination, {"stranger": True}),
        (StepKind.PROVE, destination, {"to_chain_id": origin.chain_id}),
        (StepKind.FINALISE, origin.chain_id, {}),
    ]
    Step.objects.bulk_create(
        Step(
            order=order,
            index=index,
            kind=kind,
            chain_id=chain_id,
            state=StepState.BLOCKED if index else StepState.READY,
            depends_on=[index - 1] if index else [],
            details=details,
        )
        for index, (kind, chain_id, details) in enumerate(plan)
    )
    return order


def _recipient(output: MandateOutput) -> str:
    """Whom the output is for; of a call that cannot be read, the contract it would go to."""
    try:
        return final_recipient(output)
    except DestinationCallError:
        return bytes32_to_address(output.recipient)


def _write(origin: ChainManifest, opened: ChainLog, terms: StandardOrder) -> Order:
    token, amount = terms.inputs[0]
    output = terms.outputs[0]
    return Order.objects.create(
        order_id=opened.order_id,
        state=OrderState.SIGNED,
        terms=opened.data["order"],
        confirm_way=ONCHAIN,
        user=terms.user,
        recipient=_recipient(output),
        origin_id=origin.chain_id,
        destination_id=output.chain_id,
        input_token=int_to_address(token),
        input_amount=amount,
        output_token=bytes32_to_address(output.token),
        output_amount=output.amount,
        output_expected=output.amount,
        required_depth=final_depth(origin),
        fill_deadline=terms.fill_deadline,
        expires=terms.expires,
        share_key=secrets.token_urlsafe(32),
        received_at=time.time(),
        wake_at=time.time() + 1.0,
    )
