"""A whole system inside the test's process that something can be taken away from, a piece at a time."""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any, Final
from unittest import mock

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from eth_account.signers.local import LocalAccount

from intents.chains import pauses, registry
from intents.chains.calls import Call
from intents.chains.manifest import Endpoint
from intents.chains.recovery import mend_chain
from intents.devnet.accounts import named_wallet
from intents.devnet.faults.modes import Fault
from intents.devnet.faults.proxy import FaultProxy
from intents.devnet.market import BASE_FEES_WEI
from intents.devnet.network import Network
from intents.devnet.nodes import GAS_LIMIT
from intents.devnet.rpc import NodeUnreachable, RpcError
from intents.engine import world
from intents.engine.advance import advance
from intents.engine.gas import watch_reserves
from intents.engine.moves import sweep_moves
from intents.engine.observe import observe
from intents.lifecycle import OrderState, StepKind
from intents.models import Attempt, ChainHead, Order
from intents.services.staff.roles import make_groups

from ..engine import strangers
from ..engine.driver import Driver

PACE_SECONDS: Final = 0.4
SWEEP_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 60.0
WALLET: Final = "diagnosed"


class Miner:
    """Makes blocks on every chain at a pace of each one's own, or none at all."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.pace: dict[str, float | None] = dict.fromkeys(network.manifests, PACE_SECONDS)
        self.base_fees: dict[str, int] = {}
        self._due = dict.fromkeys(network.manifests, 0.0)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stopped.wait(0.05):
            for slug, pace in list(self.pace.items()):
                if pace is not None and time.monotonic() >= self._due[slug]:
                    self._due[slug] = time.monotonic() + pace
                    with suppress(NodeUnreachable, RpcError):
                        self._mine(slug)

    def _mine(self, slug: str) -> None:
        if slug in self.base_fees:
            rpc = self._network.rpc(slug)
            rpc.request("anvil_setNextBlockBaseFeePerGas", hex(self.base_fees[slug]))
        self._network.mine(slug)


class System(Driver):
    """Follower, workers, sweep, watcher of nodes and blocks; each can be stopped alone.

    Chains of `proxied` are reached through two endpoints that must agree; `proxies` are those of each.
    """

    def __init__(self, network: Network, settings: Any, *, proxied: Sequence[str] = ()) -> None:
        super().__init__(network)
        self.settings = settings
        self.miner = Miner(network)
        self.proxies: dict[str, list[FaultProxy]] = {}
        self.only: set[str] | None = None
        self.is_working = True
        self.is_mending = True
        self._undo = ExitStack()
        self._swept_at = 0.0
        for slug in proxied:
            url = network.manifest(slug).endpoints[0].url
            self.proxies[slug] = [FaultProxy(url, seed=5).start() for _ in range(2)]

    def begin(self) -> "System":
        """Everything runs."""
        make_groups(Group, Permission, ContentType)
        self.load()
        world.forget()
        self.miner.start()
        self.start()
        return self

    def end(self) -> None:
        """Nothing runs, and what was changed in this process is as it was."""
        self.miner.stop()
        if self.is_running:
            self.close()
        for each in self.proxies.values():
            for proxy in each:
                proxy.stop()
        for slug in self.miner.base_fees:
            usual = BASE_FEES_WEI[self.network.manifest(slug).chain_id]
            self.network.rpc(slug).request("anvil_setNextBlockBaseFeePerGas", hex(usual))
        for slug in self.network.manifests:
            # A revert does not give a chain the room back that its blocks had.
            self.network.rpc(slug).request("evm_setBlockGasLimit", hex(GAS_LIMIT))
            with suppress(RpcError):
                self.network.rpc(slug).request("evm_setAutomine", True)
        self._undo.close()
        self.settings.FILL_ENABLED = True
        self.settings.BLOCKED_ADDRESSES = []
        registry.forget()
        world.forget()

    def load(self, **changes: dict[str, Any]) -> None:
        """Connect the chains as they are, but for the changes by slug."""
        manifests = []
        for slug, manifest in self.network.manifests.items():
            if slug in self.proxies:
                urls = [proxy.url for proxy in self.proxies[slug]]
                endpoints = tuple(Endpoint(url, url.replace("http", "ws")) for url in urls)
                manifest = replace(manifest, endpoints=endpoints, quorum=2)
            manifests.append(replace(manifest, **changes.get(slug, {})))
        registry.load(manifests)

    def patch(self, target: Any, name: str, value: Any) -> None:
        """Change something of this process until the end."""
        self._undo.enter_context(mock.patch.object(target, name, value))

    async def _follow(self) -> None:
        self._loop = asyncio.get_running_loop()
        await asyncio.gather(observe(stop=self._stop), pauses.watch(stop=self._stop))

    def work(self) -> int:
        """What workers and sweep would do now, as far as they are alive."""
        if not self.is_working:
            return 0
        now = time.time()
        if now - self._swept_at > SWEEP_SECONDS:
            self._swept_at = now
            watch_reserves()
            for chain_id in registry.all_chains() if self.is_mending else ():
                mend_chain(chain_id)
        due = Order.objects.filter(wake_at__gt=0, wake_at__lte=now, leased_until__lt=now)
        ids = [
            each for each in due.values_list("order_id", flat=True) if self.only is None or each in self.only
        ]
        return sum(advance(order_id) for order_id in ids) + (sweep_moves() if self.is_mending else 0)

    def drive(self, order: Order, *states: OrderState, seconds: float = PATIENCE_SECONDS) -> Order:
        """As a driver does, with patience for a busy machine."""
        return super().drive(order, *states, seconds=seconds)

    def work_until(self, condition: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS) -> Any:
        """As a driver does, with patience for a busy machine."""
        return super().work_until(condition, seconds=seconds)

    def work_for(self, seconds: float) -> None:
        """Go on for so long, whatever comes of it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.work()
            time.sleep(0.02)

    def rich(self, slug: str, symbol: str, units: int, *, who: str = "") -> LocalAccount:
        """A wallet with so much and gas, all of which Permit2 may move."""
        wallet = named_wallet(f"{WALLET} {slug} {symbol} {who}")
        self.network.fund(slug, [wallet.address], {symbol: units}, permit2=(symbol,))
        return wallet

    def opened(self, wallet: LocalAccount, **wanted: Any) -> Order:
        """An order whose input is locked and that nobody fills until `let_go`."""
        self.settings.FILL_ENABLED = False
        order = self.drive(self.transfer(wallet, **wanted), OrderState.OPENED)
        self.work_until(lambda: waiting_of(order, StepKind.FILL) == "fill_switched_off")
        return order

    def let_go(self, order: Order) -> None:
        """Have it filled from now on."""
        self.settings.FILL_ENABLED = True
        self.look(order)

    def look(self, order: Order) -> None:
        """Make it due."""
        Order.objects.filter(pk=order.pk).update(wake_at=1)

    def delivered(self, wallet: LocalAccount, **wanted: Any) -> Order:
        """An order whose recipient was paid."""
        return self.drive(self.transfer(wallet, **wanted), OrderState.FILLED, OrderState.PROVING)

    def stop_mining(self, slug: str) -> None:
        """The chain makes no blocks any more; transactions are taken and wait."""
        self.miner.pace[slug] = None
        self.network.rpc(slug).request("evm_setAutomine", False)

    def hold_transactions(self, slug: str) -> None:
        """Blocks are made, and none of them has room for a transaction."""
        self.network.rpc(slug).request("evm_setAutomine", False)
        self.network.rpc(slug).request("evm_setBlockGasLimit", hex(21_001))

    def warp_to(self, order: Order, seconds_before: float) -> None:
        """All chains stand so long before the order's fill deadline; negative is past it."""
        now = max(int(self.network.rpc(slug).block()["timestamp"], 16) for slug in self.network.manifests)
        ahead = int(order.fill_deadline - seconds_before - now)
        if ahead > 0:
            self.network.warp(ahead)
        self.seen()

    def seen(self) -> None:
        """The follower has written what the chains are now."""
        heights = {
            self.network.manifest(slug).chain_id: int(rpc.block()["number"], 16)
            for slug, rpc in self.network.rpcs.items()
        }

        def are_written() -> bool:
            rows = dict(ChainHead.objects.values_list("chain_id", "number"))
            return all(rows.get(chain_id, 0) >= height for chain_id, height in heights.items())

        self.wait_for(are_written, seconds=20)

    def send(self, slug: str, call: Call, *, sender: str = "") -> str:
        """Somebody's own transaction."""
        return strangers.send(self.network, slug, call, sender=sender)

    def suffer(self, slug: str, fault: Fault, *, which: int = 1) -> None:
        """One of the two endpoints of a chain falls ill."""
        self.proxies[slug][which].set(fault)

    def sent(self, order: Order, purpose: str) -> Attempt:
        """Work until a transaction for it was sent."""
        rows = Attempt.objects.filter(step__order=order, purpose=purpose)
        return self.work_until(lambda: rows.order_by("id").last())


def waiting_of(order: Order, kind: StepKind) -> str:
    """Why its step of a kind waits."""
    found = order.steps.filter(kind=kind).values_list("waiting", flat=True).first() or {}
    return str(found.get("code", ""))


@contextmanager
def running(network: Network, settings: Any, *, proxied: Sequence[str] = ()) -> Iterator[System]:
    """A system on a network, which is put back to what it was."""
    mark = network.snapshot()
    system = System(network, settings, proxied=proxied)
    try:
        yield system.begin()
    finally:
        system.end()
        network.revert(mark)


Dice = random.Random
