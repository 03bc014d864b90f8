"""The connected chains, read from the database so that a chain can join while we run."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from intents.errors import WaymeetError
from intents.models import Chain, Departure

from .manifest import ChainManifest, from_json, parse, to_json
from .manifest_reader import ManifestError

CACHE_SECONDS = 2.0


class ChainNotSupported(WaymeetError):
    """No connected chain has this id or slug."""

    code = "chain_not_supported"


@dataclass(slots=True)
class _Cache:
    chains: dict[int, ChainManifest]
    hashes: dict[int, str]
    read_at: float = float("-inf")


_cache = _Cache({}, {})
_former: dict[int, ChainManifest] = {}
_refreshing = threading.Lock()


def all_chains() -> dict[int, ChainManifest]:
    """Manifests of all connected chains by chain id, at most CACHE_SECONDS old."""
    if _is_old():
        with _refreshing:
            # Threads that read at the same time must not mix what they found.
            if _is_old():
                now = time.monotonic()
                _refresh()
                _cache.read_at = now
    return _cache.chains


def once_connected(chain_id: int) -> ChainManifest | None:
    """The manifest of a connected chain, or the last one of a chain that left: for what is told of the past."""
    known = all_chains().get(chain_id) or _former.get(chain_id)
    if known is not None:
        return known
    row = Chain.objects.filter(chain_id=chain_id, is_connected=False).first()
    if row is None:
        return None
    _former[chain_id] = from_json(row.manifest)
    return _former[chain_id]


def forget() -> None:
    """Have the next call read the database."""
    _cache.read_at = float("-inf")
    _former.clear()


def chain(chain_id: int) -> ChainManifest:
    """The manifest of a connected chain; raises ChainNotSupported."""
    try:
        return all_chains()[chain_id]
    except KeyError:
        raise ChainNotSupported(str(chain_id), chain=str(chain_id)) from None


def chain_by_slug(slug: str) -> ChainManifest:
    """The connected chain with this slug, in any letter case; raises ChainNotSupported."""
    wanted = slug.strip().lower()
    for manifest in all_chains().values():
        if manifest.slug == wanted:
            return manifest
    raise ChainNotSupported(wanted[:60], chain=wanted[:60])


def read_directory(path: Path) -> list[ChainManifest]:
    """Parse every *.toml below `path`; raises ManifestError with the file's name."""
    manifests = []
    for file in sorted(path.glob("*.toml")):
        try:
            manifests.append(parse(file.read_text(encoding="utf-8")))
        except ManifestError as error:
            raise ManifestError(f"{file.name}: {error.key}", error.params["problem"]) from error
    if not manifests:
        raise ManifestError(str(path), "holds no *.toml manifest")
    _check_together(manifests)
    return manifests


def load_directory(path: Path) -> list[ChainManifest]:
    """Write every manifest below `path` to the registry; chains without a file there stay as they are.

    A chain that left the network is passed over: it comes back by joining. Returns those that were written.
    """
    gone = set(
        Departure.objects.filter(left_at__isnull=False, ended_at=None).values_list("chain_id", flat=True)
    )
    manifests = [manifest for manifest in read_directory(path) if manifest.chain_id not in gone]
    load(manifests)
    return manifests


def load(manifests: list[ChainManifest]) -> None:
    """Write these manifests to the registry and connect their chains."""
    _check_together(manifests)
    with transaction.atomic():
        for manifest in manifests:
            Chain.objects.update_or_create(
                chain_id=manifest.chain_id,
                defaults={
                    "slug": manifest.slug,
                    "name": manifest.name,
                    "manifest": to_json(manifest),
                    "manifest_hash": manifest.content_hash,
                    "is_connected": True,
                },
            )
    forget()


def _is_old() -> bool:
    return time.monotonic() - _cache.read_at > CACHE_SECONDS


def _refresh() -> None:
    rows = list(Chain.objects.filter(is_connected=True).values_list("chain_id", "manifest_hash"))
    hashes = dict(rows)
    if hashes == _cache.hashes:
        return
    stale = [chain_id for chain_id, known in hashes.items() if _cache.hashes.get(chain_id) != known]
    fresh = {row.chain_id: from_json(row.manifest) for row in Chain.objects.filter(chain_id__in=stale)}
    _cache.chains = {chain_id: fresh.get(chain_id) or _cache.chains[chain_id] for chain_id in sorted(hashes)}
    _cache.hashes = hashes


def _check_together(manifests: list[ChainManifest]) -> None:
    for name in ("chain_id", "slug"):
        values = [getattr(manifest, name) for manifest in manifests]
        doubled = {value for value in values if values.count(value) > 1}
        if doubled:
            raise ManifestError(name, f"{doubled.pop()} is used by two manifests")
