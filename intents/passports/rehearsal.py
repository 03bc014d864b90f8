"""What would happen if: several calls by several accounts inside one eth_call, with nothing left behind.

The node is asked to put an actor's code at the accounts that are to call, so that real balances and real rights
are used without anybody's key.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError

from intents.chains.calls import encode_call
from intents.chains.node_errors import Request
from intents.contracts.loader import load_file

ACTOR: Final = Path(__file__).with_name("actor.vy")
PLAY: Final = "play((address,address,bytes)[])"
STAGE: Final = "0x" + "5ca1ab1e".zfill(40)
GAS: Final = 12_000_000

Overrides = dict[str, dict[str, Any]]


class Line(NamedTuple):
    """One call and who makes it."""

    actor: str
    target: str
    data: bytes


class Outcome(NamedTuple):
    """What became of a line; `data` is its answer or revert data, cut to 128 bytes."""

    is_success: bool
    data: bytes

    @property
    def number(self) -> int | None:
        """The answer as one word, None where it is none."""
        return int.from_bytes(self.data[:32], "big") if self.is_success and len(self.data) >= 32 else None

    @property
    def address(self) -> str | None:
        """The answer as an address that is not zero."""
        word = self.number
        return None if not word or word >= 1 << 160 else "0x" + word.to_bytes(20, "big").hex()


def read(target: str, signature: str, arguments: Sequence[Any] = ()) -> Line:
    """A line that only looks."""
    return Line(STAGE, target, encode_call(signature, arguments))


def act(actor: str, target: str, signature: str, arguments: Sequence[Any] = ()) -> Line:
    """A line that an account speaks."""
    return Line(actor, target, encode_call(signature, arguments))


def request(lines: Sequence[Line], *, storage: Mapping[str, Mapping[str, str]] | None = None) -> Request:
    """The eth_call that plays these lines; `storage` puts words into accounts' slots before.

    At most 24, which is what `actor.vy` takes.
    """
    code = "0x" + load_file(ACTOR).runtime.hex()
    overrides: Overrides = {STAGE: {"code": code}}
    for line in lines:
        overrides.setdefault(line.actor, {})["code"] = code
    for account, slots in (storage or {}).items():
        overrides.setdefault(account, {})["stateDiff"] = dict(slots)
    said = [(line.actor, line.target, line.data) for line in lines]
    data = encode_call(PLAY, [said])
    call = {"to": STAGE, "data": "0x" + data.hex(), "gas": hex(GAS)}
    return "eth_call", [call, "latest", overrides]


def outcomes(answer: Any) -> list[Outcome]:
    """What the node answered to a `request`; raises ValueError for anything else."""
    if not isinstance(answer, str) or not answer.startswith("0x") or len(answer) < 130:
        raise ValueError(f"no rehearsal: {str(answer)[:80]}")
    try:
        rows = abi_decode(("(bool,bytes)[]",), bytes.fromhex(answer[2:]))[0]
    except (DecodingError, OverflowError) as error:
        raise ValueError(f"no rehearsal: {error}") from error
    return [Outcome(bool(ok), bytes(data)) for ok, data in rows]


def words(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """ABI encoding without a selector."""
    return abi_encode(types, values)
