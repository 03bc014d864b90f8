"""Addresses nobody here serves, from the environment; asked at quote, sign and fill."""

from functools import lru_cache

from django.conf import settings


def blocked_addresses() -> frozenset[str]:
    """Lower-case addresses of `settings.BLOCKED_ADDRESSES`."""
    return _normalised(tuple(getattr(settings, "BLOCKED_ADDRESSES", ())))


@lru_cache(maxsize=4)
def _normalised(addresses: tuple[str, ...]) -> frozenset[str]:
    return frozenset(address.strip().lower() for address in addresses if address.strip())
