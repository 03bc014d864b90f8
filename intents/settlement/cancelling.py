"""Taking a signature back before it is used: whoever signed an order makes its one nonce worthless. Pure."""

from typing import Final

from eth_utils.address import to_canonical_address

from intents.chains.calls import Call, encode_call
from intents.chains.manifest import ChainManifest

from .order import StandardOrder, int_to_address
from .typed_data import TypedData, permit_typed_data, recover_signer

EIP3009: Final = "eip3009"
PERMIT2: Final = "permit2"
# A permit has a number of the token's own count: nothing but another permit uses it up.
PERMIT: Final = "permit"
WAYS: Final = frozenset({EIP3009, PERMIT2, PERMIT})

_CANCEL: Final = "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)"
_INVALIDATE: Final = "invalidateUnorderedNonces(uint256,uint256)"
_PERMIT: Final = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
_TYPES: Final = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
    "CancelAuthorization": [
        {"name": "authorizer", "type": "address"},
        {"name": "nonce", "type": "bytes32"},
    ],
}


def cancel_typed_data(order: StandardOrder, *, order_id: bytes, origin: ChainManifest) -> TypedData:
    """What the signer of an EIP-3009 order signs to cancel it; anybody may submit that. Raises TokenNotSupported."""
    token = origin.token(int_to_address(order.inputs[0][0]))
    return {
        "types": _TYPES,
        "primaryType": "CancelAuthorization",
        "domain": {
            "name": token.name,
            "version": token.version,
            "chainId": origin.chain_id,
            "verifyingContract": token.address,
        },
        "message": {"authorizer": order.user, "nonce": "0x" + order_id.hex()},
    }


def cancel_authorization(order: StandardOrder, *, order_id: bytes, signature: bytes) -> Call:
    """Use up the order's EIP-3009 nonce by the 65-byte signature of `cancel_typed_data`."""
    r, s, v = signature[:32], signature[32:64], signature[64]
    arguments = [to_canonical_address(order.user), order_id, v, r, s]
    return Call(target=int_to_address(order.inputs[0][0]), data=encode_call(_CANCEL, arguments))


def invalidate_nonce(order: StandardOrder, *, origin: ChainManifest) -> Call:
    """Use up the order's Permit2 nonce; only its signer may send it."""
    arguments = [order.nonce >> 8, 1 << (order.nonce & 0xFF)]
    return Call(target=origin.address("permit2"), data=encode_call(_INVALIDATE, arguments))


def void_permit_data(
    order: StandardOrder, *, deposit_address: str, count: int, origin: ChainManifest
) -> TypedData:
    """What the signer of a permit signs to take it back: one of nothing, for the same address, with the token's
    next number `count`. Before the first one was handed in it takes its number, after that its allowance.

    Raises TokenNotSupported.
    """
    data = _permit_data(order, deposit_address=deposit_address, count=count, origin=origin)
    return {**data, "message": {**data["message"], "value": "0"}}


def void_permit(order: StandardOrder, *, deposit_address: str, signature: bytes) -> Call:
    """Bring the 65-byte signature of `void_permit_data` to the token; anybody may."""
    r, s, v = signature[:32], signature[32:64], signature[64]
    owner, spender = to_canonical_address(order.user), to_canonical_address(deposit_address)
    arguments = [owner, spender, 0, order.fill_deadline, v, r, s]
    return Call(target=int_to_address(order.inputs[0][0]), data=encode_call(_PERMIT, arguments))


def permit_count(order: StandardOrder) -> Call:
    """The view that answers the number of the user's next permit of the input."""
    data = encode_call("nonces(address)", [order.user])
    return Call(target=int_to_address(order.inputs[0][0]), data=data)


def permit_allowance(order: StandardOrder, *, deposit_address: str) -> Call:
    """The view that answers how much of the input the order's own address may take now."""
    data = encode_call("allowance(address,address)", [order.user, deposit_address])
    return Call(target=int_to_address(order.inputs[0][0]), data=data)


def is_permit_void(
    order: StandardOrder,
    signature: bytes,
    *,
    deposit_address: str,
    count: int,
    allowance: int,
    origin: ChainManifest,
) -> bool:
    """Whether a permit that was good once can open nothing any more: its number is used, and it allows too little."""
    if allowance >= order.inputs[0][1]:
        return False
    data = _permit_data(order, deposit_address=deposit_address, count=count, origin=origin)
    return recover_signer(data, signature) != order.user


def _permit_data(
    order: StandardOrder, *, deposit_address: str, count: int, origin: ChainManifest
) -> TypedData:
    token = origin.token(int_to_address(order.inputs[0][0]))
    return permit_typed_data(
        order,
        deposit_address=deposit_address,
        token_name=token.name,
        token_version=token.version,
        nonce=count,
    )


def nonce_state(order: StandardOrder, *, order_id: bytes, way: str, origin: ChainManifest) -> Call:
    """The view by which `is_used` tells whether an EIP-3009 or Permit2 signature can still open the order."""
    if way == PERMIT2:
        data = encode_call("nonceBitmap(address,uint256)", [order.user, order.nonce >> 8])
        return Call(target=origin.address("permit2"), data=data)
    data = encode_call("authorizationState(address,bytes32)", [order.user, order_id])
    return Call(target=int_to_address(order.inputs[0][0]), data=data)


def is_used(answer: bytes, order: StandardOrder, *, way: str) -> bool:
    """Whether the nonce is used up: by opening the order, or because its signer cancelled it."""
    value = int.from_bytes(answer[:32], "big")
    return bool(value >> (order.nonce & 0xFF) & 1) if way == PERMIT2 else value == 1
