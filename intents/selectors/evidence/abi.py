"""The functions that our transactions call, by their first four bytes, with the names of their arguments."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from intents.chains.calls import selector
from intents.chains.events import ORDER, OUTPUT, Field


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a contract that we call or that is called inside of our calls."""

    name: str
    fields: tuple[Field, ...]

    @property
    def signature(self) -> str:
        """As its selector is made of."""
        return f"{self.name}({','.join(field.abi_type for field in self.fields)})"


def _fields(text: str) -> tuple[Field, ...]:
    """Plain arguments from `type name, type name`."""
    words = (part.split() for part in text.split(",")) if text else ()
    return tuple(Field(name, kind) for kind, name in words)


_ORDER: Final = Field("order", "tuple", parts=ORDER)
_OUTPUT: Final = Field("output", "tuple", parts=OUTPUT)
_OUTPUTS: Final = Field("outputs", "tuple[]", parts=OUTPUT)
_SOLVED: Final = _fields("uint32 timestamp, bytes32 solver")
_SWAPS: Final = Field(
    "swaps",
    "tuple[]",
    parts=_fields("address venue, address tokenIn, uint256 maxInput, uint256 value, bytes data"),
)
_ITEMS: Final = Field(
    "items",
    "tuple[]",
    parts=(Field("orderId", "bytes32"), _OUTPUT, Field("fillDeadline", "uint48")),
)
_PAIR: Final = "address[] path, address to, uint256 deadline"
_V3: Final = "bytes path, address recipient"

FUNCTIONS: Final = (
    # The escrow.
    Function("open", (_ORDER,)),
    Function("openFor", (_ORDER, *_fields("address sponsor, bytes signature"))),
    Function("openDeposit", (_ORDER, Field("permit", "bytes"))),
    Function("recover", (_ORDER, Field("token", "address"))),
    Function(
        "finaliseMany",
        (Field("orders", "tuple[]", parts=ORDER), Field("solveParams", "tuple[][]", parts=_SOLVED)),
    ),
    Function("refund", (_ORDER,)),
    Function("refundUnfilled", (_ORDER, Field("index", "uint256"))),
    Function("claim", _fields("address token, address user")),
    Function("claimTo", _fields("address token, address to")),
    # Our account.
    Function(
        "fill",
        (*_fields("address outputSettler, bytes32 orderId"), _OUTPUTS, Field("fillDeadline", "uint48")),
    ),
    Function(
        "swapAndFill",
        (
            *_fields("address outputSettler, bytes32 orderId"),
            _OUTPUTS,
            Field("fillDeadline", "uint48"),
            _SWAPS,
            *_fields("uint256 minOutput, uint256 expectedOutput, address surplusRecipient"),
        ),
    ),
    Function("fillMany", (*_fields("address outputSettler, address token"), _ITEMS)),
    Function("trade", (_SWAPS, *_fields("address tokenOut, uint256 minOutput"))),
    Function("withdraw", _fields("address token, address to, uint256 amount")),
    # Proofs.
    Function("attestUnfilled", (Field("orderId", "bytes32"), _OUTPUT, Field("fillDeadline", "uint32"))),
    Function(
        "submit",
        _fields("uint32 destinationDomain, address recipientOracle, address source, bytes[] payloads"),
    ),
    Function("process", _fields("bytes metadata, bytes message")),
    # Stock over a bridge.
    Function("send", _fields("uint32 destinationDomain, uint256 amount")),
    # Tokens and venues.
    Function("approve", _fields("address spender, uint256 amount")),
    Function("transfer", _fields("address to, uint256 amount")),
    Function("swapExactTokensForTokens", _fields(f"uint256 amountIn, uint256 amountOutMin, {_PAIR}")),
    Function("swapTokensForExactTokens", _fields(f"uint256 amountOut, uint256 amountInMax, {_PAIR}")),
    Function("swapExactTokensForETH", _fields(f"uint256 amountIn, uint256 amountOutMin, {_PAIR}")),
    Function("swapTokensForExactETH", _fields(f"uint256 amountOut, uint256 amountInMax, {_PAIR}")),
    Function(
        "exactInput",
        (Field("params", "tuple", parts=_fields(f"{_V3}, uint256 amountIn, uint256 amountOutMinimum")),),
    ),
    Function(
        "exactOutput",
        (Field("params", "tuple", parts=_fields(f"{_V3}, uint256 amountOut, uint256 amountInMaximum")),),
    ),
    Function("multicall", _fields("bytes[] data")),
    Function("unwrapWETH9", _fields("uint256 amountMinimum, address recipient")),
    Function("wrapETH", _fields("uint256 value")),
    Function("sweepToken", _fields("address token, uint256 amountMinimum, address recipient")),
    Function("pull", _fields("address token, uint256 value")),
)


@cache
def by_selector() -> dict[bytes, Function]:
    """Every function by its first four bytes."""
    return {selector(function.signature): function for function in FUNCTIONS}
