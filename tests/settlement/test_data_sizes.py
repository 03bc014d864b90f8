"""How long our transactions are as OP Stack chains count data is what prices count on, and little less."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from eth_account import Account

from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.chains.manifest import ChainManifest, TokenManifest, from_json
from intents.settlement import calls, proofs
from intents.settlement.calls import FillFact, VenueSwap
from intents.settlement.destination_call import SECOND_OUTPUT_BYTES, told_bytes
from intents.settlement.order import MandateOutput, StandardOrder, address_to_bytes32, fill_payload
from intents.solver.data_fees import DATA
from intents.venues import uniswap_v3
from tests.fastlz import packed_length

MOST_ABOVE_PERCENT: Final = 10
SAMPLES: Final = 12
_random = random.Random(20_261_122)
NOW: Final = 1_795_392_000


def _bytes(count: int = 32) -> bytes:
    return _random.randbytes(count)


def _address() -> str:
    return str(Account.from_key(_bytes()).address)


def _manifest(chain_id: int) -> ChainManifest:
    """A chain whose contracts are where chance put them, as on real ones."""
    names = (
        "input_settler", "output_settler", "hyperlane_oracle", "solver_account", "call_executor", "mailbox",
        "merkle_tree_hook",
    )  # fmt: skip
    return from_json(
        {
            "chain_id": chain_id, "domain": chain_id, "slug": f"chain-{chain_id}", "name": f"Chain {chain_id}",
            "is_local": True, "native": {"symbol": "ETH", "name": "Ether", "decimals": 18, "canonical_id": "eth"},
            "endpoints": [{"url": "http://127.0.0.1:1"}], "block_seconds": 2, "depth": 5, "value_tiers": [],
            "max_fee_wei": 10**9, "priority_fee_wei": 10**6,
            "contracts": {name: {"address": _address()} for name in names},
            "tokens": [], "venues": [], "feeds": {},
        }
    )  # fmt: skip


ORIGIN, DESTINATION = _manifest(10), _manifest(8_453)
SETTLER: Final = _address()


def order_of(*, outputs: int = 1, callback: bytes = b"") -> StandardOrder:
    """Of an ordinary amount between ordinary addresses."""
    first = MandateOutput(
        oracle=address_to_bytes32(DESTINATION.address("hyperlane_oracle")),
        settler=address_to_bytes32(DESTINATION.address("output_settler")),
        chain_id=DESTINATION.chain_id,
        token=address_to_bytes32(_address()),
        amount=_random.randrange(10**8, 10**10),
        recipient=address_to_bytes32(_address()),
        callback_data=callback,
    )
    second = replace(first, token=bytes(32), amount=_random.randrange(10**14, 10**16), callback_data=b"")
    return StandardOrder(
        user=_address(), nonce=int.from_bytes(_bytes(), "big"), origin_chain_id=ORIGIN.chain_id,
        expires=NOW + 1_937, fill_deadline=NOW + 613, input_oracle=ORIGIN.address("hyperlane_oracle"),
        inputs=((int(_address(), 16), _random.randrange(10**8, 10**10)),), outputs=(first, second)[:outputs],
    )  # fmt: skip


def size_of(call: Call) -> int:
    """Packed, as it is signed and sent."""
    signed = Account.from_key(_bytes()).sign_transaction(
        {
            "type": 2, "chainId": DESTINATION.chain_id, "nonce": _random.randrange(1_000, 60_000), "to": call.target,
            "data": call.data, "value": call.value_wei, "gas": _random.randrange(70_000, 600_000),
            "maxFeePerGas": _random.randrange(10**7, 10**9), "maxPriorityFeePerGas": 10**6,
        }
    )  # fmt: skip
    return packed_length(bytes(signed.raw_transaction))


def opening(way: str) -> int:
    order = order_of()
    if way in ("deposit", "permit"):
        return size_of(
            calls.open_deposit(order, origin=ORIGIN, permit=_bytes(65) if way == "permit" else b"")
        )
    token = TokenManifest(
        address=_address(), symbol="USDC", name="USD Coin", decimals=6, canonical_id="usdc", eip3009="bytes"
    )
    return size_of(calls.open_for(order, origin=ORIGIN, way=way, signature=_bytes(65), token=token))


def fill(order: StandardOrder) -> int:
    return size_of(calls.fill(order, order_id=_bytes(), destination=DESTINATION))


def swap_fill(swaps: int, *, wraps: int = 0) -> int:
    """With each pool's router called apart, which is the longest way."""
    holder = DESTINATION.address("solver_account")
    path, found = [_address() for _ in range(swaps + 1)], []
    for given, taken in itertools.pairwise(path):
        amount = _random.randrange(10**8, 10**10)
        route = uniswap_v3.encoded_path([given, taken], [500])
        data = encode_call(
            "exactInput((bytes,address,uint256,uint256))", ((route, holder, amount, amount - 10**6),)
        )
        found.append(VenueSwap(_address(), given, amount, data))
    for _ in range(wraps):
        amount = _random.randrange(10**14, 10**18)
        found.append(VenueSwap(_address(), ZERO_ADDRESS, amount, encode_call("deposit()", []), amount))
    call = calls.swap_and_fill(
        order_of(), order_id=_bytes(), destination=DESTINATION, swaps=found, expected_output=10**9 + 7
    )
    return size_of(call)


