"""`manage.py backup FILE`: the whole database as one file, while everything runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from intents.management.dumps import DumpError, dump


class Command(BaseCommand):
    """The file holds what staff and share links must keep secret: it is readable by its owner alone."""

    help = "Write a copy of the database; `restore` puts it back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            dump(file)
        except DumpError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
