"""The EIP-712 payloads a person signs to open an order, and the digests and signers recovered from them."""

from typing import Any, Final

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils import keccak, to_checksum_address

from intents.settlement.order import MandateOutput, StandardOrder, int_to_address, order_id

TypedData = dict[str, Any]

_DOMAIN_WITHOUT_VERSION: Final = [
    {"name": "name", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_DOMAIN: Final = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_MANDATE_OUTPUT: Final = [
    {"name": "oracle", "type": "bytes32"},
    {"name": "settler", "type": "bytes32"},
    {"name": "chainId", "type": "uint256"},
    {"name": "token", "type": "bytes32"},
    {"name": "amount", "type": "uint256"},
    {"name": "recipient", "type": "bytes32"},
    {"name": "callbackData", "type": "bytes"},
    {"name": "context", "type": "bytes"},
]
_PERMIT2_WITNESS: Final = [
    {"name": "user", "type": "address"},
    {"name": "expires", "type": "uint32"},
    {"name": "inputOracle", "type": "address"},
    {"name": "outputs", "type": "MandateOutput[]"},
]
_TOKEN_PERMISSIONS: Final = [{"name": "token", "type": "address"}, {"name": "amount", "type": "uint256"}]
_PERMIT_BATCH: Final = [
    {"name": "permitted", "type": "TokenPermissions[]"},
    {"name": "spender", "type": "address"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
    {"name": "witness", "type": "Permit2Witness"},
]
_RECEIVE_WITH_AUTHORIZATION: Final = [
    {"name": "from", "type": "address"},
    {"name": "to", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "validAfter", "type": "uint256"},
    {"name": "validBefore", "type": "uint256"},
    {"name": "nonce", "type": "bytes32"},
]
_PERMIT: Final = [
    {"name": "owner", "type": "address"},
    {"name": "spender", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]

_HALF_CURVE_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def permit2_typed_data(order: StandardOrder, *, settler: str, permit2: str) -> TypedData:
    """Permit2's batch transfer with the whole order as witness; integers are decimal strings."""
    return {
        "types": {
            "EIP712Domain": _DOMAIN_WITHOUT_VERSION,
            "PermitBatchWitnessTransferFrom": _PERMIT_BATCH,
            "MandateOutput": _MANDATE_OUTPUT,
            "Permit2Witness": _PERMIT2_WITNESS,
            "TokenPermissions": _TOKEN_PERMISSIONS,
        },
        "primaryType": "PermitBatchWitnessTransferFrom",
        "domain": {
            "name": "Permit2",
            "chainId": str(order.origin_chain_id),
            "verifyingContract": to_checksum_address(permit2),
        },
        "message": {
            "permitted": [
                {"token": int_to_address(token), "amount": str(amount)} for token, amount in order.inputs
            ],
            "spender": to_checksum_address(settler),
            "nonce": str(order.nonce),
            "deadline": str(order.fill_deadline),
            "witness": {
                "user": to_checksum_address(order.user),
                "expires": str(order.expires),
                "inputOracle": to_checksum_address(order.input_oracle),
                "outputs": [_output_message(output) for output in order.outputs],
            },
        },
    }


def eip3009_typed_data(
    order: StandardOrder, *, settler: str, token_name: str, token_version: str, token: str
) -> TypedData:
    """The token's ``ReceiveWithAuthorization`` to the settler, its nonce being the order id.

    Raises ``ValueError`` when ``token`` is not among the order's inputs.
    """
    amounts = [
        amount for address, amount in order.inputs if int_to_address(address) == to_checksum_address(token)
    ]
    if len(amounts) != 1:
        raise ValueError("the token is not one of the order's inputs")
    return {
        "types": {"EIP712Domain": _DOMAIN, "ReceiveWithAuthorization": _RECEIVE_WITH_AUTHORIZATION},
        "primaryType": "ReceiveWithAuthorization",
        "domain": {
            "name": token_name,
            "version": token_version,
            "chainId": str(order.origin_chain_id),
            "verifyingContract": to_checksum_address(token),
        },
        "message": {
            "from": to_checksum_address(order.user),
            "to": to_checksum_address(settler),
            "value": str(amounts[0]),
            "validAfter": "0",
            "validBefore": str(order.fill_deadline),
            "nonce": "0x" + order_id(order, settler=settler).hex(),
        },
    }


def permit_typed_data(
    order: StandardOrder, *, deposit_address: str, token_name: str, token_version: str, nonce: int
) -> TypedData:
    """The token's EIP-2612 ``Permit`` of exactly the order's one input to its deposit address.

    ``nonce`` is what the token's ``nonces(order.user)`` answers; an empty ``token_version`` leaves the version out
    of the domain. Raises ``ValueError`` unless the order has one input.
    """
    if len(order.inputs) != 1:
        raise ValueError("a permit opens orders with one input only")
    token, amount = order.inputs[0]
    domain = {
        "name": token_name,
        "version": token_version,
        "chainId": str(order.origin_chain_id),
        "verifyingContract": int_to_address(token),
    }
    if not token_version:
        del domain["version"]
    return {
        "types": {"EIP712Domain": _DOMAIN if token_version else _DOMAIN_WITHOUT_VERSION, "Permit": _PERMIT},
        "primaryType": "Permit",
        "domain": domain,
        "message": {
            "owner": to_checksum_address(order.user),
            "spender": to_checksum_address(deposit_address),
            "value": str(amount),
            "nonce": str(nonce),
            "deadline": str(order.fill_deadline),
        },
    }


def digest(typed_data: TypedData) -> bytes:
    """The 32 bytes that are signed."""
    signable = _signable(typed_data)
    return keccak(b"\x19\x01" + signable.header + signable.body)


def struct_hash(typed_data: TypedData) -> bytes:
    """The EIP-712 hash of the message alone, without its domain."""
    return _signable(typed_data).body


def recover_signer(typed_data: TypedData, signature: bytes) -> str | None:
    """The checksummed address that made a 65-byte signature; ``None`` when malformed or high in s."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_CURVE_ORDER:
        return None
    try:
        return str(Account.recover_message(_signable(typed_data), signature=signature))
    except Exception:  # eth_keys, coincurve and eth_account each raise their own classes for an invalid point
        return None


def _signable(typed_data: TypedData) -> SignableMessage:
    return encode_typed_data(full_message=typed_data)


def _output_message(output: MandateOutput) -> dict[str, str]:
    return {
        "oracle": "0x" + output.oracle.hex(),
        "settler": "0x" + output.settler.hex(),
        "chainId": str(output.chain_id),
        "token": "0x" + output.token.hex(),
        "amount": str(output.amount),
        "recipient": "0x" + output.recipient.hex(),
        "callbackData": "0x" + output.callback_data.hex(),
        "context": "0x" + output.context.hex(),
    }
