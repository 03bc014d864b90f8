"""Carries out a storm on a running demo: people transfer while processes die, chains go back and nodes lie."""

import contextlib
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from eth_account.signers.local import LocalAccount

from intents.client.api import ApiError, ApiUnreachable
from intents.devnet.accounts import OWNER, address
from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.faults.control import ProxyUnreachable, status, suffer
from intents.devnet.faults.modes import Fault
from intents.devnet.faults.wiring import MOST_ENDPOINTS, PORT_OFFSET
from intents.devnet.network import Network
from intents.devnet.rpc import NodeUnreachable, RpcError, hex_data

from .stack import People, Sent, chains_of
from .storm import ENDPOINTS, UNDELIVERABLE, Episode, Storm, Transfer, episodes, kills, reorgs, transfers

TOKEN = "chaos"
PERSON_PATIENCE_SECONDS = 60.0
PEOPLE_AT_ONCE = 8


@dataclass(slots=True)
class Deeds:
    """What was really done, and what came of it."""

    kills: Counter[str] = field(default_factory=Counter)
    reorgs: Counter[str] = field(default_factory=Counter)
    episodes: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    sent: list[tuple[Transfer, Sent]] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)


class Chaos:
    """One storm over one demo."""

    def __init__(self, demo: DemoProcess, storm: Storm) -> None:
        self.demo, self.storm = demo, storm
        self.chains: Network = chains_of(demo)
        self.people = People(demo)
        self.deeds = Deeds()
        self._lock = threading.Lock()
        self._began = 0.0

    def run(self, wallets: Sequence[LocalAccount]) -> Deeds:
        """Everything of the storm; returns when it is over and every node is well again."""
        wishes = transfers(self.storm)
        self._fund(wishes, wallets)
        self._began = time.monotonic()
        acts: list[Callable[[], None]] = [self._kill_all, self._reorg_all]
        by_chain: dict[str, list[Episode]] = {slug: [] for slug in ENDPOINTS}
        for episode in episodes(self.storm):
            by_chain[episode.slug].append(episode)
        acts += [lambda each=each: self._sicken(each) for each in by_chain.values()]  # type: ignore[misc]
        with ThreadPoolExecutor(len(acts)) as forces, ThreadPoolExecutor(PEOPLE_AT_ONCE) as crowd:
            running = [forces.submit(act) for act in acts]
            asking = [
                crowd.submit(self._transfer, wish, wallet)
                for wish, wallet in zip(wishes, wallets, strict=True)
            ]
            for done in [*running, *asking]:
                done.result()
        self._heal()
        return self.deeds

    def states(self) -> dict[str, str]:
        """Every order's state by id, straight from the database."""
        rows = self.rows("SELECT order_id, state FROM intents_order")
        return {str(order_id): str(state) for order_id, state in rows}

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """A read of the database."""
        place = f"file:{self.demo.run_dir / 'waymeet.sqlite3'}?mode=ro"
        with contextlib.closing(sqlite3.connect(place, uri=True, timeout=10)) as database:
            return list(database.execute(query))

    def _fund(self, wishes: Sequence[Transfer], wallets: Sequence[LocalAccount]) -> None:
        owners: dict[tuple[str, str], list[str]] = {}
        for wish, wallet in zip(wishes, wallets, strict=True):
            slug, symbol = wish.asked.source.split(":")
            owners.setdefault((slug, symbol), []).append(wallet.address)
        for (slug, symbol), some in owners.items():
            unit = 10 ** self.chains.manifest(slug).token(symbol).decimals
            permit2 = [
                wallet.address
                for wish, wallet in zip(wishes, wallets, strict=True)
                if wish.asked.confirm == "permit2" and wish.asked.source == f"{slug}:{symbol}"
            ]
            self.chains.fund(slug, some, {symbol: 2_000 * unit})
            if permit2:
                self.chains.fund(slug, permit2, {}, permit2=[symbol])

    def _transfer(self, wish: Transfer, wallet: LocalAccount) -> None:
        """A person does not give up because the page is down; who was charged once is not charged again."""
        self._until(wish.at)
        patience = self._began + max(self.storm.seconds, wish.at) + PERSON_PATIENCE_SECONDS
        while time.monotonic() < patience:
            try:
                sent = self._send(wish, wallet)
            except ApiUnreachable:
                self._note(self.deeds.refusals, "page away")
            except ApiError as error:
                self._note(self.deeds.refusals, error.code)
            else:
                with self._lock:
                    self.deeds.sent.append((wish, sent))
                return
            time.sleep(1.0)
        with self._lock:
            self.deeds.gave_up.append(f"{wish.kind} {wish.asked.source} → {wish.asked.target}")

    def _send(self, wish: Transfer, wallet: LocalAccount) -> Sent:
        if wish.kind != UNDELIVERABLE:
            return self.people.send(wallet, wish.asked)
        # The token's issuer blocks the recipient after the person has signed.
        recipient = "0x" + wallet.address[2:][::-1]
        submit = self.people.prepare(wallet, replace(wish.asked, to=recipient.lower()))
        self._block(wish.asked.target, recipient.lower())
        return submit()

    def _block(self, place: str, account: str) -> None:
        slug, symbol = place.split(":")
        self.chains.rpc(slug).request(
            "eth_sendTransaction",
            {
                "from": address(OWNER),
                "to": self.chains.token(slug, symbol),
                "data": hex_data("blacklist(address)", account),
                "gas": hex(200_000),
                "gasPrice": hex(10**10),
            },
        )

    def _kill_all(self) -> None:
        for at, victims in kills(self.storm):
            self._until(at)
            alive = self.demo.pids()
            victim = next((name for name in victims if name in alive), None)
            if victim is not None:
                self.demo.kill(victim)
                self._note(self.deeds.kills, victim)

    def _reorg_all(self) -> None:
        for at, slug, depth in reorgs(self.storm):
            self._until(at)
            with contextlib.suppress(RpcError, NodeUnreachable):
                self.chains.rpc(slug).request("anvil_reorg", depth, [])
                self._note(self.deeds.reorgs, slug)

    def _sicken(self, series: Sequence[Episode]) -> None:
        for episode in series:
            self._until(episode.at)
            urls = self._urls(episode.slug)
            ill = urls if episode.index is None else urls[episode.index : episode.index + 1]
            self._suffer(ill, episode.fault)
            self._note(self.deeds.episodes, episode.fault.mode if episode.index is not None else "blackout")
            time.sleep(episode.seconds)
            self._suffer(ill)

    def _suffer(self, urls: Sequence[str], *faults: Fault) -> None:
        for url in urls:
            with contextlib.suppress(ProxyUnreachable):
                for mode, count in status(url, TOKEN)["hits"].items():
                    # A proxy that is started anew counts anew: the most it ever said is what it did.
                    with self._lock:
                        self.deeds.hits[f"{url} {mode}"] = max(self.deeds.hits[f"{url} {mode}"], count)
                suffer(url, TOKEN, *faults)

    def _heal(self) -> None:
        for slug in ENDPOINTS:
            self._suffer(self._urls(slug))

    def _urls(self, slug: str) -> list[str]:
        place = list(ENDPOINTS).index(slug)
        first = self.demo.chain_port + PORT_OFFSET + place * MOST_ENDPOINTS
        return [f"http://127.0.0.1:{first + index}" for index in range(ENDPOINTS[slug][0])]

    def _until(self, at: float) -> None:
        time.sleep(max(0.0, self._began + at - time.monotonic()))

    def _note(self, counter: Counter[str], name: str) -> None:
        with self._lock:
            counter[str(name)] += 1
