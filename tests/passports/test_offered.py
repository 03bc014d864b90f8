"""What is offered from a chain that joined goes by what was known of all of them a moment ago; promises never do."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intents.chains import registry
from intents.engine import cold_start
from intents.engine.cold_start import observed_since, offered_since, refuse_new_chain
from intents.models import ChainPassport, Departure
from tests.passports.measured import joined, measured
from tests.web.conftest import chains, nothing_from_before

__all__ = ["chains", "nothing_from_before"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known_chains(chains: None) -> None:
    """Birch joined three hours ago; Alder was there from the start."""
    joined(3)


def broke_now() -> None:
    measured()
    ChainPassport.objects.filter(chain_id=902).update(broke_at=timezone.now())


def refused(usd: int, **of: Any) -> str:
    birch = registry.chain(902)
    token = birch.token("USDC").address
    found = refuse_new_chain(birch, token, amount=usd * 10**6, value_usd_e8=usd * 10**8, **of)
    return found.code if found else ""


def test_all_chains_are_known_at_once() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert offered_since(902) == observed_since(902) is not None
    of_both = len(asked)
    with CaptureQueriesContext(connection) as asked:
        assert offered_since(901) is None
        assert offered_since(902) is not None
    assert len(asked) == 0 < of_both
    assert observed_since(901) is None


def test_one_that_left_and_came_back_is_new_again() -> None:
    now = timezone.now()
    Departure.objects.create(
        chain_id=902, left_at=now - timedelta(hours=1), ended_at=now - timedelta(minutes=9)
    )
    joined(0)
    assert offered_since(902) == observed_since(902) >= now


def test_a_promise_knows_at_once_that_finality_broke() -> None:
    before = offered_since(902)
    broke_now()
    assert offered_since(902) == before
    assert observed_since(902) > before
    cold_start.forget()
    assert offered_since(902) == observed_since(902)


def test_an_offer_is_bounded_as_a_promise_is() -> None:
    assert refused(10**6) == refused(10**6, is_offer=True) == "cold_start_cap"
    assert refused(1) == refused(1, is_offer=True) == ""


def test_what_was_known_is_asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    before = offered_since(902)
    broke_now()
    monkeypatch.setattr(cold_start, "OFFER_SECONDS", 0.0)
    assert offered_since(902) == observed_since(902) != before
