"""What the rows say about one order and about the system around it: all that a diagnosis may look at.

Nothing here asks a chain. Orders are read in bulk, so that a look at thousands costs a few queries.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from intents.lifecycle import (
    BEFORE_OPEN,
    DELIVERED,
    ORDER_ENDED,
    TO_BE_FILLED,
    AttemptState,
    OrderState,
    StepKind,
    StepState,
)
from intents.models import (
    Attempt,
    Belief,
    ChainLog,
    Deposit,
    Event,
    Order,
    Step,
    StockMove,
)

from .scene import OPEN_ATTEMPTS, ChainFacts, Scene

AT_ONCE: Final = 400
_EVENTS: Final = (
    "reorg",
    "opened",
    "filled",
    "settled",
    "refunded",
    "deposit_seen",
    "recover_sent",
    "recovered",
)
_LOGS: Final = ("Open", "Dispatch", "OutputFilled", "Unfilled", "Refunded", "Finalised")

_DONE: Final = (StepState.CONFIRMED, StepState.FINAL, StepState.SKIPPED)


@dataclass
class Facts:
    """One order with its rows, as they were read; `scene` is what is the same for all orders of this moment."""

    order: Order
    scene: Scene
    steps: list[Step] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    logs: list[ChainLog] = field(default_factory=list)
    deposit: Deposit | None = None
    move: StockMove | None = None

    @cached_property
    def state(self) -> OrderState:
        """Where it is; of a parked order, where it was when it was parked."""
        state = OrderState(self.order.state)
        if state is OrderState.NEEDS_ATTENTION and self.order.resume_state:
            return OrderState(self.order.resume_state)
        return state

    @property
    def is_parked(self) -> bool:
        """Whether a person must look before it goes on."""
        return self.order.state == OrderState.NEEDS_ATTENTION

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return OrderState(self.order.state) in ORDER_ENDED

    @property
    def origin(self) -> ChainFacts:
        """The chain its input is locked on."""
        return self.scene.chain(self.order.origin_id)

    @property
    def destination(self) -> ChainFacts:
        """The chain its output is paid on."""
        return self.scene.chain(self.order.destination_id)

    @cached_property
    def fill_left(self) -> float:
        """Seconds of chain time until its fill deadline; negative when that has passed."""
        return self.order.fill_deadline - self.destination.clock(self.scene.now)

    @cached_property
    def chains(self) -> list[ChainFacts]:
        """The chains that its next move depends on, the most important one first."""
        if self.is_ended:
            return []
        state = self.state
        found = [self.destination, self.origin]
        if state in BEFORE_OPEN:
            found = [self.origin]
        elif state in TO_BE_FILLED and self.code in ("depth", ""):
            found = [self.origin, self.destination]
        bridge = self.step(StepKind.BRIDGE)
        if bridge is not None and bridge.state not in _DONE and state in TO_BE_FILLED:
            found.append(self.scene.chain(bridge.chain_id))
        return found

    def step(self, kind: StepKind) -> Step | None:
        """Its step of a kind."""
        return next((step for step in self.steps if step.kind == kind), None)

    @cached_property
    def running(self) -> Step | None:
        """The step whose turn it is."""
        return next((step for kind in self._turns() if (step := self._undone(kind))), None)

    @cached_property
    def code(self) -> str:
        """Why the running step waits, "" when it does not say."""
        step = self.running
        return str(step.waiting.get("code", "")) if step is not None else ""

    @cached_property
    def waits(self) -> dict[str, Any]:
        """The numbers that go with `code`."""
        step = self.running
        return dict(step.waiting.get("params") or {}) if step is not None else {}

    @cached_property
    def flying(self) -> Attempt | None:
        """Its newest transaction that is in no block yet."""
        return next((each for each in reversed(self.attempts) if each.state in OPEN_ATTEMPTS), None)

    @cached_property
    def open_block(self) -> int | None:
        """The block that locked its input."""
        blocks = [
            log.block_number for log in self.logs if log.kind == "Open" and self._is_at(log, self.origin)
        ]
        return max(blocks, default=None)

    def last_event(self, *kinds: str) -> tuple[str, dict[str, Any]] | None:
        """Its newest event of these kinds."""
        return next((each for each in reversed(self.events) if each[0] in kinds), None)

    def waits_since(self) -> float | None:
        """Wall time since when the running step waits for what it waits for; None when that is not known."""
        step = self.running
        if step is None or not self.code:
            return None
        rows = Belief.objects.filter(order=self.order, step_index=step.index).order_by("-at", "-id")[:20]
        since = None
        for row in rows:
            if row.waiting.get("code", "") != self.code:
                break
            since = row.at.timestamp()
        return since

    @staticmethod
    def _is_at(log: ChainLog, chain: ChainFacts) -> bool:
        return log.chain_id == chain.chain_id

    def _undone(self, kind: StepKind) -> Step | None:
        step = self.step(kind)
        return step if step is not None and step.state not in _DONE else None

    def _turns(self) -> Iterator[StepKind]:
        state = self.state
        if state in BEFORE_OPEN or state in (OrderState.REJECTED, OrderState.EXPIRED):
            yield StepKind.OPEN
        elif state in TO_BE_FILLED:
            bridge = self.step(StepKind.BRIDGE)
            if bridge is not None and bridge.waiting.get("code"):
                yield StepKind.BRIDGE
            yield StepKind.FILL
        elif state in DELIVERED:
            yield from (StepKind.OPEN, StepKind.PROVE, StepKind.FINALISE)
        else:
            yield StepKind.REFUND
            yield StepKind.OPEN


def of_order(order: Order) -> Facts:
    """The facts of one order now."""
    return next(iter(of_orders([order], Scene(now=time.time()))))


def of_orders(orders: Sequence[Order], scene: Scene) -> Iterator[Facts]:
    """The facts of many orders, a few hundred at a time."""
    for start in range(0, len(orders), AT_ONCE):
        yield from _read(orders[start : start + AT_ONCE], scene)


def _read(orders: Sequence[Order], scene: Scene) -> list[Facts]:
    ids = [order.pk for order in orders]
    steps: dict[str, list[Step]] = defaultdict(list)
    for step in Step.objects.filter(order__in=ids).order_by("index"):
        steps[step.order_id].append(step)
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    tries = Attempt.objects.filter(
        step__order__in=ids, state__in=(*OPEN_ATTEMPTS, AttemptState.REVERTED)
    ).select_related("step")
    for attempt in tries.defer("raw", "calldata").order_by("id"):
        if attempt.step is not None:
            attempts[attempt.step.order_id].append(attempt)
    shared = Attempt.also.through.objects.filter(step__order__in=ids, attempt__state__in=OPEN_ATTEMPTS)
    for link in shared.select_related("attempt", "step").order_by("attempt_id"):
        attempts[link.step.order_id].append(link.attempt)
    events: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    rows = Event.objects.filter(order__in=ids, kind__in=_EVENTS).order_by("seq")
    for order_id, kind, data in rows.values_list("order_id", "kind", "data"):
        events[order_id].append((kind, data))
    logs: dict[str, list[ChainLog]] = defaultdict(list)
    for log in ChainLog.objects.filter(order_id__in=ids, kind__in=_LOGS).defer("data").order_by("pk"):
        logs[log.order_id].append(log)
    deposits = {row.pk: row for row in Deposit.objects.filter(pk__in=ids)}
    moves = {row.order_id: row for row in StockMove.objects.filter(order__in=ids).order_by("id")}
    return [
        Facts(
            order=order,
            scene=scene,
            steps=steps[order.pk],
            attempts=sorted(attempts[order.pk], key=lambda attempt: attempt.pk),
            events=events[order.pk],
            logs=logs[order.pk],
            deposit=deposits.get(order.pk),
            move=moves.get(order.pk),
        )
        for order in orders
    ]
