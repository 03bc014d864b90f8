"""Hyperlane messages as we use them: identity, what validators sign, and the metadata that proves it.

Pure. Formats are those of Mailbox version 3 and of a message-id multisig ISM.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils import keccak, to_checksum_address

from .order import address_to_bytes32

_HEADER_BYTES: Final = 77
_HALF_CURVE_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class MessageMalformed(ValueError):
    """The bytes are no Hyperlane message, or its body carries no payloads."""

    code = "message_malformed"
    retry = False


@dataclass(frozen=True, slots=True)
class Message:
    """A dispatched message; `origin` and `destination` are Hyperlane domains."""

    version: int
    nonce: int
    origin: int
    sender: bytes
    destination: int
    recipient: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A Merkle tree state that includes a message: what one validator signature is about."""

    domain: int
    merkle_tree_hook: str
    root: bytes
    index: int
    message_id: bytes


def message_id(message: bytes) -> bytes:
    """The 32-byte id of an encoded message."""
    return keccak(message)


def parse_message(encoded: bytes) -> Message:
    """Read an encoded message; raises MessageMalformed."""
    if len(encoded) < _HEADER_BYTES:
        raise MessageMalformed(f"{len(encoded)} bytes are no message")
    return Message(
        version=encoded[0],
        nonce=int.from_bytes(encoded[1:5], "big"),
        origin=int.from_bytes(encoded[5:9], "big"),
        sender=encoded[9:41],
        destination=int.from_bytes(encoded[41:45], "big"),
        recipient=encoded[45:77],
        body=encoded[77:],
    )


def payloads_of(body: bytes) -> tuple[bytes, list[bytes]]:
    """(source settler, attested payloads) of an oracle message's body; raises MessageMalformed."""
    if len(body) < 34:
        raise MessageMalformed("the body is too short")
    source, count, rest = body[:32], int.from_bytes(body[32:34], "big"), body[34:]
    payloads = []
    for _ in range(count):
        length = int.from_bytes(rest[:2], "big")
        if len(rest) < 2 + length:
            raise MessageMalformed("a payload ends early")
        payloads.append(rest[2 : 2 + length])
        rest = rest[2 + length :]
    if rest:
        raise MessageMalformed("bytes follow the last payload")
    return source, payloads


def checkpoint_digest(checkpoint: Checkpoint) -> bytes:
    """The 32 bytes a validator signs, without the personal-message prefix."""
    domain_hash = keccak(
        checkpoint.domain.to_bytes(4, "big") + address_to_bytes32(checkpoint.merkle_tree_hook) + b"HYPERLANE"
    )
    return keccak(domain_hash + checkpoint.root + checkpoint.index.to_bytes(4, "big") + checkpoint.message_id)


def checkpoint_signer(checkpoint: Checkpoint, signature: bytes) -> str | None:
    """The checksummed address that signed a checkpoint; None for anything but a clean 65-byte signature."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_CURVE_ORDER:
        return None
    signable = encode_defunct(primitive=checkpoint_digest(checkpoint))
    try:
        return str(Account.recover_message(signable, signature=signature))
    except Exception:  # eth_keys, coincurve and eth_account each raise their own classes for an invalid point
        return None


def metadata(checkpoint: Checkpoint, signatures: Iterable[bytes]) -> bytes:
    """What Mailbox.process takes for a message-id multisig ISM; signatures in the ISM's order."""
    return (
        address_to_bytes32(checkpoint.merkle_tree_hook)
        + checkpoint.root
        + checkpoint.index.to_bytes(4, "big")
        + b"".join(signatures)
    )


def pick_signatures(
    signatures: Mapping[str, bytes], *, validators: Sequence[str], threshold: int
) -> list[bytes] | None:
    """The first `threshold` signatures in the ISM's validator order, or None when there are too few."""
    known = {to_checksum_address(address): signature for address, signature in signatures.items()}
    ordered = [known[address] for address in map(to_checksum_address, validators) if address in known]
    return ordered[:threshold] if threshold > 0 and len(ordered) >= threshold else None
