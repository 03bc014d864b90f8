"""The one signature of an order: its canonical form, and who made it."""

from typing import Final

from intents.chains.calls import encode_call
from intents.chains.client import client
from intents.chains.manifest import ChainManifest
from intents.engine.deposits import address_of
from intents.settlement.order import StandardOrder, int_to_address, order_id
from intents.settlement.typed_data import (
    TypedData,
    eip3009_typed_data,
    permit2_typed_data,
    permit_typed_data,
    recover_signer,
)

from .errors import SignatureMalformed, WrongSigner

_HALF_CURVE_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def normalised(text: object) -> bytes:
    """The 65 canonical bytes; raises SignatureMalformed for compact, malleable or unreadable ones."""
    if not isinstance(text, str) or not text.startswith("0x") or len(text) != 132:
        raise SignatureMalformed(reason="length")
    try:
        raw = bytes.fromhex(text[2:])
    except ValueError as error:
        raise SignatureMalformed(reason="hex") from error
    if len(raw) != 65:  # blanks between digits are skipped when they are read
        raise SignatureMalformed(reason="hex")
    if int.from_bytes(raw[32:64], "big") > _HALF_CURVE_ORDER:
        raise SignatureMalformed(reason="malleable")
    # Some wallets count v from 0.
    v = raw[64] + 27 if raw[64] < 2 else raw[64]
    if v not in (27, 28):
        raise SignatureMalformed(reason="v")
    return raw[:64] + bytes([v])


def typed_data_of(order: StandardOrder, *, origin: ChainManifest, way: str) -> TypedData:
    """What the wallet showed and signed; `way` is eip3009, permit2 or permit.

    The nonce of a permit is read from its token; raises what chain reads raise.
    """
    settler = origin.address("input_settler")
    if way == "eip3009":
        token = origin.token(int_to_address(order.inputs[0][0]))
        return eip3009_typed_data(
            order,
            settler=settler,
            token_name=token.name,
            token_version=token.version,
            token=token.address,
        )
    if way == "permit":
        return _permit_data(order, origin=origin)
    return permit2_typed_data(order, settler=settler, permit2=origin.address("permit2"))


def _permit_data(order: StandardOrder, *, origin: ChainManifest) -> TypedData:
    token = origin.token(int_to_address(order.inputs[0][0]))
    answer = client(origin.chain_id).call(token.address, encode_call("nonces(address)", (order.user,)))
    identity = order_id(order, settler=origin.address("input_settler"))
    return permit_typed_data(
        order,
        deposit_address=address_of(identity, origin=origin),
        token_name=token.name,
        token_version=token.version,
        nonce=int.from_bytes(answer, "big"),
    )


def require_signer(order: StandardOrder, signature: bytes, *, origin: ChainManifest, way: str) -> None:
    """Raise unless `order.user` made the signature."""
    signer = recover_signer(typed_data_of(order, origin=origin, way=way), signature)
    if signer is None:
        raise SignatureMalformed(reason="point")
    if signer != order.user:
        raise WrongSigner(signer=signer, expected=order.user)
