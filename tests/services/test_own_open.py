"""The gas of an open is in the price as it is by the way to confirm: none of ours, the usual one, or a permit's."""

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.devnet.accounts import wallet
from intents.devnet.network import Network
from intents.models import Quote
from intents.services.quotes import Intent, quote_request, quote_solve, reprice

WISH = {
    "origin": "alder",
    "destination": "birch",
    "input_token": "USDT",
    "output_token": "USDC",
    "amount": "100",
    "can_batch": "1",
}


def quoted(user: str, **changes: Any) -> Quote:
    quote = quote_request(intent=Intent.parse(WISH | changes | {"user": user}))
    quote_solve(quote.id)
    quote.refresh_from_db()
    assert quote.state == "ready", quote.refusal
    return quote


def network_fee(quote: Quote) -> int:
    return next(int(line["amount"]) for line in quote.fees if line["kind"] == "network_fee")


def test_a_batch_pays_no_open_of_ours(seen: Network, bob: LocalAccount) -> None:
    batch, deposit = quoted(bob.address, confirm="batch"), quoted(bob.address, confirm="deposit")
    assert network_fee(batch) < network_fee(deposit)
    assert batch.output_expected is not None
    assert deposit.output_expected is not None
    assert batch.output_expected > deposit.output_expected


@pytest.mark.parametrize("exact", ["input", "output"])
def test_a_batch_chosen_for_them_costs_what_one_asked_for_does(
    seen: Network, bob: LocalAccount, exact: str
) -> None:
    chosen = quoted(bob.address, exact=exact)
    asked = quoted(bob.address, exact=exact, confirm="batch")
    assert chosen.confirm_way == "batch"
    assert chosen.intent["confirm"] == "auto", "what was wished stays as it was"
    assert network_fee(chosen) == network_fee(asked)
    assert (chosen.input_amount, chosen.output_expected) == (asked.input_amount, asked.output_expected)
    assert chosen.order is not None
    assert int(chosen.order["inputs"][0][1]) == chosen.input_amount


def test_it_is_priced_again_in_the_same_way(seen: Network, bob: LocalAccount) -> None:
    quote = quoted(bob.address, confirm="batch")
    assert reprice(quote).output_expected == quote.output_expected


def test_a_permit_chosen_for_them_pays_for_its_open(seen: Network) -> None:
    user = wallet(1_201)
    seen.fund("cedar", [user.address], {"USDC": 500 * 10**18})
    wish = {"origin": "cedar", "input_token": "USDC", "can_batch": ""}
    chosen = quoted(user.address, **wish)
    asked = quoted(user.address, confirm="permit", **wish)
    deposit = quoted(user.address, confirm="deposit", **wish)
    assert chosen.confirm_way == "permit"
    assert network_fee(chosen) == network_fee(asked) > network_fee(deposit)
