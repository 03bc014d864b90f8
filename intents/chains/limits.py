"""Times of the orders that start on a chain, as its manifest tells them."""

from dataclasses import dataclass

from .manifest_reader import Reader


@dataclass(frozen=True, slots=True)
class Limits:
    """Times of an order that starts here, in seconds of chain time."""

    fill_seconds: int
    expires_seconds: int
    min_left_seconds: int


LOCAL_LIMITS = Limits(fill_seconds=120, expires_seconds=120, min_left_seconds=45)
REAL_LIMITS = Limits(fill_seconds=600, expires_seconds=600, min_left_seconds=180)


def read_limits(reader: Reader, *, is_local: bool) -> Limits:
    """What is not told is as usual. Raises ManifestError naming the key at fault."""
    usual = LOCAL_LIMITS if is_local else REAL_LIMITS
    limits = Limits(
        fill_seconds=reader.integer("fill_seconds", minimum=1, default=usual.fill_seconds),
        expires_seconds=reader.integer("expires_seconds", minimum=1, default=usual.expires_seconds),
        min_left_seconds=reader.integer("min_left_seconds", minimum=1, default=usual.min_left_seconds),
    )
    reader.end()
    return limits
