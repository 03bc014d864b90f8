"""The running system as the tests see it: its chains, its people, and its books."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.conf import settings
from eth_account.signers.local import LocalAccount

from intents.chains.manifest import parse
from intents.client.api import ApiError, Submitted, WaymeetClient
from intents.client.signing import checked_order, signed, typed_data
from intents.client.transfer import Asked, intent_fields, understood
from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.network import Network

T = TypeVar("T")
# Stock that moves by itself is reserved meanwhile, which books that are counted would have to explain.
STILL = {"WAYMEET_REBALANCE": "0"}
ENDED = {"settled", "refunded", "rejected", "expired"}
DELIVERED = {"filled", "proving", "settled"}

_BOOKS = """
import django, json
django.setup()
from collections import defaultdict
from intents.engine.ledger import balances, sums
from intents.models import Attempt, Order, Reservation, SendingAccount, Stock
nonces = defaultdict(lambda: defaultdict(list))
for chain, sender, nonce, state in Attempt.objects.values_list("chain_id", "sender", "nonce", "state"):
    nonces[f"{chain}:{sender}"][nonce].append(state)
print("BOOKS" + json.dumps({
    "sums": [str(total) for total in sums().values()],
    "escrow": [str(amount) for key, amount in balances().items() if key[2] == "escrow"],
    "reserved": [str(stock.reserved) for stock in Stock.objects.all()],
    "held": Reservation.objects.filter(state="held").count(),
    "states": {order.order_id: order.state for order in Order.objects.all()},
    "nonces": nonces,
}))
"""


def chains_of(demo: DemoProcess) -> Network:
    """The chains of a running demo, from the manifests it wrote."""
    files = sorted((demo.run_dir / "network").glob("*.toml"))
    return Network([parse(file.read_text("utf-8")) for file in files])


@dataclass(frozen=True, slots=True)
class Sent:
    """An accepted order of one wallet."""

    wallet: str
    submitted: Submitted


class People:
    """Wallets that transfer over HTTP, each thread with a connection of its own."""

    def __init__(self, demo: DemoProcess) -> None:
        self.demo = demo
        self.network = WaymeetClient(demo.url).network()
        self._local = threading.local()

    @property
    def client(self) -> WaymeetClient:
        """This thread's client."""
        client: WaymeetClient | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = WaymeetClient(self.demo.url, timeout_seconds=60)
        return client

    def signed_quote(self, wallet: LocalAccount, asked: Asked) -> tuple[dict[str, Any], str]:
        """A quote with the wallet's signature of its order."""
        key = "0x" + bytes(wallet.key).hex()
        wish, _ = understood(replace(asked, key=key), self.network)
        quote = self.client.quote(**intent_fields(asked, wish))
        data = typed_data(wish, checked_order(wish, quote), way=quote["confirm_way"])
        return quote, signed(data, key=key)

    def prepare(self, wallet: LocalAccount, asked: Asked) -> Callable[[], Sent]:
        """Quote and sign; what is returned submits."""
        quote, signature = self.signed_quote(wallet, asked)

        def submit() -> Sent:
            submitted = self.client.submit(
                quote_id=quote["quote_id"], order=quote["order"], signature=signature
            )
            return Sent(wallet=wallet.address, submitted=submitted)

        return submit

    def send(self, wallet: LocalAccount, asked: Asked) -> Sent:
        """Quote, sign, submit."""
        return self.prepare(wallet, asked)()

    def state(self, sent: Sent) -> str:
        """The order's state now."""
        return str(self.client.order(sent.submitted)["state"])

    def order(self, sent: Sent) -> dict[str, Any]:
        """The order as its owner sees it."""
        return self.client.order(sent.submitted)

    def events(self, sent: Sent) -> list[dict[str, Any]]:
        """Every event of the order."""
        events: list[dict[str, Any]] = self.client.events(sent.submitted)["events"]
        return events

    def wait(self, sent: Sent, states: set[str], *, seconds: float) -> str:
        """The state once it is one of `states`; fails with what it was instead."""
        return wait_for(
            lambda: state if (state := self.state(sent)) in states else None,
            seconds=seconds,
            what=lambda: f"{sent.submitted.order_id} is {self.state(sent)}: {self.events(sent)}",
        )


def prepared_at_once(
    people: People, wallets: Sequence[LocalAccount], asked: Asked
) -> list[Callable[[], Sent]]:
    """A submission of each wallet, signed and not yet made: none is old when the first of them is made."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda wallet: people.prepare(wallet, asked), wallets))


def all_at_once(
    work: Sequence[Callable[[], Sent]], *, threads: int = 16
) -> tuple[list[Sent], list[ApiError]]:
    """Run every submission from a pool; what was accepted, and every refusal."""
    accepted: list[Sent] = []
    refusals: list[ApiError] = []

    def one(submit: Callable[[], Sent]) -> None:
        try:
            accepted.append(submit())
        except ApiError as error:
            refusals.append(error)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, work))
    return accepted, refusals


def wait_for(look: Callable[[], T | None], *, seconds: float, what: Callable[[], str]) -> T:
    """What `look` returns once it is not None."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.3)
    raise AssertionError(f"after {seconds:.0f} s {what()}")


def books(demo: DemoProcess) -> dict[str, Any]:
    """What the database says, read by a process of the demo's own configuration."""
    done = subprocess.run(
        [sys.executable, "-c", _BOOKS],
        env={**demo.env, "DJANGO_SETTINGS_MODULE": "webapp.settings", "REDIS_URL": "memory://"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = next(line for line in done.stdout.splitlines() if line.startswith("BOOKS"))
    found: dict[str, Any] = json.loads(text.removeprefix("BOOKS"))
    return found


def assert_books_balance(demo: DemoProcess, chains: Network) -> None:
    """Ledger zero, nothing in escrow, nothing reserved, every nonce used once without a gap."""
    found = books(demo)
    assert set(found["sums"]) <= {"0"}, found["sums"]
    assert not found["escrow"], found["escrow"]
    assert found["held"] == 0
    assert set(found["reserved"]) <= {"0"}, found["reserved"]
    by_id = {manifest.chain_id: chains.rpcs[slug] for slug, manifest in chains.manifests.items()}
    for account, used in found["nonces"].items():
        chain_id, sender = account.split(":")
        nonces = sorted(int(nonce) for nonce in used)
        assert nonces == list(range(nonces[0], nonces[-1] + 1)), f"gap in {account}: {nonces}"
        for nonce, states in used.items():
            mined = [state for state in states if state in ("confirmed", "reverted")]
            assert len(mined) == 1, f"{account} nonce {nonce}: {states}"
        on_chain = int(by_id[int(chain_id)].request("eth_getTransactionCount", sender, "latest"), 16)
        assert on_chain == nonces[-1] + 1, account
