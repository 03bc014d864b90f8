"""The steps of a transfer as a person sees them: state, blocks, transactions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intents.lifecycle import AttemptState, StepKind, StepState
from intents.models import Attempt, ChainHead, Order, Step

from .amounts import shown_amount
from .network import chain_name, explorer_url, token_name
from .place import Evidence
from .sentences import ATTEMPT_STATES, PURPOSES, STEP_STATES, STEPS, TAKES_LONGER, WAITING, words

# Steps whose success the person waits for; the others are between the filler and us.
PERSON_STEPS = frozenset({StepKind.OPEN, StepKind.SWAP, StepKind.BRIDGE, StepKind.FILL, StepKind.REFUND})
_ICONS = {
    StepState.BLOCKED: "wait",
    StepState.READY: "next",
    StepState.SUBMITTED: "busy",
    StepState.IN_TRANSIT: "busy",
    StepState.CONFIRMED: "done",
    StepState.FINAL: "done",
    StepState.SKIPPED: "skip",
    StepState.FAILED: "fail",
}


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One transaction of a step."""

    tx_hash: str
    title: str
    state: str
    state_words: str
    block_number: int | None
    is_current: bool
    explorer_url: str
    purpose: str


@dataclass(frozen=True, slots=True)
class StepView:
    """One step with what a person may want to know about it."""

    index: int
    kind: str
    title: str
    chain: str
    state: str
    state_words: str
    icon: str
    waiting: str
    waiting_code: str
    started_at: datetime | None
    confirmed_at: datetime | None
    attempts: tuple[AttemptView, ...]
    have_blocks: int | None
    need_blocks: int | None
    is_for_person: bool

    @property
    def is_running(self) -> bool:
        """Whether its clock runs."""
        return self.started_at is not None and self.confirmed_at is None and self.icon == "busy"

    @property
    def seconds(self) -> float | None:
        """How long it took, once it is done."""
        if self.started_at is None or self.confirmed_at is None:
            return None
        return max(0.0, (self.confirmed_at - self.started_at).total_seconds())


def step_views(order: Order, seen: Evidence) -> list[StepView]:
    """Every step of the plan, in order."""
    rows = list(order.steps.prefetch_related("attempts", "shared_attempts"))
    return [_step_view(order, step, seen) for step in rows]


def _step_view(order: Order, step: Step, seen: Evidence) -> StepView:
    is_open = step.kind == StepKind.OPEN
    have = blocks_of(order, seen) if is_open and seen.open_block is not None else None
    attempts = step.all_attempts()
    return StepView(
        index=step.index,
        kind=step.kind,
        title=words(STEPS, step.kind, step_params(order, step)),
        chain=chain_name(step.chain_id),
        state=step.state,
        state_words=words(STEP_STATES, step.state),
        icon=_ICONS[StepState(step.state)],
        waiting=waiting_words(order, step),
        waiting_code=str(step.waiting.get("code", "")),
        started_at=step.started_at,
        confirmed_at=step.confirmed_at,
        attempts=tuple(_attempt_view(attempt) for attempt in attempts),
        have_blocks=None if have is None else min(have, order.required_depth),
        need_blocks=order.required_depth if is_open else None,
        is_for_person=StepKind(step.kind) in PERSON_STEPS,
    )


def step_params(order: Order, step: Step) -> dict[str, str]:
    """What a step's title names."""
    return {
        "input": amount_words(order.origin_id, order.input_token, order.input_amount),
        "minimum": amount_words(order.destination_id, order.output_token, order.output_amount),
        **step_chains(step.chain_id, step.details),
        "origin": chain_name(order.origin_id),
    }


def step_chains(chain_id: int, details: Mapping[str, Any]) -> dict[str, str]:
    """Names of the chain a step is on and, if it leads to another one, of that."""
    to = details.get("to_chain_id")
    return {"chain": chain_name(int(chain_id)), "to": chain_name(int(to)) if to else ""}


def waiting_words(order: Order, step: Step) -> str:
    """What the step waits for, "" when it does not."""
    code = step.waiting.get("code", "")
    if not code or step.state in (StepState.CONFIRMED, StepState.FINAL, StepState.SKIPPED):
        return ""
    if code not in WAITING:
        return str(TAKES_LONGER)
    names = {"chain": chain_name(step.chain_id), "origin": chain_name(order.origin_id)}
    return words(WAITING, code, {**step.waiting.get("params", {}), **names})


def _attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        tx_hash=attempt.tx_hash,
        title=words(PURPOSES, attempt.purpose.partition(":")[0]),
        state=attempt.state,
        state_words=words(ATTEMPT_STATES, attempt.state),
        block_number=attempt.block_number,
        is_current=attempt.state not in (AttemptState.REPLACED, AttemptState.REVERTED),
        explorer_url=explorer_url(attempt.chain_id, attempt.tx_hash),
        purpose=attempt.purpose.partition(":")[0],
    )


def step_json(step: StepView) -> dict[str, Any]:
    """As sent to programs."""
    return {
        "index": step.index,
        "kind": step.kind,
        "chain": step.chain,
        "state": step.state,
        "words": step.state_words,
        "waiting": step.waiting,
        "attempts": [
            {"tx_hash": a.tx_hash, "state": a.state, "block": a.block_number} for a in step.attempts
        ],
    }


def blocks_of(order: Order, seen: Evidence) -> int:
    """Blocks that contain or follow the deposit; 0 before it is seen."""
    if seen.open_block is None:
        return 0
    head = ChainHead.objects.filter(chain_id=order.origin_id).values_list("number", flat=True).first()
    return 0 if head is None else max(0, head - seen.open_block + 1)


def amount_words(chain_id: int, token: str, units: int) -> str:
    """An amount with its symbol; base units and address where the token is not known."""
    name = token_name(chain_id, token)
    return f"{shown_amount(units, name.decimals)} {name.symbol}" if name.is_known else f"{units} ({token})"
