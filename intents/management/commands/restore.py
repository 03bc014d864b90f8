"""`manage.py restore FILE`: put a copy of the database back, and catch up with what happened since."""

import time
from pathlib import Path
from typing import Any, Final

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.db.models import Max

from intents.chains import accounts, registry
from intents.chains.shared import catch_up
from intents.errors import WaymeetError
from intents.management.dumps import DumpError, check, restore
from intents.models import NodeReport, Order

# A follower writes how the nodes are at least every four seconds.
RECENT_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 8.0
PAUSE_SECONDS: Final = 0.5


class Command(BaseCommand):
    """Stop every process first. Afterwards the follower reads on from where the copy stopped, and workers go on."""

    help = "Replace the database by a copy that `backup` wrote."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="what is in the database now may be lost")

    def handle(self, *args: Any, file: Path, yes: bool, **options: Any) -> None:
        try:
            check(file)
            if not yes:
                raise CommandError("what is in the database now would be lost: say --yes")
            self._refuse_running()
            restore(file)
        except DumpError as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0, interactive=False)
        registry.forget()
        self.stdout.write(f"{Order.objects.count()} orders as of {file}")
        for chain in registry.all_chains().values():
            self._catch_up(chain.chain_id, chain.name)

    def _refuse_running(self) -> None:
        """A follower that goes on from where it is would leave out what happened since the copy."""
        before = _looked_at()
        if before is None or time.time() - before > RECENT_SECONDS:
            return
        until = time.monotonic() + LOOK_SECONDS
        while time.monotonic() < until:
            time.sleep(PAUSE_SECONDS)
            if _looked_at() != before:
                raise CommandError("`manage.py follow` is running: stop every process first")

    def _catch_up(self, chain_id: int, name: str) -> None:
        """Nonces that were used after the copy was made are not used again."""
        for role in (accounts.OPERATOR, accounts.RELAYER):
            try:
                catch_up(chain_id, role)
            except WaymeetError as error:
                self.stderr.write(f"{name}, {role}: not caught up, {error.code}: the sweep does it later")


def _looked_at() -> float | None:
    """When a follower last wrote how nodes are, wall time; None for an empty database."""
    try:
        return NodeReport.objects.aggregate(at=Max("seen_at"))["at"]
    except DatabaseError:
        return None
