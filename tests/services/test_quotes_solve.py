"""From an intent to an offer: what is written, what is signed, and each refusal with its code."""

import time
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.clock import clock
from intents.chains.endpoints import Nodes
from intents.devnet.accounts import wallet
from intents.devnet.network import Network
from intents.engine import spending, world
from intents.engine.spending import Spending
from intents.models import Chain, ChainHead, Quote, Stock
from intents.services import solving
from intents.services.quotes import Intent, QuoteNotFound, quote_request, quote_solve, quote_wait, reprice
from intents.settlement.order import (
    address_to_bytes32,
    address_to_int,
    order_from_json,
    order_id,
)
from intents.solver.gas import GasRules, open_kind

from .heads import write_head, write_heads

SAFE = "0x00000000000000000000000000000000000000A2"
GOOD = {
    "origin": "alder",
    "destination": "birch",
    "input_token": "USDC",
    "output_token": "WETH",
    "amount": "100",
}


def solved(**changes: Any) -> Quote:
    quote = quote_request(intent=Intent.parse(GOOD | changes))
    quote_solve(quote.id)
    quote.refresh_from_db()
    return quote


def refusal(**changes: Any) -> tuple[str, dict[str, Any]]:
    quote = solved(**changes)
    assert quote.state == "refused"
    assert quote.order is None
    assert quote.order_id is None
    return quote.refusal["code"], quote.refusal["params"]


def _counted(name: str, asked: list[str]) -> Any:
    read = getattr(Nodes, name)

    def counted(self: Nodes, *args: Any, **kwargs: Any) -> Any:
        asked.append(name)
        return read(self, *args, **kwargs)

    return counted


def set_code(network: Network, slug: str, address: str, code: str) -> None:
    network.rpc(slug).request("anvil_setCode", address, code)


def test_the_default_example_is_a_swap_and_fill_with_one_signature(
    seen: Network, alice: LocalAccount
) -> None:
    quote = solved(user=alice.address)
    assert quote.state == "ready"
    assert (quote.confirm_way, quote.confirmations) == ("eip3009", 1)
    assert quote.routes[0]["kind"] == "swap_fill"
    assert quote.input_amount == 100 * 10**6
    assert 0 < quote.output_minimum < quote.output_expected
    assert [step["kind"] for step in quote.plan] == ["open", "fill", "prove", "finalise"]
    assert [step["chain_id"] for step in quote.plan] == [901, 902, 902, 901]
    left = (quote.expires_at - timezone.now()).total_seconds()
    assert 28 < left <= 30
    assert set(quote.world) == {"901", "902"}


def test_the_order_is_the_offer(seen: Network, alice: LocalAccount) -> None:
    quote = solved(user=alice.address)
    order = order_from_json(quote.order)
    alder, birch = seen.manifest("alder"), seen.manifest("birch")
    assert order.user == alice.address
    assert order.origin_chain_id == 901
    assert order.input_oracle == alder.address("hyperlane_oracle")
    assert order.inputs == ((address_to_int(quote.input_token), quote.input_amount),)
    (output,) = order.outputs
    assert output.amount == quote.output_minimum
    assert output.chain_id == 902
    assert output.token == address_to_bytes32(seen.token("birch", "WETH"))
    assert output.settler == address_to_bytes32(birch.address("output_settler"))
    assert output.oracle == address_to_bytes32(birch.address("hyperlane_oracle"))
    assert output.recipient == address_to_bytes32(alice.address)
    assert (output.callback_data, output.context) == (b"", b"")
    assert quote.order_id == "0x" + order_id(order, settler=alder.address("input_settler")).hex()


def test_deadlines_are_chain_time_and_leave_time_to_prove(seen: Network, alice: LocalAccount) -> None:
    alder, birch = seen.manifest("alder"), seen.manifest("birch")
    before = max(clock(901), clock(902))
    order = order_from_json(solved(user=alice.address).order)
    now = max(clock(901), clock(902))
    seconds = alder.limits.fill_seconds + alder.finality_seconds
    assert before + seconds <= order.fill_deadline <= now + seconds
    assert order.expires - order.fill_deadline >= max(120, 4 * birch.finality_seconds)


