"""By hand against here: seeded wishes repeat, both sides are held to one measure, and one of each is made for real."""

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings

from intents.devnet.compare.report import loss_lines, verdict
from intents.devnet.compare.sides import Compared, person_gas
from intents.devnet.compare.traffic import dear_ways
from intents.devnet.compare.wishes import LEAST_USD, MOST_USD, Wish, seeded
from intents.devnet.compare.world import unshared
from intents.devnet.network import Network
from intents.solver.by_hand import ByHand, HandStep
from intents.solver.company import ALONE, CompanyRules
from intents.solver.prices import USD
from intents.solver.pricing import FeeLine
from intents.solver.world import ChainWorld, Price, Token, World


def world_of(network: Network) -> World:
    chains = {
        manifest.chain_id: ChainWorld(
            chain_id=manifest.chain_id, block_number=1, block_hash="0x01", gas_price_wei=1,
            native_id="eth", native_decimals=18, block_seconds=1.0, final_blocks=1,
            tokens={
                token.address: Token(token.address, token.symbol, token.decimals, token.canonical_id)
                for token in manifest.assets
                if not token.is_synthetic
            },
        )
        for manifest in network.manifests.values()
    }  # fmt: skip
    usd = {"usdc": 1, "usdt": 1, "weth": 3_200, "eth": 3_200, "wbtc": 96_000}
    return World(chains=chains, prices={name: Price(each * USD, each * USD) for name, each in usd.items()})


def test_one_seed_is_one_list_between_two_chains_each(network: Network) -> None:
    world = world_of(network)
    wishes = seeded(network, world, count=200, seed=7)
    assert wishes == seeded(network, world, count=200, seed=7)
    assert wishes != seeded(network, world, count=200, seed=8)
    assert all(wish.origin.chain_id != wish.destination.chain_id for wish in wishes)
    assert all((LEAST_USD - 1) * USD <= wish.value_usd_e8 <= MOST_USD * USD for wish in wishes)
    # Log-uniform: half of them are worth less than the geometric mean.
    small = sum(wish.value_usd_e8 < (LEAST_USD * MOST_USD) ** 0.5 * USD for wish in wishes)
    assert 70 <= small <= 130
    assert len({(wish.origin.slug, wish.destination.slug) for wish in wishes}) == 12


def compared(
    network: Network, *, hand: int | None, here: int | None, fee: int = 0, usd: int = 100
) -> Compared:
    wish = replace(seeded(network, world_of(network), count=1, seed=1)[0], value_usd_e8=usd * USD)
    steps = (HandStep("approve", 1, 1, ("0x1",)), HandStep("send", 1, 1, ("0x1",)))
    alone = None if hand is None else ByHand(1, 2, 1, hand, hand, 0, 9, steps)
    route: Any = None if here is None else object()
    return Compared(wish, alone, route, None, 0, here or 0, fee)


@pytest.mark.parametrize(
    ("hand", "here", "fee", "is_no_worse", "is_better"),
    [
        (10_000, 10_000, 0, True, True),
        (10_000, 9_998, 0, True, False),
        (10_000, 9_997, 0, False, False),
        (10_000, 9_900, 98, True, False),
        (10_000, 9_900, 97, False, False),
        (10_000, None, 500, False, False),
        (-50, 1, 0, True, True),
    ],
)
def test_how_a_wish_is_judged(
    network: Network, hand: int, here: int | None, fee: int, is_no_worse: bool, is_better: bool
) -> None:
    each = compared(network, hand=hand, here=here, fee=fee)
    assert (each.is_no_worse, each.is_better) == (is_no_worse, is_better)


def test_only_what_is_possible_by_hand_counts(network: Network) -> None:
    good = compared(network, hand=100, here=101)
    large = compared(network, hand=100, here=99, fee=1, usd=500)
    impossible = compared(network, hand=None, here=100)
    found = verdict([good, large, impossible])
    assert (found.possible, found.no_worse, found.small, found.better) == (2, 2, 1, 1)
    assert found.is_met
    assert not verdict([impossible]).is_met
    assert not verdict([good, compared(network, hand=100, here=None)]).is_met


def test_gas_of_a_wallet_that_has_approved_nothing(network: Network) -> None:
    def gas(slug: str, symbol: str) -> int:
        wish = seeded(network, world_of(network), count=1, seed=1)[0]
        token = network.manifest(slug).token(symbol)
        given = Token(token.address, token.symbol, token.decimals, token.canonical_id)
        return person_gas(Wish(network.manifest(slug), wish.destination, given, wish.asked, 1, 1))

    assert gas("alder", "USDC") == gas("cedar", "USDC") == gas("summit", "WBTC") == 0
    assert gas("alder", "ETH") > gas("alder", "WETH") == gas("birch", "USDT") > 0


def test_what_is_worse_is_said_by_way_and_line(network: Network) -> None:
    line = FeeLine("network_fee", 1, "0x1", 1, 3 * USD)
    worse = compared(network, hand=100, here=10)
    route: Any = SimpleNamespace(fees=(line,), kind="in_stock")
    served = replace(worse, route=route)
    lines = loss_lines(
        [served, compared(network, hand=100, here=None), compared(network, hand=100, here=101)]
    )
    assert len(lines) == 2
    assert "2, 1 of them refused; network_fee 3.00; 1 in_stock" in lines[1]


def test_without_others_every_order_bears_all_of_what_settles_it(network: Network) -> None:
    world = world_of(network)
    rules = CompanyRules()
    for chain in unshared(world).chains.values():
        for shared in (chain.finalises, *chain.messages.values()):
            assert rules.share_bps(shared, is_dear=True) == ALONE


def test_traffic_is_made_on_every_way_from_and_to_the_parent(network: Network) -> None:
    slugs = {(one.slug, other.slug) for one, other in dear_ways(network)}
    rollups = ("alder", "birch", "cedar")
    assert slugs == {("summit", slug) for slug in rollups} | {(slug, "summit") for slug in rollups}


@pytest.mark.matrix
def test_twenty_computed_and_one_made_both_ways() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "compare", "--transfers", "20", "--executed", "1", "--traffic", "1"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert "1 of 1 executed both ways end within" in done.stdout, done.stdout + done.stderr
    assert "20 transfers, 20 possible by hand, 0 not" in done.stdout
    assert "the pools' quoters give the very amount in" in done.stdout
