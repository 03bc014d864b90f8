"""Gas on arrival is offered only where acceptance would reserve it."""

from types import SimpleNamespace
from typing import Any

import pytest

from intents.chains.calls import ZERO_ADDRESS
from intents.services.arrival import gas_wei_of
from intents.services.errors import NoStock
from intents.solver.world import Stock

ETH = 10**18


def asked(wish: str, *, balance: int) -> int:
    """Half a dollar of a coin at 2,000 dollars, out of a stock of `balance` wei."""
    intent: Any = SimpleNamespace(gas_on_arrival=wish, output_token="0xtoken", recipient="", user="")
    chain: Any = SimpleNamespace(
        chain_id=902, gas_on_arrival_usd_e8=50_000_000, native=SimpleNamespace(symbol="ETH")
    )
    stocks = {ZERO_ADDRESS: Stock(balance=balance, reserved=0)}
    seen = SimpleNamespace(native_id="eth", native_decimals=18, stocks=stocks)
    price = SimpleNamespace(high_e8=2_000 * 10**8, low_e8=2_000 * 10**8)
    world: Any = SimpleNamespace(chains={902: seen}, prices={"eth": price}, stale=frozenset())
    return gas_wei_of(intent, destination=chain, world=world)


def test_gas_is_offered_out_of_a_share_of_the_stock_that_one_order_may_take() -> None:
    wei = asked("yes", balance=ETH)
    assert wei == ETH // 4000
    assert asked("yes", balance=4 * wei) == wei
    with pytest.raises(NoStock):
        asked("yes", balance=4 * wei - 4)
