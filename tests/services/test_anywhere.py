"""Money of any chain: what a wallet holds everywhere, and which chain pays for a wish that names only the asset."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.devnet.accounts import named_wallet
from intents.devnet.network import Network
from intents.engine.world import load_world
from intents.models import Chain, Quote
from intents.services import balances, solving
from intents.services.anywhere import Place, ranked, why
from intents.services.assets import asset_named, assets
from intents.services.intent import AnywhereNeedsWallet, Intent
from intents.services.quotes import quote_request, quote_solve
from intents.settlement.order import order_from_json

WISH = {
    "origin": "any",
    "destination": "birch",
    "input_token": "USDC",
    "output_token": "WETH",
    "amount": "100",
}
DOLLARS = {"summit": 10**6, "alder": 10**6, "birch": 10**6, "cedar": 10**18}


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    balances.forget()
    yield
    balances.forget()


@pytest.fixture
def carol() -> LocalAccount:
    """Has nothing but what a test gives her."""
    return named_wallet("carol of anywhere")


def give(network: Network, who: LocalAccount, **dollars: int) -> None:
    """USDC by chain, in whole ones."""
    for slug, amount in dollars.items():
        network.fund(slug, [who.address], amounts={"USDC": amount * DOLLARS[slug]})


def solved(**changes: Any) -> Quote:
    quote = quote_request(intent=Intent.parse(WISH | changes))
    quote_solve(quote.id)
    quote.refresh_from_db()
    return quote


def codes(quote: Quote) -> dict[int, str]:
    return {place["chain_id"]: place["code"] for place in quote.anywhere["places"]}


def test_an_asset_is_one_whatever_its_decimals(seen: Network) -> None:
    usdc = asset_named("usdc")
    assert (usdc.asset_id, usdc.symbol, usdc.decimals) == ("usdc", "USDC", 18)
    assert set(usdc.tokens) == {900, 901, 902, 903}
    assert usdc.scaled(901, 5) == 5 * 10**12
    assert usdc.on_chain(901, 7 * 10**12) == 7
    assert usdc.on_chain(901, 7 * 10**12 + 1) is None
    # Bridged copies are other things, and so are the coin and its wrapper.
    assert not any(asset.symbol == "hypUSDC" for asset in assets())
    assert asset_named("ETH").asset_id != asset_named("WETH").asset_id


def test_one_balance_over_all_chains(seen: Network, carol: LocalAccount) -> None:
    give(seen, carol, alder=1_000, birch=200, cedar=50)
    held = balances.balance_of(carol.address, asset_named("USDC"))
    assert held.total == 1_250 * 10**18
    assert [each.chain_id for each in held.held] == [901, 902, 903]
    assert held.unknown == ()
    coins = balances.balance_of(carol.address, asset_named("ETH"))
    assert {each.chain_id for each in coins.held} == {901, 902, 903}


def test_balances_are_read_once_in_ten_seconds(
    seen: Network, carol: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    real = balances._read
    monkeypatch.setattr(
        balances, "_read", lambda reader, user: reads.append(reader.chain_id) or real(reader, user)
    )
    for _ in range(3):
        balances.balances_of(carol.address)
    assert sorted(reads) == [900, 901, 902, 903]


def silence(network: Network, slug: str) -> None:
    """Point a chain's only endpoint at nothing."""
    row = Chain.objects.get(slug=slug)
    row.manifest["endpoints"] = [{"url": "http://127.0.0.1:9", "ws_url": "", "is_public": False}]
    row.manifest_hash = "0x" + "00" * 32
    row.save()
    registry.forget()


def test_a_silent_chain_is_unknown_and_never_zero(seen: Network, carol: LocalAccount) -> None:
    give(seen, carol, alder=30, cedar=50)
    silence(seen, "cedar")
    held = balances.balance_of(carol.address, asset_named("USDC"))
    assert held.unknown == (903,)
    assert held.total == 30 * 10**18
    quote = solved(user=carol.address)
    assert quote.state == "refused"
    assert quote.refusal["code"] == "balances_unknown"
    assert codes(quote)[903] == "balance_unknown"


def test_a_silent_chain_does_not_stop_another(seen: Network, carol: LocalAccount) -> None:
    give(seen, carol, alder=300)
    silence(seen, "cedar")
    quote = solved(user=carol.address)
    assert (quote.state, quote.origin_id) == ("ready", 901)


def test_the_chain_that_delivers_the_most_pays(seen: Network, alice: LocalAccount) -> None:
    quote = solved(user=alice.address)
    assert quote.state == "ready"
    told = quote.anywhere
    assert told["chosen"] == quote.origin_id
    assert quote.origin_id in (900, 901, 903)
    assert codes(quote)[902] == "same_chain"
    offered = {p["chain_id"]: int(p["output_expected"]) for p in told["places"] if p["output_expected"]}
    assert set(offered) == {900, 901, 903}
    assert offered[quote.origin_id] >= max(offered.values()) * 9_999 // 10_000
    for chain_id, output in offered.items():
        slug = seen.manifest({900: "summit", 901: "alder", 903: "cedar"}[chain_id]).slug
        single = solved(origin=slug, user=alice.address)
        assert single.output_expected == output
    order = order_from_json(quote.order)
    assert order.origin_chain_id == quote.origin_id
    assert order.inputs[0][1] == quote.input_amount == 100 * DOLLARS[registry.chain(quote.origin_id).slug]


