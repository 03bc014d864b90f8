"""Transactions of a step that are on their way: find them, follow them, never send them twice."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from django.db.models import Q

from intents.chains import accounts
from intents.chains.accounts import OPERATOR, RELAYER
from intents.chains.calls import Call
from intents.chains.endpoints import SendRejected
from intents.chains.outcomes import Outcome, attempt_outcome
from intents.chains.sender import rebroadcast, replace, submit
from intents.errors import WaymeetError
from intents.lifecycle import AttemptState
from intents.models import Attempt, Step
from intents.solver.gas import GasRules

from . import lease
from .case import Case, set_details
from .claims import fill_gas
from .lease import LeaseLost
from .urgency import PAID_BY, is_expiring

log = structlog.get_logger(__name__)

# A transaction this young is not asked about: its block comes to us by itself.
QUIET_SECONDS = 1.0
_OPEN_OR_DONE = (Outcome.CONFIRMED, Outcome.PENDING, Outcome.UNKNOWN)
ROLES = {"open": OPERATOR, "fill": OPERATOR}
# An account with code judges its own signature.
JUDGED_BY_ACCOUNTS = frozenset({"eip3009", "permit2"})
GAS_FACTOR = 2
# The contracts see to it that these have their effect once, however often they are sent.
_ONCE = frozenset({"open", "fill", "attest", "dispatch", "process", "finalise", "refund", "claim", "recover"})


@dataclass(slots=True)
class Companion:
    """Another order whose step one transaction does as well; its lease is ours too.

    `details` are written to its step in the transaction that stores the attempt.
    """

    case: Case
    step: Step
    details: dict[str, Any] = field(default_factory=dict)


class AttemptsChanged(WaymeetError):
    """Somebody stored an attempt of this step after we read them: look again."""

    code = "in_block"
    retry = True
    status = 503


def in_flight(case: Case, step: Step, purpose: str) -> Attempt | None:
    """The step's attempt that succeeded or still may; None when a new one has to be made.

    What was stored and perhaps never sent is sent again, byte for byte.
    """
    logged = {log.tx_hash for log in case.logs}
    attempt = standing(case.tries(step, purpose), logged)
    if attempt is None or attempt.state == AttemptState.REPLACED:
        return attempt
    return _hurried(case, step, attempt)


def standing(attempts: Sequence[Attempt], logged: Collection[str]) -> Attempt | None:
    """As `in_flight`, of these attempts, oldest first; `logged` are hashes of transactions that left a log."""
    for attempt in reversed(attempts):
        if attempt.state in (AttemptState.REVERTED, AttemptState.REPLACED):
            continue
        # Confirmed once, but without its log: its block may have been reorganised away, so it is asked about.
        if attempt.state == AttemptState.CONFIRMED and attempt.tx_hash in logged:
            return attempt
        if _may_succeed(attempt):
            return attempt
    # A replaced one can be mined in its successor's stead: until another took its nonce, that is open.
    for attempt in reversed(attempts):
        if attempt.state == AttemptState.REPLACED and attempt_outcome(attempt) in _OPEN_OR_DONE:
            return attempt
    return None


def recheck(attempts: list[Attempt]) -> None:
    """A reorganised chain took logs of these attempts away: ask again, send again what is lost."""
    for attempt in attempts:
        if attempt.state != AttemptState.CONFIRMED:
            continue
        if attempt_outcome(attempt) is Outcome.UNKNOWN:
            _send_again(attempt)


def send(
    case: Case,
    step: Step,
    purpose: str,
    call: Call,
    *,
    is_coin: bool = False,
    others: Sequence[Companion] = (),
    message: Attempt | None = None,
) -> Attempt:
    """Estimate this very call, sign, store and broadcast it, if the lease is still ours.

    Two workers never store two attempts for the same thing: the lease and the attempts that were judged
    are held against the database inside the transaction that stores. `is_coin` says that it pays the chain's
    own coin to somebody, whose code runs then. `others` are orders that it serves too: theirs is stored in the
    same transaction, if their leases are still ours. What is sent for a `message` serves everybody the message
    serves, whoever holds their leases: it is sent once. Raises LeaseLost, AttemptsChanged and what
    `chains.sender.submit` raises, but for SendRejected: the stored attempt stands then and is carried on by the
    sweep.
    """
    if not lease.is_held(case.lease):
        raise LeaseLost(case.order.order_id)
    try:
        attempt = submit(
            step=step,
            purpose=purpose,
            chain_id=step_chain(case, purpose),
            role=role_of(purpose),
            call=call,
            is_urgent=purpose in PAID_BY and any(map(is_expiring, [case, *(each.case for each in others)])),
            guard=partial(_guard, case, step, purpose, others, message),
            most_gas=_most_gas(case, step, purpose, is_coin=is_coin),
            also=served(message, step) if message is not None else [each.step for each in others],
        )
    except SendRejected as error:
        stored = Attempt.objects.filter(tx_hash=error.params.get("tx_hash", "")).first()
        if stored is None:
            raise
        attempt = stored
    case.attempts.setdefault(step.pk, []).append(attempt)
    for each in others:
        each.case.attempts.setdefault(each.step.pk, []).append(attempt)
    return attempt


def served(message: Attempt, step: Step) -> list[Step]:
    """The steps of other orders that a message serves besides this one."""
    steps = Step.objects.filter(Q(pk=message.step_id) | Q(shared_attempts=message)).exclude(pk=step.pk)
    return list(steps.distinct().order_by("pk"))


def role_of(purpose: str) -> str:
    """Who sends: the operator what pays people, the relayer everything that may wait for it."""
    return ROLES.get(purpose, RELAYER)


def step_chain(case: Case, purpose: str) -> int:
    """The chain on which a purpose's transaction runs."""
    at_destination = purpose in ("fill", "attest", "dispatch")
    return case.destination.chain_id if at_destination else case.origin.chain_id


