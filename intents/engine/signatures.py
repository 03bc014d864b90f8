"""Collect validators' signatures over HTTP into what the origin's security module accepts.

Nothing a validator answers is believed: every signature is recovered, and the module's own list of
signers, read from the chain, decides which count.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from eth_abi.abi import decode as abi_decode

from intents.chains.client import client
from intents.chains.documents import Unreadable
from intents.chains.manifest import ChainManifest, Validator
from intents.settlement import calls, proofs
from intents.settlement.proofs import Checkpoint
from intents.settlement.published import published

log = structlog.get_logger(__name__)

# After so long nobody else is asked: what was not heard by then is for the next look.
ASK_SECONDS: Final = 6.0
# Who kept us waiting is asked after all others for so long.
LATER_SECONDS: Final = 60.0

_signers: dict[tuple[int, str], tuple[list[str], int]] = {}
_later: dict[str, float] = {}


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
    found: dict[Checkpoint, dict[str, bytes]] = {}
    for address, checkpoint, signature in _heard(message, destination, validators):
        signatures = found.setdefault(checkpoint, {})
        signatures[address] = signature
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


def _heard(
    message: bytes, destination: ChainManifest, validators: Sequence[str]
) -> Iterator[tuple[str, Checkpoint, bytes]]:
    """(validator, what it signed, signature), one after the other while there is time."""
    until = time.monotonic() + ASK_SECONDS
    for entry in _prompt_first(destination.validators):
        signed = _signed_by(entry, message, destination) if entry.address in validators else None
        if signed is not None:
            yield entry.address, *signed
        if time.monotonic() > until:
            return


def _prompt_first(validators: Sequence[Validator]) -> list[Validator]:
    """In the manifest's order, those that kept us waiting a moment ago last."""
    now = time.monotonic()
    return sorted(validators, key=lambda entry: _later.get(entry.url, 0.0) > now)


def _signed_by(
    entry: Validator, message: bytes, destination: ChainManifest
) -> tuple[Checkpoint, bytes] | None:
    """What the validator has signed; None when it is away, silent, talking nonsense or another one."""
    try:
        signed = published(entry.url, message, sent_from=destination)
    except Unreadable as error:
        if error.is_slow:
            _later[entry.url] = time.monotonic() + LATER_SECONDS
        log.debug("signatures.missing", validator=entry.address, error=str(error))
        return None
    if signed is None or proofs.checkpoint_signer(*signed) != entry.address:
        return None
    return signed