def test_who_pays_from_elsewhere_has_an_hour_on_real_chains(
    seen: Network, bob: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = registry.chain
    monkeypatch.setattr(registry, "chain", lambda chain_id: replace(local(chain_id), is_local=False))
    before = max(clock(901), clock(902))
    quote = solved(user=bob.address, input_token="USDT")
    now = max(clock(901), clock(902))
    order = order_from_json(quote.order)
    assert quote.confirm_way == "deposit"
    assert before + 3_600 <= order.fill_deadline <= now + 3_600
    assert order.expires > order.fill_deadline


def test_nonces_never_repeat(seen: Network, alice: LocalAccount) -> None:
    nonces = {order_from_json(solved(user=alice.address).order).nonce for _ in range(5)}
    assert len(nonces) == 5
    assert max(nonces) > 2**240


def test_in_stock_signs_what_it_shows(seen: Network, alice: LocalAccount) -> None:
    quote = solved(origin="birch", destination="cedar", output_token="USDC", amount="25", user=alice.address)
    assert quote.routes[0]["kind"] == "in_stock"
    assert quote.output_expected == quote.output_minimum
    # Six decimals there, eighteen here: never more than what was given.
    assert 24 * 10**18 < quote.output_expected < 25 * 10**18


def test_exact_output(seen: Network, alice: LocalAccount) -> None:
    quote = solved(amount="0.03", exact="output", user=alice.address)
    assert quote.output_expected == quote.output_minimum == 3 * 10**16
    assert 95 * 10**6 < quote.input_amount < 100 * 10**6
    assert order_from_json(quote.order).inputs[0][1] == quote.input_amount


def test_without_a_wallet_the_offer_cannot_be_signed(seen: Network) -> None:
    quote = solved()
    assert quote.state == "ready"
    assert quote.output_expected
    assert quote.order is None
    assert quote.confirm_way == ""


def test_ways_to_confirm(seen: Network, alice: LocalAccount, bob: LocalAccount) -> None:
    assert solved(user=alice.address, confirm="permit2").confirm_way == "permit2"
    assert (
        solved(user=alice.address, input_token="WETH", output_token="USDC", amount="0.1").confirm_way
        == "permit2"
    )
    code, params = refusal(user=bob.address, confirm="permit2")
    assert (code, params["reason"]) == ("no_way_to_confirm", "no_allowance")
    assert solved(user=bob.address, input_token="USDT").confirm_way == "deposit"
    code, params = refusal(user=alice.address, input_token="USDT", confirm="eip3009")
    assert (code, params["reason"]) == ("no_way_to_confirm", "no_eip3009")


def network_fee(quote: Quote) -> int:
    assert quote.state == "ready", quote.refusal
    return sum(int(line["amount"]) for line in quote.fees if line["kind"] == "network_fee")


def test_a_way_chosen_for_them_costs_what_it_costs_by_name(
    seen: Network, alice: LocalAccount, bob: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by what its opens used of late, which differs from token to token."""
    usual_gas = GasRules().open
    weth, usdt = (registry.chain(901).token(symbol).address for symbol in ("WETH", "USDT"))
    learned = {
        (901, open_kind("permit2", weth)): usual_gas - 24_000,
        (901, open_kind("deposit", usdt)): usual_gas - 14_000,
    }
    wishes = {
        "permit2": {"user": alice.address, "input_token": "WETH", "output_token": "USDC", "amount": "0.1"},
        "deposit": {"user": bob.address, "input_token": "USDT"},
    }
    for way, wish in wishes.items():
        usual = network_fee(solved(**wish, confirm=way))
        with monkeypatch.context() as patched:
            patched.setattr(spending, "spending", lambda: Spending(opens=learned))
            chosen, named = solved(**wish), solved(**wish, confirm=way)
        assert chosen.confirm_way == way
        assert network_fee(chosen) == network_fee(named) < usual


def test_a_wallet_that_has_too_little(seen: Network) -> None:
    code, params = refusal(user=wallet(77).address)
    assert code == "insufficient_balance"
    assert params["have"] == "0"
    assert params["need"] == str(100 * 10**6)


def test_recipients(seen: Network, alice: LocalAccount, bob: LocalAccount) -> None:
    other = solved(user=alice.address, recipient=bob.address)
    assert other.recipient == bob.address
    assert order_from_json(other.order).outputs[0].recipient == address_to_bytes32(bob.address)
    set_code(seen, "alder", SAFE, "0x6001")
    assert refusal(user=alice.address, recipient=SAFE)[0] == "recipient_not_allowed"
    set_code(seen, "birch", SAFE, "0x6001")
    assert solved(user=alice.address, recipient=SAFE).state == "ready"


def test_an_account_with_code_names_its_recipient(
    seen: Network, alice: LocalAccount, bob: LocalAccount
) -> None:
    set_code(seen, "birch", alice.address, "0x6001")
    assert refusal(user=alice.address)[0] == "recipient_is_contract"
    assert solved(user=alice.address, recipient=bob.address).state == "ready"
    set_code(seen, "birch", alice.address, "0xef0100" + "11" * 20)
    assert solved(user=alice.address).state == "ready"


def test_listed_people_are_not_served(
    seen: Network, alice: LocalAccount, bob: LocalAccount, settings: Any
) -> None:
    settings.BLOCKED_ADDRESSES = [bob.address]
    assert refusal(user=bob.address)[0] == "blocked_address"
    assert refusal(user=alice.address, recipient=bob.address)[0] == "blocked_address"
    assert solved(user=alice.address).state == "ready"


def test_too_small_too_large_and_promised_to_others(seen: Network, alice: LocalAccount) -> None:
    code, params = refusal(user=alice.address, amount="0.000001")
    assert code == "below_minimum_order"
    assert int(params["minimum"]) > 10**4
    assert refusal(user=alice.address, amount="45000")[0] == "amount_too_large"
    holder, token = seen.manifest("birch").address("solver_account"), seen.token("birch", "USDC")
    balance = seen.balance("birch", "USDC", holder)
    row = Stock.objects.create(chain_id=902, token=token, holder=holder, balance=balance, reserved=balance)
    usdt = seen.token("birch", "USDT")
    Stock.objects.create(chain_id=902, token=usdt, holder=holder, balance=0, reserved=0)
    Stock.objects.create(chain_id=902, token=ZERO_ADDRESS, holder=holder, balance=0, reserved=0)
    assert refusal(user=alice.address)[0] == "no_stock"
    row.reserved = 0
    row.save()
    assert solved(user=alice.address).state == "ready"


def test_prices_that_are_old_or_missing(seen: Network, alice: LocalAccount) -> None:
    ChainHead.objects.update(seen_at=time.time() - 3_600)
    assert refusal(user=alice.address)[0] == "stale_price"
    write_heads(seen)
    world.forget()
    for head in ChainHead.objects.all():
        head.world["feeds"].pop("usdc")
        head.save()
    assert refusal(user=alice.address)[0] == "no_price"


def test_a_pool_far_from_the_feeds_is_left_out(seen: Network, alice: LocalAccount) -> None:
    head = ChainHead.objects.get(chain_id=902)
    usdc_weth = {at for at, pool in enumerate(head.world["pools"]) if pool["kind"] == "uniswap_v2"}
    for at in usdc_weth:
        pool = head.world["pools"][at]
        pool["reserve0"] = str(int(pool["reserve0"]) * 104 // 100)
    head.save()
    world.forget()
    quote = solved(user=alice.address)
    assert quote.state == "ready"
    assert not set(quote.routes[0]["swap"]["venues"]) & usdc_weth
    assert "price_disagreement" in {each["reason"]["code"] for each in quote.rejected}


def test_paused_and_unseen_chains(seen: Network, alice: LocalAccount) -> None:
    Chain.objects.filter(chain_id=902).update(paused_reason="upgrade")
    assert refusal(user=alice.address)[0] == "chain_paused"
    Chain.objects.filter(chain_id=902).update(paused_reason="")
    ChainHead.objects.filter(chain_id=902).delete()
    assert refusal(user=alice.address)[0] == "chain_unreachable"


def test_a_chain_that_does_not_answer(
    seen: Network, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    from intents.chains.endpoints import RpcUnavailable

    def silent(**_: Any) -> None:
        raise RpcUnavailable("silence")

    monkeypatch.setattr(solving, "read_wallet", silent)
    assert refusal(user=alice.address)[0] == "chain_unreachable"


def test_solving_twice_changes_nothing(seen: Network, alice: LocalAccount) -> None:
    quote = solved(user=alice.address)
    quote_solve(quote.id)
    assert Quote.objects.get(pk=quote.pk).order_id == quote.order_id


def test_waiting(seen: Network) -> None:
    quote = quote_request(intent=Intent.parse(GOOD))
    assert quote_wait(quote.id, timeout_seconds=0.05).state == "solving"
    quote_solve(quote.id)
    assert quote_wait(quote.id, timeout_seconds=5).state == "ready"
    with pytest.raises(QuoteNotFound):
        quote_wait("00000000-0000-0000-0000-000000000000", timeout_seconds=1)


def test_repricing_follows_the_world(seen: Network, alice: LocalAccount) -> None:
    quote = solved(user=alice.address)
    same = reprice(quote)
    assert same.output_expected == quote.output_expected
    assert same.pays(quote.output_minimum)
    holder, token = seen.manifest("birch").address("solver_account"), seen.token("birch", "USDC")
    Stock.objects.create(chain_id=902, token=token, holder=holder, balance=100 * 10**6, reserved=100 * 10**6)
    assert not reprice(quote).pays(quote.output_minimum) or reprice(quote).route.stock_token != token
    again = reprice(quote, own={(902, token): 100 * 10**6})
    assert again.route.stock_token == token
    assert again.pays(quote.output_minimum)


def test_any_two_tokens_of_a_network_never_seen_before(seen_odd: Network) -> None:
    manifests = list(seen_odd.manifests.values())
    ready = 0
    for origin in manifests:
        for destination in manifests:
            if origin is destination:
                continue
            for given in origin.tokens:
                for asked in destination.tokens:
                    quote = solved(
                        origin=origin.slug, destination=destination.slug, input_token=given.symbol,
                        output_token=asked.symbol,
                        amount="0.01" if given.symbol in ("WETH", "WBTC") else "40",
                    )  # fmt: skip
                    assert quote.state == "ready" or quote.refusal["code"] in (
                        "no_stock", "amount_too_large", "below_minimum_order",
                    ), quote.refusal  # fmt: skip
                    ready += quote.state == "ready"
    assert ready >= 30


def test_an_offer_costs_few_queries_and_fewer_reads(
    seen: Network, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved(user=alice.address)
    asked: list[str] = []
    for name in ("batch", "request"):
        monkeypatch.setattr(Nodes, name, _counted(name, asked))
    quote = quote_request(intent=Intent.parse(GOOD | {"user": alice.address}))
    with CaptureQueriesContext(connection) as queries:
        quote_solve(quote.id)
    assert len(queries) <= 24
    assert len(asked) <= 3


def test_the_world_follows_real_swaps(seen: Network, alice: LocalAccount) -> None:
    before = world.load_world()
    assert len(before.chains) == 4
    assert all(chain.markets for chain in before.chains.values())
    registry.forget()
    seen.mine("birch")
    write_head(seen.manifest("birch"))
    after = world.load_world()
    assert after.chains[902].block_number == before.chains[902].block_number + 1
    assert after.chains[902].markets == before.chains[902].markets
    assert after.chains[901].block_hash == before.chains[901].block_hash
