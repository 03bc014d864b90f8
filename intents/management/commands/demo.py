"""`manage.py demo`: the whole system on this machine, with local chains."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from intents.devnet.demo import DEMO_ERRORS, run


class Command(BaseCommand):
    """Runs in the foreground until Ctrl-C or SIGTERM, which stop everything it started."""

    help = "Start local chains, Redis, web, workers, follower and validators; Ctrl-C stops them all."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run()
        except DEMO_ERRORS as error:
            raise CommandError(str(error)) from error
