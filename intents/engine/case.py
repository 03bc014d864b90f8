"""An order with everything its next move depends on, read in a few queries, and the ways to change it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from intents.chains import registry
from intents.chains.clock import ClockUnknown, chain_time
from intents.chains.events import MESSAGE_KINDS
from intents.chains.manifest import ChainManifest
from intents.lifecycle import (
    ORDER_ENDED,
    Move,
    OrderState,
    StepKind,
    StepState,
    order_move,
    step_move,
)
from intents.models import Attempt, ChainHead, ChainLog, Order, Step
from intents.settlement.order import StandardOrder, order_from_json

from . import events, lease
from .beliefs import Beliefs
from .lease import Lease, LeaseLost


@dataclass
class Case:
    """One look at one leased order. Rows are as read; every change goes through the functions below."""

    lease: Lease
    order: Order
    steps: list[Step]
    attempts: dict[int, list[Attempt]]
    logs: list[ChainLog]
    heads: dict[int, ChainHead]
    terms: StandardOrder
    origin: ChainManifest
    destination: ChainManifest
    waits: list["Wait"] = field(default_factory=list)
    beliefs: Beliefs = field(default_factory=Beliefs)

    @property
    def state(self) -> OrderState:
        """The order's state as this look knows it."""
        return OrderState(self.order.state)

    @property
    def is_ours(self) -> bool:
        """Whether it was signed for a quote of ours; else a stranger made it up."""
        return self.order.quote_id is not None

    @cached_property
    def id_bytes(self) -> bytes:
        """The order id as contracts take it."""
        return bytes.fromhex(self.order.order_id[2:])

    def step(self, kind: StepKind) -> Step | None:
        """The order's step of a kind."""
        return next((step for step in self.steps if step.kind == kind), None)

    def tries(self, step: Step, *purposes: str) -> list[Attempt]:
        """Attempts of a step, oldest first; all purposes when none is named."""
        rows = self.attempts.get(step.pk, [])
        return [row for row in rows if not purposes or row.purpose in purposes]

    def head(self, chain_id: int) -> int:
        """Number of the newest block whose logs are written; raises ClockUnknown."""
        return self._head(chain_id).number

    def clock(self, chain_id: int) -> int:
        """Chain time now, seconds; raises ClockUnknown."""
        head = self._head(chain_id)
        return chain_time(head.timestamp, head.seen_at)

    def _head(self, chain_id: int) -> ChainHead:
        head = self.heads.get(chain_id)
        if head is None:
            raise ClockUnknown(f"no head of chain {chain_id} seen yet", chain=str(chain_id))
        return head


