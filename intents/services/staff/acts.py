"""What staff may do for one transfer, each through the engine and never around it.

Nothing here can change who is paid or how much: an order's terms are what was signed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intents.chains.clock import ClockUnknown
from intents.engine import wishes
from intents.engine.releases import refuse_release
from intents.engine.wishes import FLYING, snapshot
from intents.lifecycle import ORDER_ENDED, OrderState
from intents.models import Attempt, Handling, Order, StaffNote, StaffWish
from intents.services.words import text as words_of
from intents.settlement.acceptance import Refusal

from .audit import Actor
from .errors import NotOffered
from .once import Change, Form, once
from .roles import ACT, RELEASE_REFUNDS, may

RETRY: Final = "retry"
BUMP: Final = "bump"
RESOLVE: Final = "resolve"
RELEASE: Final = "release_refund"
ASSIGN: Final = "assign"
NOTE: Final = "note"
CLOSE: Final = "close"
MOST_NOTE: Final = 4000


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that may be done: its name, the permission it takes, and its words."""

    name: str
    permission: str
    label: Any
    explains: Any
    is_wish: bool = True


@dataclass(frozen=True, slots=True)
class Offer:
    """An act for one order; `why_not` is empty when it can be done now."""

    name: str
    label: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What the staff member is told: whether it is being done later, and whether it was sent before."""

    is_busy: bool = False
    is_repeat: bool = False


ACTS: Final[dict[str, Act]] = {
    act.name: act
    for act in (
        Act(
            RETRY, ACT, _("Retry"), _("Clears failures, lets a stopped transfer go on, and looks at it now.")
        ),
        Act(
            BUMP,
            ACT,
            _("Raise the fee"),
            _("Sends every waiting transaction again with the same nonce and higher fees."),
        ),
        Act(
            RESOLVE,
            ACT,
            _("Look for another way"),
            _("Looks for another supply of what was signed: other stock, another swap. The amount stays."),
        ),
        Act(
            RELEASE,
            RELEASE_REFUNDS,
            _("Release the refund now"),
            _("Has the money go back to the user as soon as the contracts allow it."),
        ),
        Act(ASSIGN, ACT, _("Assign"), _("Says who looks after this transfer."), is_wish=False),
        Act(NOTE, ACT, _("Write a note"), _("For staff only: the person never sees it."), is_wish=False),
        Act(CLOSE, ACT, _("Mark as resolved"), _("Takes it off the lists of open cases."), is_wish=False),
    )
}
_WISHES: Final = {
    RETRY: StaffWish.Kind.RETRY,
    BUMP: StaffWish.Kind.BUMP,
    RESOLVE: StaffWish.Kind.RESOLVE,
    RELEASE: StaffWish.Kind.RELEASE,
}


def offered(order: Order, user: Any) -> list[Offer]:
    """Every act, with why it cannot be done now by this user."""
    return [Offer(act.name, str(act.label), why_not(order, user, act)) for act in ACTS.values()]


def why_not(order: Order, user: Any, act: Act) -> str:
    """Why this user cannot do it now; "" when they can."""
    if not may(user, act.permission):
        return words_of("not_permitted")
    refusal = _REFUSALS[act.name](order) if act.name in _REFUSALS else None
    return words_of(refusal.code, refusal.params) if refusal is not None else ""


def act_on(order: Order, name: str, actor: Actor, form: Form, *, value: str = "") -> Done:
    """Do an act; `value` is a note's text or an assignee's name.

    What the engine does is kept as a wish and done at its next look. Raises ActRefused.
    """
    act = ACTS[name]
    is_busy = act.is_wish and wishes.is_busy(order.order_id)

    def deed() -> Change:
        refusal = _REFUSALS[name](order) if name in _REFUSALS else None
        if refusal is not None:
            raise NotOffered(refusal)
        if act.is_wish:
            return _wish(order, name, actor)
        return _OWN_DEEDS[name](order, actor, value)

    is_new = once(
        actor, name, form, permission=act.permission, kind="order", subject=order.order_id, deed=deed
    )
    return Done(is_busy=is_busy and is_new, is_repeat=not is_new)


def panel(order: Order, user: Any) -> dict[str, Any]:
    """What `console/acts.html` shows besides the order: the offers, and what was wished lately with its outcome."""
    rows = StaffWish.objects.filter(order=order).order_by("-id")[:5]
    labels = {kind: str(ACTS[name].label) for name, kind in _WISHES.items()}
    wished = [(row, labels[StaffWish.Kind(row.kind)], outcome_words(row)) for row in rows]
    return {"offers": offered(order, user), "wishes": wished}


def outcome_words(wish: StaffWish) -> str:
    """What came of a wish, as a sentence."""
    if wish.done_at is None:
        return str(_("It is being worked on: this is done at the next look."))
    code = str(wish.outcome.get("code", ""))
    return str(_OUTCOMES[code]) if code in _OUTCOMES else words_of(code, wish.outcome.get("params", {}))


def _wish(order: Order, name: str, actor: Actor) -> Change:
    wish = wishes.make(order.order_id, _WISHES[name], actor=actor.user, actor_name=actor.name)
    return Change(before=snapshot(order), after={"wish": wish.pk})


def _assign(order: Order, actor: Actor, value: str) -> Change:
    assignee = actor.user if value in ("", actor.name) else _staff_named(value)
    if assignee is None:
        raise NotOffered(Refusal("assignee_unknown"))
    handling, _is_new = Handling.objects.get_or_create(order=order)
    before = _handled(handling)
    handling.assignee = assignee
    handling.save()
    return Change(before, _handled(handling))


def _staff_named(name: str) -> Any:
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    return user if user is not None and may(user, ACT) else None


def _note(order: Order, actor: Actor, value: str) -> Change:
    text = value.strip()[:MOST_NOTE]
    if not text:
        raise NotOffered(Refusal("text_missing"))
    note = StaffNote.objects.create(order=order, author=actor.user, text=text)
    return Change(before={}, after={"note": note.pk, "text": text})


def _close(order: Order, actor: Actor, value: str) -> Change:
    handling, _is_new = Handling.objects.get_or_create(order=order)
    before = _handled(handling)
    handling.resolved_by, handling.resolved_at = actor.user, timezone.now()
    handling.save()
    return Change(before, _handled(handling))


def _handled(handling: Handling) -> dict[str, Any]:
    return {
        "assignee": handling.assignee.get_username() if handling.assignee else "",
        "resolved_by": handling.resolved_by.get_username() if handling.resolved_by else "",
        "resolved_at": handling.resolved_at.isoformat() if handling.resolved_at else "",
    }


def _refuse_retry(order: Order) -> Refusal | None:
    if order.state in ORDER_ENDED and order.payout != "claimable":
        return Refusal("order_ended")
    return None


def _refuse_bump(order: Order) -> Refusal | None:
    ours = Q(step__order=order) | Q(also__order=order)
    return None if Attempt.objects.filter(ours, state__in=FLYING).exists() else Refusal("nothing_under_way")


def _refuse_resolve(order: Order) -> Refusal | None:
    if order.state not in (OrderState.OPENED, OrderState.FILLING):
        return Refusal("not_to_be_filled")
    fills = Attempt.objects.filter(step__order=order, purpose="fill", state__in=FLYING)
    return Refusal("fill_under_way") if fills.exists() else None


def _refuse_release(order: Order) -> Refusal | None:
    try:
        return refuse_release(order)
    except ClockUnknown as error:
        return Refusal(error.code, error.params)


def _refuse_close(order: Order) -> Refusal | None:
    is_closed = Handling.objects.filter(order=order, resolved_at__isnull=False).exists()
    return Refusal("resolved_already") if is_closed else None


_REFUSALS: Final[dict[str, Callable[[Order], Refusal | None]]] = {
    RETRY: _refuse_retry,
    BUMP: _refuse_bump,
    RESOLVE: _refuse_resolve,
    RELEASE: _refuse_release,
    CLOSE: _refuse_close,
}
_OWN_DEEDS: Final[dict[str, Callable[[Order, Actor, str], Change]]] = {
    ASSIGN: _assign,
    NOTE: _note,
    CLOSE: _close,
}
_OUTCOMES: Final = {
    "looked_at": _("It was looked at again."),
    "resumed": _("It goes on where it had stopped."),
    "outbid": _("Sent again with higher fees."),
    "mined_already": _("It was mined meanwhile."),
    "no_other_way": _("There is no other way at the moment."),
    "no_stock": _("The stock for another way is promised to others."),
    "supply_changed": _("It will be delivered another way."),
    "released": _("The refund was released."),
    "pushed": _("The refund is being handed out again."),
}
