"""`manage.py devnet`: deploy on, add to, warp, mine and fund the local network of the network directory."""

import signal
import sys
import threading
from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from eth_utils import is_address, to_checksum_address

from intents.chains.manifest import ChainManifest, TokenNotSupported
from intents.devnet.deployment import DeploymentFailed
from intents.devnet.funding import fund_wallets
from intents.devnet.joiners.start import start_joiner
from intents.devnet.manifests import validator_urls
from intents.devnet.market import read_local
from intents.devnet.network import VALIDATOR_COUNT, prepare
from intents.devnet.nodes import NodeFailed
from intents.devnet.ports import HOST, PortTaken, first_chain_port
from intents.devnet.profiles import demo_profiles
from intents.devnet.rpc import NodeUnreachable
from intents.devnet.warp import rpc_of, warp

VALIDATOR_PORT_OFFSET = 10


class Command(BaseCommand):
    """Acts on running local nodes; refuses to touch any chain that is not local."""

    help = "Deploy, start, warp, mine or fund local chains."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("deploy", help="on the nodes at DEVNET_PORT and after, and write manifests")
        starting = actions.add_parser("start", help="the node of a chain that joins later, until Ctrl-C")
        starting.add_argument("chain", help="such as dogwood")
        warping = actions.add_parser("warp", help="move all clocks ahead together")
        warping.add_argument("seconds", type=int)
        mining = actions.add_parser("mine", help="mine empty blocks on one chain")
        mining.add_argument("chain")
        mining.add_argument("blocks", type=int, nargs="?", default=1)
        funding = actions.add_parser("fund", help="give an address tokens and 10 ETH of gas on one chain")
        funding.add_argument("chain")
        funding.add_argument("address")
        funding.add_argument("tokens", nargs="*", help="such as USDC=100 WETH=1.5")
        funding.add_argument("--permit2", action="store_true", help="and let Permit2 move these tokens")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except NodeUnreachable as error:
            raise CommandError(f"{error}; start the chains first") from error

    def _deploy(self, options: dict[str, Any]) -> None:
        first = first_chain_port()
        profiles = demo_profiles()
        ports = [first + VALIDATOR_PORT_OFFSET + index for index in range(VALIDATOR_COUNT)]
        prepare(
            profiles,
            {profile.slug: f"http://{HOST}:{first + place}" for place, profile in enumerate(profiles)},
            validators=validator_urls(ports),
            state_directory=settings.RUN_DIR / "chains",
            network_directory=settings.NETWORK_DIR,
            say=self.stdout.write,
        )
        self.stdout.write(f"manifests are in {settings.NETWORK_DIR}")

    def _start(self, options: dict[str, Any]) -> None:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        try:
            node, manifest = start_joiner(
                options["chain"],
                first_port=first_chain_port(),
                run_dir=settings.RUN_DIR,
                network_directory=settings.NETWORK_DIR,
                say=self._say,
            )
        except KeyError as error:
            raise CommandError(f"no chain called {options['chain']} joins later") from error
        except (PortTaken, NodeFailed, DeploymentFailed) as error:
            raise CommandError(str(error)) from error
        try:
            self._say(f"ready: {node.url}")
            self._say(f"join it: {sys.executable} manage.py chain join {manifest}")
            while not stopped.wait(1.0):
                if not node.is_running:
                    raise CommandError("the node ended by itself")
        finally:
            node.stop()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _warp(self, options: dict[str, Any]) -> None:
        manifests = self._manifests()
        warp(options["seconds"], manifests)
        for manifest in manifests:
            block = rpc_of(manifest).block()
            self.stdout.write(f"{manifest.name}: block {int(block['number'], 16)}")

    def _mine(self, options: dict[str, Any]) -> None:
        rpc_of(self._manifest(options["chain"])).batch([("evm_mine", [])] * options["blocks"])

    def _fund(self, options: dict[str, Any]) -> None:
        manifest = self._manifest(options["chain"])
        if not is_address(options["address"]):
            raise CommandError(f"{options['address']} is not an address")
        amounts = dict(_parsed(manifest, word) for word in options["tokens"])
        owner = to_checksum_address(options["address"])
        permit2 = list(amounts) if options["permit2"] else []
        fund_wallets(manifest, [owner], amounts=amounts, wei=10 * 10**18, permit2=permit2)
        self.stdout.write(f"{owner} has the money on {manifest.name}")

    def _manifests(self) -> list[ChainManifest]:
        manifests = read_local(settings.NETWORK_DIR)
        if not manifests:
            raise CommandError(f"{settings.NETWORK_DIR} has no local chain; start them first")
        return manifests

    def _manifest(self, slug: str) -> ChainManifest:
        for manifest in self._manifests():
            if manifest.slug == slug.lower():
                return manifest
        raise CommandError(f"no local chain is called {slug}")


def _parsed(manifest: ChainManifest, word: str) -> tuple[str, int]:
    symbol, _, count = word.partition("=")
    try:
        token = manifest.token(symbol)
        return token.symbol, int(Decimal(count) * 10**token.decimals)
    except (TokenNotSupported, ArithmeticError) as error:
        raise CommandError(f"{word} is not like USDC=100 with a token of {manifest.name}") from error
