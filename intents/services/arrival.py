"""What a transfer does where it arrives: the call it ends with, tried before it is offered, and gas besides."""

from dataclasses import replace
from typing import Any, Final

from intents.amounts import bps_down, divide_up
from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.client import client
from intents.chains.manifest import ChainManifest
from intents.engine.repricing import rules_for
from intents.engine.reservations import UNOPENED_SHARE_BPS
from intents.lifecycle import StepKind
from intents.settlement.destination_call import DestinationCallError, encode_destination_call
from intents.settlement.order import MandateOutput, address_to_bytes32
from intents.solver.prices import price_of
from intents.solver.pricing import PricingRules
from intents.solver.world import World

from .call import CallNotAllowed
from .errors import NoStock
from .intent import Intent
from .trial import Outcome, Trial, try_call
from .wallets import AccountKind, account_kind
from .ways import AUTO

# Stands in for a recipient not known yet: only lengths count where the gas of an arrival is priced.
_ANYBODY: Final = "0x" + "11" * 20


def gas_wei_of(intent: Intent, *, destination: ChainManifest, world: World) -> int:
    """Wei of the destination's coin to deliver besides the output; 0 for none.

    Raises NoStock and what chain reads raise.
    """
    usd_e8 = destination.gas_on_arrival_usd_e8
    if intent.gas_on_arrival == "no" or not usd_e8 or intent.output_token == ZERO_ADDRESS:
        return 0
    is_asked = intent.gas_on_arrival == "yes"
    who = intent.recipient or intent.user
    if not is_asked and (not who or not _is_person_without_coins(who, destination)):
        return 0
    chain = world.chains[destination.chain_id]
    if chain.native_id not in world.prices:
        # The router says so, better.
        return 0
    wei = _rounded_up(divide_up(usd_e8 * 10**chain.native_decimals, price_of(world, chain.native_id).high_e8))
    stock = chain.stocks.get(ZERO_ADDRESS)
    # What acceptance would not reserve is not offered: with “auto” it would make the whole offer worthless.
    share = bps_down(stock.balance, UNOPENED_SHARE_BPS) if stock is not None else 0
    if stock is not None and min(stock.unreserved, share) >= wei:
        return wei
    if is_asked:
        raise NoStock(token=destination.native.symbol, field="gas_on_arrival")
    return 0


def rules_of(intent: Intent, *, destination: ChainManifest, gas_wei: int = 0) -> PricingRules:
    """Pricing with what this arrival takes, for the way to confirm if the intent names one.

    Raises AppNotListed, CallNotAllowed.
    """
    if intent.call is None and not gas_wei:
        return rules_for((), way=priced_way(intent))
    plain = MandateOutput(
        oracle=b"", settler=b"", chain_id=destination.chain_id, token=b"", amount=1, recipient=b""
    )
    who = intent.recipient or intent.user or _ANYBODY
    outputs = _outputs(intent, plain, who=who, destination=destination, gas_wei=gas_wei)
    return rules_for(outputs, way=priced_way(intent))


def priced_way(intent: Intent) -> str:
    """The way to confirm that an offer's price counts on before the wallet is known: the one most likely chosen."""
    if intent.confirm != AUTO:
        return intent.confirm
    token = registry.chain(intent.origin).token(intent.input_token)
    return "eip3009" if token.eip3009 != "none" else "permit2"


def outputs_of(
    intent: Intent, plain: MandateOutput, *, destination: ChainManifest, gas_wei: int = 0
) -> tuple[MandateOutput, ...]:
    """The order's outputs from the plain one. Raises AppNotListed, CallNotAllowed."""
    who = intent.recipient or intent.user
    return _outputs(intent, plain, who=who, destination=destination, gas_wei=gas_wei)


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


def _outputs(
    intent: Intent, plain: MandateOutput, *, who: str, destination: ChainManifest, gas_wei: int
) -> tuple[MandateOutput, ...]:
    """The valuable one first: its filler owns the order."""
    first = _carrying(intent, plain, who=who, destination=destination) if intent.call else plain
    if not gas_wei:
        return (first,)
    coins = replace(
        plain, token=address_to_bytes32(ZERO_ADDRESS), amount=gas_wei, recipient=address_to_bytes32(who)
    )
    return (first, coins)


def _is_person_without_coins(who: str, chain: ChainManifest) -> bool:
    balance, code = client(chain.chain_id).batch(
        [("eth_getBalance", [who, "latest"]), ("eth_getCode", [who, "latest"])]
    )
    return int(balance, 16) == 0 and account_kind(code) is not AccountKind.CONTRACT


def _rounded_up(wei: int) -> int:
    """Three digits that count: what people read need not have eighteen."""
    unit = 10 ** max(len(str(wei)) - 3, 0)
    return divide_up(wei, unit) * unit


def _carrying(intent: Intent, plain: MandateOutput, *, who: str, destination: ChainManifest) -> MandateOutput:
    assert intent.call is not None
    call = intent.call.bound(destination=destination, recipient=who, amount=plain.amount)
    try:
        callback = encode_destination_call(call)
    except DestinationCallError as error:
        raise CallNotAllowed(str(error), field="call") from error
    executor = address_to_bytes32(destination.address("call_executor"))
    return replace(plain, recipient=executor, callback_data=callback)
