"""What OP Stack chains take for data besides gas, read with everything else of their block.

Other stacks take nothing besides gas, and are asked nothing.
"""

from collections.abc import Sequence
from typing import Final

from eth_utils.crypto import keccak

from intents.chains.calls import encode_call
from intents.chains.manifest import ChainManifest
from intents.chains.manifest_checks import GAS_PRICE_ORACLE, OPSTACK

# No fee that anybody means: nothing is offered on such a chain.
MOST_WEI: Final = 2**96

Reading = tuple[str, bytes]


def _sample(length: int) -> tuple[int, Reading]:
    """A question about bytes that nobody can pack, and the size they count as: a byte more for every 32 of them,
    and 68 for a signature."""
    data = b"".join(keccak(number.to_bytes(32, "big")) for number in range(length // 32))
    return length + length // 32 + 68, (GAS_PRICE_ORACLE, encode_call("getL1Fee(bytes)", [data]))


# Every version of the contract answers this; what it answers for a mere size is newer, and an upper bound.
# The least fee there is for the shortest transactions is below both: in between fees grow evenly.
_SAMPLES: Final = dict(map(_sample, (192, 1_024)))


def data_calls(manifest: ChainManifest) -> list[Reading]:
    """The views that say what transactions of two sizes cost there besides gas."""
    return list(_SAMPLES.values()) if manifest.stack == OPSTACK else []


def data_json(answers: Sequence[bytes | None]) -> dict[str, str] | None:
    """Wei by size in bytes, empty while it is not known; None where nobody is there to ask: nothing is taken."""
    if all(answer == b"" for answer in answers):
        return None
    fees = [int.from_bytes(answer[:32], "big") for answer in answers if answer and len(answer) >= 32]
    if len(fees) < len(_SAMPLES) or fees != sorted(fees) or fees[-1] > MOST_WEI:
        return {}
    return {str(size): str(wei) for size, wei in zip(_SAMPLES, fees, strict=True)}
