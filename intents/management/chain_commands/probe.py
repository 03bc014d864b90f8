"""`manage.py chain probe`: measure a chain and its tokens now, and keep what was found."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import CommandError, OutputWrapper

from intents.chains import registry
from intents.selectors.passports import passport_lines, token_lines
from intents.services.passports import chain_probe

HELP: Final = "measure a connected chain and its tokens now"


def add_arguments(parser: ArgumentParser) -> None:
    """Which chain, whom to compare it with, and where its tokens are rehearsed."""
    parser.add_argument("slug")
    parser.add_argument(
        "--peer", action="append", default=[], metavar="URL", help="another endpoint to compare with"
    )
    parser.add_argument("--fork", action="store_true", help="rehearse the tokens on a local fork (anvil)")


def handle(*, stdout: OutputWrapper, slug: str, peer: list[str], fork: bool, **options: Any) -> None:
    """Raises CommandError when something keeps the chain or a token from new transfers."""
    manifest = registry.chain_by_slug(slug)
    passport, reports = chain_probe(manifest, peers=tuple(peer), is_forked=fork)
    for line in (*passport_lines(manifest.chain_id), *token_lines(manifest.chain_id)):
        stdout.write(line)
    bad = sum(not report.is_good for report in reports) + (not passport.is_good)
    if bad:
        raise CommandError(f"{slug}: {bad} of {len(reports) + 1} passports are not good")
