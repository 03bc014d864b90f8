"""`manage.py forty` (`make forty`): many chains join one running system, and what it costs is printed as it grows."""

import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intents.devnet.bench.demo_process import DemoFailed, DemoProcess
from intents.devnet.bench.transfers import TransferFailed
from intents.devnet.forty.growing import Figures, Growing
from intents.devnet.forty.profiles import BLOCK_SECONDS
from intents.errors import WaymeetError

BEGINNING: Final = 4
MARKS: Final = (5, 10, 20, 30, 40)
MOST_JOIN_SECONDS: Final = 20
MOST_DELIVERY_SECONDS: Final = 45
MOST_GIGABYTES: Final = 8


class Command(BaseCommand):
    """Exit code 1 when something failed; figures over their targets are shown beside them."""

    help = "Start a demo of its own, have generated chains join it, quote every pair, make transfers."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chains", type=int, default=40)
        parser.add_argument("--transfers", type=int, default=200)
        parser.add_argument("--inside", default="", help="pid and URL of a running demo, set by ourselves")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"]:
            self._grow(options)
            return
        run_dir = Path(tempfile.mkdtemp(prefix="waymeet-forty-"))
        began = time.monotonic()
        try:
            with DemoProcess(run_dir, env={"WAYMEET_BLOCK_SECONDS": f"{BLOCK_SECONDS:g}"}) as demo:
                done = subprocess.run(self._words(demo, options), env=demo.env, cwd=settings.BASE_DIR)
        except DemoFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"all of it took {(time.monotonic() - began) / 60:.1f} min")
        if done.returncode:
            raise CommandError(f"it did not go through; the logs are in {run_dir / 'logs'}")

    @staticmethod
    def _words(demo: DemoProcess, options: dict[str, Any]) -> list[str]:
        return [
            sys.executable,
            "manage.py",
            "forty",
            f"--chains={options['chains']}",
            f"--transfers={options['transfers']}",
            f"--inside={demo.pid} {demo.url}",
        ]

    def _grow(self, options: dict[str, Any]) -> None:
        pid, url = options["inside"].split()
        growing = Growing(url, int(pid), self._say)
        try:
            for number in range(options["chains"] - BEGINNING):
                growing.join_one(number)
                if number + 1 + BEGINNING in {*MARKS, options["chains"]}:
                    growing.mark()
            growing.quote_all()
            growing.transfer(options["transfers"])
            growing.weigh()
        except (WaymeetError, TransferFailed) as error:
            raise CommandError(f"{error.code}: {error}") from error
        finally:
            growing.stop()
        for line in summary(growing.figures):
            self._say(line)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def summary(figures: Figures) -> list[str]:
    """What was measured beside what was promised."""
    least, most = min(figures.quotes), max(figures.quotes)
    growth = figures.quotes[most] / figures.quotes[least]
    lines = [
        f"join: median {statistics.median(figures.joins):.1f} s (at most {MOST_JOIN_SECONDS})",
        f"quote p50: {figures.quotes[least] * 1000:.0f} ms at {least} chains, "
        f"{figures.quotes[most] * 1000:.0f} ms at {most}: {growth:.2f} times (at most 2)",
        f"pairs: {figures.quoted} quoted, {sum(figures.refused.values())} refused {dict(figures.refused)}",
        f"memory: {max(figures.memory.values()) / 2**30:.2f} GB (at most {MOST_GIGABYTES})",
    ]
    if figures.transfers:
        p50 = statistics.median(figures.transfers)
        lines.append(
            f"{len(figures.transfers)} transfers delivered, p50 {p50:.1f} s (at most {MOST_DELIVERY_SECONDS})"
        )
    return lines
