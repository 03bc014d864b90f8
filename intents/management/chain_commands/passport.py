"""`manage.py chain passport`: what the last full probe of a chain and its tokens found."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import OutputWrapper

from intents.chains import registry
from intents.selectors.passports import passport_lines, token_lines

HELP: Final = "show what was last measured of a chain and its tokens"


def add_arguments(parser: ArgumentParser) -> None:
    """Which chain."""
    parser.add_argument("slug")


def handle(*, stdout: OutputWrapper, slug: str, **options: Any) -> None:
    """Raises ChainNotSupported."""
    chain_id = registry.chain_by_slug(slug).chain_id
    for line in (*passport_lines(chain_id), *token_lines(chain_id)):
        stdout.write(line)
