"""The light round: every few seconds one batched read per chain looks whether its tokens still are what they were.

Nodes and heads are looked at by `chains.pauses`, more often still. What two rounds in a row find wrong is held,
and let go by the first that finds it right.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Final

import structlog
from django.db import DatabaseError, close_old_connections

from intents.chains import registry
from intents.chains.client import client
from intents.chains.manifest import ChainManifest, TokenManifest, TokenNotSupported
from intents.chains.turns import Turns
from intents.errors import WaymeetError
from intents.models import TokenPassport

from . import token_scripts as scripts
from . import unmoved
from .records import held_codes, hold_token
from .rehearsal import Outcome, outcomes, request
from .token_probe import made_up

log = structlog.get_logger(__name__)

ROUND_SECONDS: Final = 10.0
ROUNDS_BEFORE_HOLD: Final = 2
# What a glance can see; the rest is for the full probe to find and to clear.
SEEN: Final = frozenset({"decimals_differ", "paused_by_issuer", "transfers_fail", "taxed"})

Bad = Counter[tuple[int, str]]


async def watch(*, stop: asyncio.Event) -> None:
    """A round over all connected chains every ROUND_SECONDS, until `stop`, and now and then a look at balances.

    A chain whose look takes longer is looked at again when that is over; the others do not wait for it.
    """
    bad: Bad = Counter()
    seen: unmoved.Seen = {}
    turns = Turns()
    compared_at = float("-inf")
    while not stop.is_set():
        try:
            manifests = await asyncio.to_thread(lambda: list(registry.all_chains().values()))
            is_compared = time.monotonic() - compared_at > unmoved.LOOK_SECONDS
            if is_compared:
                compared_at = time.monotonic()
            for each in manifests:
                turns.begin(each.chain_id, partial(_turn, each, bad, seen if is_compared else None))
        except DatabaseError as error:
            await _database_away(error)
        for failure in await turns.rest(ROUND_SECONDS, stop=stop):
            await _database_away(failure)
    await turns.end()


async def _database_away(error: BaseException) -> None:
    log.warning("rounds.database_away", error=str(error))
    await asyncio.to_thread(close_old_connections)


def _turn(manifest: ChainManifest, bad: Bad, seen: unmoved.Seen | None) -> None:
    """What a round does with one chain, its balances compared with those `seen` where that is due."""
    _try(manifest, bad)
    if seen is not None:
        _try(manifest, seen, unmoved.look)


def _try(
    manifest: ChainManifest, known: Any, one_look: Callable[[ChainManifest, Any], None] | None = None
) -> None:
    """One look; what goes wrong with one chain, be it that it just left, ends no look at the others."""
    try:
        (one_look or look)(manifest, known)
    except DatabaseError:
        raise
    except Exception:
        log.exception("rounds.look_failed", chain=manifest.slug)


def look(manifest: ChainManifest, bad: Bad) -> None:
    """One round over a chain's tokens; those without a full probe wait for it. Raises nothing of the chain's."""
    known = [
        (token, row)
        for row in TokenPassport.objects.filter(chain_id=manifest.chain_id).exclude(facts__holder="")
        if (token := _listed(manifest, row.token)) is not None
    ]
    reads = [
        request(
            scripts.glance(token.address, str(row.facts["holder"])),
            storage=made_up(token.address, str(row.facts.get("slot", ""))),
        )
        for token, row in known
    ]
    if not reads:
        return
    try:
        answers = client(manifest.chain_id).batch_outcomes(reads)
    except WaymeetError as error:
        log.info("rounds.later", chain=manifest.slug, error=str(error))
        return
    for (token, _row), answer in zip(known, answers, strict=True):
        try:
            codes = glanced(token, outcomes(answer))
        except ValueError:
            continue
        if codes is not None:
            _note(manifest.chain_id, token.address, codes, bad)


def glanced(token: TokenManifest, seen: list[Outcome]) -> set[str] | None:
    """What is wrong with the token at a glance; None when its holder has too little to tell."""
    decimals, paused, balance, before, sent, after = seen
    if (balance.number or 0) < scripts.GLANCE_AMOUNT:
        return None
    found = set()
    received = (after.number or 0) - (before.number or 0)
    if decimals.number != token.decimals:
        found.add("decimals_differ")
    if paused.number:
        found.add("paused_by_issuer")
    elif not sent.is_success or received <= 0:
        found.add("transfers_fail")
    elif received < scripts.GLANCE_AMOUNT and not token.is_transfer_taxed:
        found.add("taxed")
    return found


def _note(chain_id: int, token: str, codes: Collection[str], bad: Bad) -> None:
    place = (chain_id, token)
    bad[place] = bad[place] + 1 if codes else 0
    held = held_codes(chain_id, token)
    wanted = (held - SEEN) | set(codes)
    if wanted == held or (not held and bad[place] < ROUNDS_BEFORE_HOLD):
        return
    hold_token(chain_id, token, wanted)


def _listed(manifest: ChainManifest, address: str) -> TokenManifest | None:
    try:
        return manifest.token(address)
    except TokenNotSupported:
        return None
