"""What staff want done for an order: kept until the engine, under the order's lease, has done it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from intents.chains.endpoints import SendRejected
from intents.chains.fees import FeeAboveCap
from intents.chains.sender import replace
from intents.errors import WaymeetError
from intents.lifecycle import IN_ESCROW, TO_BE_FILLED, AttemptState, OrderState, StepKind
from intents.models import MOVE_ENDED, Attempt, AuditEntry, Order, StaffWish, StockMove

from . import lease
from .actions import refund
from .case import Case, NeedsAttention, add_step, move_order, set_details
from .evidence import Evidence
from .lease import LeaseLost
from .releases import RELEASED, refuse_release
from .reservations import StockShort
from .supply import change_supply, resolve
from .waking import wake_orders

log = structlog.get_logger(__name__)

Kind = StaffWish.Kind
FLYING = (AttemptState.PLANNED, AttemptState.BROADCAST, AttemptState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wish; `moved` says that the order is not as it was, so that it is looked at again."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)
    moved: bool = False


def make(order_id: str, kind: Kind, *, actor: Any, actor_name: str) -> StaffWish:
    """Keep a wish and have the order looked at once this is committed; one that waits already is the same."""
    wish, _ = StaffWish.objects.get_or_create(
        order_id=order_id, kind=kind, done_at=None, defaults={"actor": actor, "actor_name": actor_name}
    )
    wake_orders([order_id])
    return wish


def is_busy(order_id: str) -> bool:
    """Whether a worker holds the order at this moment: what is wished is done when it looks again."""
    return Order.objects.filter(order_id=order_id, leased_until__gt=time.time()).exists()


def snapshot(order: Order) -> dict[str, Any]:
    """What an order is now, for the record."""
    return {
        "state": str(order.state),
        "resume_state": str(order.resume_state),
        "reason": order.reason,
        "failures": order.failures,
        "payout": order.payout,
    }


def obey(case: Case, seen: Evidence) -> bool:
    """Do what staff wish of this order; True when the order is not as it was. Raises LeaseLost."""
    wishes = list(StaffWish.objects.filter(order_id=case.order.order_id, done_at=None).order_by("id"))
    return any(_obey_one(case, seen, wish) for wish in wishes)


def _obey_one(case: Case, seen: Evidence, wish: StaffWish) -> bool:
    before = snapshot(case.order)
    try:
        outcome = _DEEDS[Kind(wish.kind)](case, seen)
    except WaymeetError as error:
        # It stays wished while a chain is away.
        if error.retry:
            log.info("wish.later", order_id=case.order.order_id, kind=wish.kind, code=error.code)
            return False
        outcome = Outcome(error.code, error.params)
    except (LeaseLost, NeedsAttention):
        raise
    except Exception as error:
        # A wish that cannot be granted is no failure of the order, which goes on without it.
        log.exception("wish.failed", order_id=case.order.order_id, kind=wish.kind)
        outcome = Outcome("internal_error", {"error": type(error).__name__})
    _done(case, wish, outcome, before)
    return outcome.moved


@transaction.atomic
def _done(case: Case, wish: StaffWish, outcome: Outcome, before: dict[str, Any]) -> None:
    lease.pin(case.lease)
    said = {"code": outcome.code, "params": outcome.params}
    if not StaffWish.objects.filter(pk=wish.pk, done_at=None).update(done_at=timezone.now(), outcome=said):
        return
    AuditEntry.objects.create(
        actor=wish.actor,
        actor_name=wish.actor_name,
        action=f"{wish.kind}_done",
        subject_kind="order",
        subject_id=case.order.order_id,
        before=before,
        after={**snapshot(case.order), "outcome": said},
    )


def _retry(case: Case, seen: Evidence) -> Outcome:
    moves = StockMove.objects.filter(order_id=case.order.order_id).exclude(state__in=MOVE_ENDED)
    moves.update(wake_at=time.time())
    if case.state is not OrderState.NEEDS_ATTENTION:
        lease.write(case.lease, failures=0)
        return Outcome("looked_at")
    state = _resume(case)
    return Outcome("resumed", {"state": state}, moved=True)


def _resume(case: Case) -> str:
    state = OrderState(case.order.resume_state)
    move_order(case, state, event="resumed", data={"state": state}, reason={}, resume_state="", failures=0)
    return state.value


def _bump(case: Case, seen: Evidence) -> Outcome:
    # By the step of this order that it serves: one transaction may serve several orders.
    flying = [(pk, each) for pk, tries in case.attempts.items() for each in tries if each.state in FLYING]
    if not flying:
        return Outcome("nothing_under_way")
    sent: list[str] = []
    for step_pk, attempt in flying:
        try:
            newest = replace(attempt, is_urgent=True)
        except FeeAboveCap as error:
            if not sent:
                return Outcome("gas_price_too_high", {"tx_hash": attempt.tx_hash, **error.params})
            continue
        except SendRejected as error:
            # Stored all the same: the sweep carries on with it.
            newest = Attempt.objects.get(tx_hash=error.params["tx_hash"])
        if newest.pk != attempt.pk:
            attempt.refresh_from_db()
            case.attempts[step_pk].append(newest)
            sent.append(newest.tx_hash)
    return Outcome("outbid", {"tx_hashes": sent}) if sent else Outcome("mined_already")


def _resolve(case: Case, seen: Evidence) -> Outcome:
    step = case.step(StepKind.FILL)
    if step is None or case.state not in TO_BE_FILLED or seen.filled is not None:
        return Outcome("not_to_be_filled")
    if any(each.state in FLYING for each in case.tries(step, "fill")):
        return Outcome("fill_under_way")
    before = step.details
    fresh = resolve(case, step)
    if fresh is None:
        return Outcome("no_other_way")
    try:
        change_supply(case, step, fresh)
    except StockShort as short:
        return Outcome("no_stock", {"token": short.token})
    return Outcome("supply_changed", {"before": _supply(before), "after": _supply(step.details)}, moved=True)


def _supply(details: dict[str, Any]) -> dict[str, Any]:
    return {name: details.get(name) for name in ("stock_token", "stock_amount", "swap", "bridge")}


def _release(case: Case, seen: Evidence) -> Outcome:
    refusal = refuse_release(case.order)
    if refusal is not None:
        return Outcome(refusal.code, refusal.params)
    if case.state is OrderState.REFUNDED:
        return Outcome("pushed")
    if seen.unfilled is None and case.clock(case.origin.chain_id) <= case.terms.expires:
        return Outcome("release_after_expiry", {"after": case.terms.expires})
    with transaction.atomic():
        if case.state is OrderState.NEEDS_ATTENTION:
            _resume(case)
        if case.step(StepKind.FILL) is not None and case.state in TO_BE_FILLED:
            refund.begin(case)
        step = add_step(case, StepKind.REFUND, chain_id=case.origin.chain_id, details={})
        set_details(case, step, **{RELEASED: True})
    return Outcome("released", moved=case.state in IN_ESCROW)


_DEEDS: dict[Kind, Callable[[Case, Evidence], Outcome]] = {
    Kind.RETRY: _retry,
    Kind.BUMP: _bump,
    Kind.RESOLVE: _resolve,
    Kind.RELEASE: _release,
}
