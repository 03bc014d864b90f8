"""Calldata for our contracts and Hyperlane's Mailbox, from orders; nothing here signs or sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from eth_abi.abi import decode as abi_decode

from intents.chains.calls import Call, encode_call
from intents.chains.manifest import ChainManifest, TokenManifest

from .destination_call import final_recipient
from .order import (
    ORDER_ABI,
    OUTPUT_ABI,
    SOLVE_PARAMS_ABI,
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    fill_payload,
    int_to_address,
    output_hash,
    output_to_abi,
    to_abi,
    unfilled_payload,
)

SWAP_ABI: Final = "(address,address,uint256,uint256,bytes)"

_OPEN: Final = f"open({ORDER_ABI})"
OPEN_FOR: Final = f"openFor({ORDER_ABI},address,bytes)"
OPEN_DEPOSIT: Final = f"openDeposit({ORDER_ABI},bytes)"
_RECOVER: Final = f"recover({ORDER_ABI},address)"
_FINALISE_MANY: Final = f"finaliseMany({ORDER_ABI}[],{SOLVE_PARAMS_ABI}[][])"
_REFUND: Final = f"refund({ORDER_ABI})"
_REFUND_UNFILLED: Final = f"refundUnfilled({ORDER_ABI},uint256)"
_ACCOUNT_FILL: Final = f"fill(address,bytes32,{OUTPUT_ABI}[],uint48)"
_ACCOUNT_SWAP_AND_FILL: Final = (
    f"swapAndFill(address,bytes32,{OUTPUT_ABI}[],uint48,{SWAP_ABI}[],uint256,uint256,address)"
)
_ATTEST_UNFILLED: Final = f"attestUnfilled(bytes32,{OUTPUT_ABI},uint32)"
_ORACLE_SUBMIT: Final = "submit(uint32,address,address,bytes[])"
_ORACLE_QUOTE: Final = "quote(uint32,address,address,bytes[])"

# What `fill_payload` makes of an output without call and context.
PLAIN_FILL_BYTES: Final = 168

BY_PERMIT2: Final = b"\x00"
BY_AUTHORIZATION: Final = b"\x01"
BY_AUTHORIZATION_VRS: Final = b"\x02"


@dataclass(frozen=True, slots=True)
class VenueSwap:
    """One venue call inside a fill: spend at most `max_input` base units of `token_in`."""

    venue: str
    token_in: str
    max_input: int
    data: bytes
    value_wei: int = 0


@dataclass(frozen=True, slots=True)
class FillFact:
    """Who filled and when, as the oracle attests it; `timestamp` is chain time in seconds."""

    solver: bytes
    timestamp: int


def open_for(
    order: StandardOrder, *, origin: ChainManifest, way: str, signature: bytes, token: TokenManifest
) -> Call:
    """Open a signed order; anybody may send it. `way` is eip3009 or permit2."""
    kind = BY_PERMIT2
    if way == "eip3009":
        kind = BY_AUTHORIZATION_VRS if token.eip3009 == "vrs" else BY_AUTHORIZATION
    data = encode_call(OPEN_FOR, [to_abi(order), order.user, kind + signature])
    return Call(target=origin.address("input_settler"), data=data)


def open_by_user(order: StandardOrder, *, settler: str) -> list[Call]:
    """What the user's own wallet sends, in this order: the exact approval of a token, and the open.

    The native coin goes along with the open. Whoever sends it pays; the order's user is who it belongs to.
    """
    ((token, amount),) = order.inputs
    opening = encode_call(_OPEN, [to_abi(order)])
    if token == 0:
        return [Call(target=settler, data=opening, value_wei=amount)]
    approval = encode_call("approve(address,uint256)", [settler, amount])
    return [Call(target=int_to_address(token), data=approval), Call(target=settler, data=opening)]


def open_deposit(order: StandardOrder, *, origin: ChainManifest, permit: bytes = b"") -> Call:
    """Open an order out of its deposit address, or by the user's permit (65 bytes r, s, v); anybody may send it."""
    data = encode_call(OPEN_DEPOSIT, [to_abi(order), permit])
    return Call(target=origin.address("input_settler"), data=data)


