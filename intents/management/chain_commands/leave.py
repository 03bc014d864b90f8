"""`manage.py chain leave`: have a chain leave the network once what is open on it has ended."""

import time
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import CommandError, OutputWrapper

from intents.engine.departures import open_orders
from intents.management.brakes import add_reason, add_stock, said
from intents.models import Departure
from intents.services.staff import shell
from intents.services.staff.pauses import DRAIN, brake_named
from intents.services.stock import departures_sweep

HELP: Final = "disconnect a chain after its open transfers ended"
LOOK_SECONDS: Final = 1.0


def add_arguments(parser: ArgumentParser) -> None:
    """Which chain, why, what becomes of our stock, and how long to watch it go."""
    add_reason(parser)
    add_stock(parser)
    parser.add_argument("--wait", type=int, default=0, metavar="SECONDS", help="watch it until it is gone")


def handle(
    *, stdout: OutputWrapper, slug: str, reason: str, by: str, stock: str, wait: int, **options: Any
) -> None:
    """Raises ActRefused, and CommandError when it is not gone in time; it goes on leaving by itself."""
    chain_id = brake_named(DRAIN, slug).chain_id
    request = shell.leave(slug, shell.at_shell(by), reason=reason, stock=stock)
    stdout.write(
        said(request, f"{slug} is leaving: {open_orders(chain_id).count()} open transfers end first")
    )
    if request is not None or not wait:
        return
    until = time.monotonic() + wait
    while time.monotonic() < until:
        departures_sweep()
        if Departure.objects.filter(chain_id=chain_id, left_at__isnull=False, ended_at=None).exists():
            stdout.write(f"{slug} left the network")
            return
        time.sleep(LOOK_SECONDS)
    raise CommandError(f"{slug} is still leaving: {open_orders(chain_id).count()} open transfers")
