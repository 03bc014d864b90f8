"""The operations page's upgrade, as an operator does it: transfers under way before it end after it, each once."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from eth_account.signers.local import LocalAccount

from intents.client import deposit
from intents.client.signing import checked_order
from intents.client.transfer import Asked, intent_fields, understood
from intents.devnet.accounts import OWNER, address
from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.rpc import hex_data

from .evidence import escrowed, facts
from .stack import DELIVERED, People, Sent, assert_books_balance, books, chains_of, wait_for
from .test_chaos import in_the_end
from .test_everything_killed import survivor

__all__ = ["survivor"]

pytestmark = [pytest.mark.chain, pytest.mark.matrix]

# Proven for as long as Summit takes to be final: half a minute.
SLOWLY_PROVEN = Asked(amount="40", source="alder:USDC", target="summit:USDC")
SLOWLY_OPENED = Asked(amount="300", source="summit:USDC", target="birch:USDC")
AT_ONCE = Asked(amount="25", source="birch:USDC", target="cedar:USDC")
BY_TRANSFER = Asked(amount="30", source="birch:USDC", target="cedar:USDC", confirm="deposit")
CODE = (
    "intents",
    "webapp",
    "templates",
    "static",
    "scripts",
    "manage.py",
    "package.json",
    "package-lock.json",
)
HAPPENED = {
    "settled": {"Open": 1, "OutputFilled": 1, "Finalised": 1},
    "refunded": {"Open": 1, "Refunded": 1},
}
NEXT = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intents", "{leaf}")]
    operations = [
        migrations.AddField("order", "of_the_next_release", models.CharField(max_length=10, null=True)),
        migrations.CreateModel("NextRelease", [("id", models.BigAutoField(primary_key=True))]),
    ]
"""
Wallets = Callable[[int], list[LocalAccount]]


# However slow the machine is, nothing but what is warped over its deadline comes back.
@pytest.mark.parametrize("survivor", [{"WAYMEET_FILL_SECONDS": "1800"}], indirect=True)
def test_transfers_under_way_outlive_an_upgrade(
    survivor: DemoProcess, fresh_wallets: Wallets, tmp_path: Path
) -> None:
    people, chains = People(survivor), chains_of(survivor)
    wallets = fresh_wallets(6)
    for slug in ("summit", "alder", "birch"):
        chains.fund(slug, [wallet.address for wallet in wallets], {"USDC": 400_000_000})
    unpaid, pay = promised(people, wallets[0], BY_TRANSFER)
    undeliverable = to_whom_nothing_can_be_paid(people, wallets[1])

    copy = tmp_path / "copy"
    by_operator(survivor, "backup", str(copy))
    assert copy.stat().st_mode & 0o077 == 0
    survivor.code = beside(tmp_path / "next")
    by_operator(survivor, "migrate", "--check", fails=True)
    by_operator(survivor, "migrate")
    by_operator(survivor, "migrate", "--check")
    by_operator(survivor, "trust", "--build")
    assert json.loads((survivor.code / "static" / "dist" / "trust.json").read_text("utf-8"))["settler"]
    by_operator(survivor, "chains", "check")
    # The old code goes on with the new tables. Who was silent for so long connects anew.
    people = People(survivor)
    others = [people.send(wallets[2], AT_ONCE), people.send(wallets[3], SLOWLY_OPENED)]
    proving = people.send(wallets[4], SLOWLY_PROVEN)
    people.wait(proving, DELIVERED, seconds=60)
    survivor.stop()
    before = books(survivor)["states"]
    assert before[unpaid.submitted.order_id] == "awaiting_deposit"
    assert before[undeliverable.submitted.order_id] in ("opened", "filling")
    assert before[proving.submitted.order_id] in ("filled", "proving")
    # Paid while nobody of us is there.
    pay()
    survivor.start()
    for sent in (unpaid, proving, *others, People(survivor).send(wallets[5], AT_ONCE)):
        people.wait(sent, {"settled"}, seconds=180)
    left = people.order(undeliverable)["fill_deadline"] - int(chains.rpc("birch").block()["timestamp"], 16)
    chains.warp(left + 1)
    people.wait(undeliverable, {"refunded"}, seconds=120)
    found = facts(chains)
    assert not found.doubled()
    states = books(survivor)["states"]
    assert {order_id: dict(counts) for order_id, counts in found.counts.items()} == {
        order_id: HAPPENED[state] for order_id, state in states.items()
    }
    assert not escrowed(chains)
    wait_for(lambda: survivor.health() or None, seconds=30, what=survivor.last_lines)
    in_the_end(lambda: assert_books_balance(survivor, chains))


def promised(people: People, wallet: LocalAccount, asked: Asked) -> tuple[Sent, Callable[[], str]]:
    """An order whose address nobody has paid to yet, and what pays to it past all of us."""
    key = "0x" + bytes(wallet.key).hex()
    wish, _ = understood(replace(asked, key=key), people.network)
    quote = people.client.quote(**intent_fields(asked, wish))
    order = checked_order(wish, quote)
    submitted = people.client.submit(quote_id=quote["quote_id"], order=quote["order"], signature="")
    return Sent(wallet.address, submitted), lambda: deposit.pay(wish, order, key=key)


def to_whom_nothing_can_be_paid(people: People, wallet: LocalAccount) -> Sent:
    """The token's issuer blocks the recipient after the person has signed."""
    recipient = "0x" + wallet.address[2:][::-1].lower()
    asked = Asked(amount="60", source="alder:USDC", target="birch:USDC", to=recipient)
    submit = people.prepare(wallet, asked)
    chains = chains_of(people.demo)
    call = {
        "from": address(OWNER),
        "to": chains.token("birch", "USDC"),
        "data": hex_data("blacklist(address)", recipient),
        "gas": hex(200_000),
        "gasPrice": hex(10**10),
    }
    chains.rpc("birch").request("eth_sendTransaction", call)
    sent = submit()
    people.wait(sent, {"opened", "filling"}, seconds=60)
    return sent


def beside(folder: Path) -> Path:
    """The next release as `make setup` leaves it: this code, a migration of its own, bundles that know no network."""
    folder.mkdir()
    for name in CODE:
        source = settings.BASE_DIR / name
        unwanted = shutil.ignore_patterns("__pycache__", "dist")
        shutil.copytree(source, folder / name, ignore=unwanted) if source.is_dir() else shutil.copy(
            source, folder
        )
    ((_, leaf),) = MigrationLoader(None).graph.leaf_nodes("intents")
    (folder / "intents" / "migrations" / "9999_next_release.py").write_text(NEXT.format(leaf=leaf), "utf-8")
    (folder / "node_modules").symlink_to(settings.BASE_DIR / "node_modules")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = ["node", "scripts/build.mjs"]
    subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, check=True, timeout=120)
    return folder


def by_operator(demo: DemoProcess, *words: str, fails: bool = False) -> str:
    """`manage.py` of the code at hand in the system's own environment; what it printed."""
    done = subprocess.run(
        [sys.executable, str(demo.code / "manage.py"), *words],
        env={**demo.env, "DJANGO_SETTINGS_MODULE": "webapp.settings", "REDIS_URL": "memory://"},
        cwd=demo.code,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert bool(done.returncode) == fails, (words, done.stdout, done.stderr)
    return done.stdout + done.stderr
