"""Company for an order that is about to be settled: others whose same step one transaction does as well.

Their leases are taken without waiting and given back whatever happens. Only what the attempt's own transaction
stores ties orders together: before it nobody knows of the others, after it each finds the attempt as its own.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from intents.errors import WaymeetError
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Attempt, Order, Step
from intents.solver.company import CompanyRules
from intents.solver.gas import GasRules, finalise_usd, message_usd
from intents.solver.prices import Unpriced

from . import lease
from .case import IN_BLOCK, Case, Wait, load, wait
from .flight import Companion
from .lease import LeaseLost
from .urgency import PROOFS_LEFT, is_expiring, proof_seconds
from .waking import wake_orders
from .world import load_prices

log = structlog.get_logger(__name__)

# As `hyperlane_oracle` and `input_settler` have them.
MOST_PAYLOADS = 16
MOST_COLLECTED = 10
# So much of the holder's own lease is kept for what comes after.
KEPT_SECONDS = 5.0

Judge = Callable[[Case], Companion | None]


@contextmanager
def company(case: Case, order_ids: Sequence[str], *, judge: Judge) -> Iterator[Iterator[Companion]]:
    """Of these orders one after the other those that nobody holds and that `judge` would settle now.

    All that were taken are given back at the end; `joined` says which of them were served.
    """
    taken: list[tuple[Case, float]] = []
    try:
        yield _invited(case, order_ids, judge, taken)
    finally:
        for each, wake_at in taken:
            _give_back(each, wake_at)


def joined(other: Companion, what: Callable[[], object]) -> None:
    """Do for a companion what its own look does after sending; one whose lease was lost finds the attempt itself."""
    try:
        what()
        wait(other.case, other.step, IN_BLOCK)
    except LeaseLost:
        other.case.beliefs.drop()


def ready_to_prove(case: Case) -> list[tuple[str, float]]:
    """Other delivered orders of this way whose proof was not sent, with when they were delivered; oldest first."""
    rows = Step.objects.filter(
        kind=StepKind.PROVE,
        state=StepState.READY,
        order__state=OrderState.FILLED,
        order__origin_id=case.order.origin_id,
        order__destination_id=case.order.destination_id,
        order__delivered_at__isnull=False,
    ).exclude(order=case.order)
    found = rows.order_by("order__delivered_at", "order_id").values_list("order_id", "order__delivered_at")
    return [(order_id, at.timestamp()) for order_id, at in found[: 2 * MOST_PAYLOADS] if at is not None]


def ready_to_collect(case: Case) -> list[tuple[str, float]]:
    """Other orders of this origin that may be collected now, with when they were proven; oldest first.

    What came in one message with this one is among them, though nobody may have noted yet that it is proven.
    """
    now = time.time()
    siblings = [step.order_id for step in siblings_of(case)]
    proven = Q(state__in=(StepState.CONFIRMED, StepState.FINAL)) | Q(
        order_id__in=siblings, state=StepState.SUBMITTED
    )
    begun = Step.objects.filter(kind=StepKind.FINALISE, order=OuterRef("order")).exclude(
        state__in=(StepState.BLOCKED, StepState.READY)
    )
    rows = Step.objects.filter(
        proven,
        ~Exists(begun),
        kind=StepKind.PROVE,
        order__state=OrderState.PROVING,
        order__origin_id=case.order.origin_id,
        order__ended_at=None,
    ).exclude(order=case.order)
    found = rows.order_by("confirmed_at", "order_id").values_list("order_id", "confirmed_at")
    each = [
        (order_id, at.timestamp() if at is not None else now) for order_id, at in found[: 4 * MOST_COLLECTED]
    ]
    return sorted(each, key=lambda pair: (pair[1], pair[0]))


def siblings_of(case: Case) -> list[Step]:
    """Proof steps of other orders that a message of ours brought to the origin together with this one's."""
    step = case.step(StepKind.PROVE)
    brought = [attempt.pk for attempt in case.tries(step, "process")] if step is not None else []
    if not brought:
        return []
    served = Step.objects.filter(Q(attempts__in=brought) | Q(shared_attempts__in=brought))
    return list(served.exclude(order=case.order).distinct().order_by("order_id"))


def until_more_prove(case: Case, step: Step, *, payloads: int) -> Wait | None:
    """Why this order's proof should wait for others of its way; None when it should go now."""
    costs = _costs(case)
    if costs is None or case.order.delivered_at is None or case.tries(step, "dispatch"):
        return None
    delivered_at = case.order.delivered_at.timestamp()
    ready = ready_to_prove(case)
    seconds = rules().pause_seconds(
        alone_usd_e8=costs.message,
        waited_seconds=time.time() - delivered_at,
        room_seconds=_room(case),
        is_full=len(ready) + payloads >= MOST_PAYLOADS,
        leads=all((delivered_at, case.order.order_id) < (at, order_id) for order_id, at in ready),
    )
    return _company(seconds, len(ready))


