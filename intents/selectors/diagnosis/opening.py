"""Causes before the input is locked: payments that do not come, signatures that do not hold, wallets that changed."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from intents.engine.deposits import DEPOSIT
from intents.lifecycle import BEFORE_OPEN, RETURNING, OrderState
from intents.selectors.relief import TAKEN_BACK
from intents.selectors.steps import amount_words
from intents.services.words import text as error_words

from .facts import Facts
from .finding import Cause, Numbers, Severity

_FALSE: Final = ("invalidsign", "invalid signature", "invalidcontractsignature", "ecrecover", "invalidnonce")
_FUNDS: Final = (
    "exceeds balance",
    "exceeds allowance",
    "insufficientbalance",
    "insufficientallowance",
    "transfer_from_failed",
    "transferfromfailed",
    "insufficient balance",
    "insufficient allowance",
)
_USED: Final = ("authorization is used", "invalidnonce")


def _is_paid_to_address(facts: Facts) -> bool:
    return facts.order.confirm_way == DEPOSIT


def _at_address(facts: Facts) -> tuple[int, dict[str, int]]:
    """Base units of the input there, and of everything else."""
    if facts.deposit is None:
        return 0, {}
    held = {token: int(amount) for token, amount in facts.deposit.held.items()}
    other = {token: amount for token, amount in held.items() if token != facts.deposit.token and amount}
    return held.get(facts.deposit.token, 0), other or _gone_back(facts)


def _sent_back(facts: Facts) -> dict[str, int]:
    """Base units by token on their way back to the user, or there already."""
    found: dict[str, int] = {}
    for kind, data in facts.events:
        if kind in ("recover_sent", "recovered") and data.get("amount") and data.get("token"):
            token = str(data["token"])
            found[token] = max(found.get(token, 0), int(data["amount"]))
    return found


def _gone_back(facts: Facts) -> dict[str, int]:
    """The same of what was not asked for."""
    return {token: units for token, units in _sent_back(facts).items() if token != facts.order.input_token}


def _paid(facts: Facts) -> int:
    """Base units of the input that came, whether they are there still or went back."""
    return max(_at_address(facts)[0], _sent_back(facts).get(facts.order.input_token, 0))


def _deposit(facts: Facts) -> Numbers:
    order = facts.order
    arrived, other = _paid(facts), _at_address(facts)[1]
    named = ", ".join(amount_words(order.origin_id, token, amount) for token, amount in other.items())
    return {
        "arrived": amount_words(order.origin_id, order.input_token, arrived),
        "need": amount_words(order.origin_id, order.input_token, order.input_amount),
        "missing": amount_words(order.origin_id, order.input_token, max(0, order.input_amount - arrived)),
        "other": named,
        "address": facts.deposit.address if facts.deposit else "?",
        "chain": facts.origin.name,
        "key": f"{order.origin_id}:{order.input_token}",
    }


def _awaits(facts: Facts) -> bool:
    return _is_paid_to_address(facts) and facts.order.state == OrderState.AWAITING_DEPOSIT


def _nothing_came(facts: Facts) -> Numbers | None:
    arrived, other = _at_address(facts)
    return _deposit(facts) if _awaits(facts) and not arrived and not other else None


def _short(facts: Facts) -> Numbers | None:
    is_short = 0 < _paid(facts) < facts.order.input_amount
    is_told = facts.order.reason.get("code") == "deposit_too_little" and _is_paid_to_address(facts)
    return _deposit(facts) if is_short and (_awaits(facts) or is_told) else None


def _wrong_token(facts: Facts) -> Numbers | None:
    arrived, other = _at_address(facts)
    is_open = _is_paid_to_address(facts) and facts.order.state in (
        OrderState.AWAITING_DEPOSIT,
        OrderState.EXPIRED,
    )
    return _deposit(facts) if is_open and other and not arrived else None


def _late(facts: Facts) -> Numbers | None:
    """Nothing was seen before the deadline, and all of it afterwards."""
    if not _is_paid_to_address(facts) or facts.last_event("deposit_seen") is not None:
        return None
    is_told = facts.order.reason.get("code") in ("deposit_not_used", "deposit_too_little", "never_paid")
    is_there = _paid(facts) > 0 and facts.order.state != OrderState.AWAITING_DEPOSIT
    return _deposit(facts) if is_there or (is_told and facts.state in RETURNING) else None


def _not_used(facts: Facts) -> Numbers | None:
    if not _is_paid_to_address(facts) or facts.order.reason.get("code") != "deposit_not_used":
        return None
    return _deposit(facts) if facts.last_event("deposit_seen") is not None else None


def _never_paid(facts: Facts) -> Numbers | None:
    if facts.order.state != OrderState.EXPIRED or any(_at_address(facts)):
        return None
    return {"chain": facts.origin.name, "key": str(facts.order.origin_id)}


def _awaits_wallet(facts: Facts) -> Numbers | None:
    is_open = facts.order.state == OrderState.AWAITING_DEPOSIT and not _is_paid_to_address(facts)
    return {"chain": facts.origin.name, "key": str(facts.order.origin_id)} if is_open else None


def _refusal(facts: Facts) -> tuple[str, str]:
    """Why it was turned down before it began: the code, and what the contract said."""
    if facts.order.state != OrderState.REJECTED:
        return "", ""
    reason = facts.order.reason
    return str(reason.get("code", "")), str((reason.get("params") or {}).get("revert", ""))


def _open_refused(facts: Facts, words: tuple[str, ...]) -> Numbers | None:
    code, revert = _refusal(facts)
    if code != "open_failed" or not any(word in revert.lower() for word in words):
        return None
    return {
        "revert": revert,
        "way": facts.order.confirm_way,
        "need": amount_words(facts.order.origin_id, facts.order.input_token, facts.order.input_amount),
        "chain": facts.origin.name,
        "key": revert,
    }


def _false_signature(facts: Facts) -> Numbers | None:
    return _open_refused(facts, _FALSE)


def _funds_gone(facts: Facts) -> Numbers | None:
    return _open_refused(facts, _FUNDS)


def _cancelled(facts: Facts) -> Numbers | None:
    used = _open_refused(facts, _USED)
    if _refusal(facts)[0] not in TAKEN_BACK and used is None:
        return None
    return {"chain": facts.origin.name, "key": "cancelled"}


def _turned_down(facts: Facts) -> Numbers | None:
    code, revert = _refusal(facts)
    if not code:
        return None
    params = facts.order.reason.get("params")
    return {
        "reason": error_words(code, params if isinstance(params, dict) else {}),
        "revert": revert or "–",
        "key": f"{code}:{revert}" if revert else code,
    }


def _opening(facts: Facts) -> Numbers | None:
    is_on = facts.order.state in BEFORE_OPEN and facts.order.state != OrderState.AWAITING_DEPOSIT
    return {"chain": facts.origin.name, "key": str(facts.order.origin_id)} if is_on else None


CAUSES: Final = (
    Cause(
        code="deposit_wrong_token",
        weight=735,
        severity=Severity.TROUBLE,
        title=_("Something else was paid: %(other)s"),
        words=_(
            "%(other)s is at %(address)s on %(chain)s; the transfer needs %(need)s. What is not "
            "asked for goes back to the "
            "user."
        ),
        person="deposit_wrong",
        find=_wrong_token,
    ),
    Cause(
        code="deposit_short",
        weight=730,
        severity=Severity.TROUBLE,
        title=_("The deposit is %(missing)s short"),
        words=_("%(arrived)s of %(need)s is at %(address)s on %(chain)s; %(missing)s is missing."),
        person="deposit_short",
        find=_short,
        is_of_ended=True,
    ),
    Cause(
        code="deposit_late",
        weight=728,
        severity=Severity.TROUBLE,
        title=_("The deposit came after the deadline"),
        words=_("%(need)s was asked for by %(by)s; it came to %(address)s on %(chain)s later and goes back."),
        person="deposit_late",
        find=_late,
        is_of_ended=True,
    ),
    Cause(
        code="deposit_not_used",
        weight=726,
        severity=Severity.TROUBLE,
        title=_("The deposit was there but could not be used in time"),
        words=_(
            "%(need)s came in time, but no price or stock allowed us to begin before %(by)s. It goes back."
        ),
        person="deposit_late",
        find=_not_used,
        is_of_ended=True,
    ),
    Cause(
        code="deposit_awaited",
        weight=330,
        severity=Severity.WAIT,
        title=_("Nothing was paid yet"),
        words=_("Nothing is at %(address)s on %(chain)s; the transfer needs %(need)s by %(by)s."),
        person="deposit_awaited",
        find=_nothing_came,
    ),
    Cause(
        code="wallet_awaited",
        weight=325,
        severity=Severity.WAIT,
        title=_("The user's own transaction is awaited"),
        words=_(
            "The wallet has to send a transaction on %(chain)s by %(by)s. We see it once it is in a block."
        ),
        person="deposit_awaited",
        find=_awaits_wallet,
    ),
    Cause(
        code="never_paid",
        weight=320,
        severity=Severity.FINE,
        title=_("Nothing was paid or locked in time"),
        words=_("By %(by)s nothing had been taken on %(chain)s. The transfer is over."),
        person="not_started",
        find=_never_paid,
        is_of_ended=True,
    ),
    Cause(
        code="cancelled",
        weight=725,
        severity=Severity.FINE,
        title=_("The user cancelled it"),
        words=_("The signature was taken back on %(chain)s before it was used."),
        person="not_started",
        find=_cancelled,
        is_of_ended=True,
    ),
    Cause(
        code="signature_refused",
        weight=722,
        severity=Severity.TROUBLE,
        title=_("The signature does not hold"),
        words=_("Locking the input on %(chain)s by %(way)s was refused: “%(revert)s”."),
        person="signature",
        find=_false_signature,
        is_of_ended=True,
    ),
    Cause(
        code="funds_gone",
        weight=721,
        severity=Severity.TROUBLE,
        title=_("Balance or allowance was gone when it should have been locked"),
        words=_(
            "The wallet no longer held %(need)s on %(chain)s, or no longer let it be taken: “%(revert)s”."
        ),
        person="funds_gone",
        find=_funds_gone,
        is_of_ended=True,
    ),
    Cause(
        code="turned_down",
        weight=400,
        severity=Severity.FINE,
        title=_("It was turned down before it began"),
        words=_("%(reason)s (%(revert)s)"),
        person="not_started",
        find=_turned_down,
        is_of_ended=True,
    ),
    Cause(
        code="opening",
        weight=200,
        severity=Severity.FINE,
        title=_("Nothing is wrong: next its input is locked on %(chain)s"),
        words=_("It was accepted, and locking the input is under way."),
        person="fine",
        find=_opening,
    ),
)
