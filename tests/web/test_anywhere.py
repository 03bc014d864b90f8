"""The form's “any chain”, one balance over all chains, and the sentence that says why a chain pays."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from eth_account.signers.local import LocalAccount

from intents.devnet.network import Network
from intents.models import Quote
from intents.selectors.anywhere import anywhere
from intents.services import balances
from intents.services.quotes import quote_solve

from . import rows
from .conftest import Browser
from .test_plain_words import internal_words
from .test_scripts import run

MANY = 100 * 10**6


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    balances.forget()
    yield
    balances.forget()


def place(chain_id: int, **changes: Any) -> dict[str, Any]:
    values = {
        "chain_id": chain_id,
        "token": rows.USDC[chain_id],
        "have": str(MANY),
        "input": str(MANY),
        "output_expected": str(31 * 10**15),
        "eta_seconds": 3,
        "code": "",
        "params": {},
    }
    return {**values, **changes}


def told(why: str, *places: dict[str, Any], **changes: Any) -> dict[str, Any]:
    values = {
        "asset": "usdc",
        "symbol": "USDC",
        "is_wallet_known": True,
        "chosen": 901,
        "why": why,
        "places": list(places),
    }
    return {**values, **changes}


def sentence(why: str, *places: dict[str, Any], exact: str = "input") -> str:
    made = rows.quote(anywhere=told(why, *places), intent={"exact": exact, "amount": "1"})
    choice = anywhere(made)
    assert choice is not None
    return choice.sentence


def test_the_sentence_says_why(chains: None) -> None:
    less = place(902, output_expected=str(30 * 10**15))
    assert sentence("best", place(901), less) == "From Alder: delivers the most; from Birch 0.001 WETH less."
    later = place(902, eta_seconds=10)
    assert (
        sentence("faster", place(901), later) == "From Alder: delivers as much as from Birch, and 7 s sooner."
    )
    dearer = place(902, input=str(MANY + 5 * 10**5))
    assert (
        sentence("best", place(901), dearer, exact="output")
        == "From Alder: costs the least; from Birch 0.5 USDC more."
    )
    none = place(902, code="not_enough_here", input=None, output_expected=None, eta_seconds=None)
    assert sentence("only", place(901), none).startswith("From Alder: the only one of your chains")


def test_the_card_lists_every_chain_with_its_reason(chains: None, alice_browser: Browser) -> None:
    none = place(902, code="not_enough_here", input=None, output_expected=None, eta_seconds=None)
    made = rows.quote(browser_key=alice_browser.key, anywhere=told("only", place(901), none))
    text = alice_browser.get(f"/q/{made.pk}/card").content.decode()
    assert "✓ Alder · you hold 100 USDC" in text
    assert "Your wallet does not hold enough on this chain." in text
    chinese = alice_browser.get(f"/q/{made.pk}/card", headers={"accept-language": "zh-CN"}).content.decode()
    assert "从 Alder 转出" in chinese
    assert internal_words(text) == internal_words(chinese) == []


def test_the_form_offers_any_chain_to_pay_from_only(chains: None, stranger: Client) -> None:
    text = stranger.get("/?from=any:USDC").content.decode()
    assert text.count('<option value="any:USDC"') == 1
    assert '<option value="any:USDC" selected>' in text


def test_without_scripts_the_page_keeps_the_choice(
    seen: Network, alice_browser: Browser, alice: LocalAccount
) -> None:
    answer = alice_browser.post(
        "/quote", {"from": "any:USDC", "to": "birch:WETH", "amount": "100", "user": alice.address}
    )
    made = Quote.objects.get()
    assert made.origin_id == 0
    assert alice_browser.get(answer["Location"]).status_code == 200
    quote_solve(made.pk)
    text = alice_browser.get(answer["Location"]).content.decode()
    assert '<option value="any:USDC" selected>' in text
    assert 'value="100"' in text
    assert "data-why" in text


def test_one_balance_over_all_chains(seen: Network, stranger: Client, alice: LocalAccount) -> None:
    text = stranger.get(f"/balances?user={alice.address}&from=alder:USDC").content.decode()
    assert "Your USDC: 400,000 on 4 chains" in text
    assert 'data-use-anywhere="any:USDC"' in text
    assert text.count("100,000 USDC") == 4
    chinese = stranger.get(
        f"/balances?user={alice.address}&from=any:USDC", headers={"accept-language": "zh-CN"}
    ).content.decode()
    assert "您的 USDC：400,000，分布在 4 条链上" in chinese
    assert "data-use-anywhere" not in chinese
    assert internal_words(text) == internal_words(chinese) == []


def test_a_chain_that_does_not_answer_is_not_zero(chains: None, stranger: Client) -> None:
    text = stranger.get(f"/balances?user={rows.ALICE}&from=alder:USDC").content.decode()
    assert "perhaps more where a chain does not answer" in text
    assert text.count("not known: the chain does not answer") == 2


def test_balances_of_nobody(chains: None, stranger: Client) -> None:
    assert stranger.get("/balances").content == b""
    assert stranger.get("/balances?user=mallory").status_code == 400


def test_the_script_reads_a_choice_as_the_chain_does() -> None:
    chain = {
        "slug": "alder",
        "tokens": [
            {"symbol": "USDC", "canonical_id": "usdc", "address": "0x1"},
            {"symbol": "hypUSDC", "canonical_id": "usdc", "address": "0x2"},
            {"symbol": "XBT", "canonical_id": "wbtc", "address": "0x3"},
        ],
    }
    choices = ["alder:USDC", "birch:USDC", "any:USDC", "any:WBTC", "any:DOGE", "any:", "alder:wbtc"]
    found = run(
        "return input.choices.map((each) => anywhere.tokenMeant(each, input.chain)?.address ?? null);",
        {"choices": choices, "chain": chain},
        imports={"anywhere": "* as anywhere"},
    )
    assert found == ["0x1", None, "0x1", "0x3", None, None, None]


def pair(browser: Browser) -> tuple[Quote, Quote]:
    """100 USDC on Alder, and 50 more on Birch, for WETH on Birch."""
    choice = told("together", place(901), place(902), chosen=None)
    choice["shares"] = [
        {"chain_id": 901, "amount": str(MANY)},
        {"chain_id": 902, "amount": str(MANY // 2)},
    ]
    first = rows.quote(browser_key=browser.key, anywhere=choice, confirmations=2)
    second = rows.quote(
        browser_key=browser.key,
        first=first,
        origin_id=902,
        input_token=rows.USDC[902],
        input_amount=MANY // 2,
        output_expected=15 * 10**15,
        output_minimum=14 * 10**15,
    )
    return first, second


def test_a_card_of_two_parts_hides_nothing(chains: None, alice_browser: Browser) -> None:
    first, second = pair(alice_browser)
    text = alice_browser.get(f"/q/{first.pk}/card").content.decode()
    assert "2 confirmations, one for each chain" in text
    assert "100 USDC" in text and "50 USDC" in text
    assert "0.046" in text and "0.044" in text
    assert "brings at least 0.03 WETH" in text and "brings at least 0.014 WETH" in text
    assert "if you confirm only the first, only the first is sent" in text
    assert "two pay together: 100 USDC from Alder and 50 USDC from Birch" in text
    assert str(second.pk) in text
    chinese = alice_browser.get(f"/q/{first.pk}/card", headers={"accept-language": "zh-CN"}).content.decode()
    assert "2 次确认，每条链一次" in chinese
    assert internal_words(text) == internal_words(chinese) == []


def test_what_two_parts_cost_is_added_up(chains: None, alice_browser: Browser) -> None:
    first, second = pair(alice_browser)
    for part, worth, arrives in ((first, 100, 99), (second, 50, 48)):
        routes = [
            {"kind": "in_stock", "value_usd_e8": str(worth * 10**8), "output_usd_e8": str(arrives * 10**8)}
        ]
        Quote.objects.filter(pk=part.pk).update(routes=routes)
    text = alice_browser.get(f"/q/{first.pk}/card").content.decode()
    assert '$3.00 <span class="usd">· 2.00 %</span></span></summary>' in text
    assert "≈ $147.00</span>" in text


def test_both_parts_are_on_the_page_of_each(
    chains: None, alice_browser: Browser, mallory_browser: Browser
) -> None:
    first, second = pair(alice_browser)
    made = rows.order(seen_by=alice_browser.key, quote=first, order_id=first.order_id)
    text = alice_browser.get(f"/t/{made.order_id}").content.decode()
    assert "Part 1 of 2: 100 USDC on Alder" in text
    assert "not confirmed: nothing was taken for this part" in text
    assert "/?from=birch:USDC&amp;to=birch:WETH&amp;amount=50" in text
    other = rows.order(seen_by=alice_browser.key, quote=second, order_id=second.order_id)
    text = alice_browser.get(f"/t/{made.order_id}/together").content.decode()
    assert f'href="/t/{other.order_id}"' in text
    assert mallory_browser.get(f"/t/{made.order_id}/together").status_code == 404
    # A secret link opens one part, and does not tell of the other.
    shared = mallory_browser.get(f"/t/{made.order_id}?k={made.share_key}")
    assert shared.status_code == 200
    assert "Paid from two chains" not in shared.content.decode()


def test_the_script_adds_up_what_two_chains_give() -> None:
    sums = [[["100000000", 6], ["50000000000000000000", "18"]], [["1", 6]], [["1", 6], ["1", 18]]]
    found = run(
        "return input.map((each) => anywhere.totalText(each));", sums, imports={"anywhere": "* as anywhere"}
    )
    assert found == ["150", "0.000001", "0.000001000000000001"]
