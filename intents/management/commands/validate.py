"""`manage.py validate`: one validator process with one key."""

import logging
import os
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from eth_account import Account
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.manifest_reader import ManifestError
from intents.devnet.accounts import VALIDATORS, account
from intents.settlement.validator import NotAValidator, Validator

KEY_VARIABLE = "WAYMEET_VALIDATOR_KEY"


class Command(BaseCommand):
    """Signs message checkpoints past each chain's final depth and publishes them; never sends orders."""

    help = "Watch every chain of the network directory, sign final checkpoints, publish them over HTTP."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--index",
            type=int,
            choices=range(len(VALIDATORS)),
            default=0,
            help=f"which public local key to use when {KEY_VARIABLE} is not set",
        )
        parser.add_argument("--listen", default="", help="host:port instead of the manifests' URL")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        validator = Validator(self._signer(options["index"]), settings.NETWORK_DIR, _state_directory())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: validator.stop())
        try:
            validator.run(listen=options["listen"])
        except NotAValidator as error:
            raise CommandError(f"{error}; start the chains first") from error
        except OSError as error:
            raise CommandError(f"cannot publish: {error}") from error

    def _signer(self, index: int) -> LocalAccount:
        key = os.environ.get(KEY_VARIABLE)
        if key:
            signer: LocalAccount = Account.from_key(key)
            return signer
        try:
            manifests = registry.read_directory(settings.NETWORK_DIR)
        except ManifestError as error:
            raise CommandError(str(error)) from error
        if not all(manifest.is_local for manifest in manifests):
            raise CommandError(f"set {KEY_VARIABLE}: the local test keys are public")
        return account(VALIDATORS[index])


def _state_directory() -> Path:
    return Path(settings.RUN_DIR) / "validators"
