"""Chains that joined: what may still leave them, by the rule of `solver.cold_start`.

Chains that were there from the start, by the operator's own manifests, are not new.
"""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, FloatField, Min, OuterRef, Q, Sum
from django.db.models.functions import Cast
from django.utils import timezone

from intents.chains.manifest import ChainManifest
from intents.lifecycle import OrderState
from intents.models import Chain, ChainPassport, Departure, Join, Order, Reservation
from intents.settlement.acceptance import Refusal
from intents.solver.cold_start import DAY_SECONDS, USD_E8, Bound, Room, cap_usd_e8, day_usd_e8
from intents.solver.prices import Unpriced, price_of
from intents.solver.world import World

from .exposure import at_our_risk
from .holdings import taken_in
from .intake import ONCHAIN
from .world import load_prices

# Accepted, or delivered and not paid for yet.
_PROMISED: Final = (
    OrderState.SIGNED,
    OrderState.OPENING,
    OrderState.FILLING,
    OrderState.FILLED,
    OrderState.PROVING,
)
# Their user's own transaction opens them: they hold no stock before, and turn round at once when there is none.
UNSIGNED_WAYS: Final = frozenset({"native", "batch", "deposit"})
_CODES: Final[dict[Bound, str]] = {
    "cap": "cold_start_cap",
    "day": "cold_start_day",
    "held": "cold_start_held",
}
# What offers go by is so old at most: whoever accepts one looks anew.
OFFER_SECONDS: Final = 2.0
# (chain, token, since): once no longer new, a token stays so, and its orders are not summed up for every offer.
_lifted: set[tuple[int, str, datetime]] = set()
_kept: list[tuple[float, dict[int, datetime]]] = []


def forget() -> None:
    """Drop what this process remembers."""
    _kept.clear()


def joined_at(chain_id: int) -> datetime | None:
    """When the chain joined, after it last left if it ever did; None for one that was there from the start.

    A join that is repeated, as when another chain was away, changes nothing.
    """
    return _joins(Q(chain_id=chain_id)).get(chain_id)


def observed_since(chain_id: int) -> datetime | None:
    """Since when its finality is watched without a reorganisation deeper than may be; None if it is not new."""
    return _observed(Q(chain_id=chain_id)).get(chain_id)


def offered_since(chain_id: int) -> datetime | None:
    """The same as it was OFFER_SECONDS ago at most, for what is only offered: asked of all chains at once."""
    now = time.monotonic()
    if not _kept or now - _kept[0][0] > OFFER_SECONDS:
        _kept[:] = [(now, _observed(Q()))]
    return _kept[0][1].get(chain_id)


def _observed(which: Q) -> dict[int, datetime]:
    joined = _joins(which)
    broke = ChainPassport.objects.filter(chain_id__in=joined).values_list("chain_id", "broke_at")
    for chain_id, at in broke if joined else ():
        joined[chain_id] = max(joined[chain_id], at or joined[chain_id])
    return joined


def _joins(which: Q) -> dict[int, datetime]:
    left_since = Departure.objects.filter(chain_id=OuterRef("chain_id"), left_at__gte=OuterRef("ended_at"))
    joins = Join.objects.filter(~Exists(left_since), which, state=Join.State.DONE)
    return dict(
        joins.order_by().values("chain_id").annotate(at=Min("ended_at")).values_list("chain_id", "at")
    )


def room(
    chain_id: int,
    token: str,
    *,
    but: str = "",
    is_due: bool = False,
    is_offer: bool = False,
    worth: tuple[int, int] | None = None,
    world: World | None = None,
) -> Room | None:
    """What may still leave a chain that joined with one of its tokens; None for one that was there from the start.

    `is_due` leaves out what its users opened themselves and nobody has promised to deliver yet; `is_offer` takes what
    was known of the chain a moment ago. What we hold of the
    token is valued by `worth`, so many base units with their USD × 10^8, else by the prices of the `world`, else by
    today's.
    """
    since = offered_since(chain_id) if is_offer else observed_since(chain_id)
    if since is None:
        return None
    observed = int((timezone.now() - since).total_seconds())
    sums = _sums(chain_id, token, but=but, is_due=is_due, is_new=(chain_id, token, since) not in _lifted)
    known = Room(
        None,
        0,
        sums["under_way"],
        observed,
        most_held_usd_e8=settings.JOIN_HELD_USD * USD_E8,
        held_usd_e8=_held_usd_e8(chain_id, token, since=since, worth=worth, world=world),
    )
    if "settled" not in sums:
        return known
    cap = cap_usd_e8(settled_usd_e8=sums["settled"], observed_seconds=observed)
    if cap is None:
        _lifted.add((chain_id, token, since))
        return known
    day = day_usd_e8(settled_usd_e8=sums["all_settled"], observed_seconds=observed)
    gone = 0 if day is None else sums["gone"]
    return replace(known, cap_usd_e8=cap, settled_usd_e8=sums["settled"], day_usd_e8=day, gone_usd_e8=gone)


