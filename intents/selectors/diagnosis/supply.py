"""Causes that keep a fill back: stock, prices, limits, bridges, whoever is to be paid."""

import hashlib
import time
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from intents.chains.calls import ZERO_ADDRESS
from intents.engine.actions.bridge import LATE_FACTOR
from intents.engine.depth import exposure_cap_usd_e8
from intents.engine.moves import expected_seconds
from intents.errors import WaymeetError
from intents.lifecycle import BEFORE_OPEN, TO_BE_FILLED, StepKind
from intents.models import MOVE_ENDED
from intents.selectors.steps import amount_words

from .acts import RELEASE_REFUND, RESOLVE
from .facts import Facts
from .finding import Cause, Numbers, Severity

_REFUSED: Final = ("blacklist", "transferfailed", "invalidreceiver", "notallowed", "frozen")
_GONE: Final = ("exceeds balance", "insufficientbalance", "insufficient balance")
# A pool that cannot hand a token out says so in its own words.
_STOPPED: Final = ("paused", "pausable", "transfer_failed")
_POOL_CANNOT: Final = "TF"


def _revert(facts: Facts) -> str:
    return str(facts.waits.get("revert", "")) if facts.code == "price_moved" else ""


def _no_stock(facts: Facts) -> Numbers | None:
    token = str(facts.waits.get("token", ""))
    is_told = facts.code in ("no_stock", "bridge_not_now") or _is_gone(_revert(facts))
    if not is_told or (token.lower() == ZERO_ADDRESS and _is_gas(facts)):
        return None
    fill = facts.step(StepKind.FILL)
    details: dict[str, Any] = fill.details if fill is not None else {}
    chain_id = facts.order.destination_id
    token = token or str(details.get("stock_token") or facts.order.output_token)
    is_planned = token == details.get("stock_token")
    wanted = int(details.get("stock_amount") or 0) if is_planned else facts.order.output_amount
    held = facts.scene.held(chain_id, token)
    return {
        "chain": facts.destination.name,
        "token": amount_words(chain_id, token, 0).partition(" ")[2],
        "wanted": amount_words(chain_id, token, wanted),
        "balance": amount_words(chain_id, token, held.balance),
        "free": amount_words(chain_id, token, max(0, held.balance - held.reserved)),
        "reserved": amount_words(chain_id, token, held.reserved),
        "orders": held.orders,
        "holders": ", ".join(f"{each[:12]}…" for each in held.some) or "–",
        "key": f"{chain_id}:{token}",
    }


def _is_gas(facts: Facts) -> bool:
    return bool(facts.scene.gas_alerts.get(facts.order.destination_id))


def _price_moved(facts: Facts) -> Numbers | None:
    is_told = facts.code == "not_profitable" or (_revert(facts) and not _is_refusal(_revert(facts)))
    if not is_told:
        return None
    missing, limit = (int(facts.waits.get(name, 0) or 0) for name in ("missing_usd_e8", "limit_usd_e8"))
    value = facts.order.value_usd_e8 or 0
    return {
        "missing": dollars(missing),
        "limit": dollars(limit),
        "share": f"{100 * missing / value:.2f}" if value and missing else "?",
        "minimum": amount_words(
            facts.order.destination_id, facts.order.output_token, facts.order.output_amount
        ),
        "revert": _revert(facts) or "–",
        "key": f"{facts.order.destination_id}:{facts.order.output_token}",
    }


def _is_gone(revert: str) -> bool:
    """Whether a payment failed because our own account no longer holds what is written down."""
    return any(each in revert.lower() for each in _GONE)


def _is_refusal(revert: str) -> bool:
    is_ours = revert == "OutflowCapExceeded" or _is_gone(revert) or _is_stopped(revert)
    return is_ours or any(each in revert.lower() for each in _REFUSED)


def _recipient(facts: Facts) -> Numbers | None:
    revert = _revert(facts)
    is_coin = facts.order.output_token.lower() == ZERO_ADDRESS and revert in ("Empty", "Unknown")
    if not is_coin and not any(each in revert.lower() for each in _REFUSED):
        return None
    return {
        "recipient": f"{facts.order.recipient[:6]}…{facts.order.recipient[-4:]}",
        "token": amount_words(facts.order.destination_id, facts.order.output_token, 0).partition(" ")[2],
        "chain": facts.destination.name,
        "revert": revert,
        "key": _unnamed(facts.order.recipient),
    }


def _is_stopped(revert: str) -> bool:
    return revert == _POOL_CANNOT or any(each in revert.lower() for each in _STOPPED)


