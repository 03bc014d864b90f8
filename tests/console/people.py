"""Staff of every role."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client


def member(role: str, *, name: str = "") -> Any:
    """A member of staff with the role's group."""
    user = get_user_model().objects.create_user(username=name or role, password="a long pass phrase")
    user.groups.add(Group.objects.get(name=role))
    return user


def browser_of(role: str, *, name: str = "") -> Client:
    """The browser of a member of staff who is logged in."""
    client = Client(raise_request_exception=False)
    client.force_login(member(role, name=name), backend="django.contrib.auth.backends.ModelBackend")
    return client
