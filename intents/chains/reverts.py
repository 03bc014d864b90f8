"""Turns what nodes and contracts say when they refuse into types. The only place that matches strings."""

from enum import Enum
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError

from intents.contracts.reverts import decode_revert as decode_own
from intents.errors import WaymeetError

from .calls import argument_types, selector

ERROR_SELECTOR = selector("Error(string)")
PANIC_SELECTOR = selector("Panic(uint256)")
EMPTY_REVERT = "Empty"
UNKNOWN_REVERT = "Unknown"
# Nobody's error: the call would succeed, for more gas than we give it.
TOO_MUCH_GAS = "TooMuchGas"
MAX_TEXT = 200

PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "invalid enum value",
    0x22: "broken storage array",
    0x31: "pop from an empty array",
    0x32: "index out of range",
    0x41: "out of memory",
    0x51: "call of an uninitialised function",
}


class Reverted(WaymeetError):
    """A contract refused. `name` is its error's name, `arguments` its arguments, `data` the raw bytes."""

    code = "reverted"

    def __init__(self, name: str, arguments: list[Any] | None = None, data: bytes = b"") -> None:
        self.name = name
        self.arguments = arguments or []
        self.data = data
        shown = ", ".join(str(argument) for argument in self.arguments)
        super().__init__(f"{name}({shown})", name=name, args=self.arguments)

    @property
    def said(self) -> str:
        """The error's name, or the contract's own words where it has no other."""
        return str(self.arguments[0]) if self.name == "Error" and self.arguments else self.name

    def revert_json(self) -> dict[str, Any]:
        """The {name, args} kept with an attempt."""
        return {"name": self.name, "args": self.arguments}


# What our contracts say themselves is in intents.contracts.reverts.
FOREIGN_ERRORS = (
    # Permit2
    "InvalidNonce()",
    "InvalidSigner()",
    "SignatureExpired(uint256)",
    "InvalidAmount(uint256)",
    "LengthMismatch()",
    "InvalidSignature()",
    "InvalidSignatureLength()",
    "InvalidContractSignature()",
    "AllowanceExpired(uint256)",
    "InsufficientAllowance(uint256)",
    # ERC-6093 tokens
    "ERC20InsufficientBalance(address,uint256,uint256)",
    "ERC20InsufficientAllowance(address,uint256,uint256)",
    "ERC20InvalidReceiver(address)",
    "ERC20InvalidSender(address)",
    "ERC2612ExpiredSignature(uint256)",
    "ERC2612InvalidSigner(address,address)",
    "SafeERC20FailedOperation(address)",
)

FOREIGN = {selector(signature): signature for signature in FOREIGN_ERRORS}


def decode_revert(data: bytes, message: str = "") -> Reverted:
    """Name what a contract said. Unreadable data is named Unknown, none at all Empty; never raises."""
    if not data:
        return Reverted(EMPTY_REVERT, [_text(message)] if message else [])
    head, body = data[:4], data[4:]
    try:
        if head == ERROR_SELECTOR:
            # Who hands on another's words may leave remains of memory after them.
            return Reverted("Error", [_text(abi_decode(("string",), body, strict=False)[0])], data)
        if head == PANIC_SELECTOR:
            number = int(abi_decode(("uint256",), body)[0])
            return Reverted("Panic", [_json(number), PANICS.get(number, "unknown panic")], data)
        own = decode_own(data)
        if own is not None:
            return Reverted(own[0].name, [_json(value) for value in own[1]], data)
        signature = FOREIGN.get(head)
        if signature is not None:
            values = abi_decode(argument_types(signature), body)
            return Reverted(signature.split("(")[0], [_json(value) for value in values], data)
    except (DecodingError, UnicodeDecodeError, OverflowError):
        pass
    return Reverted(UNKNOWN_REVERT, ["0x" + data[:36].hex()], data)


class Refusal(Enum):
    """What a node's error about a transaction or a call means."""

    EXECUTION_REVERTED = "execution_reverted"
    ALREADY_KNOWN = "already_known"
    NONCE_TOO_LOW = "nonce_too_low"
    REPLACEMENT_UNDERPRICED = "replacement_underpriced"
    FEE_TOO_LOW = "fee_too_low"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    GAS_LIMIT = "gas_limit"
    MALFORMED = "malformed"
    NO_SUCH_BLOCK = "no_such_block"
    BUSY = "busy"
    OTHER = "other"


