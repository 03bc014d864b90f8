"""How long a login of staff lasts: some time without use, and a working day at most.

A session also remembers the wallet that signed in with it: ending the login leaves that as it is.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django_otp import DEVICE_ID_SESSION_KEY

WAS_LET_IN: Final = "console_was_let_in"
NEW_CODES: Final = "console_new_codes"
# Wall time, seconds.
BEGAN_AT: Final = "staff_began_at"
USED_AT: Final = "staff_used_at"
# A session is written at most so often because it is used.
NOTED_EVERY_SECONDS: Final = 60.0
_OF_STAFF: Final = (
    SESSION_KEY,
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    DEVICE_ID_SESSION_KEY,
    WAS_LET_IN,
    NEW_CODES,
    BEGAN_AT,
    USED_AT,
)


def begin(session: Any) -> None:
    """Somebody has just signed in."""
    session[BEGAN_AT] = session[USED_AT] = time.time()


def is_over(session: Mapping[str, Any]) -> bool:
    """Whether the login has ended by itself; one of which nobody knows when it began has."""
    now, began, used = time.time(), session.get(BEGAN_AT), session.get(USED_AT)
    if began is None or used is None:
        return True
    return bool(now - began > settings.STAFF_SESSION_SECONDS or now - used > settings.STAFF_IDLE_SECONDS)


def note_use(session: Any) -> None:
    """A member of staff has asked for something."""
    if time.time() - session[USED_AT] >= min(NOTED_EVERY_SECONDS, settings.STAFF_IDLE_SECONDS / 4):
        session[USED_AT] = time.time()


def end(session: Any) -> None:
    """Take the login out of the session, which gets a new key."""
    for name in _OF_STAFF:
        session.pop(name, None)
    session.cycle_key()
