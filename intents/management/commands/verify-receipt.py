"""`manage.py verify-receipt <file | url> --endpoint …`: hold a receipt against the chains. Needs no database."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from intents.chains.manifest_reader import ManifestError
from intents.chains.registry import read_directory
from intents.client.chain_reader import ChainReader, ChainUnreachable
from intents.client.receipt_check import ReceiptMalformed, check

MOST_BYTES = 2_000_000
TIMEOUT_SECONDS = 20


class Command(BaseCommand):
    """Exit code 0 only when every line holds; a line that nobody could be asked about does not."""

    help = "Check a receipt against any nodes: its order id, amounts, recipients, blocks and logs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("receipt", help="the saved file, or the link of the receipt")
        parser.add_argument(
            "--endpoint", action="append", default=[], help="a node, once for each chain of the transfer"
        )
        parser.add_argument(
            "--network", type=Path, default=settings.NETWORK_DIR, help="folder of manifests: known contracts"
        )

    def handle(self, *args: Any, receipt: str, endpoint: list[str], network: Path, **options: Any) -> None:
        try:
            findings = list(check(_document(receipt), _readers(endpoint), _known(network)))
        except (ReceiptMalformed, ChainUnreachable) as error:
            raise CommandError(f"{error.code}: {error}") from error
        for finding in findings:
            self.stdout.write(f"{'holds' if finding.is_held else 'DIFFERS'}  {finding.name}: {finding.said}")
        wrong = sum(not finding.is_held for finding in findings)
        if wrong:
            raise CommandError(f"{wrong} of {len(findings)} do not hold")
        self.stdout.write(f"all {len(findings)} hold")


def _document(name: str) -> Any:
    try:
        text = _fetched(name) if name.startswith(("http://", "https://")) else Path(name).read_bytes()
        return json.loads(text)
    except (OSError, URLError, ValueError) as error:
        raise CommandError(f"{name}: {error}") from error


def _fetched(url: str) -> bytes:
    parts = urlsplit(url)
    is_document = parts.path.endswith(".json") or parts.path.startswith("/api/")
    path = parts.path if is_document else f"{parts.path.rstrip('/')}.json"
    with urlopen(urlunsplit(parts._replace(path=path)), timeout=TIMEOUT_SECONDS) as answer:
        return bytes(answer.read(MOST_BYTES))


def _readers(urls: list[str]) -> dict[int, ChainReader]:
    readers = [ChainReader(url) for url in urls]
    return {int(reader.rpc("eth_chainId"), 16): reader for reader in readers}


def _known(folder: Path) -> dict[int, dict[str, str]]:
    try:
        manifests = read_directory(folder)
    except (ManifestError, OSError):
        return {}
    return {
        chain.chain_id: {name: contract.address for name, contract in chain.contracts.items()}
        for chain in manifests
    }
