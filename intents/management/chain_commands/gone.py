"""`manage.py chain gone`: part with a chain whose nodes answer nobody any more."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import OutputWrapper

from intents.engine.departures import open_orders
from intents.management.brakes import add_reason, said
from intents.selectors.gone import gone_lines
from intents.services.staff import shell
from intents.services.staff.pauses import DRAIN, brake_named

HELP: Final = "declare a chain gone whose nodes have answered nobody for long"


def add_arguments(parser: ArgumentParser) -> None:
    """Which chain, why, and who says so."""
    add_reason(parser)


def handle(*, stdout: OutputWrapper, slug: str, reason: str, by: str, **options: Any) -> None:
    """Raises ActRefused."""
    chain_id = brake_named(DRAIN, slug).chain_id
    for label, value in gone_lines(chain_id):
        stdout.write(f"{label}: {value}")
    request = shell.declare_gone(slug, shell.at_shell(by), reason=reason)
    waiting = open_orders(chain_id).count()
    stdout.write(
        said(request, f"{slug} is gone: of {waiting} open transfers those end that other chains can end")
    )
