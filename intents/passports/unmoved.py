"""Balances that change although nobody moved them: how a token shows that it rebases, whatever makes it do so.

Once a minute the balance of the holder that the probe knows is held against what the token's own Transfer events
say of it since the last look, both at a block that is final. An event that names the holder in another way explains
everything: to mint without a Transfer is odd, but no rebase.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from eth_utils.crypto import keccak

from intents.chains.calls import encode_call
from intents.chains.client import call_request, client
from intents.chains.manifest import ChainManifest
from intents.chains.node_errors import Request
from intents.errors import WaymeetError
from intents.models import ChainHead, TokenPassport

from .records import note_rebase

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 60.0
# Further back than this a node may tell nothing any more: then it is begun anew.
MOST_BLOCKS: Final = 2_000
TRANSFER: Final = "0x" + keccak(text="Transfer(address,address,uint256)").hex()

# Names its owner and moves nothing; our account makes one with every swap.
APPROVAL: Final = "0x" + keccak(text="Approval(address,address,uint256)").hex()

Holding = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """What was held at a final block, by token and holder."""

    block: int
    block_hash: str
    balances: Mapping[Holding, int]


Seen = dict[int, Standing]


def look(manifest: ChainManifest, seen: Seen) -> None:
    """Compare a chain's balances with those `seen` last, and keep the newer. Raises nothing of the chain's."""
    before = seen.pop(manifest.chain_id, None)
    holdings = _holdings(manifest)
    final = _final_block(manifest)
    if not holdings or final is None:
        return
    if before is not None and before.block == final:
        seen[manifest.chain_id] = before
        return
    try:
        now, is_same_chain = _read(manifest.chain_id, holdings, final, before)
        if before is not None and is_same_chain:
            for token, _holder in _changed(manifest.chain_id, before, now):
                note_rebase(manifest.chain_id, token, at=time.time())
    except (WaymeetError, ValueError, KeyError, TypeError) as error:
        # The state of that block may be gone, or the node does not tell its logs: begun anew.
        log.info("unmoved.later", chain=manifest.slug, error=str(error)[:200])
        return
    seen[manifest.chain_id] = now


def _holdings(manifest: ChainManifest) -> list[Holding]:
    """Who is known to hold what; made-up holders are in nobody's events."""
    listed = {token.address for token in manifest.tokens}
    rows = TokenPassport.objects.filter(chain_id=manifest.chain_id).exclude(facts__holder="")
    return [
        (row.token, str(row.facts["holder"]))
        for row in rows
        if row.token in listed and row.facts.get("holder") and not row.facts.get("slot")
    ]


def _final_block(manifest: ChainManifest) -> int | None:
    head = ChainHead.objects.filter(chain_id=manifest.chain_id).values_list("number", flat=True).first()
    return head - manifest.depth if head is not None and head > manifest.depth else None


def _read(
    chain_id: int, holdings: list[Holding], final: int, before: Standing | None
) -> tuple[Standing, bool]:
    """What is held at `final`, and whether it follows on what was seen before."""
    at = before.block if before is not None else final
    reads: list[Request] = [("eth_getBlockByNumber", [hex(number), False]) for number in (final, at)]
    reads += [
        call_request(token, encode_call("balanceOf(address)", [holder]), hex(final))
        for token, holder in holdings
    ]
    header, earlier, *answers = client(chain_id).batch_outcomes(reads)
    balances = {
        holding: int(answer, 16)
        for holding, answer in zip(holdings, answers, strict=True)
        if isinstance(answer, str) and len(answer) == 66
    }
    follows = (
        before is not None
        and before.block < final <= before.block + MOST_BLOCKS
        and str(earlier["hash"]) == before.block_hash
    )
    return Standing(final, str(header["hash"]), balances), follows


def _changed(chain_id: int, before: Standing, now: Standing) -> list[Holding]:
    """Holdings that are another number, and not by any event that names their holder."""
    moved = [
        holding
        for holding, balance in now.balances.items()
        if before.balances.get(holding, balance) != balance
    ]
    if not moved:
        return []
    between = {"fromBlock": hex(before.block + 1), "toBlock": hex(now.block)}
    answers = client(chain_id).batch(
        [("eth_getLogs", [{**between, "address": token}]) for token, _holder in moved]
    )
    return [
        holding
        for holding, logs in zip(moved, answers, strict=True)
        if _is_unexplained(logs, holding[1], by=now.balances[holding] - before.balances[holding])
    ]


def _is_unexplained(logs: Iterable[Mapping[str, Any]], holder: str, *, by: int) -> bool:
    word = holder.removeprefix("0x").lower().zfill(64)
    named = [
        each
        for each in logs
        if each["topics"][:1] != [APPROVAL] and word in "".join([*each["topics"], each["data"]]).lower()
    ]
    transfers = [each for each in named if each["topics"][:1] == [TRANSFER] and len(each["topics"]) == 3]
    if len(transfers) < len(named):
        return False
    return sum(_gained(each, word) for each in transfers) != by


def _gained(transfer: Mapping[str, Any], word: str) -> int:
    _event, sender, receiver = transfer["topics"]
    amount = int(transfer["data"], 16)
    return amount * (receiver.lower().endswith(word) - sender.lower().endswith(word))
