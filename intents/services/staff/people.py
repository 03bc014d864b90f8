"""Who is staff, and help for a colleague who cannot get in.

Nobody gets a role here: one person who could make colleagues would be two people. That takes a shell
(`manage.py staff`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from axes.utils import reset
from django.contrib.auth import get_user_model

from . import factor
from .audit import Actor
from .errors import NotPermitted, Unknown
from .once import Change, Form, once
from .roles import MANAGE_STAFF

UNLOCK: Final = "unlock"
RESET_FACTOR: Final = "reset_factor"
HELPS: Final = (UNLOCK, RESET_FACTOR)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of staff."""

    name: str
    roles: str
    has_app: bool
    codes_left: int
    last_login: datetime | None


def members() -> list[Member]:
    """Everybody who may be in the console, by name."""
    users = get_user_model().objects.filter(is_active=True).prefetch_related("groups").order_by("username")
    return [
        Member(
            name=user.get_username(),
            roles=", ".join(sorted(group.name for group in user.groups.all())),
            has_app=factor.app_of(user) is not None,
            codes_left=factor.codes_left(user),
            last_login=user.last_login,
        )
        for user in users
        if user.is_superuser or user.groups.all()
    ]


def help_in(name: str, what: str, actor: Actor, form: Form) -> bool:
    """End a lock-out, or let a colleague set up a new app; False when this form was sent before. Raises ActRefused.

    Nobody resets their own second factor: it is asked for to prove who they are.
    """
    if not actor.may(MANAGE_STAFF):
        raise NotPermitted()
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None or what not in HELPS:
        raise Unknown(name)
    if what == RESET_FACTOR and user.pk == actor.user.pk:
        raise NotPermitted()

    def deed() -> Change:
        before = {"has_app": factor.app_of(user) is not None}
        change(user, what)
        return Change(before, {"has_app": factor.app_of(user) is not None})

    return once(actor, what, form, permission=MANAGE_STAFF, kind="staff", subject=name, deed=deed)


def change(user: Any, what: str) -> None:
    """Do it, without a record of it."""
    if what == RESET_FACTOR:
        factor.forget(user)
    else:
        reset(username=user.get_username())
