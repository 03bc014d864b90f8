"""Brings stock back to where its chain should hold it, when no open order waits for it."""

import time

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from intents.chains import registry
from intents.lifecycle import OrderState, StepKind
from intents.models import MOVE_ARRIVED, MOVE_ENDED, Departure, Step, StockMove
from intents.solver.plan import stored_swap
from intents.solver.rebalance import Place, Shift, shifts

from . import reservations
from .cold_start import is_full
from .reservations import Claim, StockShort
from .world import load_world

log = structlog.get_logger(__name__)

# What nobody paid for yet costs nobody anything to ask: it keeps no stock from going home.
_OPEN = (
    OrderState.SIGNED,
    OrderState.OPENING,
    OrderState.OPENED,
    OrderState.FILLING,
)


def rebalance() -> int:
    """Write down the moves that bring stock home, each with its reservation; how many.

    They are carried out by `moves.sweep_moves`. Nothing is planned while rebalancing is switched off.
    """
    if not settings.REBALANCE_ENABLED:
        return 0
    wanted = targets()
    planned = shifts(load_world(), wanted, needed=needed(), coming=coming())
    # A token that its issuer takes back from us, or never was worth anything, is not bought again and again.
    return sum(begin_move(shift) for shift in planned if not is_full(*shift.destination))


def targets() -> dict[Place, int]:
    """How much of which token which chain should hold, base units, as the manifests say; none on its way out."""
    leaving = set(Departure.objects.filter(ended_at=None).values_list("chain_id", flat=True))
    return {
        (manifest.chain_id, token.address): token.stock_target
        for manifest in registry.all_chains().values()
        for token in manifest.tokens
        if token.stock_target and manifest.chain_id not in leaving
    }


def needed() -> set[Place]:
    """Stock that orders on their way may yet take: what they deliver, and what their fills spend."""
    places: set[Place] = set()
    fills = Step.objects.filter(kind=StepKind.FILL, order__state__in=_OPEN)
    for chain_id, token, details in fills.values_list("chain_id", "order__output_token", "details"):
        places |= {(chain_id, token), (chain_id, details.get("stock_token") or token)}
        bridge = details.get("bridge")
        if bridge:
            places.add((int(bridge["chain_id"]), bridge["token"]))
    return places


def coming() -> dict[Place, int]:
    """Base units that moves without an order are bringing; what one swaps for is counted as planned."""
    rows = StockMove.objects.filter(order=None).exclude(state__in=(*MOVE_ENDED, *MOVE_ARRIVED))
    found: dict[Place, int] = {}
    for move in rows:
        place = (move.destination_id, move.destination_token)
        found[place] = found.get(place, 0) + int(move.details.get("least", move.amount))
    return found


def begin_move(shift: Shift) -> bool:
    """Write a move down with its reservation; False when its stock was taken meanwhile or is moving already."""
    (source_id, source_token), (destination_id, destination_token) = shift.source, shift.destination
    details = {"swap": stored_swap(shift.swap), "least": str(shift.least)} if shift.swap else {}
    holder = registry.chain(source_id).address("solver_account")
    try:
        with transaction.atomic():
            move = StockMove.objects.create(
                kind=StockMove.Kind.SWAP if shift.swap else StockMove.Kind.BRIDGE,
                route=shift.route,
                source_id=source_id,
                source_token=source_token,
                destination_id=destination_id,
                destination_token=destination_token,
                amount=shift.amount,
                details=details,
                wake_at=time.time(),
            )
            reservations.hold_for_move(move.pk, Claim(source_id, source_token, holder, shift.amount))
    except (IntegrityError, StockShort) as error:
        # Another sweep was first, or an order was.
        log.info("rebalance.not_now", chain=source_id, token=source_token, why=str(error))
        return False
    log.info("rebalance.begun", move=move.pk, kind=move.kind, amount=str(shift.amount))
    return True
