"""The time slider: what the person saw, what the engine believed and what the chains held at any second.

The same words are made of rows as they were then by the same code that makes them of the rows of now.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from intents.lifecycle import ORDER_ENDED, OrderState, StepKind
from intents.models import Attempt, Order, Step
from intents.selectors.arrival import CallMade, app_name
from intents.selectors.deposit import is_paid_to_address
from intents.selectors.event_views import EventView, event_view
from intents.selectors.network import chain_name, connected_chains, explorer_url
from intents.selectors.place import Evidence, place_of
from intents.selectors.place import evidence as evidence_now
from intents.selectors.sentences import PURPOSES, STEPS, Sentence, words
from intents.selectors.sight import Past, Present, Sight
from intents.selectors.steps import PERSON_STEPS, amount_words, step_params, waiting_words
from intents.selectors.timeline import (
    DEFAULT_ETA_SECONDS,
    elapsed_seconds,
    headline_of,
    is_slow,
    money_sentence,
    reason_of,
    shown_state,
)

from .dossier import Dossier, wall
from .eyes import Eyes
from .facts import Fact, facts_of
from .heights import Heights
from .history import History, attempt_state
from .words import BEFORE, choice_words, fact_words

# Stops of the slider are whole milliseconds, rounded up: what they are named after has happened.
STOPS_A_SECOND = 1000
# What is left of the slider behind the last event of a story that has ended.
LEAST_AFTER_SECONDS = 5.0
AFTER_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class PersonThen:
    """What the person's page said; `shown` is "" before there was a transfer."""

    shown: str
    headline: str
    money: Sentence | None
    reason: str


@dataclass(frozen=True, slots=True)
class StepThen:
    """One step as the engine held it."""

    kind: str
    title: str
    chain: str
    state: str
    state_words: str
    waiting: str
    is_for_person: bool


@dataclass(frozen=True, slots=True)
class AttemptThen:
    """One transaction of ours as it was known."""

    title: str
    chain: str
    tx_hash: str
    nonce: int
    state: str
    state_words: str


@dataclass(frozen=True, slots=True)
class EngineThen:
    """What the engine believed."""

    state: str
    state_words: str
    steps: tuple[StepThen, ...]
    attempts: tuple[AttemptThen, ...]


@dataclass(frozen=True, slots=True)
class FactThen:
    """A fact that stood in a block; `have` of `need` blocks contain or follow it."""

    fact: Fact
    words: str
    chain: str
    have: int | None
    need: int | None
    explorer_url: str


@dataclass(frozen=True, slots=True)
class HeightThen:
    """The newest block of a chain."""

    chain: str
    number: int | None
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """A transfer at wall time `at`; `start`, `end`, `previous` and `following` are wall times, too."""

    at: float
    start: float
    end: float
    previous: float | None
    following: float | None
    scale_end: float
    index: int
    count: int
    person: PersonThen
    engine: EngineThen
    facts: tuple[FactThen, ...]
    heights: tuple[HeightThen, ...]
    happened: tuple[EventView, ...]

    @property
    def moment(self) -> datetime:
        """The moment with its date."""
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def is_present(self) -> bool:
        """Whether this is how it stands now."""
        return self.at >= self.end

    @property
    def said(self) -> str:
        """The moment in one breath: what happened, what the person saw, what the engine believed."""
        parts = [*(event.words for event in self.happened), self.person.headline, self.engine.state_words]
        return f"{self.moment:%H:%M:%S} UTC – " + " · ".join(part.rstrip(".。") for part in parts)

    @property
    def since_start(self) -> float:
        """Seconds since the beginning."""
        return self.at - self.start


def replay(case: Dossier, *, at: float | None, eyes: Eyes) -> Replay:
    """The order as it stood at wall time `at`, seconds; now when that is None or not between the quote and now."""
    start, end = min(_stop(case.start), case.now), case.now
    moment = end if at is None else min(max(at, start), end)
    facts = facts_of(case)
    history = History(case)
    heights = Heights(case, facts)
    stops = _stops(case, facts, history)
    order, seen, sight = _then(case, history, heights, facts, moment)
    steps = case.steps if moment >= end else history.steps(moment)
    step_views = tuple(_step_then(order, step, eyes) for step in steps)
    before = [stop for stop in stops if stop <= moment]
    return Replay(
        at=moment,
        start=start,
        end=end,
        previous=next((stop for stop in reversed(before) if stop < moment), None),
        following=next((stop for stop in stops if stop > moment), None),
        scale_end=_scale_end(case, stops),
        index=len(before),
        count=len(stops),
        person=_person(case, order, seen, sight, history, step_views, moment, eyes),
        engine=_engine(case, order, history, step_views, facts, moment),
        facts=tuple(_fact_then(fact, heights, moment) for fact in facts if fact.stood_at(moment)),
        heights=tuple(_heights_then(case, heights, moment)),
        happened=tuple(event_view(row) for row in case.events if _stop(row.at.timestamp()) == moment),
    )


