"""Causes that lie with the engine: nobody advances it, it was parked, a reorganisation undid it; and plain waiting."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from intents.engine.gone import CHAIN_GONE
from intents.lifecycle import DELIVERED, TO_BE_FILLED, StepKind, StepState

from .acts import RETRY
from .facts import Facts
from .finding import Cause, Numbers, Severity
from .scene import OVERDUE_SECONDS


def _nobody(facts: Facts) -> Numbers | None:
    order, now = facts.order, facts.scene.now
    late = now - order.wake_at
    if facts.is_ended or order.wake_at <= 0 or late < OVERDUE_SECONDS or order.leased_until > now:
        return None
    is_lease = bool(order.lease_owner)
    return {
        "seconds": late,
        "since": order.wake_at,
        "lease": _("its worker's lease ran out") if is_lease else _("no worker took it up"),
        "orders": facts.scene.overdue,
        "key": "all",
    }


def _reason(facts: Facts) -> str:
    return str(facts.order.reason.get("code", "")) if facts.is_parked else ""


def _internal(facts: Facts) -> Numbers | None:
    if _reason(facts) != "internal_error":
        return None
    error = str((facts.order.reason.get("params") or {}).get("error") or "?")
    return {"error": error, "state": facts.state.value, "key": error}


def _lost(facts: Facts) -> Numbers | None:
    if _reason(facts) != "deposit_lost":
        return None
    why = str((facts.order.reason.get("params") or {}).get("code") or "?")
    return {"why": why.replace("_", " "), "origin": facts.origin.name, "key": str(facts.order.origin_id)}


def _gone(facts: Facts) -> Numbers | None:
    if _reason(facts) != CHAIN_GONE:
        return None
    chain = str((facts.order.reason.get("params") or {}).get("chain") or "?")
    return {"chain": chain, "state": facts.state.value, "key": chain}


def _parked(facts: Facts) -> Numbers | None:
    if not facts.is_parked or _reason(facts) in ("internal_error", "deposit_lost", CHAIN_GONE):
        return None
    return {
        "code": _reason(facts).replace("_", " ") or "?",
        "state": facts.state.value,
        "key": _reason(facts),
    }


def _failing(facts: Facts) -> Numbers | None:
    if facts.is_ended or facts.is_parked or facts.order.failures < 1:
        return None
    return {"failures": facts.order.failures, "state": facts.state.value, "key": facts.state.value}


def _reorged(facts: Facts, kind: StepKind) -> bool:
    """Whether the newest thing that happened to this step is that a chain took it back."""
    done = {StepKind.OPEN: "opened", StepKind.FILL: "filled"}[kind]
    newest = next(
        (each for each in reversed(facts.events) if each[0] == done or _takes_back(each, kind)), None
    )
    return newest is not None and newest[0] == "reorg"


def _takes_back(event: tuple[str, dict[str, object]], kind: StepKind) -> bool:
    return event[0] == "reorg" and event[1].get("step") == kind.value


def _lost_deposit(facts: Facts) -> Numbers | None:
    step = facts.step(StepKind.OPEN)
    is_undone = step is not None and step.state not in (StepState.CONFIRMED, StepState.FINAL)
    if facts.is_ended or not is_undone or not _reorged(facts, StepKind.OPEN):
        return None
    delivered = facts.state in DELIVERED
    return {
        "chain": facts.origin.name,
        "risk": _("The money was paid out already, and is lost if it does not come back.")
        if delivered
        else "",
        "key": str(facts.order.origin_id),
    }


def _lost_fill(facts: Facts) -> Numbers | None:
    if facts.is_ended or facts.state not in TO_BE_FILLED or not _reorged(facts, StepKind.FILL):
        return None
    return {"chain": facts.destination.name, "key": str(facts.order.destination_id)}


def _depth(facts: Facts) -> Numbers | None:
    block, head, need = facts.open_block, facts.origin.head, facts.order.required_depth
    if facts.state not in TO_BE_FILLED or facts.is_ended or block is None or head is None:
        return None
    have = max(0, head - block + 1)
    if have >= need and facts.code != "depth":
        return None
    return {
        "have": min(have, need),
        "need": need,
        "chain": facts.origin.name,
        "seconds": max(0, need - have) * facts.origin.block_seconds,
        "key": str(facts.order.origin_id),
    }


def _in_block(facts: Facts) -> Numbers | None:
    flying = facts.flying
    if facts.is_ended or flying is None:
        return None
    chain = facts.scene.chain(flying.chain_id)
    return {
        "chain": chain.name,
        "purpose": flying.purpose.partition(":")[0],
        "tx_hash": flying.tx_hash,
        "nonce": flying.nonce,
        "usual": f"{chain.block_seconds:g}",
        "key": str(flying.chain_id),
    }


def _paying(facts: Facts) -> Numbers | None:
    if facts.state not in TO_BE_FILLED or facts.is_ended:
        return None
    return {"chain": facts.destination.name, "key": str(facts.order.destination_id)}


def _over(facts: Facts) -> Numbers | None:
    if not facts.is_ended:
        return None
    return {"state": facts.order.state, "key": facts.order.state}


def _other(facts: Facts) -> Numbers:
    code = facts.code.replace("_", " ")
    return {"state": facts.order.state, "code": code or "–", "key": facts.code}


CAUSES: Final = (
    Cause(
        code="internal_error",
        weight=1000,
        severity=Severity.TROUBLE,
        title=_("Parked by an error of ours: %(error)s"),
        words=_(
            "Every attempt to advance it raised %(error)s, eight times in a row, while it was "
            "%(state)s. The log lines with its "
            "order id say where."
        ),
        person="our_side",
        find=_internal,
        act=RETRY,
    ),
    Cause(
        code="deposit_lost",
        weight=995,
        severity=Severity.TROUBLE,
        title=_("Delivered, but the deposit is gone"),
        words=_(
            "%(origin)s took the deposit back after we had paid, and it cannot be put in again: %(why)s."
        ),
        person="delivered",
        find=_lost,
    ),
    Cause(
        code="chain_gone",
        weight=997,
        severity=Severity.TROUBLE,
        title=_("%(chain)s was declared gone"),
        words=_(
            "It was %(state)s when it was set aside: none of the nodes of %(chain)s answers, and no other chain can "
            "end it."
        ),
        person="chain_gone",
        find=_gone,
    ),
    Cause(
        code="parked",
        weight=990,
        severity=Severity.TROUBLE,
        title=_("Parked: a person must look"),
        words=_("It was %(state)s when it stopped: %(code)s."),
        person="our_side",
        find=_parked,
        act=RETRY,
    ),
    Cause(
        code="nobody_advances",
        weight=950,
        severity=Severity.TROUBLE,
        title=_("Nobody advances it: no worker for %(seconds)s"),
        words=_(
            "It should have been looked at at %(since)s; %(lease)s. %(orders)s orders are overdue. "
            "The engine's workers or the "
            "sweep have died."
        ),
        person="our_side",
        find=_nobody,
        act=RETRY,
    ),
    Cause(
        code="failing",
        weight=900,
        severity=Severity.TROUBLE,
        title=_("Our engine stumbles over it (%(failures)s times)"),
        words=_(
            "Advancing it raised an error %(failures)s times in a row; after eight it is parked for "
            "a person to look."
        ),
        person="our_side",
        find=_failing,
        act=RETRY,
    ),
    Cause(
        code="reorg_took_deposit",
        weight=850,
        severity=Severity.TROUBLE,
        title=_("%(chain)s took the deposit back"),
        words=_(
            "A reorganisation of %(chain)s removed the block with the deposit. The same bytes were "
            "sent again. %(risk)s"
        ),
        person="reorg",
        find=_lost_deposit,
    ),
    Cause(
        code="reorg_took_fill",
        weight=848,
        severity=Severity.TROUBLE,
        title=_("%(chain)s took our payment back"),
        words=_(
            "A reorganisation of %(chain)s removed the block with our payment. The same bytes were "
            "sent again."
        ),
        person="reorg",
        find=_lost_fill,
    ),
    Cause(
        code="depth",
        weight=340,
        severity=Severity.WAIT,
        title=_("Waits for depth: %(have)s of %(need)s blocks of %(chain)s"),
        words=_(
            "The deposit needs %(need)s blocks on %(chain)s for its value and has %(have)s. About "
            "%(seconds)s more."
        ),
        person="fine",
        find=_depth,
    ),
    Cause(
        code="in_block",
        weight=250,
        severity=Severity.FINE,
        title=_("Nothing is wrong: next a block of %(chain)s takes its transaction"),
        words=_(
            "%(purpose)s was sent with nonce %(nonce)s (%(tx_hash)s); a block usually takes %(usual)s s."
        ),
        person="fine",
        find=_in_block,
    ),
    Cause(
        code="paying",
        weight=100,
        severity=Severity.FINE,
        title=_("Nothing is wrong: next it is paid out on %(chain)s"),
        words=_("The deposit is deep enough, and paying is this order's next step."),
        person="fine",
        find=_paying,
    ),
    Cause(
        code="over",
        weight=50,
        severity=Severity.FINE,
        title=_("Nothing is wrong: it is over (%(state)s)"),
        words=_("Nothing more happens, and nothing is owed."),
        person="over",
        find=_over,
    ),
    Cause(
        code="carries_on",
        weight=20,
        severity=Severity.FINE,
        title=_("Nothing is wrong: the engine carries on"),
        words=_("It is %(state)s; the step whose turn it is says: %(code)s."),
        person="fine",
        find=_other,
    ),
)
