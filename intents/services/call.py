"""The call a transfer shall end with: what is asked for, read strictly."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.address import to_checksum_address

from intents.chains.app import AppNotListed
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.errors import WaymeetError
from intents.settlement.destination_call import MAX_CALL_BYTES, MAX_CALL_GAS, DestinationCall

DEFAULT_GAS: Final = 300_000
_FIELDS: Final = frozenset({"target", "data", "value", "gas"})
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,77}")


class CallMalformed(WaymeetError):
    """The call on arrival is not complete, not well formed, or named twice."""

    code = "call_malformed"


class CallNotAllowed(WaymeetError):
    """The chain makes no calls on arrival, or not this one."""

    code = "call_not_allowed"


class AppTakesAnotherToken(WaymeetError):
    """The app takes `token` only."""

    code = "app_takes_another_token"


@dataclass(frozen=True, slots=True)
class CallWish:
    """A call of `target` with at most `gas` units of gas and `value` wei of what arrives.

    `app` is the slug of a listed app, whose own template makes the data; otherwise `data` is 0x hex.
    """

    target: str
    data: str
    value: int
    gas: int
    app: str = ""

    @classmethod
    def parse(
        cls, values: Mapping[str, Any], *, destination: ChainManifest, token: TokenManifest
    ) -> "CallWish | None":
        """Read `app` or `call` of a request; None when it names neither. Raises a WaymeetError."""
        app, call = values.get("app") or "", values.get("call")
        if not app and call is None:
            return None
        if app and call is not None:
            raise CallMalformed("both an app and a call", field="call")
        if "call_executor" not in destination.contracts:
            raise CallNotAllowed(f"{destination.slug} has no executor", field="call", chain=destination.name)
        return _of_app(str(app), destination, token) if app else _plain(call)

    def to_json(self) -> dict[str, Any]:
        """As stored with the quote; integers are decimal text."""
        return {
            "target": self.target,
            "data": self.data,
            "value": str(self.value),
            "gas": str(self.gas),
            "app": self.app,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> "CallWish | None":
        """The inverse of `to_json`, and None for None."""
        if value is None:
            return None
        return cls(**{**value, "value": int(value["value"]), "gas": int(value["gas"])})

    def bound(self, *, destination: ChainManifest, recipient: str, amount: int) -> DestinationCall:
        """The call for `amount` base units that arrive for `recipient`. Raises AppNotListed."""
        data = bytes.fromhex(self.data[2:])
        if self.app:
            data = destination.app(self.app).call_data(amount=amount, recipient=recipient)
        return DestinationCall(
            recipient=recipient, target=self.target, data=data, gas=self.gas, value_wei=self.value
        )


def _of_app(text: str, destination: ChainManifest, token: TokenManifest) -> CallWish:
    chain, _, slug = text.strip().lower().rpartition(":")
    if chain and chain != destination.slug:
        raise AppNotListed(text[:60], app=text[:60], chain=destination.name, field="app")
    app = destination.app(slug)
    if app.token != token.address:
        wanted = destination.token(app.token)
        raise AppTakesAnotherToken(f"{app.slug} takes {wanted.symbol}", token=wanted.symbol, field="app")
    return CallWish(target=app.target, data="0x", value=0, gas=app.gas, app=app.slug)


def _plain(call: Any) -> CallWish:
    if not isinstance(call, Mapping) or not set(call) <= _FIELDS:
        raise CallMalformed("not a call", field="call")
    target = _matching(call, "target", _ADDRESS)
    data = _matching(call, "data", _DATA)
    value = int(_matching(call, "value", _NUMBER, default="0"))
    gas = int(_matching(call, "gas", _NUMBER, default=str(DEFAULT_GAS)))
    if len(data) > 2 + 2 * MAX_CALL_BYTES:
        raise CallMalformed(f"data is longer than {MAX_CALL_BYTES} bytes", field="call.data")
    if not 0 < gas <= MAX_CALL_GAS:
        raise CallMalformed(f"gas is not within {MAX_CALL_GAS}", field="call.gas")
    return CallWish(target=str(to_checksum_address(target)), data=data.lower(), value=value, gas=gas)


def _matching(call: Mapping[str, Any], name: str, pattern: re.Pattern[str], default: str = "") -> str:
    value = call.get(name, default)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise CallMalformed(f"{name} is malformed", field=f"call.{name}")
    return value
