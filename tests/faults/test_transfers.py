"""Transfers end well with one sick endpoint a chain, whatever its illness, and nothing happens twice."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import node as node_module
from intents.chains import registry
from intents.chains.manifest import Endpoint
from intents.devnet.faults.modes import Fault, Mode
from intents.devnet.faults.proxy import FaultProxy
from intents.devnet.network import Network
from intents.engine import ledger, world
from intents.lifecycle import OrderState
from intents.models import ChainLog
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SENDS = ("eth_sendRawTransaction",)
FAULTS = {
    "every second reply is dropped": Fault(Mode.DROP_REPLY, share=0.5),
    "replies to broadcasts are dropped": Fault(Mode.DROP_REPLY, methods=SENDS),
    "slow": Fault(Mode.DELAY, seconds=1.0),
    "too many requests": Fault(Mode.TOO_MANY, share=0.7),
    "server errors": Fault(Mode.SERVER_ERROR, share=0.7),
    "lagging": Fault(Mode.STALE_HEAD, blocks=8),
    "another chain": Fault(Mode.WRONG_CHAIN),
    "no receipts": Fault(Mode.NULL_RECEIPTS),
    "cut": Fault(Mode.CUT, share=0.7),
    "other hashes": Fault(Mode.DISAGREE),
}
DELIVERED = (OrderState.FILLED, OrderState.PROVING)
Behind = Callable[..., tuple[Driver, list[FaultProxy]]]


@pytest.fixture
def behind(
    transactional_db: None, registered: Network, validators: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Behind]:
    """A driver whose chains are reached through proxies, and the first proxy of each chain."""
    monkeypatch.setattr(node_module, "TIMEOUT_SECONDS", 0.6)
    made: list[FaultProxy] = []
    drivers: list[Driver] = []

    def make(*, count: int, quorum: int) -> tuple[Driver, list[FaultProxy]]:
        firsts, manifests = [], []
        for manifest in registered.manifests.values():
            proxies = [FaultProxy(manifest.endpoints[0].url, seed=5).start() for _ in range(count)]
            made.extend(proxies)
            firsts.append(proxies[0])
            endpoints = tuple(Endpoint(proxy.url, proxy.url.replace("http", "ws")) for proxy in proxies)
            manifests.append(replace(manifest, endpoints=endpoints, quorum=quorum))
        registry.load(manifests)
        world.forget()
        drivers.append(Driver(registered).start())
        return drivers[0], firsts

    yield make
    for driver in drivers:
        driver.close()
    for proxy in made:
        proxy.stop()
    world.forget()


@pytest.mark.parametrize("illness", FAULTS)
def test_a_transfer_settles_once_with_a_sick_endpoint_on_every_chain(
    behind: Behind, alice: LocalAccount, illness: str
) -> None:
    fault = FAULTS[illness]
    is_lying = fault.mode is Mode.DISAGREE
    driver, sick = behind(count=3 if is_lying else 2, quorum=2 if is_lying else 1)
    network = driver.network
    given = network.balance("alder", "USDC", alice.address)
    held = network.balance("birch", "USDC", alice.address)
    quote = driver.quote(alice)
    for proxy in sick:
        proxy.set(fault)
    with network.ticking(0.3):
        order = driver.drive(driver.submit(quote, alice), OrderState.SETTLED, seconds=60)
    for proxy in sick:
        proxy.set()
    assert sum(proxy.illness.hits.total() for proxy in sick) > 0
    assert given - network.balance("alder", "USDC", alice.address) == order.input_amount
    assert network.balance("birch", "USDC", alice.address) - held == order.output_amount
    for kind in ("Open", "OutputFilled", "Finalised"):
        assert ChainLog.objects.filter(order_id=order.order_id, kind=kind).count() == 1
    assert set(ledger.sums().values()) <= {0}


def test_below_the_quorum_an_order_waits_and_goes_on(behind: Behind, alice: LocalAccount) -> None:
    driver, sick = behind(count=2, quorum=2)
    order = driver.drive(driver.transfer(alice), OrderState.OPENED, OrderState.FILLING, *DELIVERED)
    for proxy in sick:
        proxy.set(Fault(Mode.CUT))
    ended = (OrderState.SETTLED,)
    with driver.network.ticking(0.3), pytest.raises(AssertionError):
        driver.drive(order, *ended, seconds=4)
    for proxy in sick:
        proxy.set()
    with driver.network.ticking(0.3):
        driver.drive(order, *ended, seconds=60)
