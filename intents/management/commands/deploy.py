"""`manage.py deploy --network X.toml`: our contracts on every chain of a network file, with the operator's key."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intents.chains.accounts import OWNER, account
from intents.chains.manifest_reader import ManifestError
from intents.errors import WaymeetError
from intents.joining.costs import Costs
from intents.joining.network import assertions, deploy, read_network
from intents.joining.work import Deed, Joining, Note
from intents.management.chain_commands.join import BAD_MANIFEST, FAILED, Printer
from intents.services.joining import note_words


class Command(BaseCommand):
    """Safe to repeat: every run looks at the chains first and sends only what is missing."""

    help = "Deploy to all chains of a network file; writes their manifests, which `chains load` connects."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--network", type=Path, required=True, help="TOML file that names the manifests")
        parser.add_argument(
            "--out", type=Path, default=settings.NETWORK_DIR, help="where manifests are written"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be sent; send nothing")

    def handle(self, *args: Any, network: Path, out: Path, dry_run: bool, **options: Any) -> None:
        """Raises CommandError: 1 a chain cannot go on or says something else than it must, 2 a file is wrong."""
        report = Report(Printer(self.stdout), is_dry=dry_run)
        try:
            found = read_network(network)
            owner = account(OWNER)
            self.stdout.write(f"{found.name}: {len(found.manifests)} chains, as {owner.address}")
            done = deploy(found, signer=owner, report=report, is_dry=dry_run, write_to=out)
        except OSError as error:
            raise CommandError(f"{network}: {error.strerror}", returncode=BAD_MANIFEST) from error
        except ManifestError as error:
            raise CommandError(str(error), returncode=BAD_MANIFEST) from error
        except WaymeetError as error:
            raise CommandError(f"{report.place}: {error.words()}", returncode=FAILED) from error
        if dry_run:
            for joining in done:
                for line in report.costs[joining.manifest.chain_id].lines(joining):
                    self.stdout.write(line)
            self.stdout.write("nothing was sent")
            return
        self._assert(done)
        self.stdout.write(f"manifests are in {out}; `manage.py chains load` connects them")

    def _assert(self, done: list[Joining]) -> None:
        failed = 0
        for joining in done:
            for what, holds in assertions(joining):
                failed += not holds
                self.stdout.write(f"  {'holds ' if holds else 'FAILED'} {joining.manifest.name}: {what}")
        if failed:
            raise CommandError(f"{failed} assertions failed", returncode=FAILED)


class Report:
    """A run's progress on a terminal, the chain's name before its first step."""

    def __init__(self, printer: Printer, *, is_dry: bool) -> None:
        self.costs: dict[int, Costs] = {}
        self.place = "deploy"
        self._printer = printer
        self._is_dry = is_dry
        self._chain_id = 0

    def began(self, step: str, joining: Joining) -> None:
        if joining.manifest.chain_id != self._chain_id:
            self._chain_id = joining.manifest.chain_id
            self.costs[self._chain_id] = Costs()
            self._printer.say(f"{joining.manifest.name} ({self._chain_id})")
        self.place = f"{joining.manifest.name}, {step}"
        self._printer.began(step)

    def doing(self, step: str, deeds: tuple[Deed, ...]) -> None:
        self.costs[self._chain_id].add(deeds)
        self._printer.doing(step, deeds)

    def ended(self, step: str, joining: Joining, deeds: tuple[Deed, ...], notes: tuple[Note, ...]) -> None:
        if not self._is_dry:
            self._printer.ended(step, deeds, notes)
            return
        for note in notes:
            self._printer.say(f"  {step}  {note_words(note.code, note.params)}")

    def beat(self) -> None:
        """Nothing is held by a run."""
