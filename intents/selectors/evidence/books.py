"""The money of an order in our books: ledger lines with their sums, reservations, stock under way, its own address."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from intents.models import MOVE_ENDED, LedgerEntry, Reservation, StockMove
from intents.selectors.network import chain_name
from intents.selectors.sentences import WAITING, words
from intents.selectors.steps import amount_words
from intents.services.words import WORDS
from intents.services.words import text as error_words

from .dossier import Dossier
from .eyes import Eyes
from .words import choice_words


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One amount from one account to another."""

    at: datetime
    debit: str
    credit: str
    amount: str
    chain: str
    memo: str


@dataclass(frozen=True, slots=True)
class AccountSum:
    """What all lines together put into an account, or took out of it."""

    account: str
    chain: str
    amount: str
    sign: str


@dataclass(frozen=True, slots=True)
class ReservationView:
    """A claim on our stock."""

    chain: str
    amount: str
    state: str
    is_opened: bool
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class MoveView:
    """Stock of ours on its way for this order."""

    kind: str
    state: str
    route: str
    source: str
    destination: str
    amount: str
    arrived: str
    reason: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class DepositView:
    """The order's own address, and what the follower saw there last."""

    address: str
    chain: str
    held: tuple[str, ...]
    block: int
    watched_until: datetime


@dataclass(frozen=True, slots=True)
class Books:
    """All of it."""

    lines: tuple[LedgerLine, ...]
    sums: tuple[AccountSum, ...]
    is_even: bool
    reservations: tuple[ReservationView, ...]
    moves: tuple[MoveView, ...]
    deposit: DepositView | None


def books(case: Dossier, eyes: Eyes) -> Books:
    """Read what is booked for an order."""
    entries = list(LedgerEntry.objects.filter(order=case.order).order_by("id"))
    totals: dict[tuple[int, str, str], int] = {}
    for entry in entries:
        for account, sign in ((entry.credit, 1), (entry.debit, -1)):
            key = (entry.chain_id, entry.token, account)
            totals[key] = totals.get(key, 0) + sign * entry.amount
    tokens = {(chain_id, token) for chain_id, token, _ in totals}
    return Books(
        lines=tuple(_line(entry, eyes) for entry in entries),
        sums=tuple(
            AccountSum(
                account=choice_words(account.title()),
                chain=chain_name(chain_id),
                amount=eyes.text(amount_words(chain_id, token, abs(total))),
                sign="+" if total > 0 else "−" if total else "",
            )
            for (chain_id, token, account), total in sorted(totals.items())
        ),
        is_even=all(sum(total for key, total in totals.items() if key[:2] == token) == 0 for token in tokens),
        reservations=tuple(
            ReservationView(
                chain=chain_name(row.stock.chain_id),
                amount=eyes.text(amount_words(row.stock.chain_id, row.stock.token, row.amount)),
                state=choice_words(row.state.title()),
                is_opened=row.is_opened,
                created_at=row.created_at,
                ended_at=row.ended_at,
            )
            for row in Reservation.objects.filter(order=case.order).select_related("stock").order_by("id")
        ),
        moves=tuple(_move(row, eyes) for row in StockMove.objects.filter(order=case.order)),
        deposit=_deposit(case, eyes),
    )


def _line(entry: LedgerEntry, eyes: Eyes) -> LedgerLine:
    return LedgerLine(
        at=entry.created_at,
        debit=choice_words(entry.debit.title()),
        credit=choice_words(entry.credit.title()),
        amount=eyes.text(amount_words(entry.chain_id, entry.token, entry.amount)),
        chain=chain_name(entry.chain_id),
        memo=entry.memo,
    )


def _move(row: StockMove, eyes: Eyes) -> MoveView:
    arrived = row.arrived_amount
    return MoveView(
        kind=choice_words(row.kind.title()),
        state=choice_words(row.state.replace("_", " ").title()),
        route=row.route,
        source=chain_name(row.source_id),
        destination=chain_name(row.destination_id),
        amount=eyes.text(amount_words(row.source_id, row.source_token, row.amount)),
        arrived=""
        if arrived is None
        else eyes.text(amount_words(row.destination_id, row.destination_token, arrived)),
        reason="" if row.state in MOVE_ENDED else eyes.text(reason_words(row.reason)),
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def _deposit(case: Dossier, eyes: Eyes) -> DepositView | None:
    row = case.deposit
    if row is None:
        return None
    return DepositView(
        address=eyes.address(row.address),
        chain=chain_name(row.chain_id),
        held=tuple(
            eyes.text(amount_words(row.chain_id, token, int(units)))
            for token, units in sorted(row.held.items())
        ),
        block=row.block_number,
        watched_until=datetime.fromtimestamp(row.watched_until, UTC),
    )


def reason_words(reason: dict[str, Any] | None) -> str:
    """A stored {code, params} as a sentence with its code; "" for none."""
    code, params = str((reason or {}).get("code") or ""), (reason or {}).get("params") or {}
    if not code:
        return ""
    is_wait = code in WAITING and code not in WORDS
    said = words(WAITING, code, params) if is_wait else error_words(code, params)
    return f"{said} ({code})"
