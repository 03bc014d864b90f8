"""The network page says what one confirmation reaches, and why the rest is out of reach."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intents.chains import registry
from intents.lifecycle import OrderState
from intents.models import Order, Stock
from intents.selectors import connectivity as selector
from intents.selectors.overview import activity, delivered_times
from intents.selectors.overview.kept import forget
from intents.solver.connectivity import Connectivity, Unserved
from intents.solver.router import Refusal

from . import rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    forget()
    yield
    forget()


def delivered(seconds: float, *, promised: int = 10, usd: int = 100, **changes: Any) -> Order:
    """Delivered just now, after so many seconds."""
    now = timezone.now()
    return rows.order(
        state=OrderState.SETTLED,
        quote=rows.quote(eta_seconds=promised),
        delivered_amount=1,
        delivered_at=now,
        received_at=now.timestamp() - seconds,
        value_usd_e8=usd * 10**8,
        **changes,
    )


def test_page_and_api_tell_the_same_number_and_reason(
    client: Client, chains: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    gap = Unserved(901, "0x" + "11" * 20, 903, "0x" + "22" * 20, Refusal("no_stock", {"token": "WBTC"}))
    found = Connectivity(pairs=40, unserved=(gap,))
    monkeypatch.setattr(selector, "_kept", None)
    monkeypatch.setattr(selector, "load_world", lambda: None)
    monkeypatch.setattr(selector, "connectivity", lambda world, **_: found)
    answer = client.get("/api/v1/connectivity").json()
    page = client.get("/network").content.decode()

    assert "97.5 %" in page and "39 of 40" in page
    assert (answer["served"], answer["pairs"], answer["percent"]) == (39, 40, 97.5)
    assert [(each["code"], each["pairs"]) for each in answer["unserved"]] == [("no_stock", 1)]


def test_gas_of_the_sending_accounts_is_not_offered_as_stock(client: Client, chains: None) -> None:
    ours = registry.chain_by_slug("alder").contracts["solver_account"].address
    native = "0x" + "00" * 20
    for holder, balance in ((ours, 5 * 10**18), ("0x" + "99" * 20, 77 * 10**18)):
        Stock.objects.create(chain_id=901, token=native, holder=holder, balance=balance)
    page = client.get("/network").content.decode()
    assert re.search(
        r'<td class="number" data-label="Alder"><span>5 <span class="on">ETH</span></span></td>', page
    )
    assert ">77<" not in page


def test_sums_count_what_was_delivered_and_what_is_locked(client: Client, chains: None) -> None:
    delivered(3, usd=250)
    delivered(3, usd=150, user=rows.BOB)
    rows.order(state=OrderState.OPENED, value_usd_e8=70 * 10**8)
    rows.order(state=OrderState.REJECTED, value_usd_e8=999 * 10**8)
    old = delivered(3, usd=5000)
    Order.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    sums = activity()
    assert (sums.count, sums.usd, sums.locked_usd) == (2, 400.0, 70.0)
    alder, birch = sums.chains[901], sums.chains[902]
    assert (alder.sent, alder.sent_usd, alder.wallets, alder.locked_usd) == (2, 400.0, 2, 70.0)
    assert (birch.received, birch.received_usd, birch.sent) == (2, 400.0, 0)
    page = client.get("/network").content.decode()
    assert "$400.00" in page and "$70.00" in page and "999" not in page


def test_hours_of_a_young_network_and_days_of_an_older_one_have_no_gaps(chains: None) -> None:
    delivered(3)
    first = delivered(3)
    Order.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(hours=5))
    sums = activity()
    assert (
        sums.is_hourly and 24 <= len(sums.buckets) <= 25 and sum(bucket.count for bucket in sums.buckets) == 2
    )
    Order.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=9))
    forget()
    sums = activity()
    assert not sums.is_hourly and 30 <= len(sums.buckets) <= 31
    gaps = {later.at - earlier.at for earlier, later in zip(sums.buckets, sums.buckets[1:], strict=False)}
    assert gaps == {timedelta(days=1)}


def test_the_slowest_twentieth_is_named_from_a_hundred_on(client: Client, chains: None) -> None:
    for number in range(99):
        delivered(number + 1, promised=50)
    delivered(500, confirm_way="deposit")
    [everything, way] = delivered_times()
    assert (everything.count, everything.p95, everything.kept_percent) == (99, None, 50)
    assert (way.origin, way.destination, way.promised) == ("Alder", "Birch", 50)
    assert way.median == pytest.approx(50, abs=0.1)
    assert "50 seconds" in client.get("/network").content.decode()
    delivered(100, promised=50)
    forget()
    assert delivered_times()[0].p95 == pytest.approx(95, abs=0.1)


def test_asked_again_at_once_costs_no_sums(client: Client, chains: None) -> None:
    delivered(3)
    client.get("/network")
    with CaptureQueriesContext(connection) as caught:
        client.get("/network")
    assert not [query["sql"] for query in caught if "SUM(" in query["sql"]]
    assert len(caught) < 15


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_empty_network_says_so(client: Client, chains: None, language: str) -> None:
    page = client.get("/network", headers={"accept-language": language}).content.decode()
    assert page.count('class="nothing"') == 3


def test_without_a_price_there_is_no_sum_and_never_a_zero(client: Client, chains: None) -> None:
    ours = registry.chain_by_slug("alder").contracts["solver_account"].address
    Stock.objects.create(
        chain_id=901,
        token=registry.chain_by_slug("alder").token("USDC").address,
        holder=ours,
        balance=5 * 10**6,
    )
    page = client.get("/network").content.decode()
    held = r'<th scope="row">USDC</th><td class="number" data-label="Alder"><span>5</span></td>'
    assert re.search(held + r'.*?<td class="number sum">–</td></tr>', page)
    assert "<dt>Ready to be paid out</dt><dd>–</dd>" in page


def test_a_page_that_was_open_finds_every_part_that_it_fetches_when_a_chain_joins(
    client: Client, chains: None
) -> None:
    page = client.get("/network").content.decode()
    [named] = re.findall(r'data-joined [^>]*hx-select-oob="([^"]+)"', page)
    for part in named.split(","):
        assert page.count(f'id="{part[1:]}"') == 1, part
    assert 'id="chain-birch"' in page, "by which the page knows that a chain has its card"
