"""What is wanted, unsigned: reading it from a form or a request, and refusing what makes no sense."""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from eth_utils.address import to_checksum_address

from intents.amounts import AmountError, parse_units
from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import ChainManifest, TokenManifest, TokenNotSupported
from intents.chains.names import NameNotSupported
from intents.chains.registry import ChainNotSupported
from intents.errors import WaymeetError
from intents.solver.preferences import BEST, PREFERENCES

from .assets import ANY, Asset, asset_named
from .call import CallWish
from .ways import AUTO
from .ways import WAYS as RULES

MOST_TEXT: Final = 200
WAYS: Final = (AUTO, *RULES)
EXACT: Final = ("input", "output")
GAS_ON_ARRIVAL: Final = ("auto", "yes", "no")
PARTS: Final = ("1", "2")
_HEX_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_NAME: Final = re.compile(r"[^\s.]+(?:\.[^\s.]+)*\.[^\W\d_]{2,}")
# A comma or a blank parts thousands only: half the world writes 0,25 for a quarter, and 25 would be taken.
_WHOLE: Final = r"(?:[1-9][0-9]{0,2}(?:[ ,][0-9]{3})+|[0-9]+)"
_AMOUNT: Final = re.compile(rf"(?:{_WHOLE}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{{1,4}})?")


class FieldMissing(WaymeetError):
    """A field that is needed is absent or empty."""

    code = "field_missing"


class FieldInvalid(WaymeetError):
    """A field holds something that is none of its values."""

    code = "field_invalid"


class AmountNotANumber(WaymeetError):
    """The amount is no decimal number."""

    code = "amount_not_a_number"


class AmountNotPositive(WaymeetError):
    """The amount is zero or less."""

    code = "amount_not_positive"


class AmountTooPrecise(WaymeetError):
    """The amount has more decimals than the token."""

    code = "amount_too_precise"


class AmountTooLarge(WaymeetError):
    """The amount does not fit any token."""

    code = "amount_too_large"


class SameToken(WaymeetError):
    """Origin and destination, input and output are the same: nothing to do."""

    code = "same_token"


class SameChain(WaymeetError):
    """Another token on the same chain: not something this network is for."""

    code = "same_chain"


class AddressMalformed(WaymeetError):
    """Not an address, or its checksum says that a letter is wrong."""

    code = "address_malformed"


class RecipientNotAllowed(WaymeetError):
    """Money sent to this address would be lost: zero, a token, or one of the network's own contracts."""

    code = "recipient_not_allowed"


class AnywhereNeedsWallet(WaymeetError):
    """A payment to an address is made on one chain: which one has to be chosen."""

    code = "anywhere_needs_wallet"


class WayNotKnown(WaymeetError):
    """No such way to confirm."""

    code = "way_not_known"


_AMOUNT_ERRORS: Final[dict[str, type[WaymeetError]]] = {
    error.code: error for error in (AmountNotANumber, AmountNotPositive, AmountTooPrecise, AmountTooLarge)
}


@dataclass(frozen=True, slots=True)
class Intent:
    """A wish that could be priced. `amount` is base units of the token that `exact` names, input or output.

    `user` and `recipient` may be empty: then the quote is indicative, or the recipient is the user.
    `can_batch` says that the wallet makes atomic batches (EIP-5792). With a `call` what arrives goes into it,
    and `recipient` is still whom the transfer is for. `gas_on_arrival` asks for some of the destination's coin
    besides; `auto` for a recipient that has none.

    From anywhere `origin` is 0 and `input_token` empty: `asset` is the canonical id of what is given, and an
    amount of the input has `asset_decimals`. With 2 `parts` two chains may pay together. `prefer` says which of
    several routes is taken: the most, the soonest, or the one with the fewest others involved.
    """

    origin: int
    destination: int
    input_token: str
    output_token: str
    amount: int
    exact: str = "input"
    user: str = ""
    recipient: str = ""
    confirm: str = "auto"
    can_batch: bool = False
    call: CallWish | None = None
    gas_on_arrival: str = "no"
    asset: str = ""
    asset_decimals: int = 0
    parts: int = 1
    prefer: str = BEST

    @property
    def is_from_anywhere(self) -> bool:
        """Whether the chain that pays is still to be chosen."""
        return self.origin == 0

    def on_chain(self, chain_id: int, token: TokenManifest, *, amount: int) -> "Intent":
        """The same wish from one chain; `amount` is base units of what `exact` names."""
        return replace(
            self,
            origin=chain_id,
            input_token=token.address,
            amount=amount,
            asset="",
            asset_decimals=0,
            parts=1,
        )

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "Intent":
        """Read names, symbols and decimal text as people and programs write them.

        Raises a WaymeetError whose `params["field"]` names the field.
        """
        is_anywhere = _text(values, "origin").lower() == ANY
        origin = None if is_anywhere else _chain(values, "origin")
        destination = _chain(values, "destination")
        given = _asset(values) if origin is None else _token(values, "input_token", origin)
        wanted = _token(values, "output_token", destination)
        if origin is not None and origin.chain_id == destination.chain_id:
            is_same = isinstance(given, TokenManifest) and given.address == wanted.address
            raise (SameToken if is_same else SameChain)(field="output_token")
        exact = _one_of(EXACT, values, "exact", default="input")
        confirm = _text(values, "confirm") or "auto"
        if confirm not in WAYS:
            raise WayNotKnown(confirm, field="confirm")
        if origin is None and confirm == "deposit":
            raise AnywhereNeedsWallet(field="origin")
        user, recipient = address_in(values, "user"), address_in(values, "recipient")
        for field, address in (("user", user), ("recipient", recipient)):
            _refuse_ours(field, address, _ends(given, origin, destination))
        return cls(
            origin=origin.chain_id if origin else 0,
            destination=destination.chain_id,
            input_token=given.address if isinstance(given, TokenManifest) else "",
            output_token=wanted.address,
            amount=_amount(values, given if exact == "input" else wanted),
            exact=exact,
            user=user,
            recipient=recipient,
            confirm=confirm,
            can_batch=_text(values, "can_batch") == "1",
            call=CallWish.parse(values, destination=destination, token=wanted),
            gas_on_arrival=_one_of(GAS_ON_ARRIVAL, values, "gas_on_arrival", default="no"),
            asset=given.asset_id if isinstance(given, Asset) else "",
            asset_decimals=given.decimals if isinstance(given, Asset) else 0,
            parts=int(_one_of(PARTS, values, "parts", default="1")),
            prefer=_one_of(PREFERENCES, values, "prefer", default=BEST),
        )

    def to_json(self) -> dict[str, Any]:
        """The intent as stored with its quote."""
        call = self.call.to_json() if self.call else None
        return asdict(self) | {"amount": str(self.amount), "call": call}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Intent":
        """The inverse of `to_json`."""
        call = CallWish.from_json(value.get("call"))
        return cls(**{**value, "amount": int(value["amount"]), "call": call})


