"""Chains that joined a short while ago: what may still leave them, by the rule of `solver.cold_start`.

Chains that were there from the start, by the operator's own manifests, are not new.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, FloatField, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Cast
from django.utils import timezone

from intents.chains.manifest import ChainManifest
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Chain, ChainPassport, Departure, Join, LedgerEntry, Order, Step
from intents.settlement.acceptance import Refusal
from intents.solver.cold_start import DAY_SECONDS, Room, cap_usd_e8, day_usd_e8

from .intake import ONCHAIN

_UNDER_WAY: Final = (
    OrderState.SIGNED,
    OrderState.OPENING,
    OrderState.OPENED,
    OrderState.FILLING,
    OrderState.FILLED,
    OrderState.PROVING,
)
# Their user's own transaction opens them: they hold no stock before, and turn round at once when there is none.
UNSIGNED_WAYS: Final = frozenset({"native", "batch", "deposit"})
# (chain, token, since): once no longer new, a token stays so, and its orders are not summed up for every offer.
_lifted: set[tuple[int, str, datetime]] = set()


def joined_at(chain_id: int) -> datetime | None:
    """When the chain joined, after it last left if it ever did; None for one that was there from the start.

    A join that is repeated, as when another chain was away, changes nothing.
    """
    gone = Departure.objects.filter(chain_id=chain_id, left_at__isnull=False)
    left_at = gone.aggregate(at=Max("left_at"))["at"]
    joins = Join.objects.filter(chain_id=chain_id, state=Join.State.DONE)
    if left_at is not None:
        joins = joins.filter(ended_at__gt=left_at)
    return joins.aggregate(at=Min("ended_at"))["at"]


def observed_since(chain_id: int) -> datetime | None:
    """Since when its finality is watched without a reorganisation deeper than may be; None if it is not new."""
    joined = joined_at(chain_id)
    if joined is None:
        return None
    broke = ChainPassport.objects.filter(chain_id=chain_id).values_list("broke_at", flat=True).first()
    return max(joined, broke) if broke is not None else joined


def room(chain_id: int, token: str, *, but: str = "", is_due: bool = False) -> Room | None:
    """What may still leave a new chain with one of its tokens; None when nothing is capped.

    `is_due` leaves out what its users opened themselves and nobody has promised to deliver yet.
    """
    since = observed_since(chain_id)
    if since is None or (chain_id, token, since) in _lifted:
        return None
    observed = int((timezone.now() - since).total_seconds())
    out = _risked(chain_id)
    if is_due:
        out = out.exclude(state=OrderState.OPENED, confirm_way__in=(*UNSIGNED_WAYS, ONCHAIN))
    orders = out.filter(input_token=token)
    settled = _worth(orders.filter(state=OrderState.SETTLED))
    cap = cap_usd_e8(settled_usd_e8=settled, observed_seconds=observed)
    if cap is None:
        _lifted.add((chain_id, token, since))
        return None
    under_way = orders.filter(state__in=_UNDER_WAY).exclude(order_id=but)
    all_settled = _worth(out.filter(state=OrderState.SETTLED))
    day = day_usd_e8(settled_usd_e8=all_settled, observed_seconds=observed)
    return Room(
        cap,
        settled,
        sum(under_way.values_list("value_usd_e8", flat=True)),
        observed,
        day,
        0 if day is None else _gone(out.exclude(order_id=but)),
    )


def _risked(chain_id: int) -> QuerySet[Order]:
    """Orders that leave the chain at our risk. What others deliver says nothing of how far it can be trusted, and takes
    no room: whoever fills their own orders moves the same money round and round for nothing.
    """
    left = Step.objects.filter(order=OuterRef("pk"), kind=StepKind.PROVE, state=StepState.SKIPPED)
    paid = LedgerEntry.objects.filter(order=OuterRef("pk"), memo="fill")
    return Order.objects.filter(~Exists(left) | Exists(paid), origin_id=chain_id)


def _gone(orders: QuerySet[Order]) -> int:
    """What was delivered within a day or is about to be, whatever became of it since."""
    yesterday = timezone.now() - timedelta(seconds=DAY_SECONDS)
    return _worth(orders.filter(Q(state__in=_UNDER_WAY) | Q(delivered_at__gt=yesterday)))


def _worth(orders: QuerySet[Order]) -> int:
    # SQLite keeps these amounts as text; a sum of floats is close enough for a cap.
    return int(orders.aggregate(sum=Sum(Cast("value_usd_e8", FloatField())))["sum"] or 0)


def refuse_due(origin: ChainManifest, order: Order) -> Refusal | None:
    """Why an order that its user opened is not delivered: others may have left the chain since it was quoted.

    Call it inside the transaction that promises the delivery: the origin's row is locked for two that come at once.
    """
    if order.confirm_way not in UNSIGNED_WAYS or observed_since(origin.chain_id) is None:
        return None
    Chain.objects.select_for_update().get(chain_id=origin.chain_id)
    return refuse_new_chain(
        origin,
        order.input_token,
        amount=order.input_amount,
        value_usd_e8=order.value_usd_e8,
        but=order.order_id,
        is_due=True,
    )


def refuse_new_chain(
    origin: ChainManifest, token: str, *, amount: int, value_usd_e8: int, but: str = "", is_due: bool = False
) -> Refusal | None:
    """Why `amount` of a token, of this worth, does not leave a new chain now, with the most that does.

    `cold_start_cap` until others are settled, `cold_start_day` until what left is a day ago.

    `but` is an order that is there already and is not to be counted beside itself; `is_due` is as for `room`.
    """
    left = room(origin.chain_id, token, but=but, is_due=is_due)
    if left is None or value_usd_e8 <= left.left_usd_e8:
        return None
    known = origin.token(token)
    params: dict[str, Any] = {
        "chain": str(origin.chain_id),
        "token": known.symbol,
        "decimals": known.decimals,
        "address": token,
    }
    most = amount * left.left_usd_e8 // value_usd_e8
    if most > 0:
        params["maximum"] = str(most)
    return Refusal("cold_start_day" if left.waits_for_tomorrow else "cold_start_cap", params)
