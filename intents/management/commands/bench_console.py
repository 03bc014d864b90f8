"""`manage.py bench_console` (`make bench-console`): the console over a million orders in PostgreSQL."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from intents.devnet.bench_console.database import own_database
from intents.devnet.bench_console.run import measure


class Command(BaseCommand):
    """Exit code 1 when a figure is over its limit, or something was not found."""

    help = "Fill a database of its own with orders, search and list them, print figures beside their limits."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--orders", type=int, default=1_000_000)
        parser.add_argument("--full", type=int, default=10_000, help="orders with every row there is")
        parser.add_argument("--searches", type=int, default=1000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--here", action="store_true", help="use DATABASE_URL itself, which is empty")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["here"]:
            names = ("orders", "full", "searches", "seed")
            is_good = measure(self._tell, **{name: options[name] for name in names})
            sys.exit(0 if is_good else 1)
        with own_database(os.environ.get("DATABASE_URL", "")) as url:
            sys.exit(subprocess.run(self._again(options), env=_environment(url), check=False).returncode)

    def _again(self, options: dict[str, Any]) -> list[str]:
        given = [f"--{name}={options[name]}" for name in ("orders", "full", "searches", "seed")]
        return [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "bench_console", "--here", *given]

    def _tell(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _environment(url: str) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": url, "REDIS_URL": "memory://", "DEBUG": "0"}
