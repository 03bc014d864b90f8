"""Who is staff: add somebody, change their role, let them set up a new second factor, end a lock-out."""

import getpass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from intents.models import AuditEntry
from intents.services.staff import people
from intents.services.staff.roles import GROUPS


class Command(BaseCommand):
    help = "Adds staff, changes roles, resets a lost second factor, ends a lock-out, or dismisses"

    def add_arguments(self, parser: CommandParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        for deed in ("add", "role"):
            each = deeds.add_parser(deed)
            each.add_argument("name")
            each.add_argument("role", choices=sorted(GROUPS))
        for deed in ("reset-factor", "unlock", "dismiss"):
            deeds.add_parser(deed).add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        name, deed = options["name"], options["deed"]
        if deed == "add":
            after = self._add(name, options["role"])
        else:
            user = get_user_model().objects.filter(username=name).first()
            if user is None:
                raise CommandError(f"nobody is called {name}")
            after = _change(user, deed, options.get("role", ""))
        _note(deed, name, after)
        self.stdout.write(f"{deed}: {name}")

    def _add(self, name: str, role: str) -> dict[str, Any]:
        if get_user_model().objects.filter(username=name).exists():
            raise CommandError(f"{name} is there already")
        password = getpass.getpass("Password: ")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user = get_user_model().objects.create_user(name, password=password, is_staff=True)
        user.groups.set([Group.objects.get(name=role)])
        return {"role": role}


@transaction.atomic
def _change(user: Any, deed: str, role: str) -> dict[str, Any]:
    if deed == "role":
        # Whoever was more than any role before is no more than this one now.
        user.is_superuser = False
        user.save()
        user.user_permissions.clear()
        user.groups.set([Group.objects.get(name=role)])
        return {"role": role}
    if deed in ("reset-factor", "unlock"):
        people.change(user, deed.replace("-", "_"))
    if deed == "dismiss":
        user.is_active = user.is_staff = user.is_superuser = False
        user.groups.clear()
        user.user_permissions.clear()
        user.save()
    return {}


def _note(deed: str, name: str, after: dict[str, Any]) -> None:
    AuditEntry.objects.create(
        actor=None,
        actor_name=f"shell: {getpass.getuser()}",
        action=f"staff_{deed.replace('-', '_')}",
        subject_kind="staff",
        subject_id=name,
        after=after,
    )