def _text(values: Mapping[str, Any], field: str) -> str:
    value = values.get(field)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise FieldInvalid(f"{field} is not text", field=field)
    try:
        text = str(value).strip()
    except ValueError as error:  # an integer of more digits than Python will print
        raise FieldInvalid(f"{field} is too long", field=field) from error
    if len(text) > MOST_TEXT:
        raise FieldInvalid(f"{field} is too long", field=field)
    return text


def _needed(values: Mapping[str, Any], field: str) -> str:
    text = _text(values, field)
    if not text:
        raise FieldMissing(field, field=field)
    return text


def _chain(values: Mapping[str, Any], field: str) -> ChainManifest:
    text = _needed(values, field)
    try:
        if text.isascii() and text.isdigit():
            return registry.chain(int(text))
        return registry.chain_by_slug(text)
    except ChainNotSupported as error:
        error.params["field"] = field
        raise


def _token(values: Mapping[str, Any], field: str, chain: ChainManifest) -> TokenManifest:
    text = _needed(values, field)
    try:
        token = chain.token(text)
        if token.is_synthetic or token.is_transfer_taxed:
            raise TokenNotSupported(f"{chain.slug}: {token.symbol}", token=token.symbol, chain=chain.name)
    except TokenNotSupported as error:
        error.params["field"] = field
        raise
    return token


def _one_of(known: Collection[str], values: Mapping[str, Any], field: str, *, default: str) -> str:
    text = _text(values, field) or default
    if text not in known:
        raise FieldInvalid(f"{field}: {text}", field=field)
    return text


def _asset(values: Mapping[str, Any]) -> Asset:
    try:
        return asset_named(_needed(values, "input_token"))
    except TokenNotSupported as error:
        error.params["field"] = "input_token"
        raise


def _ends(
    given: TokenManifest | Asset, origin: ChainManifest | None, destination: ChainManifest
) -> tuple[ChainManifest, ...]:
    """Every chain that may take part."""
    if origin is not None:
        return origin, destination
    assert isinstance(given, Asset)
    return (*(registry.chain(chain_id) for chain_id in given.tokens), destination)


def _amount(values: Mapping[str, Any], token: TokenManifest | Asset) -> int:
    text = _needed(values, "amount")
    negative = text.startswith("-")
    if not _AMOUNT.fullmatch(text.removeprefix("-")):
        raise AmountNotANumber(text[:40], field="amount")
    if negative:
        raise AmountNotPositive(text[:40], field="amount")
    try:
        return parse_units(text, token.decimals)
    except AmountError as error:
        raise _AMOUNT_ERRORS[error.code](
            str(error), field="amount", token=token.symbol, decimals=token.decimals
        ) from error


def address_in(values: Mapping[str, Any], field: str) -> str:
    """The checksummed address of a field, "" when it is empty; raises AddressMalformed, NameNotSupported.

    Names are looked up for people, who see where they lead before anything is asked for: `services/names.py`.
    """
    text = _text(values, field)
    if not text:
        return ""
    if is_name(text):
        raise NameNotSupported(text[:60], name=text[:60], field=field)
    if not _HEX_ADDRESS.fullmatch(text):
        raise AddressMalformed(text[:60], field=field)
    checked = str(to_checksum_address(text))
    # Letters of one case carry no checksum.
    if text != checked and text[2:] not in (text[2:].lower(), text[2:].upper()):
        raise AddressMalformed(text, field=field, reason="checksum")
    return checked


def is_name(text: str) -> bool:
    """Whether this is a name such as bob.eth and no address."""
    return bool(_NAME.fullmatch(text.strip()))


def _refuse_ours(field: str, address: str, chains: tuple[ChainManifest, ...]) -> None:
    """Refuse the zero address and every contract of the network: what arrives there is lost."""
    reason = place_of(address, chains) if address else ""
    if reason:
        raise RecipientNotAllowed(address, field=field, reason=reason)


def place_of(address: str, chains: tuple[ChainManifest, ...]) -> str:
    """What an address is where money is lost: zero, token, contract or pool; "" for none of these chains' own."""
    if address == ZERO_ADDRESS:
        return "zero"
    for chain in chains:
        if any(address == token.address for token in chain.tokens):
            return "token"
        if any(address == contract.address for contract in chain.contracts.values()):
            return "contract"
        if any(address in (venue.address, venue.router) for venue in chain.venues):
            return "pool"
    return ""
