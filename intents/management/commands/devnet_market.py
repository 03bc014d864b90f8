"""`manage.py devnet_market`: moves the local network's prices and keeps its pools near them."""

import logging
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from intents.devnet.market import Market


class Command(BaseCommand):
    """Runs until SIGINT or SIGTERM; chains may restart or join meanwhile."""

    help = "Post price feeds every 20 s and arbitrage the pools of every local chain."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=0, help="of the random walk")
        parser.add_argument("--still", action="store_true", help="post the same prices again and again")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        market = Market(settings.NETWORK_DIR, seed=options["seed"], is_moving=not options["still"])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: market.stop())
        market.run()
