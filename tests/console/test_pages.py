"""Acts and requests through their pages, as a browser without scripts sends them."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from intents.lifecycle import OrderState
from intents.models import Chain, StaffNote, StaffRequest, StaffWish
from intents.selectors import staff_requests
from intents.services.staff import requests
from tests.console.actors import actor, form, staff_user
from tests.web import rows

pytestmark = pytest.mark.django_db


def browser(role: str, name: str = "") -> Client:
    client = Client()
    client.force_login(staff_user(role, name), backend="django.contrib.auth.backends.ModelBackend")
    return client


def hidden(page: Any) -> dict[str, str]:
    """What the form's page sends along by itself."""
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode())
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def test_an_act_is_filled_in_on_a_page_of_its_own_and_done_once(chains: None) -> None:
    order, client = rows.order(state=OrderState.OPENED), browser("support")
    url = reverse("console:act", args=[order.order_id, "note"])
    page = client.get(url)
    assert f"Type {order.order_id[-6:]} to confirm" in page.content.decode()
    sent = {**hidden(page), "reason": "for the record", "value": "called back", "typed": "nonsense"}
    wrong = client.post(url, sent)
    assert wrong.status_code == 400 and "called back" in wrong.content.decode()
    assert hidden(wrong)["token"] == sent["token"]
    sent["typed"] = order.order_id[-6:]
    for words in ("Done.", "This was sent before and is done once."):
        answer = client.post(url, sent, follow=True)
        assert words in answer.content.decode()
    assert StaffNote.objects.get(order=order).text == "called back"


def test_an_act_that_cannot_be_done_says_why_before_anything_is_filled_in(chains: None) -> None:
    order, client = rows.order(state=OrderState.SIGNED), browser("operator")
    page = client.get(reverse("console:act", args=[order.order_id, "release_refund"])).content.decode()
    assert "Nothing was taken: there is nothing to give back." in page
    assert 'name="reason"' not in page


def test_the_transfers_page_offers_the_acts_with_why_not(chains: None) -> None:
    order = rows.order(state=OrderState.OPENED)
    page = browser("support").get(reverse("console:transfer", args=[order.order_id])).content.decode()
    assert reverse("console:act", args=[order.order_id, "retry"]) in page
    assert reverse("console:act", args=[order.order_id, "release_refund"]) not in page
    assert "Your role may not do this." in page


def test_what_was_wished_shows_on_the_transfers_page(chains: None) -> None:
    order, client = rows.order(state=OrderState.OPENED), browser("support", "sam")
    url = reverse("console:act", args=[order.order_id, "retry"])
    page = client.get(url)
    client.post(url, {**hidden(page), "reason": "node is back", "typed": order.order_id[-6:]})
    assert StaffWish.objects.filter(order=order, done_at=None).count() == 1
    shown = client.get(reverse("console:transfer", args=[order.order_id])).content.decode()
    assert "sam: It is being worked on: this is done at the next look." in shown


def test_one_pauses_another_lets_go(chains: None) -> None:
    first, second = browser("operator", "olga"), browser("operator", "otto")
    url = reverse("console:pause") + "?kind=chain&subject=birch"
    page = first.get(url)
    sent = {**hidden(page), "reason": "an upgrade", "typed": "birch"}
    assert first.post(reverse("console:pause"), sent, follow=True).status_code == 200
    assert Chain.objects.get(pk=902).paused_reason == "an upgrade"
    link = reverse("console:ask", args=["unpause"]) + "?brake=chain&subject=birch"
    assert link.replace("&", "&amp;") in first.get(reverse("console:network")).content.decode()
    page = first.get(link)
    answer = first.post(link, {**hidden(page), "reason": "it is over", "typed": "birch"}, follow=True)
    asked = StaffRequest.objects.get()
    own = answer.content.decode()
    assert "You asked for this yourself" in own and 'value="approve"' not in own
    url = reverse("console:request", args=[asked.pk])
    page = second.get(url)
    for said in ("olga", "it is over", "an upgrade", "Let go of birch"):
        assert said in page.content.decode()
    sent = {**hidden(page), "reason": "saw it too", "typed": str(asked.pk)[-6:], "decision": "approve"}
    own_try = first.post(url, sent)
    assert own_try.status_code == 403 and Chain.objects.get(pk=902).paused_reason
    second.post(url, sent)
    assert Chain.objects.get(pk=902).paused_reason == ""
    assert "otto" in second.get(reverse("console:requests")).content.decode()


def test_without_the_owners_key_the_page_shows_what_the_owner_signs(
    chains: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    [place] = requests.treasury_addresses()
    wanted = requests.withdrawal(chain="birch", token="USDC", amount="2.5", to=place)
    asked = requests.ask(wanted, actor("support"), form("birch:USDC"))
    requests.decide(asked.pk, actor("operator"), form(requests.to_type(asked)), is_approved=True)
    monkeypatch.setattr(staff_requests, "has_key", lambda role: False)
    page = browser("operator").get(reverse("console:request", args=[asked.pk])).content.decode()
    assert "0xd9caed12" in page and place[2:].lower() in page and f"{25 * 10**5:064x}" in page


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_pages_are_whole_in_both_languages(chains: None, language: str) -> None:
    client = browser("admin")
    order = rows.order(state=OrderState.OPENED)
    urls = [reverse(f"console:{name}") for name in ("requests", "record", "network", "second_factor")]
    urls += [reverse("console:ask", args=[kind]) for kind in ("withdraw", "raise_limit")]
    urls.append(reverse("console:ask", args=["goodwill"]) + f"?order={order.order_id}")
    for url in urls:
        answer = client.get(url, headers={"Accept-Language": language})
        assert answer.status_code == 200, url
        heading = re.search(r"<h1[^>]*>([^<]+)", answer.content.decode())
        assert heading is not None
        assert bool(re.search("[\u4e00-\u9fff]", heading.group(1))) == (language == "zh-hans"), url
