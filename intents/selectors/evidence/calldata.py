"""What a transaction asks of a contract, as people read it: function, arguments, tokens and amounts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address

from intents.chains.events import Field
from intents.selectors.network import chain_name, connected_chains
from intents.selectors.steps import amount_words
from intents.settlement.destination_call import DestinationCallError, decode_destination_call

from .abi import Function, by_selector
from .eyes import Eyes

MOST_BYTES_SHOWN: Final = 32
DEEPEST: Final = 3
_TIMES: Final = frozenset({"expires", "fillDeadline", "deadline", "timestamp"})
_DOMAINS: Final = frozenset({"destinationDomain"})
_CHAINS: Final = frozenset({"chainId", "originChainId"})
# Amounts with the argument beside them that names their token.
_TOKEN_OF: Final = {
    "amount": "token",
    "maxInput": "tokenIn",
    "minOutput": "tokenOut",
    "amountMinimum": "token",
    "value": "token",
}
_OF_PATH: Final = frozenset({"amountIn", "amountInMax", "amountOut", "amountOutMin"})
_OF_OUTPUT: Final = frozenset({"minOutput", "expectedOutput"})
# Where the token stands in an output.
_TOKEN_INDEX: Final = 3


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument, or a group of them; `text` may be copied, `note` says what it is."""

    name: str
    text: str = ""
    note: str = ""
    parts: tuple["Argument", ...] = ()


@dataclass(frozen=True, slots=True)
class DecodedCall:
    """A call that we can read; `arguments` are in the order of the contract's ABI."""

    function: str
    signature: str
    arguments: tuple[Argument, ...]


class Reader:
    """Reads calls on one chain for one pair of eyes."""

    def __init__(self, chain_id: int, eyes: Eyes) -> None:
        self.chain_id = chain_id
        self.eyes = eyes

    def call(self, calldata: str, *, depth: int = 0) -> DecodedCall | None:
        """The call in 0x hex; None for one that we cannot read."""
        try:
            data = bytes.fromhex(calldata.removeprefix("0x"))
        except ValueError:
            return None
        function = by_selector().get(data[:4])
        if function is None:
            return None
        try:
            values = abi_decode([field.abi_type for field in function.fields], data[4:])
        except (DecodingError, OverflowError, ValueError):
            return None
        named = dict(zip((field.name for field in function.fields), values, strict=True))
        arguments = tuple(
            self._argument(field, named[field.name], named, self.chain_id, depth) for field in function.fields
        )
        return DecodedCall(function.name, _short(function), arguments)

    def group(self, field: Field, values: Any) -> tuple[Argument, ...]:
        """The members of a struct."""
        return self._argument(field, values, {}, self.chain_id, 0).parts

    def log(self, data: Mapping[str, Any]) -> tuple[Argument, ...]:
        """The arguments of a stored log."""
        return tuple(self._stored(name, value, data) for name, value in data.items())

    def address(self, address: str, chain_id: int) -> tuple[str, str]:
        """An address as it may be read, and what it is if we know it."""
        return self.eyes.address(address), known_as(chain_id, address)

    def _argument(
        self, field: Field, value: Any, beside: Mapping[str, Any], chain_id: int, depth: int
    ) -> Argument:
        if field.type.endswith("[]") or field.type.endswith("[2]"):
            return self._list(field, value, beside, chain_id, depth)
        if field.parts:
            named = dict(zip((part.name for part in field.parts), value, strict=True))
            place = int(named["chainId"]) if "chainId" in named else chain_id
            parts = (self._argument(part, named[part.name], named, place, depth) for part in field.parts)
            return Argument(field.name, parts=tuple(parts))
        text, note, nested = self._leaf(field.name, field.type, value, beside, chain_id, depth)
        return Argument(field.name, text, note, nested)

    def _list(
        self, field: Field, value: Any, beside: Mapping[str, Any], chain_id: int, depth: int
    ) -> Argument:
        if field.name == "inputs":
            return Argument(field.name, parts=tuple(self._inputs(value, int(beside["originChainId"]))))
        inner = Field(field.name, field.type[: field.type.rindex("[")], parts=field.parts)
        items = (self._argument(inner, item, beside, chain_id, depth) for item in value)
        numbered = (
            Argument(f"{index}", item.text, item.note, item.parts) for index, item in enumerate(items)
        )
        return Argument(field.name, parts=tuple(numbered))

    def _inputs(self, inputs: Any, chain_id: int) -> Iterator[Argument]:
        for index, (token, amount) in enumerate(inputs):
            address = to_checksum_address(int(token).to_bytes(20, "big")) if not int(token) >> 160 else ""
            text, note = self.address(address, chain_id)
            said = self.eyes.text(amount_words(chain_id, address, int(amount)))
            yield Argument(str(index), parts=(Argument("token", text, note), Argument("amount", said)))

    def _leaf(
        self, name: str, kind: str, value: Any, beside: Mapping[str, Any], chain_id: int, depth: int
    ) -> tuple[str, str, tuple[Argument, ...]]:
        if kind == "address":
            return *self.address(to_checksum_address(value), chain_id), ()
        if kind == "bytes32":
            return *self._word(bytes(value), chain_id), ()
        if kind == "bytes":
            return self._bytes(name, bytes(value), chain_id, depth)
        if not isinstance(value, int):
            return str(value), "", ()
        return *self._number(name, value, beside, chain_id), ()

    def _word(self, value: bytes, chain_id: int) -> tuple[str, str]:
        if value[:12] == bytes(12) and any(value[12:]):
            return self.address(to_checksum_address(value[12:]), chain_id)
        return "0x" + value.hex(), ""

    def _bytes(
        self, name: str, value: bytes, chain_id: int, depth: int
    ) -> tuple[str, str, tuple[Argument, ...]]:
        size = f"{len(value)} bytes"
        if not value:
            return "0x", "", ()
        nested: tuple[Argument, ...] = ()
        if name == "callbackData":
            nested = self._destination_call(value, chain_id)
        elif name == "data" and depth < DEEPEST:
            inner = Reader(chain_id, self.eyes).call("0x" + value.hex(), depth=depth + 1)
            nested = (Argument(inner.function, parts=inner.arguments),) if inner else ()
        if not self.eyes.may_see:
            return "", size, nested
        more = "…" if len(value) > MOST_BYTES_SHOWN else ""
        return "0x" + value[:MOST_BYTES_SHOWN].hex() + more, size, nested

    def _destination_call(self, value: bytes, chain_id: int) -> tuple[Argument, ...]:
        try:
            call = decode_destination_call(value)
        except DestinationCallError:
            return ()
        recipient, target = self.address(call.recipient, chain_id), self.address(call.target, chain_id)
        return (
            Argument("recipient", *recipient),
            Argument("target", *target),
            Argument("gas", str(call.gas)),
            Argument("value", str(call.value_wei)),
            Argument("data", f"0x{call.data[:4].hex()}…", f"{len(call.data)} bytes"),
        )

    def _number(self, name: str, value: int, beside: Mapping[str, Any], chain_id: int) -> tuple[str, str]:
        if name in _CHAINS:
            return str(value), chain_name(value)
        if name in _DOMAINS:
            return str(value), _chain_of_domain(value)
        if name in _TIMES:
            return str(value), _utc(value)
        token = _address_of(beside.get(_TOKEN_OF.get(name, ""))) or _of_path(name, beside)
        if token:
            return self.eyes.text(amount_words(chain_id, token, value)), str(value)
        return str(self.eyes.value(str(value))), ""

    def _stored(self, name: str, value: Any, beside: Mapping[str, Any]) -> Argument:
        if isinstance(value, Mapping):
            return Argument(name, parts=self.log(value))
        if isinstance(value, list):
            numbered = ((str(index), item) for index, item in enumerate(value))
            return Argument(name, parts=tuple(self._stored(key, item, {}) for key, item in numbered))
        chain_id = int(beside.get("chainId") or self.chain_id)
        text = str(value)
        if text.startswith("0x") and len(text) == 42:
            return Argument(name, *self.address(text, chain_id))
        if text.startswith("0x") and len(text) == 66:
            return Argument(name, *self._word(bytes.fromhex(text[2:]), chain_id))
        if text.isdigit():
            return Argument(name, *self._number(name, int(text), beside, chain_id))
        return Argument(name, self.eyes.text(text))


