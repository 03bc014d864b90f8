"""What our account's fills, swaps and bridge transfers take on real pools is what prices count on, and little less."""

import itertools
from dataclasses import replace
from typing import Final

from intents.chains.calls import ZERO_ADDRESS, Call
from intents.chains.manifest import ChainManifest
from intents.devnet.accounts import OPERATOR, address, named_wallet
from intents.devnet.network import Network
from intents.settlement import calls
from intents.settlement.order import MandateOutput, StandardOrder, address_to_bytes32
from intents.solver.candidates import Candidate, swaps_to
from intents.solver.gas import GasRules
from intents.solver.markets import is_wrapper
from intents.solver.router import Swap
from intents.solver.world import ChainWorld
from intents.venues import hyperlane_warp
from intents.venues.swaps import swap_calls

from .pools import live_pools

GAS: Final = GasRules()
FOREVER: Final = 2**31
_numbers = itertools.count(1)


def sent(network: Network, slug: str, call: Call) -> int:
    """Gas of a transaction of the operator's."""
    rpc = network.rpc(slug)
    # Pools write down how long each price stood: never twice in one second, as it is between blocks.
    rpc.request("evm_increaseTime", 2)
    transaction = {
        "from": address(OPERATOR), "to": call.target, "data": "0x" + call.data.hex(),
        "value": hex(call.value_wei), "gas": hex(3_000_000), "gasPrice": hex(10**11),
    }  # fmt: skip
    tx_hash = rpc.request("eth_sendTransaction", transaction)
    receipt = None
    while receipt is None:
        receipt = rpc.request("eth_getTransactionReceipt", tx_hash)
    assert receipt["status"] == "0x1", rpc.request("eth_call", transaction, "latest")
    return int(receipt["gasUsed"], 16)


def held(network: Network, manifest: ChainManifest, token: str) -> int:
    rpc, holder = network.rpc(manifest.slug), manifest.address("solver_account")
    if token == ZERO_ADDRESS:
        return int(rpc.request("eth_getBalance", holder, "latest"), 16)
    return int(rpc.call(token, "balanceOf(address)", holder))


def order_of(manifest: ChainManifest, token: str, amount: int) -> StandardOrder:
    """To somebody who has nothing yet."""
    number = next(_numbers)
    output = MandateOutput(
        oracle=address_to_bytes32(manifest.address("hyperlane_oracle")),
        settler=address_to_bytes32(manifest.address("output_settler")),
        chain_id=manifest.chain_id,
        token=address_to_bytes32(token),
        amount=amount,
        recipient=address_to_bytes32(named_wallet(f"gas of fills {number}").address),
    )
    return StandardOrder(
        user=address(OPERATOR), nonce=number, origin_chain_id=1, expires=FOREVER, fill_deadline=FOREVER,
        input_oracle=manifest.address("hyperlane_oracle"), inputs=((1, 1),), outputs=(output,),
    )  # fmt: skip


def fill(network: Network, manifest: ChainManifest, token: str, amount: int) -> int:
    order = order_of(manifest, token, amount)
    order_id = next(_numbers).to_bytes(32, "big")
    return sent(network, manifest.slug, calls.fill(order, order_id=order_id, destination=manifest))


def swap_of(way: Candidate, amount: int) -> Swap | None:
    rows = way.sell(amount)
    if rows is None:
        return None
    swap = None
    for at in reversed(range(len(rows))):
        pools = way.markets[at : at + 1] if way.is_split else way.markets
        swap = Swap(tuple(m.venue for m in pools), way.path, rows[at], rows[at][0], False, beside=swap)
    return swap


def swap_fill(network: Network, manifest: ChainManifest, way: Candidate) -> int | None:
    """Gas of a fill with a swap along `way` at the pools' present state; None when one pool alone does better."""
    markets = {market.venue: market for market in world_of(network, manifest).markets}
    now = replace(way, markets=tuple(markets[market.venue] for market in way.markets))
    swap = swap_of(now, held(network, manifest, way.path[0]) // (50 if way.is_split else 1_000))
    if swap is None:
        return None
    expected = swap.amounts[-1] + (swap.beside.amounts[-1] if swap.beside else 0)
    order = order_of(manifest, swap.path[-1], expected * 9_970 // 10_000)
    found = swap_calls(
        manifest,
        swap,
        least=order.outputs[0].amount,
        holder=manifest.address("solver_account"),
        deadline=FOREVER,
    )
    call = calls.swap_and_fill(
        order, order_id=next(_numbers).to_bytes(32, "big"), destination=manifest,
        swaps=found, expected_output=expected,
    )  # fmt: skip
    return sent(network, manifest.slug, call)


def world_of(network: Network, manifest: ChainManifest) -> ChainWorld:
    markets = tuple(pool.market() for pool in live_pools(network) if pool.manifest.slug == manifest.slug)
    return ChainWorld(
        chain_id=manifest.chain_id, block_number=1, block_hash="", gas_price_wei=1, native_id="eth",
        native_decimals=18, block_seconds=1, final_blocks=1, markets=markets,
    )  # fmt: skip


def test_fills_and_swaps_use_what_prices_count_on_and_little_less(fresh_network: Network) -> None:
    """Each recipient has nothing yet; the first fill of an hour is in no price."""
    fills: list[int] = []
    ones: list[int] = []
    wrapped: list[int] = []
    for slug, manifest in fresh_network.manifests.items():
        stocked = [asset.address for asset in manifest.assets if held(fresh_network, manifest, asset.address)]
        for token in stocked:
            part = held(fresh_network, manifest, token) // 100_000
            fill(fresh_network, manifest, token, part)
            fills.append(fill(fresh_network, manifest, token, part))
        world = world_of(fresh_network, manifest)
        for way in [way for token in stocked for way in swaps_to(world, token) if way.path[0] in stocked]:
            # Each pool's first swap opens its own books.
            gas = [swap_fill(fresh_network, manifest, way) for _ in range(2)][-1]
            if gas is None:
                continue
            pools = sum(not is_wrapper(market) for market in way.markets)
            wraps = len(way.markets) - pools
            assert gas <= GAS.fill + pools * GAS.pool + wraps * GAS.wrap, (slug, way.path, gas)
            if pools == 1:
                (wrapped if wraps else ones).append(gas)
    assert GAS.fill * 99 // 100 <= max(fills) <= GAS.fill
    assert max(ones) >= (GAS.fill + GAS.pool) * 98 // 100
    assert max(wrapped) >= (GAS.fill + GAS.pool + GAS.wrap) * 96 // 100


def test_stock_leaves_over_the_bridge_for_what_prices_count_on_and_little_less(
    fresh_network: Network,
) -> None:
    """The first messages of a young Mailbox take more and are in no price: the cheapest of some is the usual one."""
    source, destination = fresh_network.manifest("summit"), fresh_network.manifest("cedar")
    (end,) = source.bridges
    view = hyperlane_warp.fee_of(end, destination)
    fee = int(
        fresh_network.rpc("summit").request(
            "eth_call", {"to": view.target, "data": "0x" + view.data.hex()}, "latest"
        ),
        16,
    )
    left = hyperlane_warp.departure(end, destination, amount=10**7, fee_wei=fee)
    call = calls.trade([left], token_out=ZERO_ADDRESS, least=0, chain=source)
    used = min(sent(fresh_network, "summit", call) for _ in range(4))
    assert used <= GAS.bridge <= used * 104 // 100
