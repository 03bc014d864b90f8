"""`manage.py filler --key … --price usdc=1 --price weth=2500`: an outside filler, as an example. Needs no database."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intents.chains.manifest_reader import ManifestError
from intents.chains.registry import read_directory
from intents.client.filler import Filler, Rules


class Command(BaseCommand):
    """Runs until it is stopped; it may be stopped anywhere."""

    help = (
        "Fill other people's orders from your own key: a stand-alone example against public contracts only."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--key", required=True, help="private key that holds the tokens and pays gas")
        parser.add_argument("--network", type=Path, default=settings.NETWORK_DIR, help="folder of manifests")
        parser.add_argument(
            "--price",
            action="append",
            default=[],
            metavar="ID=USD",
            help="dollars of one token, such as weth=2500",
        )
        parser.add_argument("--least-gain", type=float, default=0.01, help="dollars that an order must bring")
        parser.add_argument("--every", type=float, default=1.0, help="seconds between looks")
        parser.add_argument("--once", action="store_true", help="look once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            chains = {chain.chain_id: chain for chain in read_directory(options["network"])}
        except ManifestError as error:
            raise CommandError(str(error)) from error
        rules = Rules(prices_usd=_prices(options["price"]), least_gain_usd=options["least_gain"])
        filler = Filler(chains, key=options["key"], rules=rules, say=self._say)
        try:
            while True:
                filler.look()
                if options["once"]:
                    return
                time.sleep(options["every"])
        except KeyboardInterrupt:
            return

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _prices(texts: list[str]) -> dict[str, float]:
    prices: dict[str, float] = {}
    for text in texts:
        name, separator, dollars = text.partition("=")
        try:
            prices[name.strip().lower()] = float(dollars)
        except ValueError as error:
            raise CommandError(f"{text!r} is not a price such as weth=2500") from error
        if not separator:
            raise CommandError(f"{text!r} is not a price such as weth=2500")
    return prices
