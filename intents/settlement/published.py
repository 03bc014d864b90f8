"""What one validator publishes about a message: the checkpoint it signed and the signature, both yet to be checked."""

from typing import Final

from intents.chains.documents import read_json
from intents.chains.manifest import ChainManifest

from .proofs import Checkpoint, message_id

TIMEOUT_SECONDS: Final = 2.0
MOST_BYTES: Final = 16_384


def published(url: str, message: bytes, *, sent_from: ChainManifest) -> tuple[Checkpoint, bytes] | None:
    """None for what is no signed checkpoint. Raises Unreadable, also while the message is not signed."""
    wanted = message_id(message)
    entry = read_json(
        f"{url}/{sent_from.domain}/by-message/0x{wanted.hex()}.json",
        timeout_seconds=TIMEOUT_SECONDS,
        most_bytes=MOST_BYTES,
    )
    try:
        checkpoint = Checkpoint(
            domain=sent_from.domain,
            merkle_tree_hook=sent_from.address("merkle_tree_hook"),
            root=bytes.fromhex(entry["root"][2:]),
            index=int(entry["index"]),
            message_id=wanted,
        )
        checkpoint.index.to_bytes(4, "big")
        return checkpoint, bytes.fromhex(entry["signature"][2:])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
