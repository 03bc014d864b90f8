"""Offers that nobody took are not kept for ever; what became an order is."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from intents.lifecycle import OrderState
from intents.models import Order, Quote, QuoteState
from intents.services.forgetting import KEPT, quotes_forget
from tests.web import rows
from tests.web.conftest import chains, nothing_from_before  # noqa: F401

pytestmark = pytest.mark.django_db


def aged(quote: Quote, *, days: int) -> Quote:
    Quote.objects.filter(pk=quote.pk).update(created_at=timezone.now() - timedelta(days=days))
    return quote


def test_only_old_offers_that_nobody_took_are_deleted(chains: None) -> None:  # noqa: F811
    young = aged(rows.quote(), days=KEPT.days - 1)
    aged(rows.quote(), days=KEPT.days + 1)
    aged(rows.quote(state=QuoteState.REFUSED), days=KEPT.days + 1)
    first = aged(rows.quote(), days=KEPT.days + 1)
    taken = aged(rows.quote(state=QuoteState.USED, first=first), days=KEPT.days * 10)
    order = rows.order(state=OrderState.SETTLED, quote=taken)
    assert quotes_forget() == 2
    left = set(Quote.objects.values_list("pk", flat=True))
    assert left == {young.pk, taken.pk, first.pk}
    assert Order.objects.filter(pk=order.pk).exists()
    assert quotes_forget() == 0


def test_finding_them_reads_no_order_of_the_past() -> None:
    found = Quote.objects.filter(created_at__lt=timezone.now()).exclude(state=QuoteState.USED)
    plan = found.order_by("created_at").explain()
    assert connection.vendor != "sqlite" or "quote_not_taken" in plan
