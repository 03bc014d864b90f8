"""One box finds a transfer by anything one may have of it."""

import secrets
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from eth_utils.address import to_checksum_address

from intents.models import Attempt, ChainLog, Deposit, Order, QuoteState
from intents.selectors.search import search
from intents.selectors.search.reading import Kind, Wanted, masked_echo, read
from tests.web import rows

from .people import browser_of

USER = to_checksum_address("0x" + "7a3c" * 10)
OTHER = to_checksum_address("0x" + "5b1d" * 10)


def attempt(made: Order | None, **changes: Any) -> Attempt:
    """A transaction of ours for the order's first step, or for none."""
    values: dict[str, Any] = {
        "step": made.steps.first() if made else None,
        "purpose": "open",
        "chain_id": 901,
        "sender": rows.BOB,
        "nonce": 1,
        "tx_hash": "0x" + secrets.token_hex(32),
        "raw": b"",
        "target": rows.ESCROW,
        "calldata": "0x",
        "gas_limit": 1,
        "max_fee_wei": 1,
        "priority_fee_wei": 1,
    }
    return Attempt.objects.create(**{**values, **changes})


def ids(text: str, *, may_see: bool = True) -> set[str]:
    return {row.order_id for group in search(text, may_see=may_see).groups for row in group.rows}


def codes(text: str, *, may_see: bool = True) -> list[str]:
    return [group.code for group in search(text, may_see=may_see).groups]


@pytest.fixture
def made(chains: None) -> Order:
    order = rows.order(user=USER, recipient=OTHER, quote=rows.quote(state=QuoteState.USED))
    rows.order()
    return order


@pytest.fixture
def support(made: Order) -> Client:
    return browser_of("support")


NOISE = [
    "{}",
    "  {}  ",
    "\n{}\n",
    '"{}"',
    "“{}”",
    "「{}」",
    "<{}>",
    "`{}`",
    "{}.",
    "{}...",
    "{}…",
    "({}),",
    "tx: {}",
    "\u200b{}\ufeff",
    "https://explorer.example/tx/{}",
    "https://explorer.example/tx/{}#eventlog",
    "https://explorer.example/tx/{}?tab=logs&k=v.",
    "Hello, my transfer {} has not arrived, please help!",
    "我的交易 {} 没有到账。",
]


@pytest.mark.parametrize("noise", NOISE)
def test_what_is_pasted_with_noise_around_it_is_found(made: Order, noise: str) -> None:
    tx = attempt(made).tx_hash
    assert ids(noise.format(made.order_id)) == {made.order_id}
    assert ids(noise.format(tx)) == {made.order_id}
    assert ids(noise.format(tx.upper().replace("0X", "0x"))) == {made.order_id}
    assert made.order_id in ids(noise.format(USER))


def test_a_number_broken_over_two_lines(made: Order) -> None:
    for at in (8, 30, 60):
        assert ids(f"{made.order_id[:at]}\n  {made.order_id[at:]}") == {made.order_id}


def test_two_numbers_stay_two(made: Order) -> None:
    other = rows.order()
    assert ids(f"{made.order_id}\n{other.order_id}") == {made.order_id, other.order_id}


@pytest.mark.parametrize("change", [str, str.lower, str.upper])
def test_addresses_in_any_case(made: Order, change: Any) -> None:
    text = "0x" + change(USER[2:])
    assert codes(text) == ["user"]
    assert ids(text) == {made.order_id}
    assert codes("0x" + change(OTHER[2:])) == ["recipient"]
    assert ids(change(USER[2:])) == {made.order_id}, "without 0x"
    assert ids("0x" + "0" * 24 + change(USER[2:])) == {made.order_id}, "as 32 bytes"


def test_the_address_to_pay_to(made: Order) -> None:
    address = to_checksum_address("0x" + "9e" * 20)
    Deposit.objects.create(order=made, chain_id=901, address=address, token=made.input_token, watched_until=0)
    for text in (address, address.lower(), address[:9].lower()):
        assert codes(text) == ["deposit"]
        assert ids(text) == {made.order_id}


def test_an_order_is_found_by_the_number_of_its_offer(made: Order) -> None:
    assert made.quote is not None
    number = str(made.quote.pk)
    for text in (number, number.upper(), number.replace("-", ""), f"https://site.example/q/{number}"):
        assert codes(text) == ["quote"], text
        assert ids(text) == {made.order_id}
    assert made.order_id in ids(number[:13])


def test_a_quote_that_nobody_took(chains: None) -> None:
    quote = rows.quote()
    assert [each.code for each in search(str(quote.pk), may_see=True).loose] == ["quote"]
    assert [each.code for each in search(str(quote.order_id), may_see=True).loose] == ["offered"]


