"""Bring our stock from another chain before the fill, once the deposit is deep enough and while there is time."""

import time
from math import ceil
from typing import Any

from django.db import transaction

from intents.chains import registry
from intents.chains.manifest import ChainManifest
from intents.engine import events
from intents.engine.case import Case, Wait, add_step, move_step, set_details, wait
from intents.engine.moves import advance_move, expected_seconds
from intents.engine.reservations import StockShort
from intents.engine.supply import change_supply, is_in_time, resolve
from intents.lifecycle import StepKind, StepState
from intents.models import MOVE_ARRIVED, Step, Stock, StockMove

# Beyond so many times the usual duration other stock is looked for, every so many seconds.
LATE_FACTOR = 1.5
LOOK_ELSEWHERE_SECONDS = 5.0


def bring(case: Case, fill: Step) -> bool:
    """True when the fill has on its chain what it spends, or needs nothing from elsewhere."""
    plan = fill.details.get("bridge")
    if not plan:
        return True
    step = case.step(StepKind.BRIDGE) or add_step(
        case, StepKind.BRIDGE, chain_id=int(plan["chain_id"]), details=dict(plan)
    )
    if step.state == StepState.BLOCKED:
        move_step(case, step, StepState.READY)
    move = StockMove.objects.filter(pk=plan.get("move")).first() or _begin(case, fill, step, plan)
    if move is None:
        return _otherwise(case, fill, Wait("bridge_not_now", seconds=LOOK_ELSEWHERE_SECONDS))
    reason = advance_move(move.pk)
    move.refresh_from_db()
    step.refresh_from_db()
    if move.state in MOVE_ARRIVED:
        set_details(case, fill, bridge=None)
        _tell(case, "stock_arrived", move)
        return True
    if move.state in (StockMove.State.GIVEN_UP, StockMove.State.STRANDED):
        set_details(case, fill, bridge={**plan, "move": None})
        return _otherwise(case, fill, Wait("no_stock", seconds=LOOK_ELSEWHERE_SECONDS))
    wait(case, step, reason or Wait("in_block", seconds=1.0))
    return _is_late(move) and _otherwise(case, fill, None)


def _begin(case: Case, fill: Step, step: Step, plan: dict[str, Any]) -> StockMove | None:
    """The move's row, in one transaction with the word of it; None when it would come too late or the stock is
    not there any more."""
    source, destination = registry.chain(int(plan["chain_id"])), case.destination
    arriving = destination.bridge(plan["route"])
    if arriving is None or source.bridge(plan["route"]) is None or not _is_there(source, plan):
        return None
    move = StockMove(
        order=case.order,
        step=step,
        kind=StockMove.Kind.BRIDGE,
        route=plan["route"],
        source_id=source.chain_id,
        source_token=plan["token"],
        destination_id=destination.chain_id,
        destination_token=arriving.token,
        amount=int(plan["amount"]),
        wake_at=time.time() + 2.0,
    )
    if not is_in_time(case, ceil(expected_seconds(move))):
        return None
    with transaction.atomic():
        move.save()
        set_details(case, fill, bridge={**plan, "move": move.pk})
        _tell(case, "stock_sent_for", move)
    return move


def _is_there(source: ChainManifest, plan: dict[str, Any]) -> bool:
    holder = source.address("solver_account")
    stock = Stock.objects.filter(chain_id=source.chain_id, token=plan["token"], holder=holder).first()
    return stock is not None and stock.balance >= int(plan["amount"])


def _is_late(move: StockMove) -> bool:
    elapsed = time.time() - move.created_at.timestamp()
    return elapsed > LATE_FACTOR * expected_seconds(move)


def _otherwise(case: Case, fill: Step, reason: Wait | None) -> bool:
    """Take another way inside what was signed, if there is one now; what is under way arrives as stock."""
    fresh = resolve(case, fill)
    if fresh is None:
        if reason is not None:
            wait(case, fill, reason)
        return False
    try:
        change_supply(case, fill, fresh)
    except StockShort:
        wait(case, fill, Wait("no_stock", seconds=LOOK_ELSEWHERE_SECONDS))
        return False
    step = case.step(StepKind.BRIDGE)
    if step is not None and step.state == StepState.READY and not fresh["bridge"]:
        move_step(case, step, StepState.SKIPPED)
    wait(case, fill, Wait("price_moved", {}, seconds=0.2))
    return False


def _tell(case: Case, event: str, move: StockMove) -> None:
    """Where the stock is by then, and what it is there."""
    has_arrived = event == "stock_arrived"
    events.record(
        case.order.order_id,
        event,
        chain_id=move.destination_id if has_arrived else move.source_id,
        to_chain_id=move.destination_id,
        amount=str(move.amount),
        token=move.destination_token if has_arrived else move.source_token,
    )
