"""Paying from two chains at once: who gives how much, and what is written, signed and accepted for each part."""

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from intents.devnet.accounts import named_wallet
from intents.devnet.network import Network
from intents.models import Order, Quote
from intents.selectors.access import Viewer
from intents.selectors.together import part_states
from intents.services import arrival, balances
from intents.services.assets import Asset, asset_named
from intents.services.intent import Intent
from intents.services.orders import order_submit
from intents.services.quotes import quote_request, quote_solve
from intents.services.solving import NotOffered
from intents.services.together import Purse, split
from intents.settlement.order import order_from_json
from intents.settlement.typed_data import eip3009_typed_data

WISH = {
    "origin": "any",
    "destination": "birch",
    "input_token": "USDC",
    "output_token": "WETH",
    "amount": "150",
    "parts": "2",
}
UNITS = {"summit": 10**6, "alder": 10**6, "birch": 10**6, "cedar": 10**18}
DOLLAR = 10**18


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    balances.forget()
    yield
    balances.forget()


@pytest.fixture
def dora() -> LocalAccount:
    """Has nothing but what a test gives her."""
    return named_wallet("dora of two chains")


@pytest.fixture
def usdc(seen: Network) -> Asset:
    return asset_named("USDC")


def give(network: Network, who: LocalAccount, **dollars: int) -> None:
    for slug, amount in dollars.items():
        network.fund(slug, [who.address], amounts={"USDC": amount * UNITS[slug]})


def solved(user: LocalAccount, **changes: Any) -> Quote:
    quote = quote_request(intent=Intent.parse(WISH | {"user": user.address} | changes), browser_key="b" * 40)
    quote_solve(quote.id)
    quote.refresh_from_db()
    return quote


def test_the_largest_purse_gives_all_and_the_next_the_rest(usdc: Asset) -> None:
    first, second = split(usdc, [Purse(901, 100 * DOLLAR), Purse(903, 80 * DOLLAR)], 150 * DOLLAR)
    assert (first.chain_id, first.amount) == (901, 100 * DOLLAR)
    assert (second.chain_id, second.amount) == (903, 50 * DOLLAR)


def test_dust_that_the_other_chain_cannot_name_stays(usdc: Asset) -> None:
    """Cedar counts in 18 decimals, Alder in six."""
    first, second = split(usdc, [Purse(903, 100 * DOLLAR + 7), Purse(901, 80 * DOLLAR)], 150 * DOLLAR)
    assert (first.amount, second.amount) == (100 * DOLLAR, 50 * DOLLAR)


def test_the_second_gives_no_less_than_is_worth_sending(usdc: Asset) -> None:
    found = [Purse(901, 149 * DOLLAR), Purse(903, 80 * DOLLAR)]
    first, second = split(usdc, found, 150 * DOLLAR, least_second=12 * DOLLAR)
    assert (first.amount, second.amount) == (138 * DOLLAR, 12 * DOLLAR)


@pytest.mark.parametrize(
    ("dollars", "code"),
    [
        ((60, 50, 40), "more_than_two_chains"),
        ((60, 50), "not_enough_anywhere"),
        ((60,), "not_enough_anywhere"),
    ],
)
def test_more_than_two_chains_are_refused(usdc: Asset, dollars: tuple[int, ...], code: str) -> None:
    found = [Purse(chain_id, each * DOLLAR) for chain_id, each in zip((901, 903, 900), dollars, strict=False)]
    with pytest.raises(NotOffered) as refusal:
        split(usdc, found, 150 * DOLLAR)
    assert refusal.value.refusal.code == code


def test_two_chains_are_two_offers_tied_together(seen: Network, dora: LocalAccount) -> None:
    give(seen, dora, alder=100, cedar=80)
    first = solved(dora)
    second = first.second_part
    assert second is not None
    assert (first.state, second.state) == ("ready", "ready")
    assert first.confirmations == 2
    assert (first.origin_id, first.input_amount) == (901, 100 * 10**6)
    assert (second.origin_id, second.input_amount) == (903, 50 * DOLLAR)
    assert second.browser_key == first.browser_key
    assert first.order_id != second.order_id
    for quote in (first, second):
        order = order_from_json(quote.order)
        assert order.user == dora.address
        assert order.origin_chain_id == quote.origin_id
        assert order.inputs[0][1] == quote.input_amount
        assert order.outputs[0].amount == quote.output_minimum
    assert first.anywhere["why"] == "together"


def test_two_are_only_offered_to_who_asked_for_them(seen: Network, dora: LocalAccount) -> None:
    give(seen, dora, alder=100, cedar=80)
    quote = solved(dora, parts="1")
    assert quote.refusal["code"] == "not_enough_anywhere"
    assert quote.second_part is None


