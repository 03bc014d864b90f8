"""Chains on their way out: nothing new begins, what is open ends, our stock goes home if so told; then they leave.

One that is gone, whose nodes answer nobody, leaves without what only it could end (see `gone`).

One look does what can be done now, and may be repeated by anybody at any time.
"""

import time
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from intents.chains import registry
from intents.chains.bridge import BridgeManifest
from intents.chains.clock import chain_time
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.lifecycle import ORDER_ENDED, OrderState
from intents.models import (
    MOVE_ENDED,
    Alert,
    Chain,
    ChainHead,
    Departure,
    Order,
    StaffRequest,
    Stock,
    StockMove,
)
from intents.solver.rebalance import Shift

from . import alerts
from .courtesy import TOO_LITTLE
from .gone import set_aside, wake_waiting
from .rebalancing import begin_move
from .stranded import settle
from .treasury import treasury_addresses
from .waking import wake_orders

log = structlog.get_logger(__name__)

STRANGERS_SECONDS: Final = 86_400
_UNDONE: Final = (StaffRequest.State.ASKED, StaffRequest.State.APPROVED)


def leaving_chains() -> set[int]:
    """Chains that take nothing new because they are on their way out, or gone."""
    return set(Departure.objects.filter(ended_at=None).values_list("chain_id", flat=True))


def open_orders(chain_id: int) -> QuerySet[Order]:
    """Orders from or to a chain that did not end yet, and that it has to wait for."""
    rows = Order.objects.filter(Q(origin_id=chain_id) | Q(destination_id=chain_id))
    rows = rows.exclude(state__in=[state.value for state in ORDER_ENDED])
    rows = rows.exclude(pk__in=set_aside(chain_id).values("pk"))
    return rows.exclude(pk__in=_endless(chain_id).values("pk"))


def _endless(chain_id: int) -> QuerySet[Order]:
    """Orders that would keep a chain for as long as somebody likes; anybody can return what is in them.

    What is left is too little to pay for its own way back; or a stranger made them, we took them not, and they are
    open for longer than STRANGERS_SECONDS from now.
    """
    rows = Order.objects.filter(Q(origin_id=chain_id) | Q(destination_id=chain_id), delivered_amount=None)
    is_dust = Q(state=OrderState.REFUND_DUE, steps__waiting__code=TOO_LITTLE)
    head = ChainHead.objects.filter(pk=chain_id).first()
    if head is None:
        return rows.filter(is_dust)
    until = chain_time(head.timestamp, head.seen_at) + STRANGERS_SECONDS
    return rows.filter(is_dust | Q(state=OrderState.OPENED, quote=None, expires__gt=until))


def begin(
    chain_id: int, *, kind: Departure.Kind, stock: Departure.Stock, reason: str, user: Any
) -> Departure:
    """Let nothing new begin; a chain that is drained already may be told to leave, or declared gone."""
    with transaction.atomic():
        known = Departure.objects.filter(chain_id=chain_id, ended_at=None).first()
        if known is None:
            known = Departure(chain_id=chain_id)
        known.kind, known.stock, known.reason = kind, stock, reason
        known.asked_by, known.drained_at = user, None
        if kind == Departure.Kind.GONE:
            # A block that is seen from now on says that it is not.
            known.began_at = timezone.now()
        known.save()
        if kind == Departure.Kind.GONE:
            alerts.begin(Alert.Kind.CHAIN_GONE, _alert_key(chain_id), chain_id=chain_id, reason=reason)
            wake_orders(list(open_orders(chain_id).values_list("order_id", flat=True)))
    log.warning("chain.departs", chain=chain_id, kind=kind, stock=stock, reason=reason)
    return known


def end(chain_id: int) -> str:
    """Let transfers begin again; the reason why none did, "" when nothing kept them."""
    row = Departure.objects.filter(chain_id=chain_id, ended_at=None).first()
    if row is None:
        return ""
    with transaction.atomic():
        Departure.objects.filter(pk=row.pk).update(ended_at=timezone.now())
        _take_up(chain_id)
    log.warning("chain.stays", chain=chain_id)
    return row.reason


def sweep_departures() -> int:
    """Bring every chain on its way out as far as it goes now; how many changed."""
    return sum(_advance(row) for row in Departure.objects.filter(ended_at=None))


def _advance(row: Departure) -> bool:
    chain = Chain.objects.filter(pk=row.chain_id).first()
    if row.left_at is not None:
        # It joined again: nothing of its leaving holds any more.
        return bool(chain is not None and chain.is_connected and end(row.chain_id))
    manifest = registry.all_chains().get(row.chain_id)
    if manifest is None:
        return False
    if row.kind == Departure.Kind.GONE:
        return _part_with(row)
    if open_orders(row.chain_id).exists():
        return False
    if row.stock == Departure.Stock.HOME and not _is_home(row, manifest):
        return False
    if moves_of(row.chain_id).exists() or _agreed(row.chain_id).exists():
        return False
    if row.drained_at is None:
        Departure.objects.filter(pk=row.pk).update(drained_at=timezone.now())
        log.warning("chain.drained", chain=manifest.slug)
    return row.kind == Departure.Kind.LEAVE and _leave(row)


def _leave(row: Departure) -> bool:
    """Disconnect it. Every process notices by the registry, the follower included."""
    with transaction.atomic():
        gone = Departure.objects.filter(pk=row.pk, left_at=None, ended_at=None).update(left_at=timezone.now())
        if gone:
            Chain.objects.filter(pk=row.chain_id).update(is_connected=False, paused_reason="")
    registry.forget()
    if gone:
        log.warning("chain.left", chain=row.chain_id, reason=row.reason)
    return bool(gone)


