"""kill -9 of any one process during transfers: every order still ends delivered or returned, or took nothing."""

import time
from collections.abc import Callable, Iterator

import pytest
from eth_account.signers.local import LocalAccount

from intents.client.api import ApiError, ApiUnreachable
from intents.client.transfer import Asked
from intents.devnet.bench.demo_process import DemoProcess

from .stack import STILL, People, Sent, assert_books_balance, books, chains_of, wait_for

KINDS = (
    "worker-engine",
    "worker-settle",
    "follow",
    "web",
    "redis",
    "beat",
    "worker-solve",
    "validator-0",
    "market",
)
ASKED = (
    Asked(amount="25", source="birch:USDC", target="cedar:USDC"),
    Asked(amount="40", source="alder:USDC", target="birch:WETH"),
)
# While nobody worked, others may have taken what an accepted order was to be paid from: then it is not begun.
UNBEGUN = "rejected"
ENDED = {"settled", "refunded", UNBEGUN}
Wallets = Callable[[int], list[LocalAccount]]


@pytest.fixture
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    with DemoProcess(tmp_path_factory.mktemp("victim"), env=STILL) as started:
        yield started


@pytest.mark.chain
@pytest.mark.slow
def test_each_process_is_killed_once_during_transfers(victim: DemoProcess, fresh_wallets: Wallets) -> None:
    carry_out(victim, fresh_wallets(5 * len(KINDS)), kinds=KINDS)


@pytest.mark.matrix
def test_each_process_is_killed_five_times_during_transfers(
    victim: DemoProcess, fresh_wallets: Wallets
) -> None:
    carry_out(victim, fresh_wallets(25 * len(KINDS)), kinds=KINDS * 5)


def carry_out(victim: DemoProcess, wallets: list[LocalAccount], *, kinds: tuple[str, ...]) -> None:
    people, chains = People(victim), chains_of(victim)
    owners = [wallet.address for wallet in wallets]
    for slug in ("alder", "birch"):
        chains.fund(slug, owners, {"USDC": 100_000_000})
    waiting = list(wallets)
    sent: list[Sent] = []
    for kind in kinds:
        some = [waiting.pop() for _ in range(len(wallets) // len(kinds))]
        for place, wallet in enumerate(some):
            sent.append(persistent(people, wallet, ASKED[place % len(ASKED)]))
            if place == len(some) // 2:
                victim.kill(kind)
        time.sleep(1.0)
    for order in sent:
        assert wait_for(
            lambda order=order: state if (state := state_of(people, order)) in ENDED else None,
            seconds=300,
            what=lambda order=order: f"{order.submitted.order_id}: {people.events(order)}",
        )
        if state_of(people, order) == UNBEGUN:
            assert [event["kind"] for event in people.events(order)] == ["accepted", "rejected"]
    # A submission whose answer was lost with the page may have been accepted all the same.
    wait_for(
        lambda: True if set(books(victim)["states"].values()) <= ENDED else None,
        seconds=300,
        what=lambda: str(books(victim)["states"]),
    )
    for kind in kinds:
        assert any(f"{kind} ended" in line for line in victim.output()), f"{kind} was not killed"
    assert_books_balance(victim, chains)


def persistent(people: People, wallet: LocalAccount, asked: Asked) -> Sent:
    """Ask again, with a fresh quote, for as long as the system is down; nobody is charged twice for that."""

    def attempt() -> Sent | None:
        try:
            return people.send(wallet, asked)
        except (ApiUnreachable, ApiError) as error:
            if isinstance(error, ApiError) and error.status < 500 and error.code not in TEMPORARY:
                raise
            return None

    return wait_for(attempt, seconds=90, what=lambda: f"no order of {wallet.address} was taken")


TEMPORARY = {"quote_timeout", "busy", "stale_price", "no_price", "chain_paused", "worse_price", "too_late"}


def state_of(people: People, sent: Sent) -> str:
    """The state, or nothing while the page is down."""
    try:
        return people.state(sent)
    except (ApiUnreachable, ApiError):
        return ""