def test_one_chain_that_holds_enough_pays_alone(seen: Network, dora: LocalAccount) -> None:
    give(seen, dora, alder=100, cedar=200)
    quote = solved(dora)
    assert (quote.origin_id, quote.confirmations, quote.second_part) == (903, 1, None)


def test_three_chains_are_refused_with_the_figures(seen: Network, dora: LocalAccount) -> None:
    give(seen, dora, alder=60, cedar=50, summit=45)
    quote = solved(dora)
    assert quote.refusal["code"] == "more_than_two_chains"
    assert quote.refusal["params"]["have"] == str(110 * DOLLAR)


def test_what_the_destination_holds_does_not_count(seen: Network, dora: LocalAccount) -> None:
    give(seen, dora, alder=100, birch=80)
    assert solved(dora).refusal["code"] == "not_enough_anywhere"


def test_a_rest_too_small_to_send_is_filled_up(seen: Network, dora: LocalAccount) -> None:
    give(seen, dora, cedar=149, summit=60)
    first = solved(dora, amount="149.1")
    second = first.second_part
    assert second is not None
    assert (first.origin_id, second.origin_id) == (903, 900)
    assert second.input_amount is not None and second.input_amount > 10**5
    assert (first.input_amount or 0) + second.input_amount * 10**12 == 1491 * 10**17


def signed(quote: Quote, network: Network, who: LocalAccount) -> str:
    manifest = next(each for each in network.manifests.values() if each.chain_id == quote.origin_id)
    token = manifest.token("USDC")
    data = eip3009_typed_data(
        order_from_json(quote.order),
        settler=manifest.address("input_settler"),
        token_name=token.name,
        token_version=token.version,
        token=token.address,
    )
    return "0x" + bytes(who.sign_message(encode_typed_data(full_message=data)).signature).hex()


def test_each_part_is_accepted_on_its_own(seen: Network, dora: LocalAccount) -> None:
    give(seen, dora, alder=100, summit=80)
    first = solved(dora)
    second = first.second_part
    assert second is not None
    viewer = Viewer(browser_key="b" * 40)
    made = order_submit(
        quote_id=first.pk, terms=first.order, signature=signed(first, seen, dora), browser_key="b" * 40
    )
    one, two = part_states(made, viewer)
    assert one.is_here and one.order_id == made.order_id
    assert (two.order_id, two.headline) == ("", "not confirmed: nothing was taken for this part")
    assert two.again == "/?from=summit:USDC&to=birch:WETH&amount=50"
    other = order_submit(
        quote_id=second.pk, terms=second.order, signature=signed(second, seen, dora), browser_key="b" * 40
    )
    assert Order.objects.count() == 2
    assert [part.order_id for part in part_states(other, viewer)] == [made.order_id, other.order_id]
    assert [part.is_here for part in part_states(other, viewer)] == [False, True]
    # The secret link of one part opens that part alone.
    assert part_states(made, Viewer(share_key=made.share_key)) == ()


def test_the_second_part_is_priced_behind_the_first(
    seen: Network, dora: LocalAccount, alice: LocalAccount
) -> None:
    """Pools that both go through move twice: together they get what one transfer of the sum gets, not more."""
    give(seen, dora, alder=8_000, cedar=6_000)
    first = solved(dora, amount="12000")
    second = first.second_part
    assert second is not None
    alone = solved(alice, origin="cedar", amount="4000")
    assert second.input_amount == alone.input_amount
    assert second.output_expected < alone.output_expected
    assert first.output_minimum < first.output_expected
    whole = solved(alice, origin="alder", amount="12000")
    assert whole.state == "ready"
    together = first.output_expected + second.output_expected
    assert abs(together - whole.output_expected) * 10_000 < 5 * whole.output_expected


def test_a_first_part_too_large_for_our_stock_leaves_more_to_the_second(
    seen: Network, dora: LocalAccount
) -> None:
    give(seen, dora, alder=13_500, cedar=6_000)
    first = solved(dora, amount="14000")
    second = first.second_part
    assert second is not None, first.refusal
    assert first.input_amount is not None and second.input_amount is not None
    assert first.input_amount < 13_500 * 10**6
    assert first.input_amount * 10**12 + second.input_amount == 14_000 * DOLLAR


def test_the_first_part_signs_no_more_than_it_gets_after_the_second_whatever_way_is_chosen(
    seen: Network, dora: LocalAccount, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way that costs us another gas than was priced has the part priced again: behind the second one, too."""
    monkeypatch.setattr(
        arrival, "priced_way", lambda intent: "" if intent.confirm == "auto" else intent.confirm
    )
    give(seen, dora, alder=8_000, cedar=6_000)
    first = solved(dora, amount="12000")
    assert first.second_part is not None
    alone = solved(alice, origin="alder", amount="8000")
    assert first.input_amount == alone.input_amount
    assert (first.output_minimum or 0) < (alone.output_minimum or 0)
