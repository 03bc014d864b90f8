"""`manage.py rebuild`: every opened order and its history from the chains alone, into an empty database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from intents.chains import registry
from intents.engine.rebuild import rebuild
from intents.errors import WaymeetError


class Command(BaseCommand):
    """Run it after `migrate` and `chains load`, before the follower and the workers."""

    help = "Recreate every opened order and its history from the chains; the database must hold no orders."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="first",
            action="append",
            default=[],
            metavar="CHAIN=BLOCK",
            help="first block to read of a chain, such as alder=120000; 0 otherwise",
        )

    def handle(self, *args: Any, first: list[str], **options: Any) -> None:
        try:
            if not registry.all_chains():
                raise CommandError("no chain is connected: run `manage.py chains load` first")
            rebuild(first_blocks=_blocks(first), say=self.stdout.write)
        except WaymeetError as error:
            raise CommandError(f"{error.code}: {error}") from error


def _blocks(texts: list[str]) -> dict[int, int]:
    blocks: dict[int, int] = {}
    for text in texts:
        slug, _, number = text.partition("=")
        if not number.isdigit():
            raise CommandError(f"{text!r} is not chain=block")
        blocks[registry.chain_by_slug(slug).chain_id] = int(number)
    return blocks
