"""A quote's socket: its card, at once and when it was solved."""

import json

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from intents.live.quotes import QuoteConsumer
from intents.models import Quote, QuoteState
from intents.publish import quote_group
from intents.services.login import new_browser_cookie
from tests.web import rows

from .sockets import KEY, socket
from .test_order_socket import is_denied

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

make_quote = sync_to_async(rows.quote)


async def hint(made: Quote) -> None:
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(quote_group(made.pk), {"type": "quote.changed", "quote_id": str(made.pk)})


async def solve(made: Quote) -> None:
    await Quote.objects.filter(pk=made.pk).aupdate(state=QuoteState.READY)
    await hint(made)


async def test_the_card_fills_itself(chains: None) -> None:
    made = await make_quote(browser_key=KEY, state=QuoteState.SOLVING)
    connection = socket(f"/ws/quotes/{made.pk}/")
    await connection.connect()
    assert "Looking for the best way" in await connection.text()
    await solve(made)
    card = await connection.text()
    assert 'id="quote-card"' in card and "hx-swap-oob" in card
    assert "You receive" in card
    await connection.disconnect()


async def test_solved_before_one_listens(chains: None) -> None:
    made = await make_quote(browser_key=KEY)
    connection = socket(f"/ws/quotes/{made.pk}/")
    await connection.connect()
    assert "You receive" in await connection.text()
    await connection.disconnect()


async def test_programs_get_json(chains: None) -> None:
    made = await make_quote(browser_key=KEY, state=QuoteState.SOLVING)
    connection = socket(f"/ws/quotes/{made.pk}/?format=json")
    await connection.connect()
    assert json.loads(await connection.text())["state"] == "solving"
    await solve(made)
    answer = json.loads(await connection.text())
    assert (answer["type"], answer["state"], answer["confirmations"]) == ("quote", "ready", 1)
    assert answer["output_minimum"] == str(30 * 10**15)
    assert answer["routes"][0]["kind"] == "swap_fill"
    await connection.disconnect()


@pytest.mark.parametrize(
    "cookie", ["", "forged", new_browser_cookie()], ids=["none", "forged", "another browser"]
)
async def test_strangers_are_denied(chains: None, cookie: str) -> None:
    made = await make_quote(browser_key=KEY)
    assert await is_denied(socket(f"/ws/quotes/{made.pk}/", cookie=cookie))


async def test_a_quote_of_nobody_is_nobodys(chains: None) -> None:
    made = await make_quote(browser_key="")
    assert await is_denied(socket(f"/ws/quotes/{made.pk}/", cookie=""))


@pytest.mark.parametrize(
    ("cookie", "accepted", "words"),
    [
        ("zh-hans", "en", "正在寻找"),
        ("", "fr-FR, zh-CN;q=0.8, en;q=0.5", "正在寻找"),
        ("x" * 600, "", "Looking for the best way"),
        ("", "y" * 600, "Looking for the best way"),
    ],
)
async def test_the_language_is_the_pages(chains: None, cookie: str, accepted: str, words: str) -> None:
    made = await make_quote(browser_key=KEY, state=QuoteState.SOLVING)
    connection = socket(
        f"/ws/quotes/{made.pk}/", extra=f"django_language={cookie}" if cookie else "", accepts=accepted
    )
    assert await connection.connect()
    assert words in await connection.text()
    await connection.disconnect()


async def test_a_card_that_nobody_fills_says_so(chains: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intents.selectors.card.LATE_SECONDS", 3600.0)
    monkeypatch.setattr(QuoteConsumer, "look_again_seconds", 0.3)
    made = await make_quote(browser_key=KEY, state=QuoteState.SOLVING)
    connection = socket(f"/ws/quotes/{made.pk}/")
    await connection.connect()
    assert "longer than usual" not in await connection.text()
    monkeypatch.setattr("intents.selectors.card.LATE_SECONDS", 0.0)
    assert "longer than usual" in await connection.text()
    await solve(made)
    assert "You receive" in await connection.text()
    await connection.disconnect()