# Lower-case pieces of messages by geth, erigon, nethermind, besu, reth and anvil; first match wins.
NODE_WORDS: tuple[tuple[str, Refusal], ...] = (
    ("already known", Refusal.ALREADY_KNOWN),
    ("already imported", Refusal.ALREADY_KNOWN),
    ("alreadyknown", Refusal.ALREADY_KNOWN),
    ("known transaction", Refusal.ALREADY_KNOWN),
    ("already exists in the pool", Refusal.ALREADY_KNOWN),
    ("nonce too low", Refusal.NONCE_TOO_LOW),
    ("oldnonce", Refusal.NONCE_TOO_LOW),
    ("nonce has already been used", Refusal.NONCE_TOO_LOW),
    ("replacement transaction underpriced", Refusal.REPLACEMENT_UNDERPRICED),
    ("replacementnotallowed", Refusal.REPLACEMENT_UNDERPRICED),
    ("insufficient gas price to replace", Refusal.REPLACEMENT_UNDERPRICED),
    ("transaction underpriced", Refusal.FEE_TOO_LOW),
    ("less than block base fee", Refusal.FEE_TOO_LOW),
    ("feetoolow", Refusal.FEE_TOO_LOW),
    ("gas price below", Refusal.FEE_TOO_LOW),
    ("insufficient funds", Refusal.INSUFFICIENT_FUNDS),
    ("insufficientfunds", Refusal.INSUFFICIENT_FUNDS),
    ("insufficient balance", Refusal.INSUFFICIENT_FUNDS),
    ("intrinsic gas too low", Refusal.GAS_LIMIT),
    ("intrinsic gas too high", Refusal.GAS_LIMIT),
    ("exceeds block gas limit", Refusal.GAS_LIMIT),
    ("gas limit is greater than the block gas limit", Refusal.GAS_LIMIT),
    ("max initcode size exceeded", Refusal.MALFORMED),
    ("invalid sender", Refusal.MALFORMED),
    ("invalid signature", Refusal.MALFORMED),
    ("invalid chain id", Refusal.MALFORMED),
    ("failed to decode", Refusal.MALFORMED),
    ("rlp", Refusal.MALFORMED),
    ("higher than max fee per gas", Refusal.MALFORMED),
    ("transaction type not supported", Refusal.MALFORMED),
    ("execution reverted", Refusal.EXECUTION_REVERTED),
    ("vm exception while processing transaction", Refusal.EXECUTION_REVERTED),
    ("header not found", Refusal.NO_SUCH_BLOCK),
    ("unknown block", Refusal.NO_SUCH_BLOCK),
    ("block not found", Refusal.NO_SUCH_BLOCK),
    ("blockoutofrange", Refusal.NO_SUCH_BLOCK),
    ("block out of range", Refusal.NO_SUCH_BLOCK),
    ("too many requests", Refusal.BUSY),
    ("rate limit", Refusal.BUSY),
    ("request limit", Refusal.BUSY),
)

# The node refused these bytes for good or for now and does not hold them: they were not sent.
NOT_SENT = frozenset(
    {
        Refusal.REPLACEMENT_UNDERPRICED,
        Refusal.FEE_TOO_LOW,
        Refusal.INSUFFICIENT_FUNDS,
        Refusal.GAS_LIMIT,
        Refusal.MALFORMED,
    }
)
REVERT_CODE = 3


def classify(code: int, message: str) -> Refusal:
    """The class of a node's error, by its number and words; OTHER proves nothing either way."""
    if code == REVERT_CODE:
        return Refusal.EXECUTION_REVERTED
    lowered = message.lower()
    for words, refusal in NODE_WORDS:
        if words in lowered:
            return refusal
    return Refusal.OTHER


def _text(said: str) -> str:
    """A stranger's words as they may be kept and shown: PostgreSQL refuses a row with a NUL anywhere in it."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in said[:MAX_TEXT])


def _json(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool) and value > 2**53:
        return str(value)
    return value
