"""`manage.py chain <subcommand>`: what can be done with one chain. Each subcommand is a module of `chain_commands`."""

import pkgutil
from argparse import ArgumentParser
from importlib import import_module
from types import ModuleType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from intents.errors import WaymeetError
from intents.management import chain_commands


class Command(BaseCommand):
    """Finds its subcommands by name: a module with `HELP`, `add_arguments(parser)` and `handle(**options)`."""

    help = "Join, check, probe, pause, drain, leave or give up one chain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name in subcommands():
            module = _module(name)
            module.add_arguments(actions.add_parser(name, help=module.HELP))

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run the subcommand; an error of ours ends with its words and exit code 1."""
        try:
            _module(action).handle(**{**options, "stdout": self.stdout, "stderr": self.stderr})
        except WaymeetError as error:
            raise CommandError(str(error)) from error


def subcommands() -> list[str]:
    """The names of all subcommands."""
    return sorted(item.name for item in pkgutil.iter_modules(chain_commands.__path__))


def _module(name: str) -> ModuleType:
    return import_module(f"{chain_commands.__name__}.{name}")
