"""What is read of one chain every block for the solver's world, in as few calls as its pools allow.

The follower asks `chain_world_calls`, hands the answers to `chain_world_json` and stores the result as
`ChainHead.world`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from intents.chains import accounts
from intents.chains.calls import ZERO_ADDRESS, encode_call, selector
from intents.chains.manifest import ChainManifest
from intents.venues.swaps import KINDS

from .data_fees import data_calls, data_json
from .message_fees import fee_calls, fees_json

Reading = tuple[str, bytes]
Json = dict[str, Any]


def chain_world_calls(manifest: ChainManifest, known: Json | None = None) -> list[Reading]:
    """The calls (to, data) of one reading; `known` is the chain's world before, None or {} at first."""
    parts = [call for part in _parts(manifest, known) for call in part.calls]
    return parts + data_calls(manifest) + fee_calls(manifest)


def chain_world_json(
    manifest: ChainManifest,
    results: Sequence[bytes | None],
    known: Json | None = None,
    *,
    asked: Sequence[Reading] | None = None,
) -> Json:
    """The chain's world from the answers in order, None for a failed call; `known` as given to the calls.

    `asked` are those calls, where chains may have joined since they were made.
    """
    world: Json = {"stocks": {}, "native": {}, "feeds": {}, "pools": []}
    at = 0
    for part in _parts(manifest, known):
        answers = results[at : at + len(part.calls)]
        at += len(part.calls)
        if part.kind == "pool":
            venue = manifest.venues[part.index]
            world["pools"].append(KINDS[venue.kind].read(venue, part.index, part.known, answers))
        elif part.kind == "feed":
            world["feeds"][part.name] = _feed_answer(answers[0])
        elif (amount := _number_text(answers[0])) is not None:
            # What did not answer is unknown, which is not the same as nothing: what was known before stands.
            world[part.kind][part.name] = amount
    if data := data_calls(manifest):
        world["data_fees"] = data_json(results[at : at + len(data)])
        at += len(data)
    if manifest.has_shared_mailbox:
        fees = (chain_world_calls(manifest, known) if asked is None else asked)[at:]
        world["message_fees"] = fees_json(fees, results[at:])
    return world


def is_complete(manifest: ChainManifest, world: Json) -> bool:
    """Whether another reading of the same block, with this one as `known`, would say no more."""
    pools = world.get("pools", [])
    return len(pools) == len(manifest.venues) and all(
        KINDS[venue.kind].is_complete(pool) for venue, pool in zip(manifest.venues, pools, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Part:
    kind: str
    name: str
    calls: list[Reading]
    index: int = 0
    known: Json | None = None


def _parts(manifest: ChainManifest, known: Json | None) -> list[_Part]:
    holder = manifest.address("solver_account")
    multicall = manifest.address("multicall3")
    parts = [
        _Part("stocks", token.address, [(token.address, encode_call("balanceOf(address)", (holder,)))])
        for token in manifest.tokens
    ]
    # The filler's coin is stock like any token; what the senders hold is gas.
    parts.append(
        _Part("stocks", ZERO_ADDRESS, [(multicall, encode_call("getEthBalance(address)", (holder,)))])
    )
    senders = {accounts.address(accounts.OPERATOR), accounts.address(accounts.RELAYER)}
    parts += [
        _Part("native", sender, [(multicall, encode_call("getEthBalance(address)", (sender,)))])
        for sender in sorted(senders)
    ]
    parts += [
        _Part("feed", name, [(feed.address, selector("latestRoundData()"))])
        for name, feed in sorted(manifest.feeds.items())
    ]
    pools = (known or {}).get("pools", [])
    before = pools if len(pools) == len(manifest.venues) else [None] * len(manifest.venues)
    parts += [
        _Part(
            "pool", venue.address, KINDS[venue.kind].world_calls(venue, before[index]), index, before[index]
        )
        for index, venue in enumerate(manifest.venues)
    ]
    return parts


def _number_text(answer: bytes | None) -> str | None:
    return str(int.from_bytes(answer[:32], "big")) if answer and len(answer) >= 32 else None


def _feed_answer(answer: bytes | None) -> list[str] | None:
    if not answer or len(answer) < 160:
        return None
    price = int.from_bytes(answer[32:64], "big", signed=True)
    return [str(price), str(int.from_bytes(answer[96:128], "big"))]
