"""`manage.py chains`: the registry of connected chains, and what is known of all others."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intents.chains import accounts, registry
from intents.chains.check import check_chain, notes_on
from intents.errors import WaymeetError
from intents.known import source
from intents.known.draft import draft
from intents.known.importing import import_registry
from intents.models import Chain, KnownChain
from intents.tarballs import TarballError


class Command(BaseCommand):
    """load: manifests into the database · check: compare them with the chains · list: what is connected ·
    import: chains and routes of the world as known, not connected · draft: a manifest to begin with."""

    help = "Load, check or list the manifests of connected chains; import what is known of all others."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name, text in (
            ("load", "write every *.toml manifest of the directory to the registry"),
            ("check", "parse the manifests of the directory and compare them with their chains"),
        ):
            action = actions.add_parser(name, help=text)
            action.add_argument("directory", nargs="?", type=Path, default=settings.NETWORK_DIR)
        actions.add_parser("list", help="show the chains of the registry")
        drafting = actions.add_parser("draft", help="print a manifest of a known chain, to be completed")
        drafting.add_argument("name", help="as `import` and the pages call it, such as base")
        actions.add_parser("import", help=f"read {source.PIN.spec} as known, not connected; fetches it once")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            if action == "load":
                self._load(options["directory"])
            elif action == "check":
                self._check(options["directory"])
            elif action == "import":
                self._import()
            elif action == "draft":
                self._draft(options["name"])
            else:
                self._list()
        except (WaymeetError, TarballError) as error:
            raise CommandError(str(error)) from error

    def _load(self, directory: Path) -> None:
        written = {manifest.chain_id for manifest in registry.load_directory(directory)}
        for manifest in registry.read_directory(directory):
            state = "" if manifest.chain_id in written else "  left the network; `chain join` brings it back"
            self.stdout.write(f"{manifest.chain_id:>10}  {manifest.name}{state}")

    def _check(self, directory: Path) -> None:
        manifests = registry.read_directory(directory)
        count = 0
        for manifest in manifests:
            problems = check_chain(manifest)
            count += len(problems)
            self.stdout.write(f"{manifest.name}: {'as described' if not problems else ''}")
            for problem in problems:
                self.stdout.write(f"  {problem.key}: {problem.text}")
            for note in notes_on(manifest):
                self.stdout.write(f"  note: {note}")
        if not all(manifest.is_local for manifest in manifests):
            for role in accounts.VARIABLES:
                accounts.refuse_public(role, accounts.address(role))
        if count:
            raise CommandError(f"{count} {'value differs' if count == 1 else 'values differ'}")

    def _list(self) -> None:
        for row in Chain.objects.all():
            manifest = row.manifest
            state = "connected" if row.is_connected else "not connected"
            state = f"paused: {row.paused_reason}" if row.paused_reason else state
            self.stdout.write(
                f"{row.chain_id:>10}  {row.slug:<12} final after {manifest['depth']} × "
                f"{manifest['block_seconds']} s  {len(manifest['tokens'])} tokens  {state}"
            )

    def _draft(self, name: str) -> None:
        chain = KnownChain.objects.filter(pk=name.lower()).first()
        if chain is None:
            raise CommandError(f"{name} is not known; `manage.py chains import` reads what is")
        self.stdout.write(draft(chain), ending="")

    def _import(self) -> None:
        found = import_registry(source.read(source.fetch()))
        self.stdout.write(
            f"{source.PIN.spec}: {found.chains} chains, {found.evm_mainnet_chains} of them EVM mainnets; "
            f"{found.routes} warp routes with {found.ends} ends and {found.connections} connections"
        )
        self.stdout.write(
            f"known, not connected: {found.added} added, {found.changed} changed, {found.removed} removed"
        )
