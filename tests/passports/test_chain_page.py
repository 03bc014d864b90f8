"""A chain's page says what was measured, how it is used and what holds it back; a new chain's caps are enforced."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from intents.chains import registry
from intents.engine.cold_start import refuse_new_chain, room
from intents.engine.ledger import book_fill
from intents.lifecycle import OrderState, StepState
from intents.models import Chain, ChainPassport, Departure
from intents.passports.passport import Finding
from intents.selectors.chain_page import chain_page
from intents.selectors.overview.kept import forget
from intents.services.words import text
from tests.console.actors import staff_user
from tests.passports.measured import HOST, joined, measured
from tests.web import rows
from tests.web.conftest import chains, nothing_from_before

__all__ = ["chains", "nothing_from_before"]
pytestmark = pytest.mark.django_db
USD_E8 = 10**8


@pytest.fixture(autouse=True)
def asked_anew() -> None:
    forget()


def test_the_page_shows_what_was_measured_and_no_host(client: Client, chains: None) -> None:
    measured()
    page = client.get("/network/birch").content.decode()
    assert "25 min (OP Stack, data on Ethereum)" in page and "EIP-2612" in page
    assert HOST not in page
    assert 'href="/network/birch"' in client.get("/network").content.decode()
    assert client.get("/network/nowhere").status_code == 404
    facts = client.get("/api/v1/network/birch/passport").json()
    assert facts["chain"]["ordered_seconds"] == 1500 and facts["tokens"][0]["symbol"] == "USDC"
    assert HOST not in str(facts)


def test_the_page_names_the_chain_once_and_leads_to_sending_there(client: Client, chains: None) -> None:
    measured()
    page = client.get("/network/birch").content.decode()
    assert re.findall(r"<h\d[^>]*>\s*(?:<[^>]*>\s*)*Birch", page) == ["<h1>Birch"]
    [link] = re.findall(r'href="([^"]+)">Send something to Birch<', page)
    form = client.get(unescape(link)).content.decode()
    assert '<option value="birch:USDC" selected>' in form and '<option value="alder:USDC" selected>' in form
    Chain.objects.filter(pk=902).update(paused_reason="gas_low")
    assert "Send something to" not in client.get("/network/birch").content.decode()


def test_its_operator_sees_the_nodes_and_may_drain_it(client: Client, chains: None) -> None:
    measured()
    client.force_login(staff_user("operator"))
    page = client.get("/console/network/chain/birch/", follow=True).content.decode()
    assert HOST in page and "kind=drain" in page


def test_the_page_is_in_both_languages(client: Client, chains: None) -> None:
    measured(findings=(Finding("finality_shorter", {"waited": 3}, is_bad=False),))
    joined(1)
    page = client.get("/network/birch", headers={"accept-language": "zh-hans"}).content.decode()
    assert "限制因素" in page and "我们的测量结果" in page and "capped" not in page


def test_a_new_chain_is_capped_says_so_and_grows_with_use(client: Client, chains: None) -> None:
    assert room(902, rows.USDC[902]) is None, "who was there from the start is not new"
    joined(2)
    manifest = registry.chain(902)
    token = manifest.token("USDC")
    page = chain_page("birch")
    assert page is not None
    words = " ".join(page.held_back)
    assert "USDC, WETH, ETH out of Birch is capped at 2,000 USD under way" in words and "22 h to go" in words

    def refused(usd: int) -> str:
        found = refuse_new_chain(manifest, token.address, amount=usd * 10**6, value_usd_e8=usd * USD_E8)
        return text(found.code, found.params) if found else ""

    assert refused(2_000) == "" and "at most 2,000 USDC" in refused(2_001)
    sent: dict[str, Any] = {"origin_id": 902, "destination_id": 901, "input_token": token.address}
    rows.order(state=OrderState.PROVING, value_usd_e8=1_500 * USD_E8, **sent)
    assert refused(500) == "" and "at most 500 USDC" in refused(600)
    rows.order(state=OrderState.SETTLED, value_usd_e8=1_000 * USD_E8, **sent)
    assert refused(1_000) == "" and refused(1_001) != ""


def test_what_leaves_a_new_chain_in_a_day_is_bounded_over_all_its_tokens_and_said(
    client: Client, chains: None
) -> None:
    """Whoever can make one of its tokens has it delivered again as soon as it is settled."""
    joined(2)
    manifest = registry.chain(902)
    token = manifest.token("USDC")
    sent: dict[str, Any] = {"origin_id": 902, "destination_id": 901, "value_usd_e8": 1_900 * USD_E8}
    now = timezone.now()
    for place in range(8):
        away = {"input_token": manifest.assets[place % 2].address, "delivered_at": now - timedelta(hours=1)}
        rows.order(state=OrderState.SETTLED if place else OrderState.REFUNDED, **sent, **away)
    rows.order(
        state=OrderState.SETTLED, input_token=token.address, delivered_at=now - timedelta(hours=25), **sent
    )

    def refused(usd: int) -> str:
        found = refuse_new_chain(manifest, token.address, amount=usd * 10**6, value_usd_e8=usd * USD_E8)
        return text(found.code, found.params) if found else ""

    # 10,000 and half of the eight that were settled, less the eight of this day.
    assert refused(2_400) == "" and "at most 2,400 USDC can still leave it" in refused(2_401)
    page = chain_page("birch")
    assert page is not None
    assert "at most 17,600 USD of everything leaves Birch within 24 h, 2,400 USD of it now" in " ".join(
        page.held_back
    )
    assert max(each.out_usd or 0 for each in page.depths) <= 2_400
    rows.order(
        state=OrderState.PROVING, **{**sent, "value_usd_e8": 2_400 * USD_E8}, input_token=rows.USDC[901]
    )
    assert "Try again tomorrow" in refused(1)
    said = client.get("/network/birch", headers={"accept-language": "zh-hans"}).content.decode()
    assert "24 小时内从 Birch 转出的所有资产合计最多 17,600 美元" in said


@pytest.mark.parametrize("is_paid_by_us", [False, True])
def test_who_fills_their_own_orders_makes_a_chain_no_better_known_and_takes_no_room(
    chains: None, is_paid_by_us: bool
) -> None:
    """Money that goes round and round costs its owner gas alone. What we paid and lost counts, of course."""
    joined(2)
    sent: dict[str, Any] = {"origin_id": 902, "destination_id": 901, "input_token": rows.USDC[902]}
    for state in (OrderState.SETTLED, OrderState.FILLED):
        made = rows.order(state=state, value_usd_e8=1_000 * USD_E8, delivered_at=timezone.now(), **sent)
        made.steps.update_or_create(
            kind="prove", defaults={"index": 9, "chain_id": 901, "state": StepState.SKIPPED}
        )
        if is_paid_by_us:
            book_fill(made, amount=1)
    known = room(902, rows.USDC[902])
    assert known is not None
    counted = (known.settled_usd_e8, known.under_way_usd_e8, known.gone_usd_e8)
    thousand = 1_000 * USD_E8
    assert counted == ((thousand, thousand, 2 * thousand) if is_paid_by_us else (0, 0, 0))


def test_once_a_chain_is_known_its_orders_are_not_summed_up_for_every_offer(
    chains: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    joined(48)
    token = rows.USDC[902]
    rows.order(state=OrderState.SETTLED, origin_id=902, input_token=token, value_usd_e8=36_000 * USD_E8)

    def cap(of: str) -> int | None:
        known = room(902, of)
        assert known is not None
        return known.cap_usd_e8

    assert cap(token) is None
    # Since when it is new, what is under way, and what came in within the last minutes.
    with django_assert_num_queries(4):
        assert cap(token) is None
    # Another token is not known yet, and a chain that broke is new again.
    assert cap(rows.USDC[901]) is not None
    ChainPassport.objects.create(chain_id=902, broke_at=timezone.now())
    assert cap(token) is not None


def test_a_reorganisation_that_is_too_deep_begins_the_day_anew(chains: None) -> None:
    joined(48)
    known = room(902, rows.USDC[902])
    assert known is not None and known.is_observed
    ChainPassport.objects.create(chain_id=902, broke_at=timezone.now() - timedelta(hours=1))
    known = room(902, rows.USDC[902])
    assert known is not None and not known.is_observed and known.cap_usd_e8 == 2_000 * USD_E8


def test_a_join_that_is_repeated_begins_no_new_time_but_one_after_leaving_does(chains: None) -> None:
    joined(48)
    joined(1)
    known = room(902, rows.USDC[902])
    assert known is not None and known.is_observed
    left = timezone.now() - timedelta(hours=2)
    Departure.objects.create(chain_id=902, kind="leave", reason="quiet", left_at=left, ended_at=left)
    known = room(902, rows.USDC[902])
    assert known is not None and not known.is_observed
