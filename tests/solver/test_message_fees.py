"""What a Mailbox that is not ours asks for a message is in the price of the proof, to the unit, and only there."""

from dataclasses import replace

import pytest

from intents.amounts import divide_up
from intents.solver.company import Shared
from intents.solver.gas import message_usd, settling
from intents.solver.prices import Unpriced, from_usd_up, native_usd_up
from intents.solver.pricing import PricingRules, Tariff, tariff
from intents.solver.router import Wanted, find_routes
from intents.solver.world import World, world_from_json, world_to_json
from tests.solver.worlds import DESTINATION, ORIGIN, address, chain, delivery, stock, token, units, world

SOURCE = 33
FEE_WEI = 10**14 + 7


def asking(fees: dict[int, int] | None, *, shared: Shared | None = None) -> World:
    """A world whose destination's Mailbox asks these fees; as it is kept with quotes."""
    seen = world(stocks=stock(usdc=10_000))
    chains = {
        ORIGIN: replace(seen.chains[ORIGIN], messages={DESTINATION: shared} if shared else {}),
        DESTINATION: replace(seen.chains[DESTINATION], message_fees=fees),
        SOURCE: chain(SOURCE, message_fees=fees),
    }
    return world_from_json(world_to_json(replace(seen, chains=chains)))


def charged(seen: World, *, source: int | None = None) -> Tariff:
    priced = delivery(seen, source=seen.chains[source] if source else None)
    return tariff(seen, priced, PricingRules())


def in_usdc(seen: World, wei: int) -> int:
    usd = native_usd_up(seen, seen.chains[DESTINATION], wei)
    return from_usd_up(usd, token(ORIGIN, "usdc"), 10**8)


def test_a_mailbox_of_our_own_costs_nothing() -> None:
    assert charged(asking(None)) == charged(asking({ORIGIN: 0})) == charged(world())


@pytest.mark.parametrize(
    ("shared", "part"),
    [(Shared(32, 32), 1), (Shared(32, 4), 8), (Shared(32, 2), 16)],
    ids=["alone", "8", "16"],
)
def test_the_fee_is_in_the_line_of_the_proof_as_far_as_an_order_bears_it(shared: Shared, part: int) -> None:
    free, paid = asking({ORIGIN: 0}, shared=shared), asking({ORIGIN: FEE_WEI}, shared=shared)
    bears = divide_up(FEE_WEI, part)
    before, after = charged(free), charged(paid)
    assert settling(paid, paid.chains[ORIGIN], paid.chains[DESTINATION]).message_wei == bears
    assert after.proof - before.proof == in_usdc(paid, bears) > 0
    assert replace(after, proof=before.proof) == before, "no other line knows of it"
    lines = {line.kind: line.amount for line in after.lines(units("usdc", 100))}
    assert lines["proof"] == after.proof


def test_of_a_fee_nobody_counts_on_company_that_there_never_was() -> None:
    for shared, part in ((None, FEE_WEI), (Shared(16, 2), divide_up(FEE_WEI * 18, 32))):
        seen = asking({ORIGIN: FEE_WEI}, shared=shared)
        assert settling(seen, seen.chains[ORIGIN], seen.chains[DESTINATION]).message_wei == part


def test_a_dear_message_is_worth_waiting_for_company() -> None:
    rules = PricingRules()
    alone = [
        message_usd(seen, seen.chains[ORIGIN], seen.chains[DESTINATION], rules.gas)
        for seen in (asking(None), asking({ORIGIN: FEE_WEI}))
    ]
    assert [rules.company.is_dear(usd) for usd in alone] == [False, True]


def test_stock_that_comes_over_such_a_mailbox_pays_it_once_more() -> None:
    free, paid = asking(None), asking({ORIGIN: 0, DESTINATION: FEE_WEI})
    more = charged(paid, source=SOURCE).network - charged(free, source=SOURCE).network
    assert abs(more - in_usdc(paid, FEE_WEI)) <= 1
    assert charged(paid, source=SOURCE).proof == charged(free, source=SOURCE).proof


def test_nothing_is_offered_while_the_fee_is_not_known() -> None:
    wanted = Wanted(
        ORIGIN, DESTINATION, address(ORIGIN, "usdc"), address(DESTINATION, "usdc"), units("usdc", 100)
    )
    assert find_routes(wanted, asking({ORIGIN: FEE_WEI})).chosen is not None
    seen = asking({SOURCE: FEE_WEI})
    refusal = find_routes(wanted, seen).refusal
    assert refusal is not None and refusal.code == "no_message_fee"
    with pytest.raises(Unpriced):
        message_usd(seen, seen.chains[ORIGIN], seen.chains[DESTINATION], PricingRules().gas)


def test_a_fee_beyond_reason_leaves_the_least_order_beyond_it() -> None:
    """Twenty times what it costs, as with all gas: nobody is offered to pay a fee that eats their money."""
    wanted = Wanted(
        ORIGIN, DESTINATION, address(ORIGIN, "usdc"), address(DESTINATION, "usdc"), units("usdc", 100)
    )
    refusal = find_routes(wanted, asking({ORIGIN: 10**17})).refusal
    assert refusal is not None and refusal.code == "below_minimum_order"
    assert int(refusal.params["minimum"]) >= 20 * in_usdc(asking(None), 10**17)