def _part_with(row: Departure) -> bool:
    """Let a chain that is gone leave once the others ended what they can, or drain where it is back before."""
    declared_at = row.began_at.timestamp()
    if ChainHead.objects.filter(pk=row.chain_id, seen_at__gt=declared_at).exists():
        return _is_back(row)
    is_settled = settle(list(moves_of(row.chain_id).select_related("order")), gone=row.chain_id)
    waiting = open_orders(row.chain_id)
    if waiting.exists():
        # Those that wait for nobody look whether they still have to be waited for.
        wake_orders(list(waiting.filter(wake_at=0).values_list("order_id", flat=True)))
        return False
    if not is_settled:
        return False
    Departure.objects.filter(pk=row.pk, drained_at=None).update(drained_at=timezone.now())
    return _leave(row)


@transaction.atomic
def _is_back(row: Departure) -> bool:
    """It made a block that we read: what was declared is not so. Staff say whether transfers begin again."""
    mine = Departure.objects.filter(pk=row.pk, kind=Departure.Kind.GONE, left_at=None, ended_at=None)
    if not mine.update(kind=Departure.Kind.DRAIN, drained_at=None):
        return False
    _take_up(row.chain_id)
    log.warning("chain.back", chain=row.chain_id, reason=row.reason)
    return True


def _take_up(chain_id: int) -> None:
    """Have everything looked at again that waited for the chain to come back."""
    alerts.end(_alert_key(chain_id))
    wake_waiting(chain_id)
    found = moves_of(chain_id) | _ending_on(chain_id).filter(state=StockMove.State.STRANDED)
    found.filter(wake_at=0).update(wake_at=time.time())


def _alert_key(chain_id: int) -> str:
    return f"gone:{chain_id}"


def moves_of(chain_id: int) -> QuerySet[StockMove]:
    """Stock under way from or to the chain."""
    return _ending_on(chain_id).exclude(state__in=MOVE_ENDED)


def _ending_on(chain_id: int) -> QuerySet[StockMove]:
    return StockMove.objects.filter(Q(source_id=chain_id) | Q(destination_id=chain_id))


def _agreed(chain_id: int) -> QuerySet[StaffRequest]:
    """What two people agreed on for the chain and is not done: its transaction has to become final there."""
    return StaffRequest.objects.filter(
        state=StaffRequest.State.APPROVED, params__chain_id=str(chain_id)
    ).exclude(kind__in=(StaffRequest.Kind.LEAVE, StaffRequest.Kind.GONE))


def _is_home(row: Departure, manifest: ChainManifest) -> bool:
    """Whether nothing of ours is left to send: over a bridge where one ends here, else to the treasury's address."""
    holder = manifest.address("solver_account")
    held = Stock.objects.filter(chain_id=row.chain_id, holder=holder, balance__gt=0)
    asked = StaffRequest.objects.filter(idempotency_key__startswith=f"departure:{row.pk}:", state__in=_UNDONE)
    waits = asked.exists()
    for token_address, balance, reserved in held.values_list("token", "balance", "reserved"):
        free = (balance or 0) - (reserved or 0)
        token = next((each for each in manifest.assets if each.address == token_address), None)
        if token is None or free <= 0:
            continue
        waits = _send_home(row, manifest, token, free) or waits
    return not waits


def _send_home(row: Departure, manifest: ChainManifest, token: TokenManifest, amount: int) -> bool:
    """Whether this stock is on its way home, or still has to go."""
    end_here = next((end for end in manifest.bridges if end.token == token.address), None)
    if end_here is not None:
        there = _other_end(manifest, end_here)
        if there is not None:
            far, far_end = there
            begin_move(
                Shift(
                    source=(manifest.chain_id, token.address),
                    destination=(far.chain_id, far_end.token),
                    amount=amount,
                    route=end_here.route,
                )
            )
            return True
    return _withdraw(row, manifest, token, amount)


def _other_end(
    manifest: ChainManifest, end_here: BridgeManifest
) -> tuple[ChainManifest, BridgeManifest] | None:
    """The parent's end of the bridge where it has one, else any chain's that stays."""
    leaving = leaving_chains()
    ends = [
        (chain, end)
        for chain in registry.all_chains().values()
        if chain.chain_id != manifest.chain_id and chain.chain_id not in leaving
        for end in chain.bridges
        if end.route == end_here.route
    ]
    return min(ends, key=lambda each: each[0].chain_id != manifest.parent_id, default=None)


def _withdraw(row: Departure, manifest: ChainManifest, token: TokenManifest, amount: int) -> bool:
    """Ask once for it to be withdrawn; where every chain is local nobody else has to agree."""
    key = f"departure:{row.pk}:{token.address}"[:64]
    known = StaffRequest.objects.filter(idempotency_key=key).first()
    if known is not None:
        return known.state in _UNDONE
    homes = treasury_addresses()
    if not homes or row.asked_by is None:
        return False
    is_local = all(chain.is_local for chain in registry.all_chains().values())
    StaffRequest.objects.get_or_create(
        idempotency_key=key,
        defaults={
            "kind": StaffRequest.Kind.WITHDRAW,
            "state": StaffRequest.State.APPROVED if is_local else StaffRequest.State.ASKED,
            "params": {
                "chain_id": str(manifest.chain_id),
                "token": token.address,
                "symbol": token.symbol,
                "decimals": token.decimals,
                "amount": str(amount),
                "to": homes[0],
            },
            "reason": row.reason,
            "asked_by": row.asked_by,
        },
    )
    return True
