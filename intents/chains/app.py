"""A contract that takes a transfer on arrival, as the chain's manifest describes it. Pure."""

import re
from dataclasses import dataclass
from typing import Any, Final

from intents.errors import WaymeetError

from .calls import encode_call
from .manifest_reader import Reader

_CALL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\((?:address|uint256)(?:,(?:address|uint256)){0,5}\)")
_OWN_PAGE: Final = re.compile(r"/(?!/)")
_TYPES: Final = {"amount": "uint256", "recipient": "address"}


class AppNotListed(WaymeetError):
    """The chain's manifest names no such app."""

    code = "app_not_listed"


@dataclass(frozen=True, slots=True)
class App:
    """What arrives goes into `target` by one call of its function `call` with at most `gas` units of gas.

    `arguments` says what stands in each place: `amount` is what arrives in base units of `token`, `recipient`
    whom the transfer is for. `page` is where the app itself is found, empty when it has no page.
    """

    slug: str
    name: str
    target: str
    token: str
    call: str
    arguments: tuple[str, ...]
    gas: int
    page: str = ""

    def call_data(self, *, amount: int, recipient: str) -> bytes:
        """The calldata for `amount` base units of the token on behalf of `recipient`."""
        values: dict[str, Any] = {"amount": amount, "recipient": recipient}
        return encode_call(self.call, [values[name] for name in self.arguments])


def read_app(reader: Reader) -> App:
    """One table of a manifest's `apps`; raises ManifestError naming the key."""
    app = App(
        slug=reader.slug("slug"),
        name=reader.filled("name"),
        target=reader.address("target"),
        token=reader.address("token"),
        call=reader.filled("call"),
        arguments=tuple(reader.texts("arguments")),
        gas=reader.integer("gas", minimum=1),
        page=reader.text("page", default=""),
    )
    if not _CALL.fullmatch(app.call):
        raise reader.fail(
            "call", "must be a function of addresses and uint256, such as deposit(uint256,address)"
        )
    types = app.call[app.call.index("(") + 1 : -1].split(",")
    if [_TYPES.get(name) for name in app.arguments] != types:
        raise reader.fail(
            "arguments", "must name amount for each uint256 of call and recipient for each address"
        )
    if app.page and not app.page.startswith(("https://", "http://")) and not _OWN_PAGE.match(app.page):
        raise reader.fail("page", "must be an address on the web, or a path of this site")
    reader.end()
    return app
