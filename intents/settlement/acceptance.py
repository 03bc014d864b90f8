"""The one gate every order passes before we spend anything on it, ours or a stranger's.

Pure: terms, manifests and clocks in, the first reason against the order out. Deadlines are chain time
in seconds, values are US dollars × 10^8.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from intents.amounts import bps_up
from intents.chains.manifest import ChainManifest, MissingContract, TokenManifest, TokenNotSupported
from intents.settlement.destination_call import (
    DestinationCallError,
    call_in,
    check_destination_call,
    final_recipient,
)
from intents.settlement.order import (
    NATIVE_TOKEN,
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    bytes32_to_address,
    int_to_address,
    output_hash,
)

PROOF_SECONDS = 30
FILLABLE_OUTPUTS = 2
# What no call on arrival may touch: these know who calls them, or move what others entrusted to them.
NEVER_CALLED = (
    "input_settler",
    "output_settler",
    "call_executor",
    "solver_account",
    "deposit_implementation",
    "hyperlane_oracle",
    "permit2",
    "mailbox",
    "merkle_tree_hook",
)
LOSS_LIMIT_BPS = 50


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order is not taken; `code` is stable, `params` are JSON values for its words."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


def refuse_terms(
    order: StandardOrder,
    *,
    origin: ChainManifest,
    destination: ChainManifest,
    blocked: Collection[str] = (),
) -> Refusal | None:
    """The first rule the terms themselves break, whatever the time and the prices are."""
    return (
        _refuse_parties(order, origin=origin, destination=destination, blocked=blocked)
        or _refuse_input(order, origin=origin)
        or _refuse_outputs(order, destination=destination)
    )


def refuse_opening(
    order: StandardOrder, *, origin: ChainManifest, origin_time: int, destination_time: int
) -> Refusal | None:
    """Too little time is left to open and fill, or to be paid before `expires`."""
    left = order.fill_deadline - max(origin_time, destination_time)
    if left < origin.limits.min_left_seconds:
        return Refusal("too_late", {"left_seconds": left, "needed_seconds": origin.limits.min_left_seconds})
    return None


def refuse_filling(
    order: StandardOrder,
    *,
    destination: ChainManifest,
    origin_time: int,
    destination_time: int,
) -> Refusal | None:
    """A fill sent now might land after its deadline, or could not be proven before `expires`."""
    if destination_time + fill_margin_seconds(destination) >= order.fill_deadline:
        return Refusal("fill_deadline_near", {"fill_deadline": order.fill_deadline})
    proven_by = origin_time + destination.finality_seconds + PROOF_SECONDS
    if proven_by >= order.expires:
        return Refusal("cannot_finalise_in_time", {"expires": order.expires})
    return None


def fill_margin_seconds(destination: ChainManifest) -> int:
    """No fill is sent later than this before its deadline: two blocks and the clocks' rounding."""
    return int(2 * destination.block_seconds) + 2


def refuse_value(
    *, input_usd_e8: int, output_usd_e8: int, cost_usd_e8: int, loss_limit_bps: int = LOSS_LIMIT_BPS
) -> Refusal | None:
    """What we receive must cover what we pay and spend, but for a bounded loss."""
    limit = bps_up(input_usd_e8, loss_limit_bps)
    missing = output_usd_e8 + cost_usd_e8 - input_usd_e8
    if missing > limit:
        return Refusal("not_profitable", {"missing_usd_e8": str(missing), "limit_usd_e8": str(limit)})
    return None


def _refuse_parties(
    order: StandardOrder, *, origin: ChainManifest, destination: ChainManifest, blocked: Collection[str]
) -> Refusal | None:
    if order.origin_chain_id != origin.chain_id:
        return Refusal("chain_not_supported", {"chain_id": order.origin_chain_id})
    if origin.chain_id == destination.chain_id:
        return Refusal("same_chain", {"chain_id": origin.chain_id})
    if int(order.user, 16) == 0:
        return Refusal("field_differs", {"field": "user"})
    if address_to_bytes32(order.input_oracle) != _identifier(origin, "hyperlane_oracle"):
        return Refusal("oracle_not_ours", {"field": "inputOracle"})
    if order.fill_deadline > order.expires:
        return Refusal("deadlines_reversed", {})
    listed = {address.lower() for address in blocked}
    if order.user.lower() in listed:
        return Refusal("blocked_address", {"address": order.user})
    for output in order.outputs:
        recipient = _final_recipient(output)
        if recipient.lower() in listed:
            return Refusal("blocked_address", {"address": recipient})
    return None


def _final_recipient(output: MandateOutput) -> str:
    """Whom the output is for; where that cannot be read, whoever stands in the output itself."""
    try:
        return final_recipient(output)
    except ValueError:
        return "0x" + output.recipient[12:].hex()


