"""Lock the user's input with the signature they gave, or find out that it cannot be."""

import time

from intents.chains.calls import Call
from intents.chains.client import client
from intents.chains.reverts import Reverted
from intents.engine import alerts, ledger, reservations
from intents.engine.blocklist import blocked_addresses
from intents.engine.brakes import refuse_braked_order
from intents.engine.cancelled import is_cancelled
from intents.engine.case import IN_BLOCK, Case, NeedsAttention, Wait, move_order, move_step, wait
from intents.engine.claims import claims_of
from intents.engine.deposits import PERMIT
from intents.engine.depth import final_depth
from intents.engine.economics import refuse_price
from intents.engine.evidence import Evidence
from intents.engine.flight import in_flight, send
from intents.engine.reservations import StockShort
from intents.engine.supply import change_supply, resolve
from intents.lifecycle import DELIVERED, OrderState, StepKind, StepState
from intents.models import Attempt, Block, Step
from intents.settlement import calls
from intents.settlement.acceptance import Refusal, refuse_opening, refuse_terms

MOST_REVERTED = 3
# What we have paid for is put in again so often until the deadline.
AGAIN_SECONDS = 5.0
_DEPOSITED = 1
_UNPRICED = frozenset(
    {
        "chain_unreachable", "no_price", "stale_price", "no_message_fee", "no_data_fee", "chain_paused", "token_paused",
        "route_paused",
    }
)  # fmt: skip


def run(case: Case, step: Step, seen: Evidence) -> bool:
    """Do the next thing for the open step; True when the order moved."""
    if seen.opened is not None:
        return False
    deadline = case.terms.fill_deadline
    # Both chains judge the deadline: the open on the one, its fill on the other.
    is_past = max(case.clock(case.origin.chain_id), case.clock(case.destination.chain_id)) > deadline
    if is_past and is_final_past(case, deadline):
        return _expire(case, step)
    flying = in_flight(case, step, "open")
    if flying is not None:
        return _await_block(case, step, flying)
    if is_past:
        return _await_expiry(case, step)
    if case.state is OrderState.REJECTED or not case.order.signature:
        return _await_expiry(case, step)
    # What we have delivered already is paid by this very deposit: then no price is too bad for it.
    is_delivered = case.state in DELIVERED or seen.filled is not None
    refusal = _refuse_reverted(case, step) if is_delivered else refusal_of(case, step)
    if refusal is not None:
        return _refuse(case, step, refusal)
    return _send(case, step)


def is_final_past(case: Case, deadline: int) -> bool:
    """Whether a final block of the origin is past `deadline` (chain time, seconds)."""
    last_final = case.head(case.origin.chain_id) - final_depth(case.origin) + 1
    final = Block.objects.filter(chain_id=case.origin.chain_id, number__lte=last_final)
    newest = final.order_by("-number").values_list("timestamp", flat=True).first()
    return newest is not None and newest > deadline


def refusal_of(case: Case, step: Step, *, may_lose: bool = True) -> Refusal | None:
    """Why the order is not opened now; None with its stock reserved. `may_lose` is as for `refuse_price`."""
    refusal = refuse_terms(
        case.terms, origin=case.origin, destination=case.destination, blocked=blocked_addresses()
    ) or refuse_opening(
        case.terms,
        origin=case.origin,
        origin_time=case.clock(case.origin.chain_id),
        destination_time=case.clock(case.destination.chain_id),
    )
    if refusal is not None:
        return refusal
    braked = refuse_braked_order(case.order)
    if braked is not None:
        return braked
    return _refuse_reverted(case, step) or refuse_price(case, may_lose=may_lose) or _refuse_stock(case)


def _refuse_reverted(case: Case, step: Step) -> Refusal | None:
    """Each was mined and cost us its gas."""
    reverted = [a for a in case.tries(step, "open") if a.revert is not None]
    if len(reverted) < MOST_REVERTED:
        return None
    return Refusal("open_failed", {"revert": (reverted[-1].revert or {}).get("name", "")})


def _refuse_stock(case: Case) -> Refusal | None:
    """A delay of our own turns nobody away: an order whose stock was released opens with new stock, if any."""
    if reservations.has_held(case.order.order_id):
        return None
    fill = case.step(StepKind.FILL)
    claims = claims_of(
        case.terms,
        origin=case.origin,
        destination=case.destination,
        fill_details=fill.details if fill is not None else {},
    )
    try:
        reservations.hold(case.order, claims)
    except StockShort as short:
        return None if _has_other_stock(case, fill) else Refusal("no_stock", {"token": short.token})
    return None


def _has_other_stock(case: Case, fill: Step | None) -> bool:
    """Others took what was planned meanwhile: another way to pay out serves as well, and is held now."""
    fresh = resolve(case, fill) if fill is not None else None
    if fill is None or fresh is None or fresh["bridge"]:
        return False
    try:
        change_supply(case, fill, fresh, is_opened=False)
    except StockShort:
        return False
    return True


