"""One wish carried out both ways at once, by two wallets nobody used before."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Final

from eth_account.signers.local import LocalAccount

from intents.amounts import format_units
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import ChainManifest
from intents.client.api import WaymeetClient
from intents.client.chain_reader import ChainReader
from intents.client.transfer import Asked, Outcome, run
from intents.devnet.accounts import named_wallet
from intents.devnet.funding import fund_wallets
from intents.solver.by_hand import ByHand
from intents.solver.prices import from_usd_up, native_usd_up, price_of
from intents.solver.world import World

from .hands import Done, Hand
from .pools import HandVenues
from .sides import BPS, Compared
from .wishes import Wish

# Pools and prices move meanwhile; gas of one kind of transaction differs with what it finds in storage.
TOLERANCE_BPS, GAS_TOLERANCE_PERCENT = 30, 25
PURSE_WEI: Final = 4 * 10**18
HERE_PROMPTS, HERE_SITES = 2, 1
_numbers = count(int(time.time()))


class NotDelivered(Exception):
    """A transfer of the comparison did not arrive."""

    code = "not_delivered"
    retry = False


@dataclass(frozen=True, slots=True)
class Executed:
    """Both ways for real: net base units of the output after all gas the person paid, and wall seconds."""

    compared: Compared
    hand_net: int
    hand_seconds: float
    hand: Done
    here_net: int
    here_seconds: float

    @property
    def hand_off_bps(self) -> float:
        """How far the real thing by hand is from what was computed."""
        assert self.compared.hand is not None
        return (self.hand_net - self.compared.hand.net_output) * BPS / self.compared.hand.net_output

    @property
    def here_off_bps(self) -> float:
        """As `hand_off_bps`, for ours."""
        return (self.here_net - self.compared.net_here) * BPS / self.compared.net_here

    @property
    def is_as_computed(self) -> bool:
        """Both within the tolerance: some bps, and a part of the gas that was computed."""
        hand, value = self.compared.hand, max(self.compared.wish.value_usd_e8, 1)
        assert hand is not None
        gas = GAS_TOLERANCE_PERCENT * BPS // 100
        at_hand = TOLERANCE_BPS + hand.gas_usd_e8 * gas / value
        at_here = TOLERANCE_BPS + self.compared.own_gas_usd_e8 * gas / value
        return abs(self.hand_off_bps) <= at_hand and abs(self.here_off_bps) <= at_here


@dataclass(frozen=True, slots=True)
class People:
    """Wallets nobody used before, with what one wish needs."""

    by_hand: LocalAccount
    here: LocalAccount
    relayer: LocalAccount


def funded(wish: Wish) -> People:
    """Gas on both chains for everybody, and the input for the two; not for two threads at once."""
    number = next(_numbers)
    people = People(*(named_wallet(f"{who} {number}") for who in ("by hand", "here", "relayer")))
    everybody = [people.by_hand.address, people.here.address, people.relayer.address]
    is_coin = wish.given.address == ZERO_ADDRESS
    amounts = {} if is_coin else {wish.given.symbol: wish.amount}
    fund_wallets(wish.destination, everybody, amounts={}, wei=PURSE_WEI)
    fund_wallets(wish.origin, everybody, amounts=amounts, wei=PURSE_WEI)
    return people


def execute(
    each: Compared, people: People, world: World, *, url: str, venues: Mapping[int, HandVenues]
) -> Executed:
    """Do it both ways side by side; raises HandFailed, NotDelivered and what the client raises."""
    hand, wish = each.hand, each.wish
    assert hand is not None
    with ThreadPoolExecutor(2) as pool:
        alone = pool.submit(_alone, wish, hand, venues, people)
        ours = pool.submit(_here, wish, people.here, url)
        done, (outcome, received, own_wei) = alone.result(), ours.result()
    spent = native_usd_up(world, world.chains[wish.origin.chain_id], own_wei)
    return Executed(
        compared=each,
        hand_net=done.received - _worth(sum_usd(world, done), wish, world),
        hand_seconds=done.seconds,
        hand=done,
        here_net=received - _worth(spent, wish, world),
        here_seconds=outcome.seconds,
    )


def sum_usd(world: World, done: Done) -> int:
    """All gas of the steps by hand at the world's prices, USD × 10^8."""
    return sum(native_usd_up(world, world.chains[each.chain_id], each.wei) for each in done.spent)


def _worth(usd_e8: int, wish: Wish, world: World) -> int:
    return from_usd_up(usd_e8, wish.asked, price_of(world, wish.asked.canonical_id).low_e8)


def _alone(wish: Wish, hand: ByHand, venues: Mapping[int, HandVenues], people: People) -> Done:
    acting = Hand(venues, person=people.by_hand, relayer=people.relayer)
    return acting.do(hand, input_token=wish.given.address, output_token=wish.asked.address)


def _here(wish: Wish, person: LocalAccount, url: str) -> tuple[Outcome, int, int]:
    """The outcome, what arrived, and the wei of gas the person paid on the origin."""
    purse = _purse(wish.origin, person)
    before = purse()
    asked = Asked(
        amount=format_units(wish.amount, wish.given.decimals),
        source=f"{wish.origin.slug}:{wish.given.symbol}",
        target=f"{wish.destination.slug}:{wish.asked.symbol}",
        key="0x" + bytes(person.key).hex(),
    )
    outcome = run(asked, client=WaymeetClient(url, timeout_seconds=60), say=lambda _: None, trust=None)
    if not outcome.is_success or outcome.received is None:
        raise NotDelivered(f"{wish.label}: {outcome.state}")
    given = wish.amount if wish.given.address == ZERO_ADDRESS else 0
    return outcome, outcome.received, before - purse() - given


def _purse(chain: ChainManifest, person: LocalAccount) -> Callable[[], int]:
    reader = ChainReader(chain.endpoints[0].url)
    return lambda: reader.balance(token=ZERO_ADDRESS, holder=person.address)
