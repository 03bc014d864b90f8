"""Keeps every sender's nonces without gaps: rebroadcasts what was lost, outbids what is stuck."""

import time
from datetime import timedelta

import structlog
from django.utils import timezone

from intents.errors import WaymeetError
from intents.lifecycle import AttemptState
from intents.models import Attempt, ChainHead, SendingAccount

from .client import client
from .endpoints import SendRejected
from .fees import FeeAboveCap, base_fee_wei
from .outcomes import Outcome, attempt_outcome
from .reverts import Refusal
from .sender import abandon, fill_gap, rebroadcast, replace

log = structlog.get_logger(__name__)

OPEN_STATES = (AttemptState.PLANNED, AttemptState.BROADCAST, AttemptState.UNKNOWN)
STUCK_BLOCKS = 2
STUCK_SECONDS = 6.0
# Younger ones are most likely being sent by the worker that stored them.
MEND_AFTER_SECONDS = 2.0
MEND_AT_ONCE = 100
OUTBID = frozenset({Refusal.FEE_TOO_LOW, Refusal.REPLACEMENT_UNDERPRICED})
HOPELESS = frozenset({Refusal.GAS_LIMIT, Refusal.MALFORMED})


def mend_chain(chain_id: int, now: float | None = None) -> int:
    """For the sweep: mend every account with attempts that should be done by now.

    Returns how many transactions were sent. One account's trouble does not keep another from it.
    """
    wall = time.time() if now is None else now
    old = timezone.now() - timedelta(seconds=MEND_AFTER_SECONDS)
    waiting = Attempt.objects.filter(chain_id=chain_id, state__in=OPEN_STATES, created_at__lt=old)
    sent = 0
    for sender in sorted(set(waiting.values_list("sender", flat=True))):
        try:
            resolve_passed(chain_id, sender)
            sent += reconcile_nonces(chain_id, sender)
            sent += _outbid(chain_id, sender, wall)
        except WaymeetError as error:
            log.warning("mend.failed", chain=chain_id, sender=sender, code=error.code, error=str(error))
    return sent


def reconcile_nonces(chain_id: int, address: str) -> int:
    """Send again what the node does not know of this account: planned, dropped or reorganised away.

    A leased nonce without any stored attempt is used up by a no-op. Returns how many were sent.
    """
    row = SendingAccount.objects.filter(chain_id=chain_id, address=address).first()
    if row is None or row.next_nonce is None:
        return 0
    mined = client(chain_id).nonce(address, pending=False)
    if mined > row.next_nonce:
        log.warning(
            "nonce.used_elsewhere", chain=chain_id, sender=address, ours=row.next_nonce, chain_is_at=mined
        )
        SendingAccount.objects.filter(pk=row.pk, next_nonce=row.next_nonce).update(next_nonce=mined)
        return 0
    end = min(row.next_nonce, mined + MEND_AT_ONCE)
    stored = _current_attempts(chain_id, address, start=mined, end=end)
    lost = _lost(chain_id, list(stored.values()))
    sent = 0
    for nonce in range(mined, end):
        attempt = stored.get(nonce)
        if attempt is None:
            fill_gap(chain_id, row.role, nonce)
            sent += 1
        elif attempt.tx_hash in lost:
            sent += _resend(attempt)
    return sent


def resolve_passed(chain_id: int, sender: str) -> int:
    """Write down what became of open attempts whose nonce is mined: theirs, or another's in their stead.

    Without it the loser of two with one nonce, and a no-op, would stay open for good. Returns how many
    are done.
    """
    mined = client(chain_id).nonce(sender, pending=False)
    passed = Attempt.objects.filter(
        chain_id=chain_id, sender=sender, nonce__lt=mined, state__in=OPEN_STATES
    ).order_by("nonce")
    done = (Outcome.CONFIRMED, Outcome.REVERTED, Outcome.REPLACED)
    return sum(attempt_outcome(attempt) in done for attempt in passed[:MEND_AT_ONCE])


def stuck_attempts(chain_id: int, now: float) -> list[Attempt]:
    """Open attempts that two blocks and six seconds passed by, lowest nonce first.

    `now` is wall time. A chain that makes no blocks has nothing stuck.
    """
    head = ChainHead.objects.filter(chain_id=chain_id).values_list("number", flat=True).first()
    number = client(chain_id).head().number if head is None else head
    waiting = Attempt.objects.filter(
        chain_id=chain_id, state__in=OPEN_STATES, broadcast_at__lte=now - STUCK_SECONDS
    ).order_by("sender", "nonce", "id")
    return [
        attempt
        for attempt in waiting
        if attempt.broadcast_block is None or number >= attempt.broadcast_block + STUCK_BLOCKS
    ]


def _outbid(chain_id: int, sender: str, now: float) -> int:
    stuck = [attempt for attempt in stuck_attempts(chain_id, now) if attempt.sender == sender]
    if not stuck:
        return 0
    mined = client(chain_id).nonce(sender, pending=False)
    base_fee = base_fee_wei(chain_id)
    # Behind the first one wait others that a risen base fee shuts out as well: one a sweep would take too long.
    hopeful = [each for each in stuck if each.nonce == mined or each.max_fee_wei < base_fee]
    return sum(_replaced(attempt) for attempt in hopeful[:MEND_AT_ONCE])


def _replaced(attempt: Attempt) -> bool:
    try:
        return replace(attempt).pk != attempt.pk
    except FeeAboveCap as error:
        log.info("mend.too_dear", tx_hash=attempt.tx_hash, chain=attempt.chain_id, error=str(error))
        return False


def _current_attempts(chain_id: int, address: str, *, start: int, end: int) -> dict[int, Attempt]:
    rows = Attempt.objects.filter(chain_id=chain_id, sender=address, nonce__gte=start, nonce__lt=end).exclude(
        state=AttemptState.REPLACED
    )
    return {attempt.nonce: attempt for attempt in rows.order_by("id")}


def _lost(chain_id: int, attempts: list[Attempt]) -> set[str]:
    hashes = [attempt.tx_hash for attempt in attempts]
    known = client(chain_id).batch([("eth_getTransactionByHash", [tx_hash]) for tx_hash in hashes])
    return {tx_hash for tx_hash, found in zip(hashes, known, strict=True) if found is None}


def _resend(attempt: Attempt) -> int:
    try:
        rebroadcast(attempt)
    except SendRejected as error:
        if error.refusal in OUTBID:
            replace(attempt)
        elif error.refusal in HOPELESS:
            abandon(attempt)
        else:
            raise
    return 1
