"""What was taken in of a chain's token and has not gone out of our hands again, by our own books.

What the chain says that we hold is worth nothing here: whoever makes a token gives and takes as much as they like.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast
from django.utils import timezone

from intents.models import LedgerEntry

from .ledger import BASELINE, outside_memo

Account = LedgerEntry.Account
# What is on its way is not there yet, and what is lost does not come back.
_OURS: Final = (Account.INVENTORY, Account.TRANSIT, Account.LOSS)
# The sum of older entries is kept so long; younger ones are summed up each time.
KEPT: Final = timedelta(minutes=1)
# What was there to begin with, and what the owner brought or took by hand.
_GRANTED: Final = Q(memo=BASELINE) | Q(memo__startswith=outside_memo(""))
# By chain, token and when the chain joined: until when, and how much.
_kept: dict[tuple[int, str, datetime], tuple[datetime, int]] = {}


def taken_in(chain_id: int, token: str, *, since: datetime) -> int:
    """Base units that came in less those that went out, but for what the owner granted; below zero if more went out.

    `since` is when the chain joined.
    """
    key, now = (chain_id, token, since), timezone.now()
    entries = LedgerEntry.objects.filter(chain_id=chain_id, token=token).exclude(_GRANTED)
    if key not in _kept or _kept[key][0] < now - 2 * KEPT:
        # What is written meanwhile by others is not seen yet: the last entries are left to the next sum.
        _kept[key] = (now - KEPT, _sum(entries.filter(created_at__lte=now - KEPT)))
    until, before = _kept[key]
    return before + _sum(entries.filter(created_at__gt=until))


def _sum(entries: QuerySet[LedgerEntry]) -> int:
    # SQLite keeps these amounts as text; a sum of floats is close enough for a cap.
    amount = Cast("amount", FloatField())
    sums = entries.aggregate(
        came=Sum(amount, filter=Q(credit__in=_OURS)), went=Sum(amount, filter=Q(debit__in=_OURS))
    )
    return int((sums["came"] or 0) - (sums["went"] or 0))