def _most_gas(case: Case, step: Step, purpose: str, *, is_coin: bool) -> int:
    """Bounds what runs code of the user's or the recipient's choice: it could burn a whole block at our cost.

    0, no bound, for what reaches our contracts and listed tokens only: payouts of tokens demand far more gas
    than they use.
    """
    if purpose == "fill":
        return GAS_FACTOR * fill_gas(case.terms, step.details)
    is_judged = purpose == "open" and case.order.confirm_way in JUDGED_BY_ACCOUNTS
    return GAS_FACTOR * GasRules().open if is_coin or is_judged else 0


def _guard(
    case: Case, step: Step, purpose: str, others: Sequence[Companion], message: Attempt | None
) -> None:
    lease.pin(case.lease)
    if message is not None:
        # The orders of one message are looked at by several workers at once: this row lets one after the other in.
        Attempt.objects.filter(pk=message.pk).update(purpose=message.purpose)
    _require_known(case, step, purpose)
    for each in sorted(others, key=lambda other: other.case.order.order_id):
        try:
            lease.pin(each.case.lease)
            if each.details:
                set_details(each.case, each.step, **each.details)
        except LeaseLost as lost:
            raise AttemptsChanged(purpose) from lost
        _require_known(each.case, each.step, purpose)


def _require_known(case: Case, step: Step, purpose: str) -> None:
    known = [attempt.pk for attempt in case.tries(step, purpose)]
    stored = Attempt.objects.filter(Q(step=step) | Q(also=step), purpose=purpose)
    if stored.exclude(pk__in=known).exists():
        raise AttemptsChanged(purpose)


def _hurried(case: Case, step: Step, attempt: Attempt) -> Attempt:
    """What a risen base fee shuts out is outbid beyond the usual cap when the order expires soon."""
    if attempt.purpose not in PAID_BY or attempt.state == AttemptState.CONFIRMED or not is_expiring(case):
        return attempt
    if attempt.max_fee_wei >= case.heads[attempt.chain_id].base_fee_wei:
        return attempt
    newest = replace(attempt, is_urgent=True)
    if newest.pk != attempt.pk:
        attempt.refresh_from_db()
        case.attempts.setdefault(step.pk, []).append(newest)
    return newest


def _may_succeed(attempt: Attempt) -> bool:
    if attempt.state == AttemptState.PLANNED:
        is_sent = _send_again(attempt)
        return attempt.state != AttemptState.REPLACED and (is_sent or not _is_left_behind(attempt))
    if time.time() - (attempt.broadcast_at or 0) < QUIET_SECONDS:
        return True
    outcome = attempt_outcome(attempt)
    if outcome is Outcome.UNKNOWN and not _send_again(attempt) and _is_left_behind(attempt):
        return False
    return outcome not in (Outcome.REVERTED, Outcome.REPLACED)


def _is_left_behind(attempt: Attempt) -> bool:
    """Whether no key of ours can help what nodes refuse, and may sign it anew because it happens once at most."""
    ours = {accounts.address(role) for role in accounts.VARIABLES}
    return attempt.purpose in _ONCE and attempt.sender not in ours


def _send_again(attempt: Attempt) -> bool:
    """Whether a node may have it now."""
    try:
        rebroadcast(attempt)
    except SendRejected as error:
        log.info("flight.not_taken", tx_hash=attempt.tx_hash, reason=str(error))
        attempt_outcome(attempt)
        return False
    return True
