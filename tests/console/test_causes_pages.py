"""The pages of causes: what is wrong now, who is hit by it, and replies that only those may copy who may read them."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import translation

from intents.lifecycle import OrderState, StepKind
from intents.models import Order
from tests.web import rows
from tests.web.conftest import chains, nothing_from_before  # noqa: F401

from .people import browser_of
from .troubles import blacklisted, deposit_short, no_stock, order, reported, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def network(chains: None) -> Iterator[None]:  # noqa: F811
    for chain_id in (901, 902):
        reported(chain_id, [("one", "", 100), ("two", "", 100)])
    with translation.override("en"):
        yield


@pytest.fixture
def support() -> Client:
    return browser_of("support")


def test_all_causes_of_now_with_their_counts(support: Client) -> None:
    no_stock()
    waiting(order(OrderState.OPENED, required_depth=40), StepKind.FILL, "depth", have=11, need=40)
    text = support.get("/console/causes/").content.decode()
    assert text.index('data-cause="no_stock"') < text.index('data-cause="depth"')
    assert "3 unfinished transfers" in text


def test_who_else_is_one_click_from_a_transfer(support: Client) -> None:
    made = no_stock()
    other = waiting(order(), StepKind.FILL, "no_stock", token=rows.to_checksum_address(rows.USDC[902]))
    page = support.get(f"/console/t/{made.pk}/").content.decode()
    assert "No unreserved WETH on Birch" in page
    link = re.search(r'href="(/console/causes/no_stock/[^"]*)"', page)
    assert link is not None
    hit = support.get(link[1].replace("&amp;", "&")).content.decode()
    assert made.pk in hit and other.pk not in hit
    everybody = support.get("/console/causes/no_stock/").content.decode()
    assert made.pk in everybody and other.pk in everybody
    assert support.get("/console/causes/nonsense/").status_code == 404


def test_replies_in_both_languages_stand_ready_the_persons_own_first(support: Client) -> None:
    made = deposit_short()
    Order.objects.filter(pk=made.pk).update(language="zh-hans")
    page = support.get(f"/console/t/{made.pk}/").content.decode()
    assert page.index('data-reply="zh-hans"') < page.index('data-reply="en"')
    assert page.count("data-copy=") >= 2
    assert "Please send the missing 3.2 USDC" in page and "还差的 3.2 USDC" in page


@pytest.mark.parametrize("path", ["/console/causes/", "/console/causes/recipient_refuses/", "/console/t/{}/"])
def test_who_may_not_see_addresses_reads_none(path: str) -> None:
    made = blacklisted()
    person = "0x" + "c9" * 20
    Order.objects.filter(pk=made.pk).update(recipient=rows.to_checksum_address(person))
    text = browser_of("viewer").get(path.format(made.pk)).content.decode().lower()
    assert person not in text and "data-reply" not in text
    assert made.user.lower() not in text


def test_nobody_else_reads_it(client: Client) -> None:
    for path in ("/console/causes/", "/console/causes/depth/"):
        answer = client.get(path)
        assert answer.status_code == 302 and "login" in answer["Location"]


def test_all_causes_are_said_in_chinese(support: Client) -> None:
    no_stock()
    text = support.get("/console/causes/", headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "没有未预留的" in text and "故障" in text