def payload() -> bytes:
    return fill_payload(_bytes(), order_of().outputs[0], address_to_bytes32(_address()), NOW)


def dispatch(count: int) -> int:
    payloads = [payload() for _ in range(count)]
    return size_of(calls.dispatch(payloads, origin=ORIGIN, destination=DESTINATION, fee_wei=0))


def message(body: bytes) -> bytes:
    ends = [address_to_bytes32(chain.address("hyperlane_oracle")) for chain in (DESTINATION, ORIGIN)]
    return (
        b"\x03" + (7_001).to_bytes(4, "big") + DESTINATION.domain.to_bytes(4, "big") + ends[0]
        + ORIGIN.domain.to_bytes(4, "big") + ends[1] + body
    )  # fmt: skip


def process(count: int, *, body: bytes = b"") -> int:
    """Proven by two signatures."""
    body = body or (
        address_to_bytes32(DESTINATION.address("output_settler"))
        + count.to_bytes(2, "big")
        + b"".join(len(each).to_bytes(2, "big") + each for each in (payload() for _ in range(count)))
    )
    encoded = message(body)
    checkpoint = proofs.Checkpoint(
        domain=DESTINATION.domain, merkle_tree_hook=DESTINATION.address("merkle_tree_hook"), root=_bytes(),
        index=7_000, message_id=_bytes(),
    )  # fmt: skip
    metadata = proofs.metadata(checkpoint, [_bytes(65), _bytes(65)])
    return size_of(calls.process(encoded, metadata=metadata, origin=ORIGIN))


def finalise(count: int, order: StandardOrder | None = None) -> int:
    orders = [order or order_of() for _ in range(count)]
    facts = [[FillFact(address_to_bytes32(_address()), NOW)] * len(each.outputs) for each in orders]
    return size_of(calls.finalise_many(orders, facts, origin=ORIGIN))


def bridge() -> int:
    data = encode_call("send(uint32,uint256)", [ORIGIN.domain, 10**9 + 7])
    swap = VenueSwap(_address(), _address(), 10**9 + 7, data, 10**14 + 1)
    return size_of(calls.trade([swap], token_out=ZERO_ADDRESS, least=0, chain=DESTINATION))


def arrive() -> int:
    return process(1, body=address_to_bytes32(_address()) + (10**9 + 7).to_bytes(32, "big"))


# What it is counted as, and what it is: the longest of several ways.
COUNTED: Final[dict[str, tuple[int, Callable[[], int]]]] = {
    "open": (DATA.open, lambda: max(map(opening, ("permit2", "eip3009", "deposit", "permit")))),
    "refund": (DATA.refund, lambda: size_of(calls.refund_unfilled(order_of(), origin=ORIGIN))),
    "fill": (DATA.fill, lambda: fill(order_of())),
    "fill with a swap": (DATA.fill + DATA.pool, lambda: swap_fill(1)),
    "fill with a swap and a wrap": (DATA.fill + DATA.pool + DATA.wrap, lambda: swap_fill(1, wraps=1)),
    "finalise of two outputs": (
        DATA.finalise_fixed + DATA.finalise_each + SECOND_OUTPUT_BYTES,
        lambda: finalise(1, order_of(outputs=2)),
    ),
    "attest": (
        DATA.attest,
        lambda: size_of(calls.attest_unfilled(order_of(), order_id=_bytes(), destination=DESTINATION)),
    ),
    "bridge": (DATA.bridge, bridge),
    "arrive": (DATA.arrive, arrive),
    **{
        f"{name} {count}": (fixed + count * each, lambda sent=sent, count=count: sent(count))  # type: ignore[misc]
        for count in (1, 4, 8)
        for name, fixed, each, sent in (
            ("dispatch", DATA.dispatch_fixed, DATA.dispatch_each, dispatch),
            ("process", DATA.process_fixed, DATA.process_each, process),
            ("finalise", DATA.finalise_fixed, DATA.finalise_each, finalise),
        )
    },
}


@pytest.mark.parametrize("name", COUNTED)
def test_a_price_counts_on_what_is_sent_and_little_more(name: str) -> None:
    counted, measure = COUNTED[name]
    _random.seed(name)
    longest = max(measure() for _ in range(SAMPLES))
    assert longest <= counted <= longest * (100 + MOST_ABOVE_PERCENT) // 100


def test_a_call_makes_everything_that_tells_it_longer() -> None:
    _random.seed(7)
    plain, called = order_of(), order_of(callback=_bytes(512))
    assert told_bytes(plain.outputs) == 0
    assert fill(called) <= DATA.fill + told_bytes(called.outputs)
    assert finalise(1, called) <= DATA.finalise_fixed + DATA.finalise_each + told_bytes(called.outputs)


def test_what_is_packed_is_counted_as_it_would_be_written() -> None:
    assert packed_length(bytes(range(20))) == 21
    assert packed_length(bytes(20)) == 1 + 2 + 3 + 1 + 4
    assert packed_length(_bytes(1_024)) == 1_024 + 1_024 // 32
