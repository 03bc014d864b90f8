"""The one signature of an order: its canonical form, and who made it."""

from typing import Final

from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.chains.client import client
from intents.chains.endpoints import RpcError
from intents.chains.manifest import ChainManifest
from intents.chains.reverts import Reverted
from intents.engine.deposits import address_of
from intents.settlement.order import StandardOrder, int_to_address, order_id
from intents.settlement.typed_data import (
    TypedData,
    digest,
    eip3009_typed_data,
    permit2_typed_data,
    permit_typed_data,
    recover_signer,
)

from .errors import SignatureMalformed, WrongSigner
from .wallets import SIGNATURE_GAS, AccountKind, account_kind

_HALF_CURVE_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
# What the settler takes, less the byte that names the way.
MOST_SIGNATURE_BYTES: Final = 1023
_IS_VALID_SIGNATURE: Final = "isValidSignature(bytes32,bytes)"
_ACCEPTED: Final = bytes.fromhex("1626ba7e")


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


def signed_by_user(order: StandardOrder, text: object, *, origin: ChainManifest, way: str) -> bytes:
    """The signature as the chain takes it, once it is known to be the user's: their key's, or what their
    account's code accepts (ERC-1271).

    Raises SignatureMalformed, WrongSigner, and what chain reads raise.
    """
    try:
        canonical = normalised(text)
        require_signer(order, canonical, origin=origin, way=way)
        return canonical
    except (SignatureMalformed, WrongSigner):
        raw = _unhexed(text)
        code = str(client(origin.chain_id).request("eth_getCode", order.user, "latest"))
        if way == "permit" or account_kind(code) is AccountKind.KEY:
            raise
    require_account(order, raw, origin=origin, way=way)
    return raw


def require_account(order: StandardOrder, signature: bytes, *, origin: ChainManifest, way: str) -> None:
    """Raise WrongSigner unless the code of `order.user` accepts the signature now (ERC-1271)."""
    asked = (digest(typed_data_of(order, origin=origin, way=way)), signature)
    call = Call(order.user, encode_call(_IS_VALID_SIGNATURE, asked), gas_limit=SIGNATURE_GAS)
    try:
        answer = client(origin.chain_id).simulate(call, ZERO_ADDRESS)
    except (Reverted, RpcError):
        # Running out of gas is no revert to some nodes.
        answer = b""
    if len(answer) < 32 or answer[:4] != _ACCEPTED:
        raise WrongSigner(signer="", expected=order.user)


def _unhexed(text: object) -> bytes:
    if not isinstance(text, str) or not text.startswith("0x") or len(text) > 2 + 2 * MOST_SIGNATURE_BYTES:
        raise SignatureMalformed(reason="length")
    try:
        return bytes.fromhex(text[2:])
    except ValueError as error:
        raise SignatureMalformed(reason="hex") from error


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