def recover(order: StandardOrder, *, token: str, chain: ChainManifest) -> Call:
    """Give back what is at the deposit address on ``chain``, which need not be the order's own; token 0 is native.

    Anybody may send it, for the input only once the order is opened or its fill deadline has passed.
    """
    data = encode_call(_RECOVER, [to_abi(order), token])
    return Call(target=chain.address("input_settler"), data=data)


def deposit_address(order_id: bytes, *, chain: ChainManifest) -> Call:
    """The view that answers the order's deposit address."""
    data = encode_call("depositAddress(bytes32)", [order_id])
    return Call(target=chain.address("input_settler"), data=data)


def fill(order: StandardOrder, *, order_id: bytes, destination: ChainManifest) -> Call:
    """Deliver from our account's stock; only an operator may send it."""
    arguments = [
        destination.address("output_settler"),
        order_id,
        [output_to_abi(output) for output in order.outputs],
        order.fill_deadline,
    ]
    return Call(target=destination.address("solver_account"), data=encode_call(_ACCOUNT_FILL, arguments))


def swap_and_fill(
    order: StandardOrder,
    *,
    order_id: bytes,
    destination: ChainManifest,
    swaps: Sequence[VenueSwap],
    expected_output: int,
) -> Call:
    """Buy the output and deliver it in one transaction; the surplus up to `expected_output` goes to whom it is for.

    Raises DestinationCallError for a call that cannot be read.
    """
    output = order.outputs[0]
    arguments = [
        destination.address("output_settler"),
        order_id,
        [output_to_abi(item) for item in order.outputs],
        order.fill_deadline,
        [(s.venue, s.token_in, s.max_input, s.value_wei, s.data) for s in swaps],
        output.amount,
        expected_output,
        final_recipient(output),
    ]
    data = encode_call(_ACCOUNT_SWAP_AND_FILL, arguments)
    return Call(target=destination.address("solver_account"), data=data)


def trade(swaps: Sequence[VenueSwap], *, token_out: str, least: int, chain: ChainManifest) -> Call:
    """Have our account call venues without a fill; `token_out`, another one than goes in, grows by `least`."""
    listed = [(s.venue, s.token_in, s.max_input, s.value_wei, s.data) for s in swaps]
    data = encode_call(f"trade({SWAP_ABI}[],address,uint256)", [listed, token_out, least])
    return Call(target=chain.address("solver_account"), data=data)


def coins_of_trade(calldata: bytes) -> int:
    """Wei of our account's coins that a `trade` hands to venues."""
    swaps, _, _ = abi_decode((f"{SWAP_ABI}[]", "address", "uint256"), calldata[4:])
    return sum(int(swap[3]) for swap in swaps)


def attest_unfilled(
    order: StandardOrder, *, order_id: bytes, destination: ChainManifest, index: int = 0
) -> Call:
    """Have the output settler record that an output was not filled by the order's deadline."""
    arguments = [order_id, output_to_abi(order.outputs[index]), order.fill_deadline]
    return Call(target=destination.address("output_settler"), data=encode_call(_ATTEST_UNFILLED, arguments))


def proof_payload(order: StandardOrder, *, order_id: bytes, fact: FillFact | None, index: int = 0) -> bytes:
    """What the origin must learn of an output: its fill, or with no fact the absence of one."""
    output = order.outputs[index]
    if fact is None:
        return unfilled_payload(order_id, output, order.fill_deadline)
    return fill_payload(order_id, output, fact.solver, fact.timestamp)


def dispatch(
    payloads: Sequence[bytes], *, origin: ChainManifest, destination: ChainManifest, fee_wei: int
) -> Call:
    """Send attested payloads from the destination's oracle to the origin's."""
    return Call(
        target=destination.address("hyperlane_oracle"),
        data=encode_call(_ORACLE_SUBMIT, _dispatch_arguments(payloads, origin, destination)),
        value_wei=fee_wei,
    )


def dispatch_fee(payloads: Sequence[bytes], *, origin: ChainManifest, destination: ChainManifest) -> Call:
    """The view that answers how much wei `dispatch` must carry."""
    return Call(
        target=destination.address("hyperlane_oracle"),
        data=encode_call(_ORACLE_QUOTE, _dispatch_arguments(payloads, origin, destination)),
    )