def _then(
    case: Dossier, history: History, heights: Heights, facts: list[Fact], moment: float
) -> tuple[Order, Evidence, Sight]:
    """The row, the evidence and whatever else the words depend on."""
    if moment >= case.now:
        seen = evidence_now(case.order)
        return case.order, seen, Present(case.order, seen)
    order = history.order(moment)
    at_origin = [fact for fact in facts if fact.chain_id == order.origin_id and fact.stood_at(moment)]
    opened = max((fact.block for fact in at_origin if fact.kind == "Open"), default=None)
    kinds = {fact.kind for fact in at_origin}
    seen = Evidence(opened, "Refunded" in kinds)
    head = heights.number(order.origin_id, moment)
    sight = Past(
        have=0 if opened is None or head is None else max(0, head - opened + 1),
        destination_time=heights.time(order.destination_id, moment),
        arrived=_arrived(case, history, moment, is_opened=opened is not None),
        returned=sum(
            int(row.data.get("amount") or 0)
            for row in history.events(moment, "recovered")
            if row.data.get("token") == order.input_token
        ),
        call=_call(case, history, moment),
    )
    return order, seen, sight


def _arrived(case: Dossier, history: History, moment: float, *, is_opened: bool) -> int:
    """What lay at the transfer's own address: what was told last, until it was locked or went back."""
    if is_opened or not is_paid_to_address(case.order):
        return 0
    told = history.events(moment, "deposit_seen", "recovered")
    return int(told[-1].data.get("amount") or 0) if told and told[-1].kind == "deposit_seen" else 0


def _call(case: Dossier, history: History, moment: float) -> CallMade | None:
    told = history.events(moment, "called", "call_failed")
    if not told:
        return None
    name = app_name(case.order.destination_id, str(told[-1].data.get("target") or ""))
    return CallMade(name=name, is_success=told[-1].kind == "called")


def _person(
    case: Dossier,
    order: Order,
    seen: Evidence,
    sight: Sight,
    history: History,
    steps: tuple[StepThen, ...],
    moment: float,
    eyes: Eyes,
) -> PersonThen:
    if not history.state(moment):
        return PersonThen("", _before(case, moment), None, "")
    place = place_of(order, seen)
    eta = (case.quote.eta_seconds if case.quote else None) or DEFAULT_ETA_SECONDS
    late = is_slow(_elapsed(case, order, moment), eta)
    shown = shown_state(order, place, sight, is_slow=late)
    return PersonThen(
        shown=shown,
        headline=headline_of(order, shown),
        money=eyes.sentence(money_sentence(order, place, seen, sight)),
        reason=eyes.text(reason_of(order, shown, steps)),
    )


def _elapsed(case: Dossier, order: Order, moment: float) -> float:
    if not is_paid_to_address(order):
        return elapsed_seconds(order, moment)
    opening = case.step(StepKind.OPEN)
    began = wall(opening.started_at) if opening is not None else None
    end = wall(order.delivered_at) or wall(order.ended_at) or moment
    return 0.0 if began is None or began > moment else max(0.0, end - began)


def _before(case: Dossier, moment: float) -> str:
    quote = case.quote
    solved = None if quote is None else wall(quote.solved_at)
    if quote is None or solved is None or moment < solved:
        return str(BEFORE["asked"])
    if quote.input_amount is None or quote.output_minimum is None:
        return str(BEFORE["refused"])
    return str(BEFORE["offered"]) % {
        "input": amount_words(quote.origin_id, quote.input_token, quote.input_amount),
        "minimum": amount_words(quote.destination_id, quote.output_token, quote.output_minimum),
    }


