"""Writes what the outside registry says into the database; a second time changes nothing."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from intents.models import KnownChain, KnownRoute, KnownRouteEnd

from .reading import known_chains, known_routes
from .source import Registry

BATCH = 200


@dataclass(frozen=True, slots=True)
class Imported:
    """What is known now, and how many rows of chains and routes that changed."""

    chains: int
    evm_mainnet_chains: int
    routes: int
    ends: int
    connections: int
    added: int
    changed: int
    removed: int


@transaction.atomic
def import_registry(registry: Registry) -> Imported:
    """Have exactly what the registry holds; chains and routes that it dropped go."""
    chains = known_chains(registry)
    routes = known_routes(registry)
    ends = [end for _, own in routes for end in own]
    unchanged = _ends_as_known(ends)
    counts = [_write(KnownChain, chains), _write(KnownRoute, [route for route, _ in routes])]
    if not unchanged:
        KnownRouteEnd.objects.all().delete()
        KnownRouteEnd.objects.bulk_create(ends, batch_size=BATCH)
    added, changed, removed = (sum(each) for each in zip(*counts, strict=True))
    return Imported(
        chains=len(chains),
        evm_mainnet_chains=sum(chain.is_evm and not chain.is_testnet for chain in chains),
        routes=len(routes),
        ends=len(ends),
        connections=sum(route.connections for route, _ in routes),
        added=added,
        changed=changed,
        removed=removed,
    )


def _write(model: type[models.Model], rows: Sequence[Any]) -> tuple[int, int, int]:
    """(added, changed, removed): rows by their primary key, written only where they differ."""
    fields = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    known = {row.pk: row for row in model._default_manager.all()}
    wanted = {row.pk: row for row in rows}
    fresh = [row for key, row in wanted.items() if key not in known]
    stale = [row for key, row in wanted.items() if key in known and _differ(row, known[key], fields)]
    gone = [key for key in known if key not in wanted]
    model._default_manager.filter(pk__in=gone).delete()
    model._default_manager.bulk_create(fresh, batch_size=BATCH)
    if stale:
        model._default_manager.bulk_update(stale, fields, batch_size=BATCH)
    return len(fresh), len(stale), len(gone)


def _ends_as_known(ends: Iterable[KnownRouteEnd]) -> bool:
    fields = [field.attname for field in KnownRouteEnd._meta.concrete_fields if not field.primary_key]

    def said(end: KnownRouteEnd) -> tuple[Any, ...]:
        return tuple(json.dumps(getattr(end, name), sort_keys=True) for name in fields)

    return sorted(map(said, ends)) == sorted(map(said, KnownRouteEnd.objects.all()))


def _differ(one: models.Model, other: models.Model, fields: Sequence[str]) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in fields)
