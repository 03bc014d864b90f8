"""The card says what the same transfer would take by hand, when that is known."""

from typing import Any

import pytest
from django.test import Client

from . import rows
from .conftest import Browser
from .test_plain_words import internal_words

pytestmark = pytest.mark.django_db
ALONE = {"is_possible": True, "confirmations": 5, "seconds": 230, "net_output": str(31 * 10**15)}


def page(browser: Client, pk: Any, language: str = "en") -> str:
    return browser.get(f"/q/{pk}", headers={"Accept-Language": language}).content.decode()


def with_route(browser: Browser, by_hand: dict[str, Any] | None) -> Any:
    return rows.quote(browser_key=browser.key, routes=[{"kind": "swap_fill", "by_hand": by_hand}])


def test_confirmations_time_and_what_is_left(chains: None, alice_browser: Browser) -> None:
    made = with_route(alice_browser, ALONE)
    assert "By hand: 5 confirmations, about 4 minutes of waiting, 0.031 WETH after gas" in page(
        alice_browser, made.pk
    )
    assert "自己操作：5 次确认，等待约 4 分钟，扣除 Gas 后到账 0.031 WETH" in page(
        alice_browser, made.pk, "zh-hans"
    )


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("by_hand", [ALONE, {"is_possible": False}])
def test_the_words_are_plain(
    chains: None, alice_browser: Browser, by_hand: dict[str, Any], language: str
) -> None:
    assert internal_words(page(alice_browser, with_route(alice_browser, by_hand).pk, language)) == []


def test_no_way_is_said_and_gas_beyond_the_worth_is_nothing(chains: None, alice_browser: Browser) -> None:
    none = page(alice_browser, with_route(alice_browser, {"is_possible": False}).pk)
    assert "By hand: not possible through the pools and bridges known here" in none
    lost = page(alice_browser, with_route(alice_browser, {**ALONE, "net_output": "-7"}).pk)
    assert "about 4 minutes of waiting, 0 WETH after gas" in lost


@pytest.mark.parametrize("route", [{"kind": "swap_fill"}, {"kind": "swap_fill", "by_hand": None}])
def test_nothing_is_said_when_it_is_not_known(
    chains: None, alice_browser: Browser, route: dict[str, Any]
) -> None:
    made = rows.quote(browser_key=alice_browser.key, routes=[route])
    assert "By hand" not in page(alice_browser, made.pk)