def _send(case: Case, step: Step) -> bool:
    try:
        attempt = send(case, step, "open", _call(case))
    except Reverted as reverted:
        return _reverted(case, step, reverted)
    return _await_block(case, step, attempt)


def _call(case: Case) -> Call:
    signature = bytes.fromhex(case.order.signature[2:])
    if case.order.confirm_way == PERMIT:
        return calls.open_deposit(case.terms, origin=case.origin, permit=signature)
    return calls.open_for(
        case.terms,
        origin=case.origin,
        way=case.order.confirm_way,
        signature=signature,
        token=case.origin.token(case.order.input_token),
    )


def _reverted(case: Case, step: Step, reverted: Reverted) -> bool:
    if _status(case) >= _DEPOSITED:
        # Somebody opened it first: the result is the same, and its log is on its way to us.
        wait(case, step, Wait("in_block", seconds=1.0))
        return False
    if reverted.name == "TimestampPassed":
        return _await_expiry(case, step)
    if is_cancelled(case):
        # The number of a permit counts all permits of a wallet: another one, for somebody else, uses it up as well.
        code = "permit_void" if case.order.confirm_way == PERMIT else "cancelled"
        return _refuse(case, step, Refusal(code, {}))
    if case.state in DELIVERED:
        # The signature still holds: a token that is paused, or the user's money in a block still to come, may pass.
        wait(case, step, Wait("not_opened", {"revert": reverted.said}, seconds=AGAIN_SECONDS))
        return False
    return _refuse(case, step, Refusal("open_failed", {"revert": reverted.said}))


def _refuse(case: Case, step: Step, refusal: Refusal) -> bool:
    reason = {"code": refusal.code, "params": refusal.params}
    if case.state not in (OrderState.SIGNED, OrderState.OPENING):
        raise NeedsAttention("deposit_lost", reason)
    if refusal.code in _UNPRICED and _may_still_wait(case):
        wait(case, step, Wait(refusal.code, refusal.params, seconds=1.0))
        return False
    move_order(
        case,
        OrderState.REJECTED,
        event="rejected",
        data={"reason": reason},
        reason=reason,
    )
    move_step(case, step, StepState.FAILED)
    reservations.release(case.order.order_id)
    return True


def _may_still_wait(case: Case) -> bool:
    return time.time() - case.order.received_at < reservations.unopened_seconds(case.origin)


def _await_block(case: Case, step: Step, attempt: Attempt) -> bool:
    moved = False
    if case.state is OrderState.SIGNED:
        moved = move_order(
            case,
            OrderState.OPENING,
            event="open_sent",
            data={"chain_id": attempt.chain_id, "tx_hash": attempt.tx_hash},
        )
    if step.state == StepState.READY:
        move_step(case, step, StepState.SUBMITTED)
    if not _may_still_wait(case):
        reservations.release(case.order.order_id)
    wait(case, step, IN_BLOCK)
    return moved


def _await_expiry(case: Case, step: Step) -> bool:
    """Nothing more can be done: anybody may open until the deadline, and a reorg may bring an open back."""
    reservations.release(case.order.order_id)
    left = case.terms.fill_deadline - case.clock(case.origin.chain_id)
    wait(case, step, Wait("fill_deadline", {"by": case.terms.fill_deadline}, seconds=max(2.0, left + 2.0)))
    return False


def book_lost(case: Case, step: Step, seen: Evidence) -> bool:
    """A parked order that we delivered and that cannot be opened any more: book the loss, once; moves nothing."""
    if seen.opened is not None or not is_final_past(case, case.terms.fill_deadline):
        return False
    if ledger.is_filled(case.order) and not ledger.is_lost(case.order) and _status(case) == 0:
        alerts.book_loss(case.order)
    return False


def _status(case: Case) -> int:
    """The order's status in the origin's settler now; raises what reads raise."""
    status = calls.order_status(case.id_bytes, origin=case.origin)
    return int.from_bytes(client(case.origin.chain_id).call(status.target, status.data), "big")


def _expire(case: Case, step: Step) -> bool:
    if _status(case) != 0:
        wait(case, step, Wait("in_block", seconds=2.0))
        return False
    reservations.release(case.order.order_id)
    if case.state is OrderState.REJECTED:
        return False
    if case.state in DELIVERED:
        alerts.book_loss(case.order)
        raise NeedsAttention("deposit_lost", {"code": "expired", "params": {}})
    move_order(case, OrderState.EXPIRED, event="expired", reason={"code": "expired", "params": {}})
    if step.state not in (StepState.FAILED, StepState.SKIPPED):
        move_step(case, step, StepState.FAILED)
    return True
