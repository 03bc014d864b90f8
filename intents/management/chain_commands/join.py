"""`manage.py chain join`: bring a chain into the network by its manifest, or say what that would take."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError, OutputWrapper

from intents.chains import registry
from intents.chains.accounts import OWNER, account
from intents.chains.manifest import ChainManifest, parse
from intents.chains.manifest_reader import ManifestError
from intents.errors import WaymeetError
from intents.joining.costs import Costs
from intents.joining.errors import HeldByAnother
from intents.joining.rows import Hearer, open_join, run_join
from intents.joining.runner import STEP_NAMES, carry_out, prepare
from intents.joining.work import Deed, Joining, Note
from intents.services.joining import note_words

HELP: Final = "join the network with the manifest of a chain; safe to repeat, it does what is missing"
FAILED: Final = 1
BAD_MANIFEST: Final = 2
HELD: Final = 3
HELD_SECONDS: Final = 15.0
PAUSE_SECONDS: Final = 1.0
WIDTH: Final = max(len(name) for name in STEP_NAMES)


def add_arguments(parser: ArgumentParser) -> None:
    """The manifest, and whether only to look."""
    parser.add_argument("manifest", type=Path, help="TOML file that describes the chain")
    parser.add_argument("--dry-run", action="store_true", help="say what would be sent; send nothing")


def handle(*, stdout: OutputWrapper, manifest: Path, dry_run: bool, **options: Any) -> None:
    """Raises CommandError: 1 a step cannot go on, 2 the manifest is wrong, 3 another run is at it."""
    printer = Printer(stdout)
    try:
        asked = parse(manifest.read_text("utf-8"))
        if dry_run:
            _look(asked, printer)
        else:
            _join(asked, printer)
    except OSError as error:
        raise CommandError(f"{manifest}: {error.strerror}", returncode=BAD_MANIFEST) from error
    except ManifestError as error:
        raise CommandError(f"{manifest.name}: {error}", returncode=BAD_MANIFEST) from error
    except HeldByAnother as error:
        raise CommandError(error.words(), returncode=HELD) from error
    except WaymeetError as error:
        step = error.params.get("step") or printer.step
        place = f"{step}: " if step else ""
        raise CommandError(f"{place}{error.words()}", returncode=FAILED) from error


def _join(asked: ChainManifest, printer: "Printer") -> None:
    peers = len([chain_id for chain_id in registry.all_chains() if chain_id != asked.chain_id])
    printer.say(f"{asked.name} ({asked.chain_id}) joins {peers} chains as {account(OWNER).address}")
    row = open_join(asked)
    until = time.monotonic() + HELD_SECONDS
    while True:
        try:
            run_join(row, hears=printer)
            break
        except HeldByAnother:
            # A run that was killed lets go by itself after a moment.
            if printer.step or time.monotonic() > until:
                raise
            time.sleep(PAUSE_SECONDS)
    printer.say(f"{asked.name} is connected, {time.monotonic() - printer.began_at:.1f} s")


def _look(asked: ChainManifest, printer: "Printer") -> None:
    costs = Costs()
    report = DryReport(printer, costs)
    joining = prepare(asked, peers=registry.all_chains(), signer=account(OWNER), report=report, is_dry=True)
    printer.say(f"what it takes for {asked.name} ({asked.chain_id}) to join; nothing is sent")
    carry_out(joining, report)
    for line in costs.lines(joining):
        printer.say(line)


class Printer(Hearer):
    """Progress as lines of a terminal."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self.step = ""
        self.began_at = self._step_at = time.monotonic()

    def say(self, text: str) -> None:
        """One line, at once."""
        self._out.write(text)
        self._out.flush()

    def began(self, step: str) -> None:
        self.step, self._step_at = step, time.monotonic()

    def doing(self, step: str, deeds: tuple[Deed, ...]) -> None:
        for deed in deeds:
            where = registry.all_chains().get(deed.chain_id)
            place = f" on {where.name}" if where is not None else ""
            self.say(f"  {step:<{WIDTH}}  {deed.what}{place}")

    def ended(self, step: str, deeds: tuple[Deed, ...], notes: tuple[Note, ...]) -> None:
        for note in notes:
            self.say(f"  {step:<{WIDTH}}  {note_words(note.code, note.params)}")
        sent = f", {len(deeds)} sent" if deeds else ""
        self.say(f"  {step:<{WIDTH}}  done{sent}, {time.monotonic() - self._step_at:.1f} s")
        self.step = ""


class DryReport:
    """A dry run's progress: printed, added up, nothing written."""

    def __init__(self, printer: Printer, costs: Costs) -> None:
        self._printer = printer
        self._costs = costs

    def began(self, step: str, joining: Joining) -> None:
        self._printer.began(step)

    def doing(self, step: str, deeds: tuple[Deed, ...]) -> None:
        self._costs.add(deeds)
        self._printer.doing(step, deeds)

    def ended(self, step: str, joining: Joining, deeds: tuple[Deed, ...], notes: tuple[Note, ...]) -> None:
        for note in notes:
            self._printer.say(f"  {step:<{WIDTH}}  {note_words(note.code, note.params)}")
        if not deeds:
            self._printer.say(f"  {step:<{WIDTH}}  nothing to send")
        self._printer.step = ""

    def beat(self) -> None:
        """Nothing is held."""
