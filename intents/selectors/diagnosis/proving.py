"""Causes after the payment, or on the way of a refund: finality, validators, the escrow."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from intents.lifecycle import DELIVERED, RETURNING, OrderState, StepKind, StepState

from .acts import RELEASE_REFUND, RETRY
from .facts import Facts
from .finding import Cause, Numbers, Severity
from .scene import ChainFacts
from .supply import dollars


def _signing(facts: Facts) -> ChainFacts:
    """The chain whose messages the validators sign: where the proof comes from."""
    step = facts.running
    if step is not None and step.kind == StepKind.BRIDGE:
        return facts.scene.chain(step.chain_id)
    return facts.destination


def _validators(facts: Facts) -> Numbers | None:
    if facts.code != "waiting_for_validators":
        return None
    chain = _signing(facts)
    named = (
        {v.address: index for index, v in enumerate(chain.manifest.validators, 1)} if chain.manifest else {}
    )
    missing = [str(each) for each in facts.waits.get("missing") or []]
    said = [f"{_number(named, each)} ({each[:6]}…{each[-4:]})" for each in missing]
    since = facts.waits_since()
    return {
        "chain": chain.name,
        "missing": ", ".join(said) or "?",
        "signed": max(0, len(named) - len(missing)),
        "need": facts.waits.get("need") or (chain.manifest.validator_threshold if chain.manifest else "?"),
        "since": since,
        "seconds": facts.scene.now - since if since else 0,
        "key": ",".join(sorted(missing)) or str(chain.chain_id),
    }


def _number(named: dict[str, int], address: str) -> str:
    return f"#{named[address]}" if address in named else "#?"


def _finality(facts: Facts) -> Numbers | None:
    if facts.code != "waiting_for_blocks":
        return None
    chain = _signing(facts)
    have, need = (int(facts.waits.get(name, 0) or 0) for name in ("have", "need"))
    sent = [
        log.block_number for log in facts.logs if log.kind == "Dispatch" and log.chain_id == chain.chain_id
    ]
    if sent and chain.head is not None:
        have = max(have, min(need, chain.head - max(sent) + 1))
    return {
        "chain": chain.name,
        "have": have,
        "need": need,
        "seconds": max(0, need - have) * chain.block_seconds,
        "key": str(chain.chain_id),
    }


def _by_other(facts: Facts) -> Numbers | None:
    prove = facts.step(StepKind.PROVE)
    is_skipped = prove is not None and prove.state == StepState.SKIPPED
    event = facts.last_event("filled")
    is_others = event is not None and event[1].get("is_ours") is False
    if facts.order.state != OrderState.FILLED or not (is_skipped or is_others):
        return None
    return {"chain": facts.destination.name, "key": str(facts.order.destination_id)}


def _proving(facts: Facts) -> Numbers | None:
    if facts.state not in DELIVERED or _by_other(facts) is not None:
        return None
    return {
        "origin": facts.origin.name,
        "code": facts.code.replace("_", " ") or "–",
        "key": str(facts.order.origin_id),
    }


def _returning(facts: Facts) -> Numbers | None:
    if facts.state not in RETURNING:
        return None
    code = str(facts.order.reason.get("code") or "fill_deadline_passed")
    before = _waited_before(facts)
    return {
        "reason": code.replace("_", " "),
        "before": before.replace("_", " ") or "–",
        "key": before or code,
    }


def _waited_before(facts: Facts) -> str:
    """What kept its payment back until the deadline passed, as the fill step's last words have it."""
    fill = facts.step(StepKind.FILL)
    waiting: dict[str, Any] = fill.waiting if fill is not None else {}
    return str(waiting.get("code", ""))


def _expiry(facts: Facts) -> Numbers | None:
    if facts.code != "waiting_for_expiry":
        return None
    left = facts.order.expires - facts.origin.clock(facts.scene.now)
    return {"seconds": max(0.0, left), "chain": facts.origin.name, "key": str(facts.order.origin_id)}


def _held_back(facts: Facts) -> Numbers | None:
    if facts.code not in ("too_little_to_return", "not_returned"):
        return None
    return {
        "chain": facts.origin.name,
        "revert": str(facts.waits.get("revert") or "–"),
        "key": str(facts.order.origin_id),
    }


def _claimable(facts: Facts) -> Numbers | None:
    if facts.order.state != OrderState.REFUNDED or facts.order.payout != "claimable":
        return None
    return {
        "chain": facts.origin.name,
        "revert": str(facts.waits.get("revert") or "–"),
        "key": f"{facts.order.origin_id}:{facts.order.input_token}",
    }


def _both(facts: Facts) -> Numbers | None:
    if facts.order.reason.get("code") != "refunded_after_fill":
        return None
    return {"value": dollars(facts.order.value_usd_e8 or 0), "key": str(facts.order.origin_id)}