def _sums(chain_id: int, token: str, *, but: str, is_due: bool, is_new: bool) -> dict[str, int]:
    """USD × 10^8 of the orders from there, in one question to the database; all but `under_way` while it `is_new`."""
    of_token, other = Q(input_token=token), ~Q(order_id=but)
    committed, settled = _committed(is_due=is_due), Q(state=OrderState.SETTLED)
    out, under_way = at_our_risk(chain_id), of_token & other & committed
    # SQLite keeps these amounts as text; a sum of floats is close enough for a cap.
    worth = Cast("value_usd_e8", FloatField())
    if not is_new:
        found = out.filter(under_way).aggregate(under_way=Sum(worth))
    else:
        # What was delivered within a day or is about to be, whatever became of it since.
        gone = other & (committed | Q(delivered_at__gt=timezone.now() - timedelta(seconds=DAY_SECONDS)))
        found = out.aggregate(
            under_way=Sum(worth, filter=under_way),
            settled=Sum(worth, filter=of_token & settled),
            all_settled=Sum(worth, filter=settled),
            gone=Sum(worth, filter=gone),
        )
    return {name: int(amount or 0) for name, amount in found.items()}


def is_full(chain_id: int, token: str) -> bool:
    """Whether so much of a token of a chain that joined was taken in that we buy no more of it ourselves."""
    left = room(chain_id, token)
    return left is not None and left.left_to_hold_usd_e8 == 0


def _held_usd_e8(
    chain_id: int, token: str, *, since: datetime, worth: tuple[int, int] | None, world: World | None
) -> int:
    """USD × 10^8 of what was taken in and has not gone out; 0 while nobody knows a price."""
    held = taken_in(chain_id, token, since=since)
    if not held:
        return 0
    if worth is not None:
        units, usd_e8 = worth
        return held * usd_e8 // units
    world = world or load_prices()
    known = world.chains[chain_id].handled(token) if chain_id in world.chains else None
    try:
        price = price_of(world, known.canonical_id).high_e8 if known else 0
    except Unpriced:
        return 0
    return held * price // 10**known.decimals if known else 0


def _committed(*, is_due: bool) -> Q:
    """What we gave our word for. Opening an order costs its user nothing but patience: until we hold stock for what
    nobody signed for us, it keeps nobody else from leaving.
    """
    held = Exists(Reservation.objects.filter(order=OuterRef("pk"), state=Reservation.State.HELD))
    is_signed = ~Q(confirm_way__in=(*UNSIGNED_WAYS, ONCHAIN))
    return _in_any(_PROMISED) | _in_any((OrderState.OPENED,)) & (is_signed if is_due else is_signed | Q(held))


def _in_any(states: tuple[OrderState, ...]) -> Q:
    """In one of these states, or parked for a person in one of them."""
    return Q(state__in=states) | Q(state=OrderState.NEEDS_ATTENTION, resume_state__in=states)


def refuse_due(origin: ChainManifest, order: Order) -> Refusal | None:
    """Why an order that its user or a stranger opened is not delivered: others may have left the chain since.

    Call it inside the transaction that promises the delivery: the origin's row is locked for two that come at once.
    """
    if order.confirm_way not in (*UNSIGNED_WAYS, ONCHAIN) or observed_since(origin.chain_id) is None:
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
    origin: ChainManifest,
    token: str,
    *,
    amount: int,
    value_usd_e8: int,
    but: str = "",
    is_due: bool = False,
    is_offer: bool = False,
) -> Refusal | None:
    """Why `amount` of a token, of this worth, does not leave a new chain now, with the most that does.

    `cold_start_cap` until others are settled, `cold_start_day` until what left is a day ago, `cold_start_held` until
    what we hold goes out again.

    `but` is an order that is there already and is not to be counted beside itself; `is_due` and `is_offer` are as for
    `room`.
    """
    worth = (amount, value_usd_e8)
    if not amount:
        return None
    left = room(origin.chain_id, token, but=but, is_due=is_due, is_offer=is_offer, worth=worth)
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
    return Refusal(_CODES[left.tightest], params)
