"""Staff of every role at work, and the forms they send."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from intents.services.staff.audit import Actor
from intents.services.staff.once import Form

ROLES = ("viewer", "support", "operator", "admin")


def staff_user(role: str = "", name: str = "") -> Any:
    """A member of staff of a role; without one nobody's."""
    user = get_user_model().objects.create_user(
        name or f"{role or 'nobody'}-{secrets.token_hex(3)}", password="right-password"
    )
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def actor(role: str, name: str = "") -> Actor:
    """A staff member at work, from a documented address."""
    user = staff_user(role, name)
    return Actor(user=user, name=user.get_username(), client_address="192.0.2.7")


def form(typed: str, *, reason: str = "they asked for it", token: str = "") -> Form:
    """A form that was filled in; each has its own key unless one is given."""
    return Form(reason=reason, typed=typed, token=token or secrets.token_hex(16))
