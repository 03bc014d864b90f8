"""People read of transfers and offers; the words of code, database and logs stay there, in both languages."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from intents.lifecycle import OrderState
from intents.models import QuoteState

from . import rows
from .conftest import Browser
from .test_words import entries, said_in, said_in_template

INTERNAL = re.compile(
    r"\b(quot(e[sd]?|ing)|orders?|intents?|recipients?|escrow(ed|s)?|settlers?|fill(ers?|s|ed|ing)?|open(s|ed|ing)?"
    r"|solvers?|relayers?|venues?|finalis\w*|plans?|legs?|hops?|attempts?)\b"
    r"|订单|托管|填单|成交|接收方|收款人|结算合约|求解|中继(?!续)|意图|路由|下单",
    re.IGNORECASE,
)
# Read by staff and developers: the explanation of a transfer in evidence, and the labels of the staff pages.
STAFF = (
    "intents/selectors/explain_words.py",
    "intents/admin.py",
    "intents/models/*.py",
    "webapp/urls.py",
    "intents/console/*.py",
    "intents/selectors/diagnosis/*.py",
    "intents/selectors/evidence/*.py",
    "intents/selectors/order_lists/*.py",
    "intents/selectors/order_rows.py",
    "intents/selectors/search/*.py",
    "intents/selectors/staff_requests.py",
    "intents/services/staff/*.py",
)
STAFF_TEMPLATES = "templates/console/*.html"
SHOWN_ATTRIBUTES = ("title", "aria-label", "placeholder", "alt", "content")


class Text(HTMLParser):
    """What a person reads, also by ear: text and spoken attributes, without scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.is_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_code = tag in ("script", "style")
        if tag != "meta" or ("name", "description") in attrs:
            self.said += [value or "" for name, value in attrs if name in SHOWN_ATTRIBUTES]

    def handle_endtag(self, tag: str) -> None:
        self.is_code = False

    def handle_data(self, data: str) -> None:
        if not self.is_code:
            self.said.append(data)


def internal_words(html: str) -> list[str]:
    reader = Text()
    reader.feed(html)
    return [found.group() for found in INTERNAL.finditer(" ".join(reader.said))]


def read(browser: Client, path: str, language: str) -> str:
    answer = browser.get(path, headers={"Accept-Language": language})
    assert answer.status_code < 500, path
    return answer.content.decode()


def test_the_scan_sees_what_it_should() -> None:
    page = (
        '<p title="the filler">your <b>order</b></p><script>"quote"</script><p>您的订单</p><p>reordered</p>'
    )
    assert internal_words(page) == ["filler", "order", "订单"]


def for_people() -> Iterator[tuple[str, list[str]]]:
    """Texts that are not only for staff, with their translations."""
    root = Path(settings.BASE_DIR)
    staff = {text for name in STAFF for file in root.glob(name) for text in said_in(file)}
    staff |= {text for file in root.glob(STAFF_TEMPLATES) for text in said_in_template(file)}
    for source, said in entries().items():
        if source not in staff:
            yield source, said


def test_no_text_for_people_uses_our_words() -> None:
    texts = dict(for_people())
    assert len(texts) > 500, "the scan finds them"
    plain = {
        source: re.sub(r"%\(\w+\)[sd]|\{\w+\}", "", " ".join([source, *said]))
        for source, said in texts.items()
    }
    assert not [(source, found) for source, text in plain.items() if (found := INTERNAL.findall(text))]


CASES: dict[OrderState, list[str]] = {
    OrderState.OPENED: ["Open"],
    OrderState.FILLING: ["Open"],
    OrderState.FILLED: ["Open"],
    OrderState.PROVING: ["Open"],
    OrderState.SETTLED: ["Open", "Finalised"],
    OrderState.REFUND_DUE: ["Open"],
    OrderState.REFUNDING: ["Open"],
    OrderState.REFUNDED: ["Open", "Refunded"],
}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("payout", ["", "claimable"])
def test_a_transfers_page_in_every_state(
    chains: None, alice_browser: Browser, state: OrderState, payout: str, language: str
) -> None:
    made = rows.order(state=state, seen_by=alice_browser.key, payout=payout)
    for kind in CASES.get(state, []):
        rows.log(made, kind)
    for kind in (
        "accepted",
        "opened",
        "fill_sent",
        "filled",
        "finalise_sent",
        "settled",
        "refund_due",
        "reorg",
    ):
        rows.event(made, kind, chain_id=901, have=1, need=3)
    assert internal_words(read(alice_browser, f"/t/{made.order_id}", language)) == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"state": QuoteState.SOLVING},
        {"state": QuoteState.USED},
        {"state": QuoteState.REFUSED, "refusal": {"code": "no_stock", "params": {"token": "WETH"}}},
        {"order": None},
        {"confirm_way": "permit2", "rejected": [{"reason": {"code": "no_price", "params": {}}}]},
    ],
    ids=["ready", "solving", "used", "refused", "without a wallet", "permit2"],
)
def test_an_offers_page(chains: None, alice_browser: Browser, changes: dict[str, Any], language: str) -> None:
    made = rows.quote(browser_key=alice_browser.key, **changes)
    assert internal_words(read(alice_browser, f"/q/{made.pk}", language)) == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "path", ["/", "/history", "/network", "/nothing-here", "/t/0x12", "/pay", "/pay/embed", "/rescue"]
)
def test_the_other_pages(chains: None, alice_browser: Browser, path: str, language: str) -> None:
    rows.order(seen_by=alice_browser.key)
    assert internal_words(read(alice_browser, path, language)) == []
