"""What must hold before a process of ours begins to serve chains that hold value."""

import os

from django.conf import settings
from django.db import DatabaseError

from intents.chains import accounts, registry
from intents.errors import WaymeetError

VALIDATOR_KEY = "WAYMEET_VALIDATOR_KEY"


class UnsafeStart(WaymeetError):
    """A setting that is fine on local test chains only, with a chain connected that is not one."""

    code = "unsafe_start"
    status = 500


def refuse_unsafe_start(*, sends: bool = False, serves_pages: bool = False) -> None:
    """Raise UnsafeStart naming the setting to change, or PublicKeyRefused, unless every chain is local.

    A process that `sends` must hold the keys; for the others it is enough to know whose addresses they are. One
    that `serves_pages` hands out cookies, which must not travel in the open. A database that is not there yet
    connects no chain, and is no reason to refuse.
    """
    try:
        chains = registry.all_chains().values()
    except DatabaseError:
        return
    if all(chain.is_local for chain in chains):
        return
    if settings.DEBUG:
        raise UnsafeStart("switch DEBUG off: a chain that is not local is connected")
    if settings.SECRET_KEY == settings.INSECURE_SECRET_KEY:
        raise UnsafeStart("set SECRET_KEY: a chain that is not local is connected")
    if serves_pages and not settings.HTTPS_ONLY:
        raise UnsafeStart("switch HTTPS_ONLY on: a chain that is not local is connected")
    if os.environ.get(VALIDATOR_KEY):
        raise UnsafeStart(f"unset {VALIDATOR_KEY}: only validators hold a validator's key")
    for role in accounts.VARIABLES:
        if sends:
            accounts.account(role)
        else:
            accounts.address(role)
