"""`manage.py chain drain`: nothing new begins on a chain, what is open ends, our stock goes home if so told."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import OutputWrapper

from intents.engine.departures import open_orders
from intents.management.brakes import add_reason, add_stock, let_go
from intents.models import Departure
from intents.services.staff import pauses
from intents.services.staff.shell import at_shell, form_of

HELP: Final = "no new transfers from or to a chain; open ones end"


def add_arguments(parser: ArgumentParser) -> None:
    """Which chain, why, what becomes of our stock there; or that it ends."""
    add_reason(parser)
    add_stock(parser)
    parser.add_argument("--end", action="store_true", help="let new transfers begin again")


def handle(
    *, stdout: OutputWrapper, slug: str, reason: str, by: str, stock: str, end: bool, **options: Any
) -> None:
    """Raises ActRefused."""
    if end:
        stdout.write(let_go(pauses.DRAIN, slug, by=by, reason=reason))
        return
    pauses.pause(pauses.DRAIN, slug, at_shell(by), form_of(slug, reason), stock=Departure.Stock(stock))
    waiting = open_orders(pauses.brake_named(pauses.DRAIN, slug).chain_id).count()
    stdout.write(f"{slug} takes no new transfers; {waiting} open ones end. Our stock there: {stock}")
