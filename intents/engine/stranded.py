"""Stock of ours that was on its way from or to a chain when that was declared gone.

What another chain decides goes on: nothing leaves for a chain that is gone, and what is arriving elsewhere arrives.
The rest is stranded with the state it was in: what had left is a loss until the chain is back, and goes on then.
"""

import time
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from intents.chains import registry
from intents.lifecycle import AttemptState, StepState
from intents.models import Alert, LedgerEntry, Step, StockMove

from . import alerts, bridging, ledger
from .case import Wait
from .gone import CHAIN_GONE, is_declared_gone
from .waking import wake_orders

LOOK_AGAIN_SECONDS: Final = 60.0
STATES = StockMove.State
_FAILED: Final = (AttemptState.REVERTED, AttemptState.REPLACED)


def settle(moves: list[StockMove], *, gone: int) -> bool:
    """Strand what no other chain decides any more; whether nothing of these moves is left to wait for."""
    return not [move for move in moves if _goes_on(move, gone) or not _strand(move)]


def take_up(move: StockMove) -> Wait | None:
    """Have a stranded move go on where it stopped, once both its chains are there; why it cannot yet."""
    for chain_id in (move.source_id, move.destination_id):
        if chain_id not in registry.all_chains() or is_declared_gone(chain_id):
            return Wait(CHAIN_GONE, {"chain": _name(chain_id)}, seconds=LOOK_AGAIN_SECONDS)
    state = STATES(move.details["was"])
    details = {name: value for name, value in move.details.items() if name != "was"}
    try:
        with transaction.atomic():
            StockMove.objects.filter(pk=move.pk).update(state=state, details=details, ended_at=None)
            ledger.unbook_move(_memo(move))
            alerts.end(_key(move))
    except IntegrityError:
        # Another move of the same stock began meanwhile: one at a time.
        return Wait("in_block", seconds=LOOK_AGAIN_SECONDS)
    move.state, move.details, move.ended_at = state, details, None
    return None


def _goes_on(move: StockMove, gone: int) -> bool:
    """Whether a chain that is not gone still shows what becomes of it."""
    if move.kind == StockMove.Kind.SWAP:
        return False
    if move.destination_id == gone:
        return move.source_id in registry.all_chains() and _is_leaving(move)
    if move.state == STATES.ARRIVED:
        return True
    arriving = bridging.tries(move, "arrive") if move.state == STATES.IN_TRANSIT else ()
    return any(attempt.state not in _FAILED for attempt in arriving)


def _is_leaving(move: StockMove) -> bool:
    """Whether it may still turn out not to have left its source."""
    if move.state in (STATES.PLANNED, STATES.SENT):
        return True
    left = bridging.departed(move) if move.state == STATES.IN_TRANSIT else None
    return left is not None and bridging.until_depth(move.source_id, left.block_number) is not None


def _strand(move: StockMove) -> bool:
    """False while a worker holds it."""
    now = time.time()
    chain_id = move.destination_id if is_declared_gone(move.destination_id) else move.source_id
    with transaction.atomic():
        free = StockMove.objects.filter(pk=move.pk, state=move.state, leased_until__lt=now)
        is_mine = free.update(
            state=STATES.STRANDED,
            details={**move.details, "was": move.state},
            reason={"code": CHAIN_GONE, "params": {"chain": _name(chain_id)}},
            ended_at=timezone.now(),
            wake_at=0,
        )
        if is_mine and move.state == STATES.IN_TRANSIT:
            _lose(move, chain_id)
        if is_mine and move.order is not None:
            # The fill may send for stock again, from elsewhere.
            shown = StepState.READY if bridging.is_awaited(move) else StepState.SKIPPED
            busy = (StepState.SUBMITTED, StepState.IN_TRANSIT)
            Step.objects.filter(moves=move.pk, state__in=busy).update(state=shown)
            wake_orders([move.order.order_id])
    return bool(is_mine)


def _lose(move: StockMove, chain_id: int) -> None:
    ledger.book(
        move.order,
        chain_id=move.source_id,
        token=move.source_token,
        debit=LedgerEntry.Account.TRANSIT,
        credit=LedgerEntry.Account.LOSS,
        amount=move.amount,
        memo=_memo(move),
    )
    data = {"token": move.source_token, "amount": str(move.amount), "move": move.pk}
    alerts.begin(Alert.Kind.LOSS, _key(move), order=move.order, chain_id=chain_id, **data)


def _memo(move: StockMove) -> str:
    return f"move:{move.pk}:lost"


def _key(move: StockMove) -> str:
    return f"stranded:{move.pk}"


def _name(chain_id: int) -> str:
    manifest = registry.once_connected(chain_id)
    return manifest.name if manifest is not None else f"#{chain_id}"