def test_only_a_chain_with_enough_pays(seen: Network, carol: LocalAccount) -> None:
    give(seen, carol, alder=99, cedar=100)
    quote = solved(user=carol.address)
    assert (quote.state, quote.origin_id) == ("ready", 903)
    assert quote.anywhere["why"] == "only"
    assert quote.input_amount == 100 * 10**18
    assert codes(quote) == {903: "", 900: "not_enough_here", 901: "not_enough_here", 902: "same_chain"}


def test_a_fixed_output_is_paid_where_it_costs_least(seen: Network, alice: LocalAccount) -> None:
    quote = solved(user=alice.address, amount="0.03", exact="output")
    assert quote.state == "ready"
    assert quote.output_expected == 3 * 10**16
    usdc = asset_named("USDC")
    costs = {
        place["chain_id"]: usdc.scaled(place["chain_id"], int(place["input"]))
        for place in quote.anywhere["places"]
        if place["input"]
    }
    assert costs[quote.origin_id] <= min(costs.values()) * 10_001 // 10_000


def test_too_little_everywhere_is_said_with_both_figures(seen: Network, carol: LocalAccount) -> None:
    give(seen, carol, alder=20)
    quote = solved(user=carol.address)
    assert quote.state == "refused"
    assert quote.refusal["code"] == "not_enough_anywhere"
    assert quote.refusal["params"]["have"] == str(20 * 10**18)
    assert quote.refusal["params"]["need"] == str(100 * 10**18)
    assert quote.order is None


def test_too_little_on_one_chain_tells_when_the_others_would_do(seen: Network, carol: LocalAccount) -> None:
    def told(**changes: Any) -> str:
        balances.forget()
        quote = solved(origin="alder", user=carol.address, **changes)
        assert quote.refusal["code"] == "insufficient_balance"
        return str(quote.refusal["params"].get("elsewhere", ""))

    give(seen, carol, alder=60, birch=500)
    assert told() == told(parts="2") == "", "what is at the destination is no help"
    give(seen, carol, cedar=40)
    assert (told(), told(parts="2")) == ("", "any:USDC")
    assert told(parts="2", amount="0.03", exact="output") == "", "a fixed output is paid from one chain"
    give(seen, carol, summit=100)
    assert told() == "any:USDC"
    assert solved(user=carol.address).state == "ready"


def test_money_that_is_there_already_is_not_sent(seen: Network, carol: LocalAccount) -> None:
    give(seen, carol, birch=500)
    quote = solved(user=carol.address, output_token="USDC")
    assert quote.refusal["code"] == "only_at_destination"


def test_the_next_best_pays_when_the_best_cannot_be_confirmed(
    seen: Network, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = solved(user=alice.address).origin_id
    real = solving.read_wallet

    def poorer(**asked: Any) -> Any:
        facts = real(**asked)
        if asked["origin"].chain_id != best:
            return facts
        return type(facts)(balance=0, permit2_allowance=0, is_user_contract=False, is_recipient_absent=False)

    monkeypatch.setattr(solving, "read_wallet", poorer)
    quote = solved(user=alice.address)
    assert quote.state == "ready"
    assert quote.origin_id != best
    assert codes(quote)[best] == "insufficient_balance"


def test_without_a_wallet_it_is_a_guess_that_nobody_can_sign(seen: Network) -> None:
    quote = solved()
    assert quote.state == "ready"
    assert quote.order is None
    assert quote.anywhere["is_wallet_known"] is False


def test_more_decimals_than_a_chain_has_rule_it_out(seen: Network, alice: LocalAccount) -> None:
    quote = solved(user=alice.address, amount="100.0000001")
    assert quote.origin_id == 903
    assert codes(quote)[901] == "amount_too_precise"


def test_an_ordinary_quote_reads_no_balances(
    seen: Network, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(balances, "_read", lambda *_: pytest.fail("a read too many"))
    quote = solved(origin="alder", user=alice.address)
    assert (quote.state, quote.anywhere) == ("ready", {})


def test_an_address_to_pay_to_needs_its_chain(seen: Network) -> None:
    with pytest.raises(AnywhereNeedsWallet):
        Intent.parse(WISH | {"confirm": "deposit"})


@pytest.fixture
def places(seen: Network, alice: LocalAccount) -> dict[int, Place]:
    """The three chains as priced, to be bent."""
    usdc = asset_named("USDC")
    world = load_world()
    made = {}
    for chain_id in (900, 901, 903):
        amount = usdc.on_chain(chain_id, 100 * 10**18)
        assert amount is not None
        intent = Intent.parse(WISH).on_chain(chain_id, usdc.tokens[chain_id], amount=amount)
        made[chain_id] = Place(chain_id, None, solved=solving.solve(intent, world))
    return made


def bent(place: Place, *, output: int, eta: int) -> Place:
    assert place.solved is not None
    route = replace(place.solved.route, output_expected=output, eta_seconds=eta)
    return replace(place, solved=replace(place.solved, route=route))


def test_what_delivers_the_same_is_decided_by_time(places: dict[int, Place]) -> None:
    usdc = asset_named("USDC")
    slow = bent(places[900], output=1_000_000, eta=60)
    quick = bent(places[901], output=999_950, eta=3)
    less = bent(places[903], output=990_000, eta=1)
    order = ranked([less, slow, quick], asset=usdc, is_exact_output=False)
    assert order == [quick, slow, less]
    assert why(quick, [slow, less], asset=usdc, is_exact_output=False) == "faster"
    assert why(slow, [less], asset=usdc, is_exact_output=False) == "best"
    assert why(slow, [], asset=usdc, is_exact_output=False) == "only"
    twin = bent(places[903], output=1_000_000, eta=60)
    assert why(slow, [twin], asset=usdc, is_exact_output=False) == "same"
