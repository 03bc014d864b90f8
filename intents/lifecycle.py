"""The states of orders, steps and attempts, and the one table of legal moves.

Pure: no database, no clock. Callers persist a move as a compare-and-set on the state they read.
"""

from enum import Enum, StrEnum


class OrderState(StrEnum):
    AWAITING_DEPOSIT = "awaiting_deposit"
    SIGNED = "signed"
    OPENING = "opening"
    OPENED = "opened"
    FILLING = "filling"
    FILLED = "filled"
    PROVING = "proving"
    SETTLED = "settled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REFUND_DUE = "refund_due"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    NEEDS_ATTENTION = "needs_attention"


class StepKind(StrEnum):
    OPEN = "open"
    SWAP = "swap"
    BRIDGE = "bridge"
    FILL = "fill"
    PROVE = "prove"
    FINALISE = "finalise"
    REFUND = "refund"
    REBALANCE = "rebalance"


class StepState(StrEnum):
    BLOCKED = "blocked"
    READY = "ready"
    SUBMITTED = "submitted"
    IN_TRANSIT = "in_transit"
    CONFIRMED = "confirmed"
    FINAL = "final"
    SKIPPED = "skipped"
    FAILED = "failed"


class AttemptState(StrEnum):
    PLANNED = "planned"
    BROADCAST = "broadcast"
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    REPLACED = "replaced"
    UNKNOWN = "unknown"


class Move(Enum):
    """What a requested transition amounts to."""

    APPLIED = "applied"
    ALREADY_APPLIED = "already_applied"


class IllegalTransition(Exception):
    """The table has no such move: a bug or a lie, never something to retry."""

    code = "illegal_transition"
    retry = False

    def __init__(self, current: StrEnum, target: StrEnum) -> None:
        super().__init__(f"{type(current).__name__}: {current} -> {target} is not a legal move")
        self.current = current
        self.target = target


O = OrderState

ORDER_MOVES: dict[OrderState, frozenset[OrderState]] = {
    O.AWAITING_DEPOSIT: frozenset({O.OPENING, O.OPENED, O.FILLED, O.EXPIRED, O.REJECTED, O.REFUND_DUE}),
    O.SIGNED: frozenset({O.OPENING, O.OPENED, O.REJECTED, O.EXPIRED}),
    # To FILLED where a reorganised chain took the open back while our fill was on its way.
    O.OPENING: frozenset({O.OPENED, O.FILLED, O.REJECTED, O.EXPIRED, O.REFUND_DUE}),
    O.OPENED: frozenset({O.FILLING, O.FILLED, O.REFUND_DUE, O.REFUNDED}),
    O.FILLING: frozenset({O.FILLED, O.REFUND_DUE, O.REFUNDED}),
    O.FILLED: frozenset({O.PROVING, O.SETTLED, O.REFUNDED}),
    O.PROVING: frozenset({O.SETTLED, O.REFUNDED}),
    O.SETTLED: frozenset(),
    O.REJECTED: frozenset({O.OPENED, O.FILLED}),
    # What is paid to a deposit address afterwards goes back.
    O.EXPIRED: frozenset({O.REFUND_DUE, O.FILLED}),
    O.REFUND_DUE: frozenset({O.REFUNDING, O.REFUNDED, O.FILLED}),
    O.REFUNDING: frozenset({O.REFUNDED, O.FILLED}),
    O.REFUNDED: frozenset(),
    O.NEEDS_ATTENTION: frozenset(),
}

# Only a reorganised chain takes an order back; each arrow undoes exactly one fact.
ORDER_REORG_MOVES: dict[OrderState, frozenset[OrderState]] = {
    O.OPENING: frozenset({O.AWAITING_DEPOSIT}),
    O.OPENED: frozenset({O.OPENING}),
    O.FILLING: frozenset({O.OPENING}),
    O.FILLED: frozenset({O.FILLING}),
    O.PROVING: frozenset({O.FILLING}),
    O.SETTLED: frozenset({O.PROVING}),
    O.REFUND_DUE: frozenset({O.OPENING}),
    O.REFUNDING: frozenset({O.OPENING}),
    O.REFUNDED: frozenset({O.REFUNDING}),
}

# Final for the money. Reorgs may still reopen SETTLED and REFUNDED until their block is final.
ORDER_ENDED = frozenset({O.SETTLED, O.REFUNDED, O.REJECTED, O.EXPIRED})

