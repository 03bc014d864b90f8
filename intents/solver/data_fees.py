"""What an OP Stack rollup takes for a transaction's data, besides its gas, of each of ours.

It is taken for the signed transaction's bytes once they are packed (FastLZ), and follows the parent's prices.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Final

from intents.amounts import divide_up


@dataclass(frozen=True, slots=True)
class DataRules:
    """Packed bytes of each of our transactions, by the names of `GasRules`, measured and rounded up.

    Of several ways to open, and of several kinds of pools, the longest.
    """

    open: int = 550
    refund: int = 465
    fill: int = 350
    pool: int = 180
    wrap: int = 70
    attest: int = 310
    dispatch_fixed: int = 220
    dispatch_each: int = 135
    process_fixed: int = 465
    process_each: int = 122
    finalise_fixed: int = 280
    finalise_each: int = 222
    bridge: int = 260
    arrive: int = 465


DATA: Final = DataRules()
# No transactions of their own: they make another one longer.
_PARTS: Final = frozenset({"pool", "wrap", "dispatch_each", "process_each", "finalise_each"})
_PAYLOADS: Final = ("dispatch_each", "process_each")
# What tells the order or its output whole.
_TELLING: Final = ("open", "refund", "fill", "attest", "finalise_each")


def data_wei(fees: Mapping[int, int], size: int) -> int:
    """Wei for a transaction of `size` packed bytes, along the line through what the chain said of two sizes."""
    return max(fees[min(fees)] + _longer(fees, size - min(fees)), 0)


@lru_cache(maxsize=256)
def data_units(
    fees: tuple[tuple[int, int], ...], gas_price_wei: int, *, payloads: int = 1, told_bytes: int = 0
) -> dict[str, int]:
    """The gas to be had for what data cost, by the names of `GasRules`; of an order with so many payloads, and
    `told_bytes` more than one plain output."""
    known = dict(fees)
    wei = {
        name: _longer(known, size) if name in _PARTS else data_wei(known, size)
        for name, size in asdict(DATA).items()
    }
    wei |= {name: wei[name] * payloads for name in _PAYLOADS}
    wei |= {name: wei[name] + _longer(known, told_bytes) for name in _TELLING}
    return {name: divide_up(each, max(gas_price_wei, 1)) for name, each in wei.items()}


def _longer(fees: Mapping[int, int], size: int) -> int:
    """Wei that `size` packed bytes more cost."""
    small, large = min(fees), max(fees)
    return divide_up((fees[large] - fees[small]) * size, large - small)
