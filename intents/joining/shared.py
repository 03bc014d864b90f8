"""What must hold of a mailbox that is not ours before stock depends on it: everything is asked of the chain."""

from collections.abc import Iterator
from typing import Final

from eth_abi.abi import decode as abi_decode

from intents.chains.calls import encode_call
from intents.chains.manifest import ChainManifest
from intents.chains.node_errors import RpcError
from intents.chains.reverts import Reverted

from .work import Joining

_QUOTE: Final = "quoteDispatch(uint32,bytes32,bytes)"
_DISPATCH: Final = "dispatch(uint32,bytes32,bytes)"
_AGGREGATE: Final = "aggregate3Value((address,bool,uint256,bytes)[])"
# A message of one proof, as far as its fee may depend on its size.
_BODY: Final = bytes(256)
_NOBODY: Final = bytes(32)
# Fees are moved by whoever owns the mailbox's hooks.
_BOUND: Final = 2


def problems(joining: Joining, manifest: ChainManifest) -> Iterator[str]:
    """What keeps messages of ours from being sent or signed here: lines of key and finding."""
    mailbox, announce = manifest.address("mailbox"), manifest.address("validator_announce")
    domain, announced_for = joining.views(
        [(mailbox, "localDomain()", (), "uint32"), (announce, "mailbox()", (), "address")]
    )
    if domain != manifest.domain:
        yield f"contracts.mailbox: serves domain {domain}, not {manifest.domain}"
        return
    if announced_for != mailbox:
        yield f"contracts.validator_announce: belongs to the mailbox {announced_for}"
    peers = _others(joining)
    fees = _fees(joining, mailbox, peers)
    for peer, fee in zip(peers, fees, strict=True):
        if fee is None:
            yield f"contracts.mailbox: takes no message to {peer.name}"
        elif peer is peers[0] and _is_left_out(joining, manifest, peer, fee):
            yield "contracts.merkle_tree_hook: has not what the mailbox sends, so nothing could be signed"


def message_fee(joining: Joining, manifest: ChainManifest) -> int:
    """The most that a message to a connected chain costs besides gas now, in wei."""
    fees = _fees(joining, manifest.address("mailbox"), _others(joining))
    return max((fee for fee in fees if fee), default=0)


def fee_bound(joining: Joining, manifest: ChainManifest) -> int:
    """The most that we pay for a message besides gas, in wei: nothing to mailboxes of our own."""
    return _BOUND * message_fee(joining, manifest) if "mailbox" in joining.asked.contracts else 0


def _others(joining: Joining) -> list[ChainManifest]:
    return [peer for peer in joining.peers.values() if peer.chain_id != joining.manifest.chain_id]


def _fees(joining: Joining, mailbox: str, peers: list[ChainManifest]) -> list[int | None]:
    return joining.views([(mailbox, _QUOTE, (peer.domain, _NOBODY, _BODY), "uint256") for peer in peers])


def _is_left_out(joining: Joining, manifest: ChainManifest, peer: ChainManifest, fee: int) -> bool:
    """Whether a message, sent within one call that leaves nothing behind, does not become a leaf of the tree."""
    count = (manifest.address("merkle_tree_hook"), False, 0, encode_call("count()", ()))
    dispatch = encode_call(_DISPATCH, (peer.domain, _NOBODY, _BODY))
    parts = [count, (manifest.address("mailbox"), False, fee, dispatch), count]
    try:
        answer = joining.chain.call(
            manifest.address("multicall3"), encode_call(_AGGREGATE, [parts]), sender=joining.owner, value=fee
        )
    except (RpcError, Reverted):
        # An owner without coins cannot even try: gas is what is missing first.
        return False
    before, _, after = abi_decode(("(bool,bytes)[]",), answer)[0]
    return int.from_bytes(before[1], "big") == int.from_bytes(after[1], "big")