def _token_stopped(facts: Facts) -> Numbers | None:
    revert = _revert(facts)
    if not _is_stopped(revert):
        return None
    return {
        "token": amount_words(facts.order.destination_id, facts.order.output_token, 0).partition(" ")[2],
        "chain": facts.destination.name,
        "revert": revert,
        "key": f"{facts.order.destination_id}:{facts.order.output_token}",
    }


def _outflow(facts: Facts) -> Numbers | None:
    if _revert(facts) != "OutflowCapExceeded":
        return None
    return {"chain": facts.destination.name, "key": str(facts.order.destination_id)}


def _burns(facts: Facts) -> Numbers | None:
    if facts.code != "too_much_gas":
        return None
    recipient = facts.order.recipient
    return {
        "recipient": f"{recipient[:6]}…{recipient[-4:]}",
        "chain": facts.destination.name,
        "key": _unnamed(recipient),
    }


def _blocked(facts: Facts) -> Numbers | None:
    reason = facts.order.reason if isinstance(facts.order.reason, dict) else {}
    told = facts.waits if facts.code == "blocked_address" else reason.get("params") or {}
    if facts.code != "blocked_address" and reason.get("code") != "blocked_address":
        return None
    address = str(told.get("address", ""))
    shown = f"{address[:6]}…{address[-4:]}" if address else "…"
    return {"address": shown, "key": _unnamed(address)}


def _exposure(facts: Facts) -> Numbers | None:
    manifest = facts.origin.manifest
    if facts.code != "exposure_full" or manifest is None:
        return None
    return {
        "chain": facts.origin.name,
        "cap": dollars(exposure_cap_usd_e8(manifest) or 0),
        "used": dollars(facts.scene.at_risk_usd_e8(manifest.chain_id)),
        "value": dollars(facts.order.value_usd_e8 or 0),
        "key": str(manifest.chain_id),
    }


def _no_price(facts: Facts) -> Numbers | None:
    if facts.code not in ("no_price", "stale_price", "price_disagreement"):
        return None
    asset = str(facts.waits.get("asset") or "?")
    return {"asset": asset, "key": asset}


def _switched_off(facts: Facts) -> Numbers | None:
    is_told = facts.code == "fill_switched_off"
    is_next = not facts.scene.is_filling and facts.state in TO_BE_FILLED and facts.flying is None
    return {"key": "all"} if is_told or is_next else None


def _bridge(facts: Facts, *, is_late: bool) -> Numbers | None:
    move = facts.move
    if move is None or move.state in (*MOVE_ENDED, "arrived") or facts.state not in TO_BE_FILLED:
        return None
    try:
        expected = expected_seconds(move)
    except WaymeetError:
        expected = 60.0
    age = max(0.0, time.time() - move.created_at.timestamp())
    if (age > LATE_FACTOR * expected) != is_late:
        return None
    waits = str((move.reason or {}).get("code") or "–")
    return {
        "source": facts.scene.chain(move.source_id).name,
        "chain": facts.scene.chain(move.destination_id).name,
        "amount": amount_words(move.source_id, move.source_token, move.amount),
        "age": age,
        "expected": expected,
        "waits": waits.replace("_", " "),
        "key": f"{move.source_id}:{move.destination_id}",
    }


def _late(facts: Facts) -> Numbers | None:
    return _bridge(facts, is_late=True)


def _under_way(facts: Facts) -> Numbers | None:
    return _bridge(facts, is_late=False)


def _deadline(facts: Facts) -> Numbers | None:
    told = facts.code in ("fill_deadline_near", "cannot_finalise_in_time", "too_late")
    if facts.state not in TO_BE_FILLED | BEFORE_OPEN or facts.is_ended:
        return None
    left = facts.fill_left
    if not told and not (facts.state in TO_BE_FILLED and left < NEAR_SECONDS):
        return None
    return {
        "seconds": max(0.0, left),
        "chain": facts.destination.name,
        "key": str(facts.order.destination_id),
    }


def _not_taken(facts: Facts) -> Numbers | None:
    if facts.code != "not_taken":
        return None
    because = str(facts.waits.get("because") or "?").replace("_", " ")
    return {"because": because, "key": because}


def _unnamed(address: str) -> str:
    """What tells an address from others without naming it: keys stand in links that everybody reads."""
    return hashlib.sha256(address.lower().encode()).hexdigest()[:16]


def dollars(usd_e8: int) -> str:
    """An amount of USD × 10^8 as people write it."""
    return f"${usd_e8 / 10**8:,.2f}"


NEAR_SECONDS: Final = 60.0

