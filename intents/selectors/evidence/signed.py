"""What the person signed or sent, field by field, and whether the signature is theirs. No node is asked."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intents.chains.events import ORDER, Field
from intents.chains.manifest import ChainManifest, MissingContract, TokenNotSupported
from intents.engine.deposits import address_of
from intents.models import Order
from intents.selectors.network import connected_chains
from intents.settlement.order import (
    OrderFieldError,
    StandardOrder,
    int_to_address,
    order_from_json,
    order_id,
    to_abi,
)
from intents.settlement.typed_data import (
    TypedData,
    digest,
    eip3009_typed_data,
    permit2_typed_data,
    permit_typed_data,
    recover_signer,
)

from .calldata import Argument, Reader
from .eyes import Eyes

# The nonce of a permit stands only in its token; a wallet rarely made more permits of one token than this.
MOST_PERMITS: Final = 32
_KEY_BYTES: Final = 65

WAYS: Final[dict[str, Any]] = {
    "eip3009": gettext_lazy(
        "one signature: the token's own authorisation (EIP-3009), its nonce is the order id"
    ),
    "permit2": gettext_lazy("one signature: a Permit2 transfer with the whole order as witness"),
    "permit": gettext_lazy("one signature: an EIP-2612 permit to the order's own deposit address"),
    "batch": gettext_lazy("no signature: one atomic batch of the wallet, approval and open"),
    "native": gettext_lazy("no signature: one payable transaction of the wallet"),
    "deposit": gettext_lazy("no signature: a plain payment to the order's own address"),
    "onchain": gettext_lazy("no signature: somebody opened it with a transaction of their own"),
}


@dataclass(frozen=True, slots=True)
class Signed:
    """`is_good` is None where there is nothing to check, or no way to check it without a node."""

    way: str
    way_words: str
    check: str
    is_good: bool | None
    signer: str
    digest: str
    signature: str
    is_id_right: bool | None
    terms: tuple[Argument, ...]
    shown: tuple[Argument, ...]


def signed(order: Order, eyes: Eyes) -> Signed:
    """The order's terms and its signature as they are checked now."""
    origin = connected_chains().get(order.origin_id)
    terms = _terms(order)
    data, signer = (None, "") if origin is None or terms is None else _recovered(order, terms, origin)
    check, is_good = _verdict(order, data, signer)
    return Signed(
        way=order.confirm_way,
        way_words=str(WAYS.get(order.confirm_way, order.confirm_way)),
        check=check,
        is_good=is_good,
        signer=eyes.address(signer) if signer else "",
        digest="" if data is None else "0x" + digest(data).hex(),
        signature=order.signature if eyes.may_see else "",
        is_id_right=_is_id_right(order, terms, origin),
        terms=_fields(order, terms, eyes),
        shown=() if data is None else _typed(data, order.origin_id, eyes),
    )


def _terms(order: Order) -> StandardOrder | None:
    try:
        return order_from_json(order.terms)
    except OrderFieldError:
        return None


def _is_id_right(order: Order, terms: StandardOrder | None, origin: ChainManifest | None) -> bool | None:
    if terms is None or origin is None:
        return None
    return "0x" + order_id(terms, settler=origin.address("input_settler")).hex() == order.order_id


def _recovered(order: Order, terms: StandardOrder, origin: ChainManifest) -> tuple[TypedData | None, str]:
    """What was signed, and by whom; the second is "" for signatures that are no key's."""
    raw = _raw(order)
    if not raw:
        return None, ""
    for data in _candidates(order, terms, origin):
        signer = recover_signer(data, raw) or ""
        if signer == order.user or order.confirm_way != "permit":
            return data, signer
    return None, ""


def _candidates(order: Order, terms: StandardOrder, origin: ChainManifest) -> list[TypedData]:
    settler = origin.address("input_settler")
    try:
        if order.confirm_way == "permit2":
            return [permit2_typed_data(terms, settler=settler, permit2=origin.address("permit2"))]
        token = origin.token(int_to_address(terms.inputs[0][0]))
        if order.confirm_way == "eip3009":
            return [
                eip3009_typed_data(
                    terms,
                    settler=settler,
                    token_name=token.name,
                    token_version=token.version,
                    token=token.address,
                )
            ]
        if order.confirm_way == "permit":
            identity = order_id(terms, settler=settler)
            place = address_of(identity, origin=origin)
            return [
                permit_typed_data(
                    terms,
                    deposit_address=place,
                    token_name=token.name,
                    token_version=token.version,
                    nonce=nonce,
                )
                for nonce in range(MOST_PERMITS)
            ]
    except (MissingContract, TokenNotSupported, ValueError):
        return []
    return []


def _verdict(order: Order, data: TypedData | None, signer: str) -> tuple[str, bool | None]:
    raw = _raw(order)
    if not raw:
        return _("There is no signature: a transaction of the person's own counts."), None
    if signer == order.user:
        return _("The key of the order's user made this signature."), True
    if len(raw) != _KEY_BYTES or (data is not None and signer):
        return _(
            "No key of the user made it: it was accepted because the account's own code accepts it (ERC-1271), "
            "which only the chain can say again."
        ), None
    return _("Whose signature it is cannot be said without asking the chain."), None


def _raw(order: Order) -> bytes:
    try:
        return bytes.fromhex(order.signature.removeprefix("0x"))
    except ValueError:
        return b""


def _fields(order: Order, terms: StandardOrder | None, eyes: Eyes) -> tuple[Argument, ...]:
    if terms is None:
        return Reader(order.origin_id, eyes).log(order.terms)
    reader = Reader(order.origin_id, eyes)
    return reader.group(Field("order", "tuple", parts=ORDER), to_abi(terms))


def _typed(data: TypedData, chain_id: int, eyes: Eyes) -> tuple[Argument, ...]:
    reader = Reader(chain_id, eyes)
    return (
        Argument("primaryType", str(data["primaryType"])),
        Argument("domain", parts=reader.log(data["domain"])),
        Argument("message", parts=reader.log(data["message"])),
    )
