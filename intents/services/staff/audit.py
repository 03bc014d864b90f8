"""The record: who looked or acted, when, from where, and what it was before and after."""

from dataclasses import dataclass
from typing import Any

from intents.models import AuditEntry

from .roles import may


@dataclass(frozen=True, slots=True)
class Actor:
    """A staff member at work: the user's row, the name as it is now, and where the request came from."""

    user: Any
    name: str
    client_address: str = ""

    def may(self, permission: str) -> bool:
        """Whether the user holds a permission of the console."""
        return may(self.user, permission)


def record(
    actor: Actor,
    action: str,
    *,
    kind: str,
    subject: str,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    idempotency_key: str = "",
) -> AuditEntry:
    """Add an entry; `kind` and `subject` say what it is about, `before` and `after` are JSON values.

    Raises IntegrityError when an entry with this idempotency key is there already.
    """
    return AuditEntry.objects.create(
        actor=actor.user,
        actor_name=actor.name,
        client_address=actor.client_address,
        action=action,
        subject_kind=kind,
        subject_id=subject,
        reason=reason,
        before=before or {},
        after=after or {},
        idempotency_key=idempotency_key,
    )
