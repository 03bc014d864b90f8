"""Who may do what in the console: permissions, the groups that hold them, and when a second factor is asked."""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device

from intents.chains import registry
from intents.errors import WaymeetError

from .sessions import is_over

VIEW_TRANSFERS: Final = "view_transfers"
VIEW_ADDRESSES: Final = "view_addresses"
ACT: Final = "act_on_transfers"
RELEASE_REFUNDS: Final = "release_refunds"
PAUSE: Final = "pause"
ASK_REQUESTS: Final = "ask_requests"
DECIDE_REQUESTS: Final = "decide_requests"
ANSWER_TICKETS: Final = "answer_tickets"
VIEW_RECORD: Final = "view_record"
MANAGE_STAFF: Final = "manage_staff"

PERMISSIONS: Final = (
    VIEW_TRANSFERS,
    VIEW_ADDRESSES,
    ACT,
    RELEASE_REFUNDS,
    PAUSE,
    ASK_REQUESTS,
    DECIDE_REQUESTS,
    ANSWER_TICKETS,
    VIEW_RECORD,
    MANAGE_STAFF,
)

_VIEWER: Final = (VIEW_TRANSFERS,)
_SUPPORT: Final = (*_VIEWER, VIEW_ADDRESSES, ACT, ANSWER_TICKETS, ASK_REQUESTS)
_OPERATOR: Final = (*_SUPPORT, RELEASE_REFUNDS, PAUSE, DECIDE_REQUESTS, VIEW_RECORD)
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "viewer": _VIEWER,
    "support": _SUPPORT,
    "operator": _OPERATOR,
    "admin": PERMISSIONS,
}

ALWAYS: Final = "always"


def make_groups(groups: Any, permissions: Any, content_types: Any) -> None:
    """Make the groups that are missing, with their permissions; those that are there stay as they are.

    Takes the models Group, Permission and ContentType, so that migrations can give theirs.
    """
    kind, _ = content_types.objects.get_or_create(app_label="intents", model="auditentry")
    for name, codenames in GROUPS.items():
        group, is_new = groups.objects.get_or_create(name=name)
        if not is_new:
            continue
        group.permissions.set(
            permissions.objects.get_or_create(
                content_type=kind, codename=codename, defaults={"name": codename}
            )[0]
            for codename in codenames
        )


def may(user: Any, permission: str) -> bool:
    """Whether this user, active and logged in, holds a permission of the console."""
    return bool(user.is_authenticated and user.has_perm(f"intents.{permission}"))


def needs_second_factor() -> bool:
    """Everywhere but where every connected chain is local; there too if the setting says so."""
    if settings.STAFF_SECOND_FACTOR == ALWAYS:
        return True
    try:
        return any(not chain.is_local for chain in registry.all_chains().values())
    except (DatabaseError, WaymeetError):
        return True


def is_let_in(user: Any, permission: str, session: Mapping[str, Any]) -> bool:
    """Whether a session may use what needs this permission now, its second factor included. For sockets."""
    if is_over(session) or not may(user, permission):
        return False
    return not needs_second_factor() or _is_verified(user, session)


def _is_verified(user: Any, session: Mapping[str, Any]) -> bool:
    known = session.get(DEVICE_ID_SESSION_KEY)
    device = Device.from_persistent_id(known) if known else None
    return device is not None and device.user_id == user.pk and device.confirmed
