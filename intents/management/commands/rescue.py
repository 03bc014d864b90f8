"""`manage.py rescue rescue.html`: the rescue page with the connected chains, to keep or to host anywhere."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from intents.selectors.rescue import RescuePageNotBuilt, rescue_page


class Command(BaseCommand):
    help = "Write the rescue page as one file that needs no server of Waymeet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("output", type=Path, help="the HTML file to write")

    def handle(self, *args: Any, output: Path, **options: Any) -> None:
        try:
            text = rescue_page()
        except RescuePageNotBuilt as error:
            raise CommandError(str(error)) from error
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, "utf-8")
        self.stdout.write(f"{output}: {len(text.encode()) // 1024} KiB")
