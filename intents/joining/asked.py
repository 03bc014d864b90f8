"""The manifest with which a chain asks to join, and what must hold before anybody looks at the chain."""

from collections.abc import Mapping
from typing import Final

from intents.chains.manifest import ChainManifest
from intents.chains.manifest_reader import ManifestError
from intents.passports.finality import DATA_LAYERS, STACKS

LOCAL_STACK: Final = "anvil"
PROOFS: Final = ("optimistic", "validity", "none", "other")


def check_asked(asked: ChainManifest, *, peers: Mapping[int, ChainManifest]) -> None:
    """Hold the manifest against the network it wants to join. Raises ManifestError naming the key."""
    _check_kind(asked)
    for peer in peers.values():
        if peer.chain_id == asked.chain_id:
            continue
        if peer.slug == asked.slug:
            raise ManifestError("slug", f"{asked.slug} is chain {peer.chain_id} already: choose another")
        if peer.is_local != asked.is_local:
            raise ManifestError("is_local", f"must be {str(peer.is_local).lower()}, as on {peer.name}")
    known = peers.get(asked.chain_id)
    if known is not None and known.slug != asked.slug:
        raise ManifestError("slug", f"chain {asked.chain_id} is connected as {known.slug}")
    if "mailbox" in asked.contracts:
        _check_shared(asked)
    if asked.validators and peers and not _are_ours(asked, peers):
        # What arrives elsewhere is verified there, by the module that every connected chain has.
        raise ManifestError("validators", "must be left out, or be those of the connected chains")
    if asked.limits.fill_seconds <= asked.finality_seconds and not asked.is_local:
        raise ManifestError(
            "limits.fill_seconds", f"must be above depth × block_seconds, {asked.finality_seconds} s"
        )
    if not asked.tokens:
        raise ManifestError("tokens", "must name at least one token that can be sent")


def validators_of(asked: ChainManifest, peers: Mapping[int, ChainManifest]) -> ChainManifest:
    """A manifest whose validators sign for the chain: a connected chain's, or its own where it is the first."""
    return next((peer for peer in peers.values() if peer.validators), asked)


def _are_ours(asked: ChainManifest, peers: Mapping[int, ChainManifest]) -> bool:
    return any(asked.validators == peer.validators for peer in peers.values())


def _check_kind(asked: ChainManifest) -> None:
    if asked.is_local:
        if asked.stack != LOCAL_STACK:
            raise ManifestError("stack", f"must be {LOCAL_STACK}: a local test chain is no rollup's stack")
        return
    for key, value, known in (
        ("stack", asked.stack, STACKS),
        ("da", asked.da, DATA_LAYERS),
        ("proof_system", asked.proof_system, PROOFS),
    ):
        if value not in known:
            raise ManifestError(key, f"must be one of {', '.join(known)}")
    if asked.stack == "zksync" and "input_settler" not in asked.contracts:
        raise ManifestError(
            "contracts.input_settler", "is missing: zkSync chains need contracts of their own"
        )
    if not asked.explorer:
        raise ManifestError("explorer", "is missing: people must be able to look at their transactions")


def _check_shared(asked: ChainManifest) -> None:
    for name in ("merkle_tree_hook", "validator_announce"):
        if name not in asked.contracts:
            raise ManifestError(f"contracts.{name}", "is missing: it belongs to the mailbox that is named")