def _engine(
    case: Dossier,
    order: Order,
    history: History,
    steps: tuple[StepThen, ...],
    facts: list[Fact],
    moment: float,
) -> EngineThen:
    if not history.state(moment):
        solved = None if case.quote is None else wall(case.quote.solved_at)
        state = "solving" if solved is None or moment < solved else "ready"
        return EngineThen(state, choice_words(state.title()), (), ())
    return EngineThen(
        state=order.state,
        state_words=choice_words(order.state),
        steps=steps,
        attempts=tuple(_attempts_then(case, facts, moment)),
    )


def _attempts_then(case: Dossier, facts: list[Fact], moment: float) -> Iterator[AttemptThen]:
    seen: dict[str, float] = {}
    for fact in facts:
        if fact.until is None:
            seen.setdefault(fact.tx_hash, fact.since)
    replaced = {row.replaces_id: row.created_at.timestamp() for row in case.attempts if row.replaces_id}
    for row in case.attempts:
        then = attempt_state(row, moment, replaced_at=replaced.get(row.pk), seen_at=seen.get(row.tx_hash))
        state = row.state if moment >= case.now else then
        if state:
            yield _attempt_then(row, state)


def _attempt_then(row: Attempt, state: str) -> AttemptThen:
    return AttemptThen(
        title=words(PURPOSES, row.purpose.partition(":")[0]),
        chain=chain_name(row.chain_id),
        tx_hash=row.tx_hash,
        nonce=row.nonce,
        state=state,
        state_words=choice_words(state),
    )


def _step_then(order: Order, step: Step, eyes: Eyes) -> StepThen:
    return StepThen(
        kind=step.kind,
        title=eyes.text(words(STEPS, step.kind, step_params(order, step))),
        chain=chain_name(step.chain_id),
        state=step.state,
        state_words=choice_words(step.state),
        waiting=eyes.text(waiting_words(order, step)),
        is_for_person=StepKind(step.kind) in PERSON_STEPS,
    )


def _fact_then(fact: Fact, heights: Heights, moment: float) -> FactThen:
    manifest = connected_chains().get(fact.chain_id)
    head = heights.number(fact.chain_id, moment)
    need = manifest.depth if manifest else None
    have = None if head is None else max(1, head - fact.block + 1)
    return FactThen(
        fact=fact,
        words=fact_words(fact.kind),
        chain=chain_name(fact.chain_id),
        have=have if need is None or have is None else min(have, need),
        need=need,
        explorer_url=explorer_url(fact.chain_id, fact.tx_hash),
    )


def _heights_then(case: Dossier, heights: Heights, moment: float) -> Iterator[HeightThen]:
    chain_ids = dict.fromkeys([case.order.origin_id, case.order.destination_id])
    for chain_id in (*chain_ids, *sorted({step.chain_id for step in case.steps} - chain_ids.keys())):
        number = heights.number(chain_id, moment)
        is_exact = moment >= case.now or heights.is_exact(chain_id, moment)
        yield HeightThen(chain_name(chain_id), number, is_exact)


def _stops(case: Dossier, facts: list[Fact], history: History) -> list[float]:
    """Every moment at which something changed, and both ends."""
    found = {case.start, case.now, *(moment for moment, _ in history.moves)}
    found |= {row.at.timestamp() for row in case.events} | {row.at.timestamp() for row in case.beliefs}
    if case.quote is not None:
        found |= {moment for moment in (wall(case.quote.solved_at),) if moment is not None}
    for row in case.attempts:
        times = (row.created_at.timestamp(), row.broadcast_at, wall(row.confirmed_at))
        found |= {moment for moment in times if moment is not None}
    for fact in facts:
        found |= {fact.since} if fact.until is None else {fact.since, fact.until}
    return sorted({min(_stop(moment), case.now) for moment in found if case.start <= moment <= case.now})


def _scale_end(case: Dossier, stops: list[float]) -> float:
    """Where the slider ends: long after its end a story would be no more than its first pixel."""
    last = max((stop for stop in stops if stop < case.now), default=case.now)
    if OrderState(case.order.state) not in ORDER_ENDED:
        return case.now
    return min(case.now, last + max(LEAST_AFTER_SECONDS, (last - case.start) * AFTER_SHARE))


def _stop(moment: float) -> float:
    return ceil(moment * STOPS_A_SECOND) / STOPS_A_SECOND
