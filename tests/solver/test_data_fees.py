"""What a rollup takes for data is in every price that a transaction on it is part of, and in no other."""

from dataclasses import replace

import pytest

from intents.engine.data_fees import data_json
from intents.solver.data_fees import DATA, data_wei
from intents.solver.gas import GasRules, charged
from intents.solver.prices import Unpriced, native_usd_up
from intents.solver.pricing import PricingRules, Tariff, tariff
from intents.solver.router import Wanted, find_routes
from intents.solver.world import World, world_from_json, world_to_json
from tests.solver.worlds import DESTINATION, ORIGIN, address, delivery, stock, units, world

GAS = GasRules()
# As OP Stack has it since Fjord: so much a byte, less a fixed part.
PER_BYTE, LESS = 8_365 * 10**6, 42_585_600 * 10**4


def taken(size: int) -> int:
    return PER_BYTE * size - LESS


FEES = {size: taken(size) for size in (266, 1_124)}


def taking(fees: dict[int, int] | None, *chain_ids: int, **changes: int) -> World:
    """A world of which these chains take this for data; as it is kept with quotes."""
    seen = world(stocks=stock(usdc=10_000))
    chains = {
        chain_id: replace(chain, data_fees=fees, **changes) if chain_id in chain_ids else chain
        for chain_id, chain in seen.chains.items()
    }
    return world_from_json(world_to_json(replace(seen, chains=chains)))


def priced(seen: World, *, gas: GasRules = GAS) -> Tariff:
    priced = delivery(seen, output=address(DESTINATION, "usdc"))
    return tariff(seen, priced, PricingRules(gas=gas, gas_margin_bps=0))


def usdc_of(seen: World, chain_id: int, wei: int) -> int:
    return native_usd_up(seen, seen.chains[chain_id], wei) * 10**6 // 10**8


def test_each_transaction_bears_its_own_data_where_it_is_sent() -> None:
    plain = priced(world(stocks=stock(usdc=10_000)))
    seen = taking(FEES, DESTINATION)
    more = priced(seen)
    assert more.network - plain.network == pytest.approx(usdc_of(seen, DESTINATION, taken(DATA.fill)), abs=2)
    dispatched = taken(DATA.dispatch_fixed + DATA.dispatch_each)
    assert more.proof - plain.proof == pytest.approx(usdc_of(seen, DESTINATION, dispatched), abs=2)
    seen = taking(FEES, ORIGIN)
    more = priced(seen)
    ours = taken(DATA.open) + taken(DATA.finalise_fixed + DATA.finalise_each) + taken(DATA.refund) // 50
    assert more.network - plain.network == pytest.approx(usdc_of(seen, ORIGIN, ours), abs=2)
    carried = taken(DATA.process_fixed + DATA.process_each)
    assert more.proof - plain.proof == pytest.approx(usdc_of(seen, ORIGIN, carried), abs=2)
    by_user = replace(GAS, open=0)
    opened = usdc_of(seen, ORIGIN, taken(DATA.open) + GAS.open * seen.chains[ORIGIN].gas_price_wei)
    assert more.network - priced(seen, gas=by_user).network == pytest.approx(opened, abs=2)


def test_it_counts_where_gas_costs_next_to_nothing_and_grows_with_what_is_told() -> None:
    seen = taking(FEES, DESTINATION, gas_price_wei=1)
    there = charged(seen.chains[DESTINATION], GAS)
    assert there.fill - GAS.fill == data_wei(FEES, DATA.fill) == taken(DATA.fill)
    longer = charged(
        seen.chains[DESTINATION], replace(GAS, told_bytes=100, dispatch_each=2 * GAS.dispatch_each)
    )
    assert longer.fill - there.fill == 100 * PER_BYTE
    assert longer.dispatch_each - there.dispatch_each == GAS.dispatch_each + DATA.dispatch_each * PER_BYTE
    assert (longer.dispatch_fixed, longer.arrive) == (there.dispatch_fixed, there.arrive)


def test_what_is_not_known_is_not_free_and_what_nobody_takes_is() -> None:
    unknown = taking({}, DESTINATION)
    with pytest.raises(Unpriced) as refused:
        priced(unknown)
    assert refused.value.code == "no_data_fee"
    wanted = Wanted(
        origin_id=ORIGIN, destination_id=DESTINATION, input_token=address(ORIGIN, "usdc"),
        output_token=address(DESTINATION, "usdc"), amount=units("usdc", 100),
    )  # fmt: skip
    refusal = find_routes(wanted, unknown).refusal
    assert refusal is not None and refusal.code == "no_data_fee"
    assert find_routes(wanted, taking(FEES, ORIGIN, DESTINATION)).chosen is not None
    assert priced(taking(None, DESTINATION)) == priced(world())


def test_an_answer_is_a_fee_an_absence_or_nothing_known() -> None:
    fee, more = ((each).to_bytes(32, "big") for each in (7, 9))
    told = data_json([fee, more])
    assert told is not None and list(told.values()) == ["7", "9"]
    assert data_json([b"", b""]) is None, "no such contract there: it takes nothing"
    for broken in ([None, None], [fee, None], [b"", more], [more, fee], [fee, b"\xff" * 32]):
        assert data_json(broken) == {}
    assert list(map(int, told)) == sorted(FEES)
