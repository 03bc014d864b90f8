"""The card says how an offer is made up: the way of the money, all costs, the time, and the ways not taken."""

from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from intents.models import Quote
from intents.selectors import offers
from intents.selectors.overview.times import Times

from . import rows
from .conftest import Browser


def route(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "in_stock",
        "input_amount": str(100 * 10**6),
        "output_expected": str(31 * 10**15),
        "output_minimum": str(30 * 10**15),
        "output_usd_e8": "9900000000",
        "value_usd_e8": "10000000000",
        "eta_seconds": 3,
        "depth": 2,
        "stock_token": rows.quote().output_token,
        "stock_amount": str(31 * 10**15),
        "swap": None,
        "bridge": None,
        **changes,
    }


def shown(browser: Browser, quote: Quote) -> str:
    return browser.get(f"/q/{quote.pk}").content.decode()


def test_the_picture_goes_from_the_sender_to_the_receiver(chains: None, alice_browser: Browser) -> None:
    made = rows.quote(browser_key=alice_browser.key, routes=[route()])
    stops = offers.picture(made)
    assert [(stop.kind, stop.chain, stop.amount) for stop in stops] == [
        ("you", "Alder", "100 USDC"),
        ("ours", "Birch", "0.031 WETH"),
        ("you", "Birch", "0.031 WETH"),
    ]
    escrow = to_checksum_address(rows.ESCROW)
    assert stops[0].contract == escrow
    text = shown(alice_browser, made)
    assert 'aria-label="The way of the money"' in text
    assert f'title="{escrow}"' in text
    assert "1 WETH ≈ 3,225.8 USDC" in text


@pytest.mark.parametrize(
    ("output", "impact", "level"),
    [
        ("9900000000", "0", ""),
        ("9900000000", "150000000", "note"),
        ("9900000000", "600000000", "look"),
        ("8900000000", "0", "look"),
    ],
)
def test_what_is_dear_says_so(
    chains: None, alice_browser: Browser, output: str, impact: str, level: str
) -> None:
    fee = {"kind": "swap_cost", "chain_id": 902, "token": rows.WETH[902], "amount": "1", "usd_e8": impact}
    made = rows.quote(browser_key=alice_browser.key, routes=[route(output_usd_e8=output)], fees=[fee])
    cost = offers.cost(made)
    assert cost is not None
    assert cost.level == level
    text = shown(alice_browser, made)
    assert (f'data-cost="{level}"' in text) is bool(level)
    assert ("data-look" in text) is (level == "look")
    assert f"≈ ${output[:2]}.00</span>" in text


def times(count: int) -> tuple[Times, ...]:
    p95 = 9.0 if count >= 100 else None
    return (Times("Alder", "Birch", count, promised=3.0, median=4.0, p95=p95, kept_percent=90),)


@pytest.mark.parametrize(
    ("count", "said", "not_said"),
    [
        (19, ["estimated", "3 seconds"], "deliveries were"),
        (20, ["half of our last 20 deliveries", "4 seconds"], "19 of 20"),
        (100, ["half of our last 100 deliveries", "19 of 20 within 9 seconds"], "estimated"),
    ],
)
def test_times_are_our_own_where_there_are_enough(
    chains: None, alice_browser: Browser, monkeypatch: Any, count: int, said: list[str], not_said: str
) -> None:
    monkeypatch.setattr(offers, "delivered_times", lambda: times(count))
    text = shown(alice_browser, rows.quote(browser_key=alice_browser.key, routes=[route()]))
    for each in said:
        assert each in text, each
    assert not_said not in text


def test_other_ways_have_tags_and_differences(chains: None, alice_browser: Browser) -> None:
    best = route(
        bridge={"chain_id": 901, "token": rows.WETH[901], "amount": "5", "route": "x"}, eta_seconds=40
    )
    sooner = route(output_expected=str(30 * 10**15), eta_seconds=3)
    made = rows.quote(browser_key=alice_browser.key, routes=[best, sooner])
    chosen, other = offers.options(made)
    assert chosen.is_chosen
    assert chosen.tags == ("Best return",)
    assert "A bridge has to work." in chosen.involved
    assert other.tags == ("Fastest", "Fewest trusted parties")
    assert other.note == "0.001 WETH less, 37 s sooner"
    text = shown(alice_browser, made)
    assert 'name="prefer" value="fastest"' in text


def test_a_way_that_is_not_taken_gives_no_advice(chains: None, alice_browser: Browser) -> None:
    reasons = [
        {"code": "no_stock", "params": {"token": "WETH", "chain": "902"}},
        {"code": "chain_paused", "params": {"chain": "901", "reason": "gas_low"}},
        {"code": "amount_too_large", "params": {"maximum": "5000000", "token": "USDC", "decimals": 6}},
    ]
    made = rows.quote(browser_key=alice_browser.key, rejected=[{"reason": each} for each in reasons])
    text = alice_browser.get(f"/q/{made.pk}/card").content.decode()
    assert "<li>There is not enough WETH on Birch right now.</li>" in text
    assert "<li>Alder is paused: We are short of the coin" in text
    assert "at most 5 USDC can go this way" in text
    assert "Try a" not in text and "try again" not in text


def test_a_refusal_is_not_said_once_more_as_what_was_tried(chains: None, alice_browser: Browser) -> None:
    def tried(*reasons: dict[str, Any]) -> str:
        """What the card says it tried."""
        made = rows.quote(
            browser_key=alice_browser.key,
            state="refused",
            refusal=much("5000000"),
            rejected=[{"reason": each} for each in reasons],
        )
        text = alice_browser.get(f"/q/{made.pk}/card").content.decode()
        assert "5 USDC" in text
        return text.partition("What we tried")[2]

    def much(maximum: str) -> dict[str, Any]:
        return {"code": "amount_too_large", "params": {"maximum": maximum, "token": "USDC", "decimals": 6}}

    assert tried(much("5000000"), much("4000000")) == ""
    more = tried(much("4000000"), {"code": "no_stock", "params": {"token": "WETH", "chain": "902"}})
    assert "not enough WETH on Birch" in more and "4 USDC" not in more


def test_one_way_alone_is_not_compared(chains: None) -> None:
    assert offers.options(rows.quote(routes=[route()])) == ()


def test_what_is_preferred_is_asked_for_and_kept(chains: None, alice_browser: Browser) -> None:
    good = {"from": "alder:USDC", "to": "birch:WETH", "amount": "100", "exact": "input"}
    answer = alice_browser.post("/quote", {**good, "prefer": "fastest"})
    assert Quote.objects.latest("created_at").intent["prefer"] == "fastest"
    assert 'name="prefer" value="fastest"' in alice_browser.get(answer["Location"]).content.decode()
    refused = alice_browser.post("/quote", {**good, "prefer": "luckiest"})
    assert "<code>field_invalid</code>" in refused.content.decode()
