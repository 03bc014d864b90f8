"""Collect validators' signatures over HTTP into what the origin's security module accepts.

Nothing a validator answers is believed: every signature is recovered, and the module's own list of
signers, read from the chain, decides which count.
"""

import json
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import structlog
from eth_abi.abi import decode as abi_decode

from intents.chains.client import client
from intents.chains.manifest import ChainManifest
from intents.settlement import calls, proofs
from intents.settlement.proofs import Checkpoint

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 2.0
MOST_BYTES = 16_384

_signers: dict[tuple[int, str], tuple[list[str], int]] = {}


@dataclass(frozen=True, slots=True)
class Collected:
    """The metadata that proves a message, None while signatures are missing, and who has signed what so far.

    `missing` are the validators of whom no valid signature was found; `need` is how many must have signed.
    """

    metadata: bytes | None
    missing: tuple[str, ...] = ()
    need: int = 0

    def params(self) -> dict[str, Any]:
        """Whom one waits for, as JSON values."""
        return {"missing": list(self.missing), "need": self.need}


def collect(message: bytes, *, origin: ChainManifest, destination: ChainManifest) -> Collected:
    """Ask the validators for their signatures of a message of `destination` that is to be proven on `origin`.

    All signatures must be over one and the same checkpoint.
    """
    validators, threshold = signers_of(message, origin=origin)
    message_id = proofs.message_id(message)
    found: dict[Checkpoint, dict[str, bytes]] = {}
    for entry in destination.validators:
        if entry.address not in validators:
            continue
        answer = _read(f"{entry.url}/{destination.domain}/by-message/0x{message_id.hex()}.json")
        signed = _signed_by(entry.address, answer, message_id, destination) if answer else None
        if signed is None:
            continue
        checkpoint, signature = signed
        signatures = found.setdefault(checkpoint, {})
        signatures[entry.address] = signature
        picked = proofs.pick_signatures(signatures, validators=validators, threshold=threshold)
        if picked is not None:
            return Collected(proofs.metadata(checkpoint, picked))
    heard = {address for signatures in found.values() for address in signatures}
    return Collected(None, tuple(each for each in validators if each not in heard), threshold)


def signers_of(message: bytes, *, origin: ChainManifest) -> tuple[list[str], int]:
    """(validators in signing order, threshold) of the origin's immutable security module."""
    key = (origin.chain_id, origin.address("multisig_ism"))
    if key not in _signers:
        view = calls.validators_of(message, origin=origin)
        answer = client(origin.chain_id).call(view.target, view.data)
        addresses, threshold = abi_decode(("address[]", "uint8"), answer)
        known = {entry.address.lower(): entry.address for entry in origin.validators}
        _signers[key] = ([known.get(a.lower(), a) for a in addresses], int(threshold))
    return _signers[key]


def _read(url: str) -> dict[str, Any] | None:
    """A validator's JSON object; None when it is away, silent or talking nonsense."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
            value = json.loads(answer.read(MOST_BYTES))
    except (OSError, HTTPException, ValueError) as error:
        log.debug("signatures.missing", url=url, error=str(error))
        return None
    return value if isinstance(value, dict) else None


def _signed_by(
    validator: str, answer: dict[str, Any], message_id: bytes, destination: ChainManifest
) -> tuple[Checkpoint, bytes] | None:
    try:
        checkpoint = Checkpoint(
            domain=destination.domain,
            merkle_tree_hook=destination.address("merkle_tree_hook"),
            root=bytes.fromhex(answer["root"][2:]),
            index=int(answer["index"]),
            message_id=message_id,
        )
        signature = bytes.fromhex(answer["signature"][2:])
        signer = proofs.checkpoint_signer(checkpoint, signature)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    return (checkpoint, signature) if signer == validator else None
