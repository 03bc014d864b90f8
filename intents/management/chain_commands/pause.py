"""`manage.py chain pause`: stop a chain at once, deliveries included, as the console's brake does."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import OutputWrapper

from intents.management.brakes import add_reason, let_go
from intents.services.staff import pauses
from intents.services.staff.shell import at_shell, form_of

HELP: Final = "stop a chain at once: no new transfers, no deliveries"


def add_arguments(parser: ArgumentParser) -> None:
    """Which chain and why; or that it ends."""
    add_reason(parser)
    parser.add_argument("--end", action="store_true", help="let go of it")


def handle(*, stdout: OutputWrapper, slug: str, reason: str, by: str, end: bool, **options: Any) -> None:
    """Raises ActRefused."""
    if end:
        stdout.write(let_go(pauses.CHAIN, slug, by=by, reason=reason))
        return
    pauses.pause(pauses.CHAIN, slug, at_shell(by), form_of(slug, reason))
    stdout.write(f"{slug} is paused")
