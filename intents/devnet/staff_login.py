"""The staff accounts of the one-command start, with passwords of this run folder's own.

Two of them, so that what needs two people can be tried.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

STAFF_NAME: Final = "staff"
SECOND_NAME: Final = "second"


def ensure_staff_logins(run_dir: Path) -> dict[str, str]:
    """Create or refresh the accounts, an administrator and an operator; their passwords by name."""
    return {
        STAFF_NAME: _ensure(run_dir, STAFF_NAME, group="admin", is_superuser=True),
        SECOND_NAME: _ensure(run_dir, SECOND_NAME, group="operator", is_superuser=False),
    }


def _ensure(run_dir: Path, name: str, *, group: str, is_superuser: bool) -> str:
    password = run_secret(run_dir, f"{name}-password")
    user, _ = get_user_model().objects.get_or_create(username=name)
    if not (user.is_staff and user.is_superuser == is_superuser and user.check_password(password)):
        user.is_staff, user.is_superuser = True, is_superuser
        user.set_password(password)
        user.save()
    user.groups.add(Group.objects.get(name=group))
    return password


def run_secret(run_dir: Path, name: str) -> str:
    """A random secret kept in the run folder, readable by its owner only."""
    path = run_dir / name
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        secret = secrets.token_urlsafe(12)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
        return secret
