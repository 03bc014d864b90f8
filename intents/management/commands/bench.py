"""`manage.py bench` (`make bench`): delivery and quoting times of a fresh demo, against their targets."""

import shutil
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from intents.client.api import ApiError, Network, WaymeetClient
from intents.client.signing import RefusedToSign
from intents.client.transfer import Asked
from intents.devnet.bench.blocks import BlockListener
from intents.devnet.bench.demo_process import DemoFailed, DemoProcess
from intents.devnet.bench.quotes import QuoteFailed, first_routes
from intents.devnet.bench.report import Line, connectivity_lines, table, transfer_lines, values_line
from intents.devnet.bench.transfers import Timing, TransferFailed, measure

IN_STOCK = Asked(amount="25", source="birch:USDC", target="cedar:USDC")
SWAP = Asked(amount="100", source="alder:USDC", target="birch:WETH")


class Command(BaseCommand):
    """Exit code 1 only when a transfer failed: figures over their targets are shown, not punished."""

    help = "Start a demo of its own, measure it, print figures beside their targets."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--warm-up", type=int, default=10)
        parser.add_argument("--transfers", type=int, default=100, help="in-stock transfers, one in flight")
        parser.add_argument("--swaps", type=int, default=20, help="swap and fill transfers")
        parser.add_argument("--quotes", type=int, default=60, help="form posts followed at a WebSocket")

    def handle(self, *args: Any, **options: Any) -> None:
        run_dir = Path(tempfile.mkdtemp(prefix="waymeet-bench-"))
        try:
            with DemoProcess(run_dir) as demo:
                lines = self._measured(demo, options)
                reached = WaymeetClient(demo.url).connectivity()
        except (DemoFailed, TransferFailed, QuoteFailed, ApiError, RefusedToSign) as error:
            raise CommandError(f"{error} (logs are kept in {run_dir / 'logs'})") from error
        shutil.rmtree(run_dir, ignore_errors=True)
        for text in table(lines):
            self.stdout.write(text)
        for text in connectivity_lines(reached):
            self.stdout.write(text)

    def _measured(self, demo: DemoProcess, options: dict[str, Any]) -> list[Line]:
        client = WaymeetClient(demo.url)
        network = client.network()
        with BlockListener(_ws_urls(network)) as blocks:

            def run(asked: Asked, count: int, what: str) -> list[Timing]:
                return measure(
                    asked,
                    count=count,
                    client=client,
                    network=network,
                    blocks=blocks,
                    progress=lambda done: self._progress(what, done, count),
                )

            run(IN_STOCK, options["warm_up"], "warm-up")
            in_stock = run(IN_STOCK, options["transfers"], "in stock, 25 USDC Birch → Cedar")
            swaps = run(SWAP, options["swaps"], "swap and fill, 100 USDC Alder → WETH Birch")
        quotes = first_routes(demo.url, network, count=options["quotes"])
        return [
            *transfer_lines("in stock", in_stock, has_targets=True),
            *transfer_lines("swap + fill", swaps, has_targets=False),
            values_line("form POST → first route frame", quotes, targets=(0.100, 0.250)),
        ]

    def _progress(self, what: str, done: int, count: int) -> None:
        if done == count or done % 10 == 0:
            self.stdout.write(f"{what}: {done} of {count}")
            self.stdout.flush()


def _ws_urls(network: Network) -> dict[int, str]:
    return {chain.chain_id: chain.rpc_url.replace("http", "ws", 1) for chain in network.chains}
