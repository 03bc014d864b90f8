"""What every act of staff has in common: permission, a reason, what was typed, and that it is done once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import IntegrityError, transaction

from intents.models import AuditEntry

from .audit import Actor, record
from .errors import FormStale, NotPermitted, ReasonMissing, TypedWrong

MOST_REASON: Final = 500
TYPED_LETTERS: Final = 6


@dataclass(frozen=True, slots=True)
class Form:
    """What a staff member sent: why, what they typed to confirm, and the key of the page's form."""

    reason: str
    typed: str
    token: str


@dataclass(frozen=True, slots=True)
class Change:
    """What an act changed, for the record."""

    before: dict[str, Any]
    after: dict[str, Any]


def to_type(subject: str) -> str:
    """What is typed to confirm an act on this subject: a short name itself, the end of a long one."""
    return subject[-TYPED_LETTERS:] if subject.startswith("0x") else subject


def once(
    actor: Actor,
    action: str,
    form: Form,
    *,
    permission: str,
    kind: str,
    subject: str,
    deed: Callable[[], Change],
    confirm: str = "",
) -> bool:
    """Do and record an act; False, and nothing is done, when this very form was sent before.

    `confirm` is what must have been typed, where that is not `to_type(subject)`. The act and its entry are one
    transaction: neither is there without the other. Raises NotPermitted, ReasonMissing, TypedWrong, FormStale,
    and what `deed` raises.
    """
    if not actor.may(permission):
        raise NotPermitted()
    reason = form.reason.strip()[:MOST_REASON]
    if not reason:
        raise ReasonMissing()
    expected = confirm or to_type(subject)
    if form.typed.strip().lower() != expected.lower():
        raise TypedWrong(expected=expected)
    key = key_of(actor, action, kind=kind, subject=subject, token=form.token)
    if AuditEntry.objects.filter(idempotency_key=key).exists():
        return False
    try:
        with transaction.atomic():
            change = deed()
            record(
                actor,
                action,
                kind=kind,
                subject=subject,
                reason=reason,
                before=change.before,
                after=change.after,
                idempotency_key=key,
            )
    except IntegrityError:
        if AuditEntry.objects.filter(idempotency_key=key).exists():
            return False
        raise
    return True


def key_of(actor: Actor, action: str, *, kind: str, subject: str, token: str) -> str:
    """The idempotency key of one form: of this person, for this act, on this subject. Raises FormStale."""
    if not 16 <= len(token) <= 64:
        raise FormStale()
    parts = "\n".join((str(getattr(actor.user, "pk", actor.name)), action, kind, subject, token))
    return hashlib.sha256(parts.encode()).hexdigest()