def known_as(chain_id: int, address: str) -> str:
    """What an address is in the chain's manifest: a contract's name, a token's symbol, or ""."""
    manifest = connected_chains().get(chain_id)
    if manifest is None:
        return ""
    wanted = address.lower()
    for token in manifest.assets:
        if token.address.lower() == wanted:
            return token.symbol
    for name, contract in manifest.contracts.items():
        if contract.address.lower() == wanted:
            return name
    return next(
        (venue.kind for venue in manifest.venues if wanted in (venue.address.lower(), venue.router.lower())),
        "",
    )


def _address_of(value: Any) -> str:
    if isinstance(value, bytes) and len(value) == 32 and value[:12] == bytes(12):
        return to_checksum_address(value[12:])
    if isinstance(value, str) and value.startswith("0x"):
        if len(value) == 66 and int(value[2:26], 16) == 0:
            return to_checksum_address("0x" + value[26:])
        return to_checksum_address(value) if len(value) == 42 else ""
    return ""


def _of_path(name: str, beside: Mapping[str, Any]) -> str:
    """The token of an amount that is counted in an end of a swap's path, or in what a fill pays."""
    path, outputs = beside.get("path"), beside.get("outputs")
    if isinstance(path, tuple | list) and path:
        return _address_of(path[0 if name.startswith("amountIn") else -1]) if name in _OF_PATH else ""
    if name in _OF_OUTPUT and isinstance(outputs, tuple | list) and outputs:
        return _address_of(outputs[0][_TOKEN_INDEX])
    return ""


def _chain_of_domain(domain: int) -> str:
    return next((chain.name for chain in connected_chains().values() if chain.domain == domain), "")


def _short(function: Function) -> str:
    return f"{function.name}({', '.join(field.name for field in function.fields)})"


def _utc(seconds: int) -> str:
    if seconds > 10**11:
        return ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