class NeedsAttention(Exception):
    """Only a person can say how to go on; `code` is why, `params` are JSON values."""

    retry = False

    def __init__(self, code: str, params: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.params = params or {}


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a step does nothing now, and when to look again: after `seconds` of wall time at the latest,
    sooner when chain `block[0]` has a block numbered `block[1]`."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)
    seconds: float = 5.0
    block: tuple[int, int] | None = None


def current_state(case: Case) -> OrderState:
    """The state that evidence is held against: of a parked order the one it was parked in."""
    if case.state is OrderState.NEEDS_ATTENTION and case.order.resume_state:
        return OrderState(case.order.resume_state)
    return case.state


def is_done(step: Step | None) -> bool:
    """Whether evidence says that a step is done."""
    return step is not None and step.state in (StepState.CONFIRMED, StepState.FINAL)


# Steps that one transaction may do for several orders, once they began.
_SHARED = (StepKind.PROVE, StepKind.FINALISE)
# The block itself wakes the order; this is for transactions that revert or get lost.
IN_BLOCK = Wait("in_block", seconds=3.0)


def load(held: Lease) -> Case:
    """Read the leased order. Raises ChainNotSupported when nothing is known of one of its chains."""
    order = Order.objects.get(order_id=held.order_id)
    steps = list(Step.objects.filter(order=order).order_by("index"))
    attempts, joined = _attempts(steps)
    chain_ids = {order.origin_id, order.destination_id, *(step.chain_id for step in steps)}
    return Case(
        lease=held,
        order=order,
        steps=steps,
        attempts=attempts,
        logs=_logs(order, joined),
        heads={
            head.chain_id: head for head in ChainHead.objects.filter(chain_id__in=chain_ids).defer("world")
        },
        terms=order_from_json(order.terms),
        # What the other chain shows counts, too, once one of them has left.
        origin=registry.once_connected(order.origin_id) or registry.chain(order.origin_id),
        destination=registry.once_connected(order.destination_id) or registry.chain(order.destination_id),
    )


def _attempts(steps: list[Step]) -> tuple[dict[int, list[Attempt]], list[str]]:
    """Attempts by step, oldest first, those of other orders among them; and the hashes of these."""
    mine = Q(step__in=steps)
    begun = [step.pk for step in steps if step.kind in _SHARED and step.state != StepState.BLOCKED]
    served: dict[int, list[int]] = {}
    if begun:
        joining = Attempt.also.through.objects.filter(step_id__in=begun)
        for attempt_id, step_id in joining.values_list("attempt_id", "step_id"):
            served.setdefault(attempt_id, []).append(step_id)
        mine |= Q(pk__in=list(served))
    found: dict[int, list[Attempt]] = {}
    joined = []
    for attempt in Attempt.objects.filter(mine).order_by("id"):
        if attempt.pk in served:
            joined.append(attempt.tx_hash)
        for step_id in served.get(attempt.pk, [attempt.step_id or 0]):
            found.setdefault(step_id, []).append(attempt)
    return found, joined


def _logs(order: Order, joined: list[str]) -> list[ChainLog]:
    """The order's own logs, and of others' transactions that served it what their messages left behind."""
    mine = Q(order_id=order.order_id)
    if joined:
        mine |= Q(tx_hash__in=joined, kind__in=list(MESSAGE_KINDS))
    return list(ChainLog.objects.filter(mine).order_by("block_number", "log_index"))


@transaction.atomic(savepoint=False)
def move_order(
    case: Case,
    target: OrderState,
    *,
    event: str | None = None,
    data: dict[str, Any] | None = None,
    is_reorg: bool = False,
    **changes: Any,
) -> bool:
    """Move the order, record the event, in one transaction; False when it was there already.

    Raises IllegalTransition, and LeaseLost when the row is not as this look read it.
    """
    if order_move(case.state, target, is_reorg=is_reorg) is Move.ALREADY_APPLIED:
        return False
    if target in ORDER_ENDED:
        changes.setdefault("ended_at", timezone.now())
    elif case.state in ORDER_ENDED:
        changes.setdefault("ended_at", None)
    lease.write(case.lease, where={"state": case.order.state}, state=target, **changes)
    case.order.state = target
    for name, value in changes.items():
        setattr(case.order, name, value)
    case.beliefs.of_order(case.order, target)
    if event:
        events.record(case.order.order_id, event, **(data or {}))
    return True


def move_step(case: Case, step: Step | None, target: StepState) -> bool:
    """Move a step, with its times; False when it was there already or does not exist."""
    if step is None or step_move(StepState(step.state), target) is Move.ALREADY_APPLIED:
        return False
    now = timezone.now()
    changes: dict[str, Any] = {"state": target, "waiting": {}}
    if target is StepState.SUBMITTED and step.started_at is None:
        changes["started_at"] = now
    if target is StepState.CONFIRMED:
        changes["started_at"] = step.started_at or now
        changes["confirmed_at"] = now
    if target is StepState.FINAL:
        changes["final_at"] = now
    if target is StepState.READY:
        changes["confirmed_at"] = changes["final_at"] = None
    _write_step(case, step, where={"state": step.state}, **changes)
    for name, value in changes.items():
        setattr(step, name, value)
    case.beliefs.of_step(case.order, step)
    return True


def confirm_step(case: Case, step: Step | None) -> None:
    """Mark a step done by evidence, also one that we had given up or skipped."""
    if step is None or is_done(step):
        return
    if step.state in (StepState.FAILED, StepState.SKIPPED):
        move_step(case, step, StepState.READY)
    move_step(case, step, StepState.CONFIRMED)


def set_details(case: Case, step: Step, **details: Any) -> None:
    """Add JSON values to what a step keeps. Raises LeaseLost."""
    together = {**step.details, **details}
    _write_step(case, step, details=together)
    step.details = together


def wait(case: Case, step: Step, reason: Wait) -> None:
    """Show why a step waits and when it is looked at again."""
    case.waits.append(reason)
    shown = {"code": reason.code, "params": reason.params}
    if step.waiting != shown:
        is_news = step.waiting.get("code") != reason.code
        _write_step(case, step, waiting=shown)
        step.waiting = shown
        if is_news:
            case.beliefs.of_step(case.order, step, shown)


def _write_step(case: Case, step: Step, *, where: dict[str, Any] | None = None, **changes: Any) -> None:
    """Change a step's row in the name of the lease; raises LeaseLost when that is no longer ours."""
    rows = Step.objects.filter(
        pk=step.pk, order__lease_owner=case.lease.owner, order__fence=case.lease.fence, **(where or {})
    )
    if rows.update(**changes) != 1:
        raise LeaseLost(case.order.order_id)


def add_step(case: Case, kind: StepKind, *, chain_id: int, details: dict[str, Any]) -> Step:
    """Append a step that became necessary, ready at once; the one that is there already otherwise."""
    existing = case.step(kind)
    if existing is not None:
        return existing
    index = max((step.index for step in case.steps), default=-1) + 1
    step = Step.objects.create(
        order=case.order, index=index, kind=kind, chain_id=chain_id, state=StepState.READY, details=details
    )
    case.steps.append(step)
    case.beliefs.of_step(case.order, step)
    return step
