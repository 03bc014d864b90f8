"""Taking a signature back before it is used: whoever signed an order makes its one nonce worthless. Pure."""

from typing import Final

from eth_utils.address import to_canonical_address

from intents.chains.calls import Call, encode_call
from intents.chains.manifest import ChainManifest

from .order import StandardOrder, int_to_address
from .typed_data import TypedData

EIP3009: Final = "eip3009"
PERMIT2: Final = "permit2"
# A signature to a deposit address has a nonce of the token's own count: nothing but another permit uses it up.
WAYS: Final = frozenset({EIP3009, PERMIT2})

_CANCEL: Final = "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)"
_INVALIDATE: Final = "invalidateUnorderedNonces(uint256,uint256)"
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


def nonce_state(order: StandardOrder, *, order_id: bytes, way: str, origin: ChainManifest) -> Call:
    """The view by which `is_used` tells whether the signature can still open the order."""
    if way == PERMIT2:
        data = encode_call("nonceBitmap(address,uint256)", [order.user, order.nonce >> 8])
        return Call(target=origin.address("permit2"), data=data)
    data = encode_call("authorizationState(address,bytes32)", [order.user, order_id])
    return Call(target=int_to_address(order.inputs[0][0]), data=data)


def is_used(answer: bytes, order: StandardOrder, *, way: str) -> bool:
    """Whether the nonce is used up: by opening the order, or because its signer cancelled it."""
    value = int.from_bytes(answer[:32], "big")
    return bool(value >> (order.nonce & 0xFF) & 1) if way == PERMIT2 else value == 1
