"""`manage.py transfer` against a running system: exit code 0 exactly when the chain shows the money."""

import re
import subprocess
import sys
from decimal import Decimal

import pytest
from django.conf import settings

from intents.devnet.accounts import named_wallet
from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.network import Network

pytestmark = [pytest.mark.chain, pytest.mark.slow]
RECIPIENT = named_wallet("recipient of the transfer command").address


def command(demo: DemoProcess, *words: str) -> "subprocess.CompletedProcess[str]":
    # Another machine has neither the demo's run folder nor its database.
    env = {
        name: value
        for name, value in demo.env.items()
        if not name.startswith("WAYMEET_") and name not in ("PORT", "DEVNET_PORT")
    }
    env["WAYMEET_RUN_DIR"] = str(demo.run_dir.parent / "elsewhere")
    return subprocess.run(
        [sys.executable, "manage.py", "transfer", *words, "--url", demo.url],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "decimals"),
    [
        (("100", "alder:USDC", "birch:WETH"), 18),
        (("50", "any:USDC", "birch:WETH"), 18),
        (("25", "birch:USDC", "cedar:USDC"), 18),
        (("0.01", "alder:WETH", "birch:USDC", "--confirm", "permit2"), 6),
        (("20", "alder:USDC", "birch:USDC", "--exact", "output"), 6),
        (("0.05", "alder:ETH", "birch:USDC", "--confirm", "native"), 6),
        (("100", "alder:USDC", "birch:ETH"), 18),
        (("0.01", "birch:WETH", "alder:USDC", "--confirm", "batch"), 6),
        (("20", "alder:USDT", "birch:USDC", "--confirm", "deposit"), 6),
        (("5", "cedar:USDC", "birch:USDC", "--confirm", "permit"), 6),
    ],
)
def test_it_delivers_and_says_what_the_chain_shows(
    demo: DemoProcess, chains: Network, words: tuple[str, ...], decimals: int
) -> None:
    slug, symbol = words[2].split(":")
    before = chains.balance(slug, symbol, RECIPIENT)
    done = command(demo, *words, "--to", RECIPIENT)
    assert done.returncode == 0, done.stdout + done.stderr
    received = re.search(r"received ([0-9.]+) \S+ in [0-9.]+ s, as read from the chain", done.stdout)
    least = re.search(r"at least ([0-9.]+)", done.stdout)
    assert received, done.stdout
    assert least, done.stdout
    risen = Decimal(chains.balance(slug, symbol, RECIPIENT) - before).scaleb(-decimals)
    assert Decimal(received.group(1)) == risen >= Decimal(least.group(1)) > 0


def test_it_puts_what_arrives_into_an_app(demo: DemoProcess, chains: Network) -> None:
    vault = chains.manifest("birch").app("vault").target
    before = chains.rpc("birch").call(vault, "balanceOf(address)", RECIPIENT)
    words = ("20", "alder:USDC", "birch:USDC", "--exact", "output", "--app", "birch:vault")
    done = command(demo, *words, "--to", RECIPIENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Demo vault of USDC took 20 USDC" in done.stdout
    assert int(chains.rpc("birch").call(vault, "balanceOf(address)", RECIPIENT)) - int(before) == 20 * 10**6


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("0", "alder:USDC", "birch:WETH"), "amount_not_positive"),
        (("0.000001", "alder:USDC", "birch:WETH"), "below_minimum_order"),
        (("10500", "alder:USDC", "birch:WETH"), "insufficient_balance"),
        (("1", "alder:USDC", "elm:WETH"), "unknown_name"),
        (("1", "alder:USDC", "alder:USDC"), "same_token"),
        (("1", "alder:WETH", "birch:USDC", "--confirm", "eip3009"), "no_way_to_confirm"),
    ],
)
def test_a_refusal_has_a_code_and_exit_code_1(demo: DemoProcess, words: tuple[str, ...], code: str) -> None:
    done = command(demo, *words)
    assert done.returncode == 1
    assert code in done.stderr
    assert "Traceback" not in done.stderr