CAUSES: Final = (
    Cause(
        code="no_stock",
        weight=770,
        severity=Severity.TROUBLE,
        title=_("No unreserved %(token)s on %(chain)s"),
        words=_(
            "It needs %(wanted)s. We hold %(balance)s on %(chain)s, of which %(reserved)s is "
            "promised to %(orders)s orders "
            "(%(holders)s) and %(free)s is free."
        ),
        person="waits_for_us",
        find=_no_stock,
        act=RESOLVE,
    ),
    Cause(
        code="price_moved",
        weight=765,
        severity=Severity.TROUBLE,
        title=_("The price moved below what was signed"),
        words=_(
            "Paying the signed minimum of %(minimum)s would now cost us %(missing)s more than it "
            "brings (%(share)s %% of "
            "its value); we accept a loss of %(limit)s. The exchange said: %(revert)s."
        ),
        person="price",
        find=_price_moved,
        act=RESOLVE,
    ),
    Cause(
        code="recipient_refuses",
        weight=780,
        severity=Severity.TROUBLE,
        title=_("The recipient cannot be paid in %(token)s"),
        words=_(
            "%(token)s on %(chain)s refuses to be paid to %(recipient)s: “%(revert)s”. Most likely "
            "the address is on "
            "the token's own black list, or its contract takes nothing."
        ),
        person="recipient",
        find=_recipient,
        act=RELEASE_REFUND,
    ),
    Cause(
        code="token_stopped",
        weight=782,
        severity=Severity.TROUBLE,
        title=_("%(token)s on %(chain)s is stopped by its issuer"),
        words=_("The token's contract refuses every payment: “%(revert)s”."),
        person="waits_for_others",
        find=_token_stopped,
    ),
    Cause(
        code="outflow_cap",
        weight=781,
        severity=Severity.TROUBLE,
        title=_("The hourly limit of our account on %(chain)s is reached"),
        words=_("Our account's contract lets no more of this token go within the hour."),
        person="waits_for_us",
        find=_outflow,
    ),
    Cause(
        code="recipient_burns_gas",
        weight=779,
        severity=Severity.TROUBLE,
        title=_("Paying the recipient takes too much gas"),
        words=_(
            "The code at %(recipient)s on %(chain)s uses more gas when it is paid than any transfer may."
        ),
        person="recipient",
        find=_burns,
        act=RELEASE_REFUND,
    ),
    Cause(
        code="blocked_address",
        weight=785,
        severity=Severity.TROUBLE,
        title=_("An address is on our own block list"),
        words=_("%(address)s is on the list of addresses that are not served here."),
        person="cannot",
        find=_blocked,
        is_of_ended=True,
    ),
    Cause(
        code="exposure_full",
        weight=760,
        severity=Severity.TROUBLE,
        title=_("The limit for deposits of %(chain)s that are not final is full"),
        words=_(
            "%(used)s are paid, or about to be, against deposits that a reorganisation of %(chain)s "
            "could take away; the "
            "limit is %(cap)s, and this order is worth %(value)s."
        ),
        person="waits_for_us",
        find=_exposure,
    ),
    Cause(
        code="no_price",
        weight=768,
        severity=Severity.TROUBLE,
        title=_("No trustworthy price of %(asset)s"),
        words=_("The price of %(asset)s is too old, or its sources disagree. Nothing is paid without one."),
        person="price",
        find=_no_price,
    ),
    Cause(
        code="fill_switched_off",
        weight=790,
        severity=Severity.TROUBLE,
        title=_("Payouts are switched off"),
        words=_("Somebody switched payouts off for all transfers (FILL_ENABLED)."),
        person="paused",
        find=_switched_off,
    ),
    Cause(
        code="bridge_late",
        weight=630,
        severity=Severity.TROUBLE,
        title=_("Our stock on its way from %(source)s is late"),
        words=_(
            "%(amount)s left %(source)s for %(chain)s %(age)s ago; that usually takes %(expected)s. "
            "The bridge says: "
            "%(waits)s."
        ),
        person="waits_for_us",
        find=_late,
        act=RESOLVE,
    ),
    Cause(
        code="bridge_under_way",
        weight=310,
        severity=Severity.WAIT,
        title=_("Our stock is on its way from %(source)s"),
        words=_("%(amount)s left %(source)s for %(chain)s %(age)s ago; that usually takes %(expected)s."),
        person="fine",
        find=_under_way,
    ),
    Cause(
        code="deadline_near",
        weight=745,
        severity=Severity.TROUBLE,
        title=_("Its fill deadline is in %(seconds)s"),
        words=_(
            "%(chain)s will not be paid on after that, and a payment sent now might come too late. "
            "Then the money goes back."
        ),
        person="deadline",
        find=_deadline,
    ),
    Cause(
        code="not_taken",
        weight=500,
        severity=Severity.WAIT,
        title=_("An order made without us that we do not serve"),
        words=_("It was opened without a quote of ours and is not taken: %(because)s."),
        person="cannot",
        find=_not_taken,
    ),
)
