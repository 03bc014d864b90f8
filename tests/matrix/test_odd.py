"""The same transfers on a network that nobody has seen before, with validators of its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from intents.devnet.network import Network
from intents.engine import world

from ..conftest import running_validators
from ..engine.driver import Driver
from ..validators import RestingValidator
from .outcomes import ENDINGS, assert_balanced
from .places import odd
from .rows import WAYS_IN, Row, all_rows, can_happen, each_once, rest
from .transfer import Transfer

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

# No token there knows EIP-3009, and none keeps a list: only the coin can be refused.
WAYS = tuple(way for way in WAYS_IN if way != "eip3009")
ROUTES = ("in_stock", "swap", "call", "gas", "coin")


def happens_there(row: Row) -> bool:
    return can_happen(row) and (row.outcome != "claimable" or row.way == "native")


EVERY = all_rows(ways=WAYS, routes=ROUTES, possible=happens_there)
# One of each way, route and ending shows that nothing is known in advance; `make matrix` runs all.
CORE = each_once(EVERY)


@pytest.fixture(scope="module")
def odd_validators(
    odd_network: Network, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[RestingValidator]]:
    """The three real validators of the generated network."""
    with running_validators(odd_network, tmp_path_factory) as running:
        yield running


@pytest.fixture
def odd_driver(transactional_db: None, registered_odd: Network, odd_validators: object) -> Iterator[Driver]:
    """The generated network with its follower."""
    world.forget()
    running = Driver(registered_odd).start()
    yield running
    running.close()
    world.forget()


def run(row: Row, driver: Driver, settings: Any) -> None:
    transfer = Transfer(driver, odd(driver.network), row)
    ENDINGS[row.outcome](transfer, settings)
    assert_balanced(transfer)


@pytest.mark.parametrize("row", CORE, ids=str)
def test_core(row: Row, odd_driver: Driver, settings: Any) -> None:
    run(row, odd_driver, settings)


@pytest.mark.matrix
@pytest.mark.parametrize("row", rest(EVERY, CORE), ids=str)
def test_rest(row: Row, odd_driver: Driver, settings: Any) -> None:
    run(row, odd_driver, settings)