def _refuse_input(order: StandardOrder, *, origin: ChainManifest) -> Refusal | None:
    if len(order.inputs) != 1:
        return Refusal("inputs_not_one", {"count": len(order.inputs)})
    token, amount = order.inputs[0]
    if amount <= 0:
        return Refusal("zero_amount", {"field": "inputs[0][1]"})
    if token >> 160:
        return Refusal("token_not_supported", {"field": "inputs[0][0]"})
    return _refuse_token(int_to_address(token), origin, field_name="inputs[0][0]")


def _refuse_outputs(order: StandardOrder, *, destination: ChainManifest) -> Refusal | None:
    if len({output_hash(output) for output in order.outputs}) != len(order.outputs):
        return Refusal("outputs_equal", {})
    if not 1 <= len(order.outputs) <= FILLABLE_OUTPUTS:
        return Refusal("outputs_not_supported", {"count": len(order.outputs)})
    if len(order.outputs) > 1:
        refusal = _refuse_second(*order.outputs)
        if refusal:
            return refusal
    for index, output in enumerate(order.outputs):
        refusal = _refuse_output(output, destination, path=f"outputs[{index}]")
        if refusal:
            return refusal
    return None


def _refuse_second(first: MandateOutput, second: MandateOutput) -> Refusal | None:
    """Besides the output proper only gas on arrival: the first one's filler owns the order, so it is the other."""
    native = address_to_bytes32(NATIVE_TOKEN)
    if second.token != native or first.token == native:
        return Refusal("outputs_not_supported", {"count": 2, "field": "outputs[1].token"})
    if second.callback_data:
        return Refusal("callback_not_supported", {"field": "outputs[1].callbackData"})
    if _final_recipient(first).lower() != _final_recipient(second).lower():
        return Refusal("outputs_not_supported", {"count": 2, "field": "outputs[1].recipient"})
    return None


def _refuse_output(output: MandateOutput, destination: ChainManifest, *, path: str) -> Refusal | None:
    if output.chain_id != destination.chain_id:
        return Refusal("outputs_on_two_chains", {"field": f"{path}.chainId"})
    if output.oracle != _identifier(destination, "hyperlane_oracle"):
        return Refusal("oracle_not_ours", {"field": f"{path}.oracle"})
    if output.settler != _identifier(destination, "output_settler"):
        return Refusal("settler_not_ours", {"field": f"{path}.settler"})
    if output.amount <= 0:
        return Refusal("zero_amount", {"field": f"{path}.amount"})
    if output.context:
        return Refusal("context_not_supported", {"field": f"{path}.context"})
    try:
        token, recipient = bytes32_to_address(output.token), bytes32_to_address(output.recipient)
    except ValueError:
        return Refusal("field_differs", {"field": path})
    return (
        _refuse_token(token, destination, field_name=f"{path}.token")
        or _refuse_carrier(output, recipient, destination, path=path)
        or _refuse_recipient(_final_recipient(output), destination, path=path)
        or _refuse_call(output, destination, path=path)
    )


def _refuse_carrier(
    output: MandateOutput, recipient: str, chain: ChainManifest, *, path: str
) -> Refusal | None:
    """A call goes through our executor or not at all, and nothing goes to the executor without one."""
    field_name = f"{path}.callbackData"
    executor = chain.contracts.get("call_executor")
    is_executor = executor is not None and recipient == executor.address
    if not is_executor:
        return Refusal("callback_not_supported", {"field": field_name}) if output.callback_data else None
    try:
        call = call_in(output)
    except DestinationCallError:
        return Refusal("call_malformed", {"field": field_name})
    return None if call else Refusal("call_malformed", {"field": field_name})


def _refuse_call(output: MandateOutput, chain: ChainManifest, *, path: str) -> Refusal | None:
    call = call_in(output)
    if call is None:
        return None
    refused = frozenset(chain.contracts[name].address for name in NEVER_CALLED if name in chain.contracts)
    try:
        check_destination_call(call, output=output, refused=refused)
    except DestinationCallError as error:
        return Refusal("call_not_allowed", {"field": f"{path}.callbackData", "why": str(error)})
    return None


def _refuse_token(address: str, chain: ChainManifest, *, field_name: str) -> Refusal | None:
    try:
        token: TokenManifest = chain.token(address)
    except TokenNotSupported:
        return Refusal("token_not_supported", {"field": field_name, "token": address})
    if token.is_transfer_taxed or token.is_synthetic:
        return Refusal("token_not_supported", {"field": field_name, "token": address})
    return None


def _refuse_recipient(recipient: str, chain: ChainManifest, *, path: str) -> Refusal | None:
    ours = {contract.address for contract in chain.contracts.values()}
    tokens = {token.address for token in chain.tokens}
    if int(recipient, 16) == 0 or recipient in ours or recipient in tokens:
        return Refusal("recipient_not_allowed", {"field": f"{path}.recipient", "address": recipient})
    return None


def _identifier(chain: ChainManifest, contract: str) -> bytes:
    """The contract as orders name it; nothing equals the answer for a chain that lacks it."""
    try:
        return address_to_bytes32(chain.address(contract))
    except MissingContract:
        return b""
