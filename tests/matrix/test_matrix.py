"""Every way in, over every route, to every end: real transfers whose money is counted on the chains.

The core has every two values together at least once and belongs to the tests; `make matrix` runs all there are.
"""

from typing import Any

import pytest

from ..engine.driver import Driver
from .outcomes import ENDINGS, assert_balanced
from .places import usual
from .rows import Row, all_rows, pairwise, rest
from .transfer import Transfer

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

EVERY = all_rows()
CORE = pairwise(EVERY)


def run(row: Row, driver: Driver, settings: Any) -> None:
    transfer = Transfer(driver, usual(driver.network), row)
    ENDINGS[row.outcome](transfer, settings)
    assert_balanced(transfer)


@pytest.mark.parametrize("row", CORE, ids=str)
def test_core(row: Row, driver: Driver, settings: Any) -> None:
    run(row, driver, settings)


@pytest.mark.matrix
@pytest.mark.parametrize("row", rest(EVERY, CORE), ids=str)
def test_rest(row: Row, driver: Driver, settings: Any) -> None:
    run(row, driver, settings)