def until_more_collect(case: Case, step: Step) -> Wait | None:
    """Why collecting this order should wait for others of its origin; None when it should go now."""
    prove = case.step(StepKind.PROVE)
    costs = _costs(case)
    if costs is None or prove is None or prove.confirmed_at is None or case.tries(step, "finalise"):
        return None
    proven_at = prove.confirmed_at.timestamp()
    ready = ready_to_collect(case)
    seconds = rules().pause_seconds(
        alone_usd_e8=costs.finalise,
        waited_seconds=time.time() - proven_at,
        room_seconds=_room(case),
        is_full=len(ready) + 1 >= MOST_COLLECTED,
        leads=all((proven_at, case.order.order_id) < (at, order_id) for order_id, at in ready),
    )
    return _company(seconds, len(ready))


def leads_message(step: Step, message: Attempt, case: Case) -> bool:
    """Whether this order is the first of those that a message serves and that still need it."""
    first = (
        Step.objects.filter(Q(attempts=message) | Q(shared_attempts=message))
        .filter(state=StepState.SUBMITTED, order__state__in=(OrderState.FILLED, OrderState.PROVING))
        .order_by("order_id")
        .values_list("order_id", flat=True)
        .first()
    )
    return first is None or first == case.order.order_id or step.state != StepState.SUBMITTED


def rules() -> CompanyRules:
    """How long settlements wait here: no longer than SETTLE_TOGETHER_SECONDS."""
    usual = CompanyRules()
    return replace(usual, longest_seconds=min(usual.longest_seconds, settings.SETTLE_TOGETHER_SECONDS))


class _Costs:
    """What a message and a collection cost one order alone, USD × 10^8."""

    def __init__(self, case: Case) -> None:
        world, gas = load_prices(), GasRules()
        origin, destination = world.chains[case.order.origin_id], world.chains[case.order.destination_id]
        self.message = message_usd(world, origin, destination, gas)
        self.finalise = finalise_usd(world, origin, gas)


def _costs(case: Case) -> _Costs | None:
    """None when nothing should wait: the order expires soon, waiting is switched off or gas has no price now."""
    if settings.SETTLE_TOGETHER_SECONDS <= 0 or is_expiring(case):
        return None
    try:
        return _Costs(case)
    except (Unpriced, KeyError):
        return None


def _room(case: Case) -> float:
    """Seconds until the order would have to hurry to be collected before `expires`."""
    hurry_at = case.order.expires - PROOFS_LEFT * proof_seconds(case.destination)
    return float(hurry_at - case.clock(case.origin.chain_id))


def _company(seconds: float, others: int) -> Wait | None:
    return Wait("company", {"others": others}, seconds=max(seconds, 0.1)) if seconds > 0 else None


def _invited(
    host: Case, order_ids: Sequence[str], judge: Judge, taken: list[tuple[Case, float]]
) -> Iterator[Companion]:
    for order_id in order_ids:
        if time.time() > host.lease.until - KEPT_SECONDS:
            return
        wake_at = Order.objects.filter(order_id=order_id).values_list("wake_at", flat=True).first()
        held = lease.take(order_id) if wake_at is not None else None
        if held is None or wake_at is None:
            continue
        try:
            case = load(held)
        except WaymeetError as error:
            log.info("batches.not_read", order_id=order_id, error=str(error))
            lease.put_back(held, wake_at=wake_at)
            continue
        taken.append((case, wake_at))
        companion = _judged(case, judge)
        if companion is not None:
            yield companion


def _judged(case: Case, judge: Judge) -> Companion | None:
    try:
        return judge(case)
    except LeaseLost:
        case.beliefs.drop()
    except WaymeetError as error:
        log.info("batches.not_judged", order_id=case.order.order_id, error=str(error))
    return None


def _give_back(case: Case, wake_at: float) -> None:
    """As it was, or with its own wait when it was served; one that was woken meanwhile is looked at at once."""
    try:
        case.beliefs.write()
    finally:
        now = time.time()
        if case.waits:
            wake_at = now + min(reason.seconds for reason in case.waits)
        # Whoever was told that it is due found it leased.
        if not lease.put_back(case.lease, wake_at=wake_at) or 0 < wake_at <= now:
            wake_orders([case.order.order_id])