def test_an_order_is_found_by_our_links_and_their_keys(made: Order) -> None:
    link = f"https://site.example/t/{made.order_id}?k={made.share_key}"
    for text in (made.share_key, link, f"https://site.example/x?k={made.share_key}."):
        assert ids(text) == {made.order_id}, text
    assert search(made.share_key, may_see=True).only == made.order_id
    assert ids(made.share_key[:8]) == {made.order_id}
    assert ids(f"/t/{made.order_id}") == {made.order_id}


@pytest.mark.parametrize("length", [6, 10, 33, 65])
def test_a_beginning_finds_and_is_never_sure(made: Order, length: int) -> None:
    tx = attempt(made).tx_hash
    log = rows.log(made, "Open").tx_hash
    for number in (made.order_id, tx, log, USER):
        found = search(number[:length], may_see=True)
        assert made.order_id in {row.order_id for group in found.groups for row in group.rows}, number
    assert search(made.order_id[:length], may_see=True).only == "", "a beginning is never sure"


@pytest.mark.parametrize("text", ["", "   ", "0x12a", "abc12", "?", "0", "0x", "!!!", "\u200b"])
def test_too_short_or_nothing(made: Order, text: str) -> None:
    assert ids(text) == set()


def test_wildcards_of_the_database_are_letters_like_any_other(made: Order) -> None:
    Order.objects.filter(pk=made.pk).update(share_key="ab_cdefgh" + "x" * 23)
    assert ids("ab_cdefgh") == {made.pk}
    assert ids("abXcdefgh") == set()
    for text in ("%%%%%%%%", "______", "0x%%%%%%", "\\\\\\\\\\\\"):
        assert ids(text) == set(), text


def test_the_short_form_that_pages_show(made: Order) -> None:
    for number in (made.order_id, USER, attempt(made).tx_hash):
        for dots in ("…", "...", ".."):
            assert ids(f"{number[:6]}{dots}{number[-4:]}") == {made.order_id}
        assert ids(f"{number[:6]}…{'0' * 4}") == set()


def test_one_transaction_for_several(made: Order) -> None:
    second, third, fourth = rows.order(), rows.order(), rows.order()
    shared = attempt(made)
    shared.also.add(second.steps.get(index=1))
    for number, each in enumerate((third, fourth)):
        log = rows.log(each, "OutputFilled")
        ChainLog.objects.filter(pk=log.pk).update(tx_hash=shared.tx_hash, log_index=number)
    found = search(shared.tx_hash, may_see=True)
    assert {group.code: {row.order_id for row in group.rows} for group in found.groups} == {
        "transaction": {made.pk, second.pk},
        "log": {third.pk, fourth.pk},
    }
    assert found.only == ""


def test_a_transaction_of_nobodys(chains: None) -> None:
    tx = attempt(None, purpose="process").tx_hash
    found = search(tx, may_see=True)
    assert (found.groups, [each.code for each in found.loose]) == ((), ["own"])


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("100 USDC", ["input_amount"]),
        ("100 usdc", ["input_amount"]),
        ("USDC 100", ["input_amount"]),
        ("$100", ["input_amount"]),
        ("100", ["input_amount"]),
        ("100.00", ["input_amount"]),
        ("１００ ＵＳＤＣ", ["input_amount"]),
        ("0.0309 WETH", ["delivered_amount"]),
        ("0.0309", ["delivered_amount"]),
        ("0,0309 WETH", ["delivered_amount"]),
        ("0.031", ["output_expected"]),
        ("0.03 WETH", ["delivered_amount", "output_expected", "output_amount"]),
        ("99.97", []),
        ("100 WETH", []),
        ("100 NONE", []),
        ("0.0000000000000000001 WETH", []),
        ("1" + "0" * 90, []),
    ],
)
def test_an_amount_finds_orders_by_the_field_it_stands_in(chains: None, text: str, fields: list[str]) -> None:
    rows.order(delivered_amount=30_956_789_012_345_678)
    found = search(text, may_see=True)
    matched = {group.code for group in found.groups}
    # An order is shown for the first reason only.
    assert matched == set(fields[:1])


def test_an_amount_that_is_cut_off_where_it_is_shown(chains: None) -> None:
    near = rows.order(delivered_amount=99_973_400, output_token=rows_usdc(), destination_id=902)
    rows.order(delivered_amount=99_980_000, output_token=rows_usdc(), destination_id=902)
    assert ids("99.97 USDC") == {near.pk}
    assert ids("99.9734") == {near.pk}


def test_amounts_are_found_however_thousands_are_parted(chains: None) -> None:
    big = rows.order(input_amount=1_234_500 * 10**6)
    for text in ("1,234,500 USDC", "1234500", "1 234 500 USDC", "1'234'500"):
        assert ids(text) == {big.pk}, text


def test_more_than_a_page_of_them(chains: None) -> None:
    for _ in range(23):
        rows.order(user=USER)
    (group,) = search(USER, may_see=True).groups
    assert (len(group.rows), group.has_more) == (20, True)
    moments = [row.created_at for row in group.rows]
    assert moments == sorted(moments, reverse=True)
    assert moments[0] == Order.objects.latest("created_at").created_at


