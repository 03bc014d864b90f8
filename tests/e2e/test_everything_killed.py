"""kill -9 of everything but the chains: after the next start every open order moves again at once."""

import contextlib
import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from intents.client.transfer import Asked
from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.network import deployed_path, saved_state, state_file
from intents.devnet.nodes import Node, node_command
from intents.devnet.profiles import PRICES_E8, demo_profiles

from .stack import STILL, People, assert_books_balance, chains_of, wait_for

pytestmark = [pytest.mark.chain, pytest.mark.matrix]

# On a quiet machine within 15 s; what is printed is the figure, what is held is that all of them move.
PATIENCE_SECONDS = 60.0
ENDED = ("settled", "refunded", "rejected", "expired")
ASKED = (
    Asked(amount="300", source="summit:USDC", target="birch:USDC"),
    Asked(amount="40", source="alder:USDC", target="birch:WETH"),
    Asked(amount="25", source="birch:USDC", target="cedar:USDC"),
)


@pytest.fixture
def survivor(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[DemoProcess]:
    """A demo whose chains are started by the test and live on without it; its settings may be a parameter."""
    profiles = demo_profiles()
    saved = saved_state(profiles, PRICES_E8)
    demo = DemoProcess(tmp_path, env={"WAYMEET_START_CHAINS": "0", **STILL, **getattr(request, "param", {})})
    (tmp_path / "chains").mkdir()
    nodes = []
    try:
        for place, profile in enumerate(profiles):
            shutil.copy(deployed_path(saved, profile), tmp_path / "chains")
            port = demo.chain_port + place
            nodes.append(
                Node(profile, node_command(profile, port=port, load_state=state_file(saved, profile)), port)
            )
        for node in nodes:
            node.wait()
        demo.start()
        yield demo
    finally:
        demo.stop()
        for node in nodes:
            node.stop()


def test_every_open_order_moves_again(
    survivor: DemoProcess,
    fresh_wallets: Callable[[int], list[LocalAccount]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    people, chains = People(survivor), chains_of(survivor)
    wallets = fresh_wallets(4 * len(ASKED))
    for slug in ("summit", "alder", "birch"):
        chains.fund(slug, [wallet.address for wallet in wallets], {"USDC": 400_000_000})
    ready = [people.prepare(wallet, ASKED[place % 3]) for place, wallet in enumerate(wallets)]
    sent = [submit() for submit in ready]
    kill_everything(survivor)
    before = looks(survivor)
    assert len(before) >= len(wallets) // 3, "too few were open to say anything"
    time.sleep(3.0)
    assert looks(survivor) == before, "somebody survived"

    started_at = time.monotonic()
    moved_after: dict[str, float] = {}
    survivor.start_without_waiting()
    while len(moved_after) < len(before) and time.monotonic() - started_at < PATIENCE_SECONDS:
        now = looks(survivor)
        for order_id, fence in before.items():
            if now.get(order_id, -1) != fence:
                moved_after.setdefault(order_id, time.monotonic() - started_at)
        time.sleep(0.1)
    with capsys.disabled():
        last = max(moved_after.values(), default=0.0)
        sys.stdout.write(f"\n{len(before)} open orders, all moved {last:.1f} s after the start\n")
    assert len(moved_after) == len(before)
    survivor.wait_ready()
    for each in sent:
        people.wait(each, {"settled"}, seconds=120)
    wait_for(lambda: True if not looks(survivor) else None, seconds=30, what=lambda: str(looks(survivor)))
    assert_books_balance(survivor, chains)


def kill_everything(demo: DemoProcess) -> None:
    """The supervisor first, so that it starts nothing anew; then every process group it had."""
    groups = demo.pids().values()
    demo.kill_supervisor()
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def looks(demo: DemoProcess) -> dict[str, int]:
    """How often each open order has been taken up by a worker."""
    place = f"file:{demo.run_dir / 'waymeet.sqlite3'}?mode=ro"
    marks = ", ".join("?" for _ in ENDED)
    query = f"SELECT order_id, fence FROM intents_order WHERE state NOT IN ({marks})"
    with contextlib.closing(sqlite3.connect(place, uri=True, timeout=10)) as database:
        return dict(database.execute(query, ENDED).fetchall())
