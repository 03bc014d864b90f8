"""Where the pinned anvil lives once `npm ci` has run."""

import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class AnvilMissing(Exception):
    """The anvil of this machine's kind is not installed; the text says what to run."""

    code = "anvil_missing"
    retry = False


def anvil_binary() -> Path:
    """The executable itself, not npm's wrapper, which takes half a second to start. Raises AnvilMissing."""
    system = SYSTEMS.get(platform.system(), platform.system().lower())
    machine = MACHINES.get(platform.machine().lower(), platform.machine())
    path = ROOT / "node_modules" / "@foundry-rs" / f"anvil-{system}-{machine}" / "bin" / "anvil"
    if not path.is_file():
        raise AnvilMissing(f"anvil is not installed at {path}. Run `make setup` once.")
    return path