def test_every_kind_is_a_bounded_number_of_questions(made: Order) -> None:
    tx = attempt(made).tx_hash
    for text in (made.order_id, tx, USER, str(made.quote_id), made.share_key, made.order_id[:9], "100 USDC"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            search(text, may_see=True)
        assert len(asked) <= 14, (text, len(asked))


def test_beginnings_of_addresses_use_their_index(made: Order) -> None:
    from intents.selectors.search.begins import begins, lowered, lowered_begins

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    for condition, index in (
        (lowered_begins("user", "0xabcdef"), "order_by_user"),
        (lowered("recipient", "0x" + "ab" * 20), "order_by_recipient"),
        (begins("order_id", "0xabcdef"), "order_"),
        (begins("share_key", "ab_cd"), "share_key"),
    ):
        plan = Order.objects.filter(condition).order_by().explain()
        assert index in plan and "Seq Scan" not in plan and "SCAN intents_order\n" not in plan, plan


# The page.


def test_one_hit_goes_straight_to_the_transfer(support: Client, made: Order) -> None:
    tx = attempt(made).tx_hash
    for text in (made.order_id, tx, USER, made.share_key, f"  “{tx.upper()}”. "):
        answer = support.get("/console/search", {"q": text})
        assert (answer.status_code, answer.url) == (302, f"/console/t/{made.order_id}/"), text  # type: ignore[attr-defined]


def test_many_hits_are_grouped(support: Client, made: Order) -> None:
    rows.order(recipient=USER)
    page = support.get("/console/search", {"q": USER}).content.decode()
    assert "Who pays" in page and "Who receives" in page and page.count("data-line") == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing-of-ours-at-all",
        "x",
        "0x" + "12" * 32,
        "\x00\x00",
        "'; DROP TABLE",
        "é" * 5000,
        "٣٣٣ USDC",
    ],
)
def test_odd_texts_are_answered(support: Client, text: str) -> None:
    assert support.get("/console/search", {"q": text}).status_code == 200


def test_viewers_see_no_address(made: Order) -> None:
    rows.order(user=USER)
    viewer = browser_of("viewer")
    for text in (USER, USER.lower(), f"{USER[:6]}…{USER[-4:]}", made.order_id[:8]):
        page = viewer.get("/console/search", {"q": text}).content.decode().lower()
        assert "data-line" in page, text
        for address in (USER, OTHER):
            assert address.lower() not in page and address.lower()[2:] not in page


def test_viewers_cannot_guess_an_address_digit_by_digit(made: Order) -> None:
    assert ids(USER[:6], may_see=False) == {made.order_id}
    assert ids(USER[:7], may_see=True) == {made.order_id}
    assert ids(USER[:7], may_see=False) == set()
    assert ids(f"{USER[:6]}…{USER[-5:]}", may_see=False) == set()
    assert ids(f"{USER[:7]}…{USER[-4:]}", may_see=False) == set()


def test_viewers_cannot_guess_what_would_show_addresses(made: Order) -> None:
    for secret in (made.share_key, str(made.quote_id)):
        assert made.pk in ids(secret, may_see=False)
        for length in (6, 12, len(secret) - 1):
            assert made.pk in ids(secret[:length], may_see=True)
            assert ids(secret[:length], may_see=False) == set()


def test_strangers_go_to_the_login(made: Order) -> None:
    answer = Client().get("/console/search", {"q": made.order_id})
    assert answer.status_code == 302 and made.order_id not in answer.url.split("?")[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_why_it_was_found_is_said_in_both_languages(support: Client, made: Order, language: str) -> None:
    page = support.get(
        "/console/search", {"q": "100 USDC"}, headers={"Accept-Language": language}
    ).content.decode()
    assert ("The amount paid" in page) == (language == "en")
    assert ("支付金额" in page) == (language == "zh-hans")


# What was pasted, without a database.


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "123456",
            [
                Wanted(Kind.AMOUNT, "123456"),
                Wanted(Kind.PART, "0x123456", is_whole=False),
                Wanted(Kind.QUOTE, "123456", is_whole=False),
                Wanted(Kind.LINK, "123456", is_whole=False),
            ],
        ),
        ("100 USDC", [Wanted(Kind.AMOUNT, "100", symbol="USDC")]),
        ("0x12ab", [Wanted(Kind.PART, "0x12ab", is_whole=False)]),
        ("hello", []),
        ("hello there everybody", []),
    ],
)
def test_what_a_text_may_name(text: str, wanted: list[Wanted]) -> None:
    assert read(text) == wanted


def test_what_is_repeated_to_viewers() -> None:
    assert masked_echo(f"see {USER}!") == f"see {USER[:6]}…{USER[-4:]}!"
    assert masked_echo("0x" + "12" * 32) == "0x" + "12" * 32
    assert masked_echo("100 USDC") == "100 USDC"


def rows_usdc() -> str:
    return str(to_checksum_address(rows.USDC[902]))
