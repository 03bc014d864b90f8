"""`manage.py trust`: write down what pages believe without asking the server, for the bundles to compile in."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from intents.chains.manifest import ChainManifest
from intents.contracts.addresses import (
    SALT,
    call_executor_init_code,
    create2_address,
    deposit_implementation,
    output_settler_init_code,
    settler_init_code,
)
from intents.selectors.network import connected_chains, trust_hash

PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
BUILD_SECONDS = 120


class Command(BaseCommand):
    help = "Write the addresses and network hashes that page bundles have compiled in."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--build` also rebuilds the bundles when they were built with anything else."""
        parser.add_argument("--output", type=Path, default=settings.CACHE_DIR / "trust.json")
        parser.add_argument("--build", action="store_true", help="rebuild static/dist unless it has them")

    def handle(self, *args: Any, output: Path, build: bool, **options: Any) -> None:
        """Write the file; the chains are those of the registry, none without a database."""
        found = trust()
        text = json.dumps(found, indent=2, sort_keys=True) + "\n"
        is_changed = not output.is_file() or output.read_text("utf-8") != text
        if is_changed:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text, "utf-8")
        if build and _built_with() != found:
            _build(output)
        if options["verbosity"] > 0:
            self.stdout.write(f"{output}: {'written' if is_changed else 'unchanged'}")


def trust() -> dict[str, Any]:
    """Our contracts, Permit2, chains whose addresses deviate, and the sha256 of each chain's list."""
    connected = _chains()
    expected = {
        "settler": create2_address(SALT, settler_init_code(PERMIT2)),
        "permit2": PERMIT2,
        "deposit_implementation": deposit_implementation(),
        "call_executor": next((_call_executor(manifest) for manifest in connected.values()), ""),
    }
    deviating = {
        str(chain_id): differing
        for chain_id, manifest in connected.items()
        if (differing := _differing(manifest, expected))
    }
    chains = {str(chain_id): trust_hash(manifest) for chain_id, manifest in connected.items()}
    return {**expected, "deviating": deviating, "chains": chains}


def _differing(manifest: ChainManifest, expected: dict[str, str]) -> dict[str, str]:
    named = {"settler": "input_settler"}
    known = {name: manifest.contracts.get(named.get(name, name)) for name in expected}
    return {
        name: contract.address
        for name, contract in known.items()
        if contract is not None and contract.address != expected[name]
    }


def _call_executor(manifest: ChainManifest) -> str:
    """Where our executor lands: what it refuses to call includes the solver account, which an operator chose."""
    account = manifest.contracts.get("solver_account")
    if account is None:
        return ""
    settlers = [
        create2_address(SALT, code) for code in (settler_init_code(PERMIT2), output_settler_init_code())
    ]
    refused = [settlers[0], PERMIT2, account.address]
    return create2_address(SALT, call_executor_init_code(settlers[1], refused))


def _chains() -> dict[int, ChainManifest]:
    try:
        return connected_chains()
    except DatabaseError:
        return {}


def _built_with() -> Any:
    """What the bundles that are there have compiled in; None without any."""
    try:
        return json.loads((settings.BASE_DIR / "static" / "dist" / "trust.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _build(trust_file: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = ["node", str(settings.BASE_DIR / "scripts" / "build.mjs")]
    environment = {**os.environ, "PATH": path, "WAYMEET_TRUST": str(trust_file)}
    try:
        subprocess.run(command, check=True, env=environment, timeout=BUILD_SECONDS, cwd=settings.BASE_DIR)
    except FileNotFoundError as error:
        raise CommandError("node is missing: run `make demo`, which sets it up") from error
    except subprocess.CalledProcessError as error:
        raise CommandError(f"building static/dist failed with code {error.returncode}") from error
