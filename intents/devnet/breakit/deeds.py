"""What somebody may break on the local network to see the system cope; each ends by itself."""

import secrets
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import connection

from intents.chains import registry
from intents.chains.manifest import ChainManifest, Endpoint
from intents.devnet.accounts import OWNER, address
from intents.devnet.faults.control import ProxyUnreachable, suffer
from intents.devnet.faults.modes import Fault, Mode
from intents.devnet.faults.wiring import endpoint_command
from intents.devnet.nodes import free_ports
from intents.devnet.ports import HOST
from intents.devnet.rpc import Rpc, hex_data
from intents.devnet.supervisor import Child, Supervisor

WORKER: Final = "worker-engine"
PAUSE_SECONDS: Final = 12.0
DRAIN_SECONDS: Final = 30.0
SLOW_SECONDS: Final = 30.0
SLOWNESS_SECONDS: Final = 4.0
REORG_BLOCKS: Final = 3
GAS: Final = 300_000
PROXY_START_SECONDS: Final = 10.0


class CannotBreak(Exception):
    """Not possible now; `code` says why."""

    retry = True

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and for how many seconds it lasts; 0 when it is over at once."""

    deed: str
    chain: str
    seconds: float


class Breaker:
    """Breaks parts of one running local system. Every method may be called from any thread."""

    def __init__(self, supervisor: Supervisor, direct: Sequence[ChainManifest], token: str) -> None:
        self._supervisor = supervisor
        self._chains = {manifest.slug: manifest for manifest in direct}
        self._token = token
        self._lock = threading.Lock()
        self._broken: set[tuple[str, str]] = set()

    def do(self, deed: str, slug: str) -> Done:
        """Raises CannotBreak."""
        works: dict[str, Callable[[ChainManifest], float]] = {
            "kill_worker": self._kill_worker,
            "pause_chain": self._pause_chain,
            "reorg": self._reorg,
            "drain": self._drain,
            "slow_node": self._slow_node,
        }
        manifest, work = self._chains.get(slug), works.get(deed)
        if manifest is None or work is None:
            raise CannotBreak("unknown_deed")
        with self._lock:
            if (deed, slug) in self._broken:
                raise CannotBreak("already_broken")
            self._broken.add((deed, slug))
        seconds = 0.0
        try:
            seconds = work(manifest)
        finally:
            self._later(seconds, lambda: self._broken.discard((deed, slug)))
        self._supervisor.post(lambda: self._supervisor.say(f"broken on purpose: {deed} {slug}"))
        return Done(deed, slug, seconds)

    def _kill_worker(self, _: ChainManifest) -> float:
        self._supervisor.post(lambda: self._signal(WORKER, signal.SIGKILL))
        return 0.0

    def _pause_chain(self, manifest: ChainManifest) -> float:
        name = f"chain-{manifest.slug}"
        self._supervisor.post(lambda: self._signal(name, signal.SIGSTOP))
        self._later(PAUSE_SECONDS, lambda: self._supervisor.post(lambda: self._signal(name, signal.SIGCONT)))
        return PAUSE_SECONDS

    def _reorg(self, manifest: ChainManifest) -> float:
        rpc = _rpc(manifest)
        # Empty blocks made anew at the same times would be the very same blocks, but for their miner.
        rpc.request("anvil_setCoinbase", "0x" + secrets.token_bytes(20).hex())
        rpc.request("anvil_reorg", REORG_BLOCKS, [])
        return 0.0

    def _drain(self, manifest: ChainManifest) -> float:
        rpc, account = _rpc(manifest), manifest.address("solver_account")
        tokens = [token.address for token in manifest.tokens if int(token.address, 16)]
        held = rpc.multi([(token, "balanceOf(address)", (account,), "uint256") for token in tokens])
        taken = [(token, amount) for token, amount in zip(tokens, held, strict=True) if amount]
        for token, amount in taken:
            _send(rpc, account, "withdraw(address,address,uint256)", token, address(OWNER), amount)

        def give_back() -> None:
            for token, amount in taken:
                _send(rpc, token, "transfer(address,uint256)", account, amount)

        self._later(DRAIN_SECONDS, give_back)
        return DRAIN_SECONDS

    def _slow_node(self, manifest: ChainManifest) -> float:
        """Put a slow endpoint in front of the node's own, which stays as the second."""
        (port,) = free_ports(1)
        name = f"slow-{manifest.slug}"
        command = endpoint_command(port, manifest.endpoints[0].url)
        child = Child(name, command, {"WAYMEET_FAULTS_TOKEN": self._token})
        self._supervisor.post(lambda: self._supervisor.start(child))
        url = f"http://{HOST}:{port}"
        slow = Fault(Mode.DELAY, seconds=SLOWNESS_SECONDS)
        if not _retried(lambda: suffer(url, self._token, slow)):
            self._supervisor.post(lambda: self._supervisor.end(name))
            raise CannotBreak("no_proxy")
        known = registry.chain(manifest.chain_id)
        endpoints = (Endpoint(url, url.replace("http", "ws", 1)), *known.endpoints)
        _load(replace(known, endpoints=endpoints))

        def heal() -> None:
            _load(replace(registry.chain(manifest.chain_id), endpoints=known.endpoints))
            self._supervisor.post(lambda: self._supervisor.end(name))

        self._later(SLOW_SECONDS, heal)
        return SLOW_SECONDS

    def _signal(self, name: str, number: int) -> None:
        self._supervisor.signal(name, number)

    @staticmethod
    def _later(seconds: float, work: Callable[[], Any]) -> None:
        timer = threading.Timer(seconds, work)
        timer.daemon = True
        timer.start()


def _rpc(manifest: ChainManifest) -> Rpc:
    return Rpc(manifest.endpoints[0].url)


def _send(rpc: Rpc, to: str, signature: str, *arguments: Any) -> None:
    rpc.request(
        "eth_sendTransaction",
        {
            "from": address(OWNER),
            "to": to,
            "data": hex_data(signature, *arguments),
            "gas": hex(GAS),
            "gasPrice": hex(10**10),
        },
    )


def _load(manifest: ChainManifest) -> None:
    try:
        registry.load([manifest])
    finally:
        connection.close()


def _retried(ask: Callable[[], Any]) -> bool:
    waited = threading.Event()
    for _ in range(int(PROXY_START_SECONDS / 0.1)):
        try:
            ask()
            return True
        except ProxyUnreachable:
            waited.wait(0.1)
    return False
