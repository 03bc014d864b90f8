"""Where the pinned anvil lives once `npm ci` has run."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINNED = ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"


class AnvilMissing(Exception):
    """No anvil on this machine; the text says how to get one."""

    code = "anvil_missing"
    retry = False


def anvil_binary() -> Path:
    """The pinned executable itself (npm's wrapper takes half a second to start), else `anvil` on PATH.

    Raises AnvilMissing.
    """
    if PINNED.is_file():
        return PINNED
    found = shutil.which("anvil")
    if found is None:
        raise AnvilMissing(
            "anvil is not installed. On Linux x86-64 run `make setup`; elsewhere put anvil 1.7.1 on PATH."
        )
    return Path(found)