def _not_collected(facts: Facts) -> Numbers | None:
    if facts.state not in DELIVERED or facts.code not in ("not_finalised", "not_processed", "not_attested"):
        return None
    return {
        "origin": facts.origin.name,
        "revert": str(facts.waits.get("revert") or "–"),
        "key": facts.code,
    }


def _expiring(facts: Facts) -> Numbers | None:
    if facts.state not in DELIVERED or facts.is_ended or _by_other(facts) is not None:
        return None
    left = facts.order.expires - facts.origin.clock(facts.scene.now)
    usual = facts.destination.block_seconds * (
        facts.destination.manifest.depth if facts.destination.manifest else 1
    )
    if left > 2 * usual + 60:
        return None
    return {
        "seconds": max(0.0, left),
        "origin": facts.origin.name,
        "value": dollars(facts.order.value_usd_e8 or 0),
        "key": str(facts.order.origin_id),
    }


CAUSES: Final = (
    Cause(
        code="validator_missing",
        weight=640,
        severity=Severity.TROUBLE,
        title=_("Sent, but validator %(missing)s has not signed"),
        words=_(
            "The proof's message is final on %(chain)s. %(signed)s validators have signed it and "
            "%(need)s must; missing "
            "since %(since)s (%(seconds)s): %(missing)s."
        ),
        person="proof",
        find=_validators,
    ),
    Cause(
        code="finality",
        weight=300,
        severity=Severity.WAIT,
        title=_("Waits for finality: %(have)s of %(need)s blocks of %(chain)s"),
        words=_(
            "The proof's message must be %(need)s blocks deep on %(chain)s before validators sign "
            "it; it is %(have)s deep. "
            "About %(seconds)s more."
        ),
        person="fine_proof",
        find=_finality,
    ),
    Cause(
        code="expires_soon",
        weight=840,
        severity=Severity.TROUBLE,
        title=_("Delivered, and our claim on the escrow ends in %(seconds)s"),
        words=_(
            "The person has the money. Unless the proof is on %(origin)s within %(seconds)s, the "
            "input goes back to its user "
            "too and we lose %(value)s. What collects it may cost four times the usual fee now."
        ),
        person="fine_proof",
        find=_expiring,
        act=RETRY,
    ),
    Cause(
        code="not_collected",
        weight=620,
        severity=Severity.TROUBLE,
        title=_("%(origin)s does not take the proof or the claim"),
        words=_("Tried again all the time; the contract said: “%(revert)s”."),
        person="fine_proof",
        find=_not_collected,
        act=RETRY,
    ),
    Cause(
        code="filled_by_other",
        weight=650,
        severity=Severity.FINE,
        title=_("Somebody else paid it"),
        words=_(
            "Another filler delivered on %(chain)s before us. The person has the money; the escrow "
            "is that filler's."
        ),
        person="delivered",
        find=_by_other,
    ),
    Cause(
        code="payout_refused",
        weight=820,
        severity=Severity.TROUBLE,
        title=_("The refund waits for the user: the token refused it"),
        words=_(
            "The escrow on %(chain)s could not pay the user back and keeps it for them. It is tried "
            "every hour: “%(revert)s”."
        ),
        person="claimable",
        find=_claimable,
        act=RETRY,
        is_of_ended=True,
    ),
    Cause(
        code="paid_twice",
        weight=825,
        severity=Severity.TROUBLE,
        title=_("Paid out and returned as well"),
        words=_(
            "The input went back to its user after we had paid: a loss of %(value)s. The person keeps both."
        ),
        person="delivered",
        find=_both,
        is_of_ended=True,
    ),
    Cause(
        code="waits_for_expiry",
        weight=420,
        severity=Severity.WAIT,
        title=_("Can go back only in %(seconds)s"),
        words=_(
            "Nobody can prove that it was not paid, so the escrow on %(chain)s keeps it until "
            "%(expires)s. Then anybody can "
            "release it."
        ),
        person="returning",
        find=_expiry,
    ),
    Cause(
        code="not_returned",
        weight=430,
        severity=Severity.TROUBLE,
        title=_("What was paid does not go back by itself"),
        words=_("It is worth less than the gas of its way back on %(chain)s, or was refused: “%(revert)s”."),
        person="returning",
        find=_held_back,
        act=RELEASE_REFUND,
    ),
    Cause(
        code="returning",
        weight=210,
        severity=Severity.WAIT,
        title=_("The money is on its way back"),
        words=_("It was not paid out in time (%(reason)s). Before that its payment waited for: %(before)s."),
        person="returning",
        find=_returning,
    ),
    Cause(
        code="proving",
        weight=205,
        severity=Severity.FINE,
        title=_("Nothing is wrong: delivered, next the escrow on %(origin)s pays us"),
        words=_("The person has the money. The proof is on its way (%(code)s)."),
        person="delivered",
        find=_proving,
    ),
)