# What rules of the engine and of pages speak of; a parked order belongs where it was parked.
BEFORE_OPEN = frozenset({O.AWAITING_DEPOSIT, O.SIGNED, O.OPENING})
# Whoever holds the signature may still open what we rejected.
MAY_BE_OPENED = BEFORE_OPEN | {O.REJECTED}
TO_BE_FILLED = frozenset({O.OPENED, O.FILLING})
RETURNING = frozenset({O.REFUND_DUE, O.REFUNDING})
IN_ESCROW = TO_BE_FILLED | RETURNING
# Delivered, and the input not collected yet.
DELIVERED = frozenset({O.FILLED, O.PROVING})

_RESUMABLE = frozenset(set(OrderState) - ORDER_ENDED - {O.NEEDS_ATTENTION})
_MAIN_PATH = (O.SIGNED, O.OPENING, O.OPENED, O.FILLING, O.FILLED, O.PROVING, O.SETTLED)

S = StepState

STEP_MOVES: dict[StepState, frozenset[StepState]] = {
    S.BLOCKED: frozenset({S.READY, S.SKIPPED, S.CONFIRMED}),
    S.READY: frozenset({S.SUBMITTED, S.IN_TRANSIT, S.CONFIRMED, S.SKIPPED, S.FAILED}),
    S.SUBMITTED: frozenset({S.READY, S.IN_TRANSIT, S.CONFIRMED, S.SKIPPED, S.FAILED}),
    S.IN_TRANSIT: frozenset({S.READY, S.SUBMITTED, S.CONFIRMED, S.SKIPPED, S.FAILED}),
    S.CONFIRMED: frozenset({S.FINAL, S.READY}),
    S.FINAL: frozenset({S.READY}),
    S.SKIPPED: frozenset({S.READY, S.BLOCKED}),
    S.FAILED: frozenset({S.READY, S.SKIPPED}),
}

A = AttemptState

ATTEMPT_MOVES: dict[AttemptState, frozenset[AttemptState]] = {
    A.PLANNED: frozenset({A.BROADCAST, A.UNKNOWN, A.CONFIRMED, A.REVERTED, A.REPLACED}),
    A.BROADCAST: frozenset({A.CONFIRMED, A.REVERTED, A.REPLACED, A.UNKNOWN}),
    A.UNKNOWN: frozenset({A.BROADCAST, A.CONFIRMED, A.REVERTED, A.REPLACED}),
    A.CONFIRMED: frozenset({A.BROADCAST, A.REVERTED, A.REPLACED}),
    A.REVERTED: frozenset({A.BROADCAST, A.CONFIRMED, A.REPLACED}),
    A.REPLACED: frozenset({A.CONFIRMED, A.REVERTED}),
}


def order_move(current: OrderState, target: OrderState, *, is_reorg: bool = False) -> Move:
    """Say what moving an order from `current` to `target` means.

    A duplicate of a move that was already made is ALREADY_APPLIED and changes nothing: duplicates
    are normal. Raises IllegalTransition for everything outside the table.
    """
    if current is target:
        return Move.ALREADY_APPLIED
    if is_reorg and target in ORDER_REORG_MOVES.get(current, frozenset()):
        return Move.APPLIED
    if target in ORDER_MOVES[current]:
        return Move.APPLIED
    if target is O.NEEDS_ATTENTION and current in _RESUMABLE:
        return Move.APPLIED
    if current is O.NEEDS_ATTENTION and (target in _RESUMABLE or target in ORDER_ENDED):
        return Move.APPLIED
    if not is_reorg and _is_behind(current, target):
        return Move.ALREADY_APPLIED
    raise IllegalTransition(current, target)


def step_move(current: StepState, target: StepState) -> Move:
    """Say what moving a step from `current` to `target` means; raises IllegalTransition."""
    if current is target:
        return Move.ALREADY_APPLIED
    if target in STEP_MOVES[current]:
        return Move.APPLIED
    raise IllegalTransition(current, target)


def attempt_move(current: AttemptState, target: AttemptState) -> Move:
    """Say what moving an attempt from `current` to `target` means; raises IllegalTransition."""
    if current is target:
        return Move.ALREADY_APPLIED
    if target in ATTEMPT_MOVES[current]:
        return Move.APPLIED
    raise IllegalTransition(current, target)


def _is_behind(current: OrderState, target: OrderState) -> bool:
    if current not in _MAIN_PATH or target not in _MAIN_PATH:
        return False
    return _MAIN_PATH.index(target) < _MAIN_PATH.index(current)
