"""The staff account of the one-command start, with a password of this run folder's own."""

import os
import secrets
from pathlib import Path
from typing import Final

from django.contrib.auth import get_user_model

STAFF_NAME: Final = "staff"


def ensure_staff_login(run_dir: Path) -> str:
    """Create or refresh the account; its password."""
    password = run_secret(run_dir, "staff-password")
    user, _ = get_user_model().objects.get_or_create(username=STAFF_NAME)
    if not (user.is_superuser and user.check_password(password)):
        user.is_staff = user.is_superuser = True
        user.set_password(password)
        user.save()
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
