"""The local network, and the whole system on one: each is started once a run from saved state."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.manifest import ChainManifest
from intents.devnet.accounts import VALIDATORS, account, named_wallet
from intents.devnet.bench.demo_process import DemoProcess
from intents.devnet.network import Network, start_network
from intents.devnet.rpc import Rpc
from intents.engine import cold_start
from tests.networks import odd_prices, odd_profiles
from tests.validators import RestingValidator

STANDS_STILL_SECONDS = 10


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What ailed a test that was tried once more: its name alone helps nobody mend it."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.write_sep("_", f"first try of {report.nodeid}")
        terminalreporter.line(report.longreprtext)


def to_the_present(network: Network) -> None:
    """Nobody makes blocks between tests: a clock that stood still would jump with the first, over deadlines.

    A block made by another fixture moves the clock alone: the feeds are as old as before.
    """
    moments = [int(rpc.block()["timestamp"], 16) for rpc in network.rpcs.values()]
    moments += [_fed_at(manifest, network.rpcs[slug]) for slug, manifest in network.manifests.items()]
    if time.time() - min(moments) > STANDS_STILL_SECONDS:
        network.warp(0)


def _fed_at(manifest: ChainManifest, rpc: Rpc) -> int:
    feed = next(iter(manifest.feeds.values())).address
    answer = rpc.call(feed, "latestRoundData()", returns="uint80,int256,uint256,uint256,uint80")
    return int(answer[3])


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    """Summit, Alder, Birch and Cedar with instant mining. Tests that send use `fresh_network`."""
    started = start_network()
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def nothing_joined() -> None:
    """No chain that joined in a test before."""
    cold_start.forget()


@pytest.fixture
def fresh_network(network: Network) -> Iterator[Network]:
    """The network with its clocks at the present, put back afterwards as it was before the test."""
    to_the_present(network)
    mark = network.snapshot()
    yield network
    network.revert(mark)


@pytest.fixture
def registered(db: None, fresh_network: Network) -> Iterator[Network]:
    """The network, with its manifests in the test's database."""
    registry.load(list(fresh_network.manifests.values()))
    yield fresh_network
    registry.forget()


@pytest.fixture(scope="session")
def odd_network() -> Iterator[Network]:
    """Three generated chains with other ids, names, decimals, finality and pool order than the usual ones."""
    started = start_network(odd_profiles(), prices_e8=odd_prices())
    yield started
    started.stop()


@pytest.fixture
def registered_odd(db: None, odd_network: Network) -> Iterator[Network]:
    """The generated network with its manifests in the test's database; put back afterwards."""
    to_the_present(odd_network)
    mark = odd_network.snapshot()
    registry.load(list(odd_network.manifests.values()))
    yield odd_network
    odd_network.revert(mark)
    registry.forget()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    """A running demo, shared by the tests that leave it as they found it but for money that moved."""
    with DemoProcess(tmp_path_factory.mktemp("demo")) as started:
        yield started


@pytest.fixture(scope="session")
def alice() -> LocalAccount:
    """Has tokens and native coin everywhere, and lets Permit2 move USDC, WETH, USDT and WBTC."""
    return named_wallet("alice")


@pytest.fixture(scope="session")
def bob() -> LocalAccount:
    """Has what alice has, and has allowed nobody anything."""
    return named_wallet("bob")


@pytest.fixture(scope="session")
def mallory() -> LocalAccount:
    """Has what bob has, and means harm."""
    return named_wallet("mallory")


@pytest.fixture(scope="session")
def session_validators(
    network: Network, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[RestingValidator]]:
    """The three real validators of `network`, at rest."""
    with running_validators(network, tmp_path_factory) as running:
        for validator in running:
            validator.awake.clear()
        yield running


@pytest.fixture
def validators(session_validators: list[RestingValidator]) -> Iterator[list[RestingValidator]]:
    """The three real validators of `network`, each publishing at its manifest URL."""
    for validator in session_validators:
        validator.awake.set()
    yield session_validators
    for validator in session_validators:
        validator.awake.clear()


@contextmanager
def running_validators(
    network: Network, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[RestingValidator]]:
    """Validators of a network, awake, and announced before anybody uses it."""
    manifests, state = tmp_path_factory.mktemp("network"), tmp_path_factory.mktemp("validators")
    network.write_manifests(manifests)
    running = [RestingValidator(account(index), manifests, state) for index in VALIDATORS]
    threads = [threading.Thread(target=validator.run, daemon=True) for validator in running]
    for thread in threads:
        thread.start()
    # Announcements are transactions: they must not land inside another test's snapshot.
    for validator in running:
        assert validator.announced.wait(30)
    yield running
    for validator, thread in zip(running, threads, strict=True):
        validator.stop()
        thread.join(10)
