"""The published token list and its version, which says what kind of change its readers are to expect."""

from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from intents.chains import registry
from intents.models import PublishedList
from intents.selectors.lists import TAGS, list_name, token_entries
from intents.selectors.wallet_chains import icon_path

NAME: Final = "tokens"

Entry = dict[str, Any]
Version = tuple[int, int, int]


def token_list(*, site: str) -> dict[str, Any]:
    """The token list in Uniswap's schema; without tokens, none. `site` is our own scheme and host."""
    row = _published(token_entries())
    entries = row.content
    return {
        "name": list_name(),
        "timestamp": row.changed_at.isoformat(timespec="seconds"),
        "version": {"major": row.major, "minor": row.minor, "patch": row.patch},
        "keywords": ["waymeet", "rollups"],
        "tags": {name: TAGS[name] for name in sorted({tag for entry in entries for tag in entry["tags"]})},
        "logoURI": f"{site}/static/icons/favicon.svg",
        "tokens": [{**entry, "logoURI": site + icon_path(entry["chainId"])} for entry in entries],
    }


def next_version(version: Version, *, before: list[Entry], after: list[Entry]) -> Version:
    """By the rules of the schema: a removal is major, an addition minor, other changes are patches."""
    old, new = ({_key(entry): entry for entry in entries} for entries in (before, after))
    major, minor, patch = version
    if old.keys() - new.keys():
        return major + 1, 0, 0
    if new.keys() - old.keys():
        return major, minor + 1, 0
    return (major, minor, patch + 1) if old != new else version


def _published(entries: list[Entry]) -> PublishedList:
    row = PublishedList.objects.filter(name=NAME).first()
    if row is not None and row.content == entries:
        return row
    # Another process may know of a chain that this one has not read of yet: nothing was removed then.
    registry.forget()
    entries = token_entries()
    with transaction.atomic():
        row, is_new = PublishedList.objects.select_for_update().get_or_create(
            name=NAME, defaults={"content": entries, "changed_at": timezone.now()}
        )
        if is_new or row.content == entries:
            return row
        version = (row.major, row.minor, row.patch)
        row.major, row.minor, row.patch = next_version(version, before=row.content, after=entries)
        row.content, row.changed_at = entries, timezone.now()
        row.save()
    return row


def _key(entry: Entry) -> tuple[int, str]:
    return entry["chainId"], entry["address"].lower()