def plain_dispatch_fee(*, origin: ChainManifest, destination: ChainManifest) -> Call:
    """As `dispatch_fee`, of the fill of one plain output."""
    oracle, settler = destination.address("hyperlane_oracle"), destination.address("output_settler")
    return _plain_fee(oracle, settler, origin.domain, origin.address("hyperlane_oracle"))


def domain_of(fee: bytes) -> int:
    """Where the message goes that a view of `plain_dispatch_fee` with this calldata asks about."""
    return int.from_bytes(fee[4:36], "big")


def process(message: bytes, *, metadata: bytes, origin: ChainManifest) -> Call:
    """Hand a proven message to the origin's Mailbox."""
    data = encode_call("process(bytes,bytes)", [metadata, message])
    return Call(target=origin.address("mailbox"), data=data)


def is_proven(payload_hash: bytes, *, origin: ChainManifest, output: MandateOutput) -> Call:
    """The view that answers whether the origin's oracle knows a payload."""
    arguments = [output.chain_id, output.oracle, output.settler, payload_hash]
    data = encode_call("isProven(uint256,bytes32,bytes32,bytes32)", arguments)
    return Call(target=origin.address("hyperlane_oracle"), data=data)


def finalise_many(
    orders: Sequence[StandardOrder], facts: Sequence[Sequence[FillFact]], *, origin: ChainManifest
) -> Call:
    """Pay proven orders to the fillers of their first outputs; anybody may send it, what was paid is skipped.

    `facts` are each order's, one for every output in its order.
    """
    params = [[(fact.timestamp, fact.solver) for fact in of_order] for of_order in facts]
    data = encode_call(_FINALISE_MANY, [[to_abi(order) for order in orders], params])
    return Call(target=origin.address("input_settler"), data=data)


def refund(order: StandardOrder, *, origin: ChainManifest) -> Call:
    """Give the input back after `expires`; anybody may send it."""
    return Call(target=origin.address("input_settler"), data=encode_call(_REFUND, [to_abi(order)]))


def refund_unfilled(order: StandardOrder, *, origin: ChainManifest, index: int = 0) -> Call:
    """Give the input back on the proof that this output was not filled."""
    data = encode_call(_REFUND_UNFILLED, [to_abi(order), index])
    return Call(target=origin.address("input_settler"), data=data)


def claim(token: str, user: str, *, origin: ChainManifest) -> Call:
    """Push to `user` what an earlier payout could not deliver; anybody may send it."""
    data = encode_call("claim(address,address)", [token, user])
    return Call(target=origin.address("input_settler"), data=data)


def order_status(order_id: bytes, *, origin: ChainManifest) -> Call:
    """The view that answers 0 none, 1 deposited, 2 claimed, 3 refunded."""
    return Call(target=origin.address("input_settler"), data=encode_call("orderStatus(bytes32)", [order_id]))


def fill_record(order: StandardOrder, *, order_id: bytes, destination: ChainManifest) -> Call:
    """The view that answers the record of the first output's fill, zero when there is none."""
    data = encode_call("getFillRecord(bytes32,bytes32)", [order_id, output_hash(order.outputs[0])])
    return Call(target=destination.address("output_settler"), data=data)


def validators_of(message: bytes, *, origin: ChainManifest) -> Call:
    """The view that answers (validators in signing order, threshold) of the origin's security module."""
    data = encode_call("validatorsAndThreshold(bytes)", [message])
    return Call(target=origin.address("multisig_ism"), data=data)


def solver_id(destination: ChainManifest) -> bytes:
    """The filler id our account leaves behind."""
    return address_to_bytes32(destination.address("solver_account"))


@lru_cache(maxsize=8192)
def _plain_fee(oracle: str, settler: str, domain: int, recipient: str) -> Call:
    # Asked again for every block of its chain.
    return Call(oracle, encode_call(_ORACLE_QUOTE, [domain, recipient, settler, [bytes(PLAIN_FILL_BYTES)]]))


def _dispatch_arguments(
    payloads: Sequence[bytes], origin: ChainManifest, destination: ChainManifest
) -> list[object]:
    return [
        origin.domain,
        origin.address("hyperlane_oracle"),
        destination.address("output_settler"),
        list(payloads),
    ]
