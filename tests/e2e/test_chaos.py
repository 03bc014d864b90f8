"""A storm of kills, reorgs and sick nodes: everybody gets what was signed or their money back, once."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from eth_account.signers.local import LocalAccount

from intents.devnet.bench.demo_process import DemoProcess

from .chaos import TOKEN, Chaos, Deeds
from .evidence import Facts, escrowed, facts
from .stack import assert_books_balance
from .storm import PROFILE, Storm

SMALL = Storm(transfers=40, kills=8, reorgs=4, seconds=45, drain_seconds=100)
BIG = Storm(transfers=300, kills=64, reorgs=22, seconds=300, drain_seconds=240)
NOTHING_TAKEN = {"rejected", "expired"}
ENDED = {"settled", "refunded", *NOTHING_TAKEN}
Wallets = Callable[[int], list[LocalAccount]]

_AUDIT = """
import django
django.setup()
from intents.engine.audit import ledger_check
for difference in ledger_check():
    print("DIFFERENCE", difference)
"""


@pytest.mark.chain
@pytest.mark.slow
def test_a_short_storm_of_forty_transfers(
    tmp_path: Path, fresh_wallets: Wallets, capsys: pytest.CaptureFixture[str]
) -> None:
    weather(SMALL, tmp_path, fresh_wallets, capsys)


@pytest.mark.matrix
def test_a_storm_of_three_hundred_transfers(
    tmp_path: Path, fresh_wallets: Wallets, capsys: pytest.CaptureFixture[str]
) -> None:
    weather(BIG, tmp_path, fresh_wallets, capsys)


def weather(storm: Storm, run_dir: Path, fresh_wallets: Wallets, capsys: pytest.CaptureFixture[str]) -> None:
    env = {**PROFILE, "WAYMEET_FAULTS_TOKEN": TOKEN}
    with DemoProcess(run_dir, env=env) as demo:
        chaos = Chaos(demo, storm)
        deeds = chaos.run(fresh_wallets(storm.transfers))
        over_at = time.monotonic()
        states = drained(chaos)
        drain_seconds = time.monotonic() - over_at
        found = facts(chaos.chains)
        with capsys.disabled():
            sys.stdout.write("\n" + report(chaos, deeds, states, found, drain_seconds) + "\n")
        check(chaos, deeds, states, found)


def drained(chaos: Chaos) -> dict[str, str]:
    """The states once everything ended, or when the patience did."""
    deadline = time.monotonic() + chaos.storm.drain_seconds
    while time.monotonic() < deadline:
        states = chaos.states()
        if set(states.values()) <= ENDED:
            return states
        time.sleep(1.0)
    return chaos.states()


def check(chaos: Chaos, deeds: Deeds, states: dict[str, str], found: Facts) -> None:
    left = {order_id: state for order_id, state in states.items() if state not in ENDED}
    assert not left, story(chaos, left)
    assert not deeds.gave_up, deeds.gave_up
    assert len(deeds.sent) == chaos.storm.transfers
    assert deeds.kills.total() >= chaos.storm.kills * 15 // 16, deeds.kills
    assert deeds.reorgs.total() >= chaos.storm.reorgs * 15 // 16, deeds.reorgs
    assert not found.doubled(), found.doubled()
    for order_id, state in states.items():
        events = found.counts.get(order_id, Counter())
        assert events["Finalised"] == (state == "settled"), (order_id, state, events)
        assert events["Refunded"] == (state == "refunded"), (order_id, state, events)
        assert events["OutputFilled"] == (state == "settled"), (order_id, state, events)
        assert events["Open"] == (state not in NOTHING_TAKEN), (order_id, state, events)
    assert not escrowed(chaos.chains)
    in_the_end(lambda: assert_books_balance(chaos.demo, chaos.chains))
    assert not audited(chaos.demo)


def in_the_end(holds: Callable[[], None], *, seconds: float = 30) -> None:
    """The sweep writes down the last outcomes a little after the last order ended."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return holds()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(2.0)


def audited(demo: DemoProcess) -> list[str]:
    """Where the ledger differs from what escrow and account hold on the chains."""
    done = subprocess.run(
        [sys.executable, "-c", _AUDIT],
        env={**demo.env, "DJANGO_SETTINGS_MODULE": "webapp.settings", "REDIS_URL": "memory://"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if line.startswith("DIFFERENCE")]


def story(chaos: Chaos, left: dict[str, str]) -> str:
    """Why these orders did not end, as far as the database knows."""
    lines = []
    for order_id, state in left.items():
        (reason,) = chaos.rows(f"SELECT reason FROM intents_order WHERE order_id = '{order_id}'")
        steps = chaos.rows(f"SELECT kind, state, waiting FROM intents_step WHERE order_id = '{order_id}'")
        lines.append(f"{order_id} {state} {reason} {steps}")
    return "\n".join(lines[:12])


def lateness(chaos: Chaos, found: Facts) -> list[int]:
    """Seconds of chain time from each fill deadline to the refund."""
    deadlines = dict(chaos.rows("SELECT order_id, fill_deadline FROM intents_order"))
    return sorted(at - int(str(deadlines[order_id])) for order_id, at in found.refunded_at.items())


def report(chaos: Chaos, deeds: Deeds, states: dict[str, str], found: Facts, drain_seconds: float) -> str:
    storm = chaos.storm
    hits: Counter[str] = Counter()
    for name, count in deeds.hits.items():
        hits[name.rsplit(" ", 1)[1]] += count
    late = lateness(chaos, found)
    kinds = Counter(wish.kind for wish, _ in deeds.sent)
    lines = [
        f"seed {storm.seed}, {storm.seconds:.0f} s of storm, drained in {drain_seconds:.0f} s",
        f"transfers {len(deeds.sent)} of {storm.transfers}: {json.dumps(kinds)}; gave up {len(deeds.gave_up)}",
        f"orders {len(states)}: {json.dumps(Counter(states.values()))}",
        f"kills {deeds.kills.total()}: {json.dumps(deeds.kills)}",
        f"reorgs {deeds.reorgs.total()}: {json.dumps(deeds.reorgs)}",
        f"sick endpoints {deeds.episodes.total()}: {json.dumps(deeds.episodes)}, requests hit {json.dumps(hits)}",
        f"refusals on the way {json.dumps(deeds.refusals)}",
        f"done twice: {len(found.doubled())}; left in escrow: {escrowed(chaos.chains) or 'nothing'}",
        f"refunded after the fill deadline, seconds: {late}",
    ]
    return "\n".join(lines)
