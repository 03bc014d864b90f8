"""Hyperlane's registry: its published package, fetched by its pinned digest and read document by document.

`python -m intents.known.source` fetches it, with the standard library alone.
"""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from intents.tarballs import Pin, bring, cache_dir

PIN: Final = Pin(
    name="@hyperlane-xyz/registry",
    version="26.1.0",
    integrity="sha512-zk433OpCZcMPsK3r0qG0MqalHYxycp8ydOokpGlQParhnBUO4KukA0K0Nku3HhPIv8Qt8Y45oMpTc6+00svnqg==",
)
_ROOT: Final = "package/dist/"
_ROUTES: Final = "deployments/warp_routes/"
_CONFIG: Final = "-config.json"
_MOST_BYTES: Final = 2_000_000

Json = dict[str, Any]


@dataclass(slots=True)
class Registry:
    """The documents of one release: metadata and Hyperlane's addresses by chain name, warp routes by their id."""

    chains: dict[str, Json] = field(default_factory=dict)
    addresses: dict[str, Json] = field(default_factory=dict)
    routes: dict[str, Json] = field(default_factory=dict)


def fetch(directory: Path | None = None) -> Path:
    """The verified tarball, brought when it is not there; raises FetchFailed, IntegrityMismatch."""
    folder = directory or cache_dir() / "tarballs"
    bring([PIN], folder)
    return folder / PIN.tarball


def read(tarball: Path) -> Registry:
    """Every document of the tarball; nothing is unpacked to disk."""
    registry = Registry()
    for name, document in _documents(tarball):
        parts = name.split("/")
        if parts[0] == "chains" and parts[2:] == ["metadata.json"]:
            registry.chains[parts[1]] = document
        elif parts[0] == "chains" and parts[2:] == ["addresses.json"]:
            registry.addresses[parts[1]] = document
        elif name.startswith(_ROUTES) and name.endswith(_CONFIG):
            registry.routes[name.removeprefix(_ROUTES).removesuffix(_CONFIG)] = document
    return registry


def _documents(tarball: Path) -> Iterator[tuple[str, Json]]:
    with tarfile.open(tarball, "r|gz") as archive:
        for member in archive:
            name = member.name.removeprefix(_ROOT)
            if not (member.isfile() and name.endswith(".json") and 0 < member.size <= _MOST_BYTES):
                continue
            stream = archive.extractfile(member)
            if stream is not None:
                yield name, json.loads(stream.read())


if __name__ == "__main__":
    fetch()
