"""Validators' signatures over their read-only HTTP, as the metadata that proves a message. Standard library."""

import json
import urllib.request
from collections.abc import Sequence

from intents.chains.manifest import ChainManifest
from intents.settlement import proofs

TIMEOUT_SECONDS = 3
MOST_BYTES = 16_384


def proof_of(
    message: bytes, *, sent_from: ChainManifest, validators: Sequence[str], threshold: int
) -> bytes | None:
    """The metadata once enough of `validators` signed one and the same checkpoint; None until then."""
    found: dict[proofs.Checkpoint, dict[str, bytes]] = {}
    for validator in sent_from.validators:
        signed = _read(validator.url, message, sent_from)
        if signed is None:
            continue
        checkpoint, signature = signed
        signer = proofs.checkpoint_signer(checkpoint, signature)
        if signer is not None:
            found.setdefault(checkpoint, {})[signer] = signature
    for checkpoint, signatures in found.items():
        picked = proofs.pick_signatures(signatures, validators=validators, threshold=threshold)
        if picked is not None:
            return proofs.metadata(checkpoint, picked)
    return None


def _read(url: str, message: bytes, chain: ChainManifest) -> tuple[proofs.Checkpoint, bytes] | None:
    """What one validator publishes about a message; None when it is away or has not signed."""
    message_id = proofs.message_id(message)
    try:
        with urllib.request.urlopen(
            f"{url}/{chain.domain}/by-message/0x{message_id.hex()}.json", timeout=TIMEOUT_SECONDS
        ) as answer:
            entry = json.loads(answer.read(MOST_BYTES))
        checkpoint = proofs.Checkpoint(
            domain=chain.domain,
            merkle_tree_hook=chain.address("merkle_tree_hook"),
            root=bytes.fromhex(entry["root"][2:]),
            index=int(entry["index"]),
            message_id=message_id,
        )
        return checkpoint, bytes.fromhex(entry["signature"][2:])
    except (OSError, ValueError, KeyError, TypeError):
        return None
