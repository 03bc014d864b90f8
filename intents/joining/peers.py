"""Sends the owner's calls on connected chains: stored first, like everything that is sent there."""

import time
from collections.abc import Sequence
from typing import Final

import structlog

from intents.chains import registry
from intents.chains.accounts import OWNER
from intents.chains.client import client
from intents.chains.endpoints import SendRejected
from intents.chains.outcomes import Outcome, attempt_outcome
from intents.chains.sender import rebroadcast, replace, submit
from intents.chains.shared import catch_up
from intents.lifecycle import AttemptState
from intents.models import Attempt

from .errors import DeedRefused, OperatorPoor
from .work import Deed, Joining

log = structlog.get_logger(__name__)

PATIENCE_BLOCKS: Final = 12
LEAST_PATIENCE_SECONDS: Final = 30.0
STUCK_SECONDS: Final = 6.0
PAUSE_SECONDS: Final = 0.2
MOST_TRIES: Final = 3


def send_to_peers(joining: Joining, deeds: Sequence[Deed]) -> None:
    """Send all, each on its own chain, and wait until they are mined. Raises DeedRefused, OperatorPoor.

    One that does not become mined in a while is left to the sweep: the next look of the step sees what it did.
    """
    sent = [(deed, _submitted(joining, deed)) for deed in deeds]
    for deed, attempt in sent:
        if attempt is not None:
            _wait(joining, deed, attempt)


def _submitted(joining: Joining, deed: Deed) -> Attempt | None:
    purpose = f"j:{joining.manifest.chain_id}"[:16]
    joining.beat()
    _require_funds(joining, deed)
    for _ in range(MOST_TRIES):
        catch_up(deed.chain_id, OWNER)
        try:
            return submit(step=None, purpose=purpose, chain_id=deed.chain_id, role=OWNER, call=deed.call)
        except SendRejected as error:
            # The owner's wallet, or a local market, was quicker with this nonce.
            log.info("join.not_taken", chain=deed.chain_id, error=str(error))
    return None


def _require_funds(joining: Joining, deed: Deed) -> None:
    chain = registry.chain(deed.chain_id)
    have = client(deed.chain_id).balance(joining.owner)
    need = deed.gas * chain.max_fee_wei
    if have * 2 < need:
        raise OperatorPoor(
            f"{joining.owner} has {have} wei on {chain.slug}",
            chain=chain.name,
            address=joining.owner,
            have=str(have),
            need=str(need),
        )


def _wait(joining: Joining, deed: Deed, attempt: Attempt) -> None:
    chain = registry.chain(deed.chain_id)
    began = time.monotonic()
    until = began + max(LEAST_PATIENCE_SECONDS, PATIENCE_BLOCKS * chain.block_seconds)
    hurried_at = began
    while time.monotonic() < until:
        outcome = attempt_outcome(attempt)
        if outcome is Outcome.CONFIRMED:
            return
        if outcome is Outcome.REVERTED:
            said = (attempt.revert or {}).get("name", "")
            raise DeedRefused(f"{deed.what}: {said}", chain=chain.name, what=deed.what, reason=said)
        if outcome is Outcome.REPLACED:
            # By another of ours: the step looks again.
            return
        if time.monotonic() - hurried_at > max(STUCK_SECONDS, 2 * chain.block_seconds):
            hurried_at = time.monotonic()
            attempt = _hurried(attempt)
        joining.beat()
        time.sleep(PAUSE_SECONDS)


def _hurried(attempt: Attempt) -> Attempt:
    try:
        if attempt.state == AttemptState.UNKNOWN:
            return rebroadcast(attempt)
        return replace(attempt)
    except SendRejected as error:
        log.info("join.not_hurried", tx_hash=attempt.tx_hash, error=str(error))
        attempt.refresh_from_db()
        return attempt
