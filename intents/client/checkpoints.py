"""Validators' signatures over their read-only HTTP, as the metadata that proves a message."""

from collections.abc import Sequence

from intents.chains.documents import Unreadable
from intents.chains.manifest import ChainManifest
from intents.settlement import proofs
from intents.settlement.published import published


def proof_of(
    message: bytes, *, sent_from: ChainManifest, validators: Sequence[str], threshold: int
) -> bytes | None:
    """The metadata once enough of `validators` signed one and the same checkpoint; None until then."""
    found: dict[proofs.Checkpoint, dict[str, bytes]] = {}
    for validator in sent_from.validators:
        try:
            signed = published(validator.url, message, sent_from=sent_from)
        except Unreadable:
            continue
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
