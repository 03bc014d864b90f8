"""What is not kept: offers that nobody took, with the addresses that asked for them."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from intents.models import Quote, QuoteState

KEPT: Final = timedelta(days=30)
MOST_AT_ONCE: Final = 1_000


def quotes_forget() -> int:
    """Delete the oldest offers that became no order within KEPT; how many, at most MOST_AT_ONCE."""
    old = Quote.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(state=QuoteState.USED)
    # A first part goes only with its second, and that one may be an order.
    free = old.exclude(second__state=QuoteState.USED).order_by("created_at")
    quote_ids = list(free.values_list("pk", flat=True)[:MOST_AT_ONCE])
    Quote.objects.filter(pk__in=quote_ids).delete()
    return len(quote_ids)
