"""Promises against stock: what accepted orders may still take from inventory and gas.

Every change is a compare-and-set on `Stock.version`; quotes offer only balance minus reserved.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from intents.amounts import bps_down
from intents.chains import accounts
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import ChainManifest
from intents.models import Order, Reservation, Stock

NATIVE = ZERO_ADDRESS
UNOPENED_SHARE_BPS = 2_500
UNOPENED_SECONDS = 15.0
UNOPENED_BLOCKS = 3
_TRIES = 50


class StockShort(Exception):
    """Not enough unreserved stock; `available` and `wanted` in base units of `token` on `chain_id`."""

    code = "no_stock"
    retry = True

    def __init__(self, *, chain_id: int, token: str, available: int, wanted: int) -> None:
        super().__init__(f"chain {chain_id} token {token}: {available} available, {wanted} wanted")
        self.chain_id = chain_id
        self.token = token
        self.available = available
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Claim:
    """An order's wish for `amount` base units of a stock."""

    chain_id: int
    token: str
    holder: str
    amount: int
    is_gas: bool = False


def unopened_seconds(manifest: ChainManifest) -> float:
    """How long an accepted order may hold stock without being opened: 15 s or 3 blocks, the longer."""
    return max(UNOPENED_SECONDS, UNOPENED_BLOCKS * manifest.block_seconds)


def refresh(*, chain_id: int, token: str, holder: str, balance: int, block_number: int) -> None:
    """Write a balance read from the chain at `block_number`; an older reading changes nothing."""
    stock, created = Stock.objects.get_or_create(
        chain_id=chain_id,
        token=token,
        holder=holder,
        defaults={"balance": balance, "block_number": block_number},
    )
    while not created and stock.block_number <= block_number and stock.balance != balance:
        changed = Stock.objects.filter(pk=stock.pk, version=stock.version).update(
            balance=balance, block_number=block_number, version=stock.version + 1
        )
        if changed:
            return
        stock.refresh_from_db()


def refresh_all(chain_id: int, readings: Mapping[tuple[str, str], int], *, block_number: int) -> None:
    """Write a chain's balances by (token, holder), all read at one block; unchanged ones cost nothing."""
    rows = Stock.objects.filter(chain_id=chain_id).values_list("token", "holder", "balance")
    known = {(token, holder): balance for token, holder, balance in rows}
    for (token, holder), balance in readings.items():
        if known.get((token, holder)) != balance:
            refresh(chain_id=chain_id, token=token, holder=holder, balance=balance, block_number=block_number)


@transaction.atomic
def hold(order: Order, claims: Sequence[Claim], *, is_opened: bool = False) -> None:
    """Reserve every claim or none; raises StockShort. Holding again what is held changes nothing.

    The share rule (at most 25 % of a stock for unopened orders) is counted per wallet: an unopened
    order has cost its sender nothing, so no single wallet may park a stock with signatures, while a
    crowd of wallets with real balances may together use all of it.
    """
    rows = Stock.objects.filter(token__in={claim.token for claim in claims})
    places = {
        (chain_id, token, holder): pk
        for pk, chain_id, token, holder in rows.values_list("pk", "chain_id", "token", "holder")
    }
    # Always in the order of the rows, as when they are released: two orders never wait for each other.
    for claim in sorted(claims, key=lambda c: places.get((c.chain_id, c.token, c.holder), 0)):
        if claim.amount > 0:
            _hold_one(order, claim, is_opened=is_opened)


def mark_opened(order_id: str) -> None:
    """The input is locked on chain: the claims no longer count as unopened."""
    Reservation.objects.filter(order_id=order_id, state=Reservation.State.HELD).update(is_opened=True)


def mark_unopened(order_id: str) -> None:
    """A reorganised chain took the deposit back: the claims count as unopened from now on."""
    held = Reservation.objects.filter(order_id=order_id, state=Reservation.State.HELD)
    held.update(is_opened=False, created_at=timezone.now())


def release_unopened(manifest: ChainManifest) -> int:
    """Give back what orders of this origin have held for too long without being opened; how many orders.

    It asks neither a chain nor the orders' workers: whatever keeps an order from being opened, its stock
    does not wait with it. An order that is opened later reserves anew.
    """
    since = timezone.now() - timedelta(seconds=unopened_seconds(manifest))
    late = Reservation.objects.filter(
        state=Reservation.State.HELD,
        is_opened=False,
        created_at__lt=since,
        order__origin_id=manifest.chain_id,
    )
    order_ids = sorted(set(late.values_list("order_id", flat=True)))
    for order_id in order_ids:
        with transaction.atomic():
            for reservation in _held(order_id):
                _end(reservation, Reservation.State.RELEASED, is_opened=False)
    return len(order_ids)


def has_held(order_id: str) -> bool:
    """Whether any claim of the order is still held."""
    return Reservation.objects.filter(order_id=order_id, state=Reservation.State.HELD).exists()


@transaction.atomic(savepoint=False)
def release(order_id: str) -> None:
    """Give back everything the order still holds; does nothing the second time."""
    for reservation in _held(order_id):
        _end(reservation, Reservation.State.RELEASED)


@transaction.atomic
def hold_arriving(order_id: str, claim: Claim) -> None:
    """Promise an order stock that is still on its way: nobody else gets it when it is there.

    Until then the stock may be reserved beyond its balance, and nothing of it is offered.
    """
    row = Stock.objects.filter(chain_id=claim.chain_id, token=claim.token, holder=claim.holder)
    held = Reservation.objects.filter(order_id=order_id, stock__in=row).first()
    if held is not None and held.state == Reservation.State.HELD:
        return
    for _ in range(_TRIES):
        stock, _created = Stock.objects.get_or_create(
            chain_id=claim.chain_id, token=claim.token, holder=claim.holder
        )
        if not _promise(stock, claim.amount):
            continue
        if held is None:
            Reservation.objects.create(order_id=order_id, stock=stock, amount=claim.amount, is_opened=True)
        else:
            Reservation.objects.filter(pk=held.pk).update(
                amount=claim.amount, is_opened=True, state=Reservation.State.HELD, ended_at=None
            )
        return
    raise RuntimeError(f"stock of {claim.token} would not take a promise")


@transaction.atomic
def hold_for_move(move_id: int, claim: Claim) -> None:
    """Reserve what a move of our own will take; raises StockShort."""
    for _ in range(_TRIES):
        stock = Stock.objects.filter(chain_id=claim.chain_id, token=claim.token, holder=claim.holder).first()
        available = stock.balance - stock.reserved if stock else 0
        if stock is None or claim.amount > available:
            break
        if _promise(stock, claim.amount):
            Reservation.objects.create(move_id=move_id, stock=stock, amount=claim.amount, is_opened=True)
            return
    raise StockShort(
        chain_id=claim.chain_id, token=claim.token, available=max(0, available), wanted=claim.amount
    )


@transaction.atomic(savepoint=False)
def end_move(move_id: int, *, spent_at: int | None = None) -> None:
    """A move's stock has left in block `spent_at`, or stays where it is."""
    state = Reservation.State.RELEASED if spent_at is None else Reservation.State.SPENT
    held = Reservation.objects.filter(move_id=move_id, state=Reservation.State.HELD)
    for reservation in held.select_related("stock"):
        _end(reservation, state, spent_at=spent_at)


def held_amounts(order_id: str) -> dict[tuple[int, str], int]:
    """What an order holds of our account's stocks, by (chain, token)."""
    operator = accounts.address(accounts.OPERATOR)
    return {
        (row.stock.chain_id, row.stock.token): row.amount
        for row in _held(order_id)
        if row.stock.holder != operator
    }


def _promise(stock: Stock, amount: int) -> bool:
    return bool(
        Stock.objects.filter(pk=stock.pk, version=stock.version).update(
            reserved=stock.reserved + amount, version=stock.version + 1
        )
    )


@transaction.atomic(savepoint=False)
def spend(order_id: str, *, chain_id: int, block_number: int, tokens: Collection[str] = ()) -> None:
    """The fill was mined at `block_number` of `chain_id`: its stock has left, its gas claim ends.

    Stock of `tokens` that was given back before the fill was seen has left all the same.
    """
    rows = Reservation.objects.filter(order_id=order_id, stock__chain_id=chain_id)
    for reservation in rows.select_related("stock").order_by("stock_id"):
        stock = reservation.stock
        if stock.token == NATIVE and stock.holder == accounts.address(accounts.OPERATOR):
            continue
        if reservation.state == Reservation.State.RELEASED and stock.token in tokens:
            _spend_released(reservation, spent_at=block_number)
        elif reservation.state == Reservation.State.HELD:
            _end(reservation, Reservation.State.SPENT, spent_at=block_number)


def _held(order_id: str) -> list[Reservation]:
    rows = Reservation.objects.filter(order_id=order_id, state=Reservation.State.HELD)
    return list(rows.select_related("stock").order_by("stock_id"))


def _hold_one(order: Order, claim: Claim, *, is_opened: bool) -> None:
    existing = Reservation.objects.filter(
        order=order,
        stock__chain_id=claim.chain_id,
        stock__token=claim.token,
        stock__holder=claim.holder,
    ).first()
    if existing and existing.state == Reservation.State.HELD:
        return
    for _ in range(_TRIES):
        stock = Stock.objects.filter(chain_id=claim.chain_id, token=claim.token, holder=claim.holder).first()
        if stock is None:
            raise StockShort(chain_id=claim.chain_id, token=claim.token, available=0, wanted=claim.amount)
        available = stock.balance - stock.reserved
        if not is_opened and not claim.is_gas:
            share = bps_down(stock.balance, UNOPENED_SHARE_BPS) - _unopened_of_wallet(order.user, stock)
            available = min(available, share)
        if claim.amount > available:
            raise StockShort(
                chain_id=claim.chain_id, token=claim.token, available=max(0, available), wanted=claim.amount
            )
        changed = Stock.objects.filter(pk=stock.pk, version=stock.version).update(
            reserved=stock.reserved + claim.amount, version=stock.version + 1
        )
        if changed:
            _write_reservation(existing, order, stock, claim.amount, is_opened=is_opened)
            return
    raise StockShort(chain_id=claim.chain_id, token=claim.token, available=0, wanted=claim.amount)


def _write_reservation(
    existing: Reservation | None, order: Order, stock: Stock, amount: int, *, is_opened: bool
) -> None:
    if existing is None:
        Reservation.objects.create(order=order, stock=stock, amount=amount, is_opened=is_opened)
        return
    Reservation.objects.filter(pk=existing.pk).update(
        amount=amount,
        is_opened=is_opened,
        state=Reservation.State.HELD,
        created_at=timezone.now(),
        ended_at=None,
    )


def _unopened_of_wallet(user: str, stock: Stock) -> int:
    rows = Reservation.objects.filter(
        stock=stock, state=Reservation.State.HELD, is_opened=False, order__user=user
    )
    return sum(rows.values_list("amount", flat=True))


def _end(
    reservation: Reservation, state: Reservation.State, *, spent_at: int | None = None, **where: bool
) -> None:
    ended = Reservation.objects.filter(pk=reservation.pk, state=Reservation.State.HELD, **where).update(
        state=state, ended_at=timezone.now()
    )
    if not ended:
        return
    _take_out(reservation, promised=reservation.amount, spent_at=spent_at)


def _spend_released(reservation: Reservation, *, spent_at: int) -> None:
    released = Reservation.objects.filter(pk=reservation.pk, state=Reservation.State.RELEASED)
    if released.update(state=Reservation.State.SPENT, ended_at=timezone.now()):
        _take_out(reservation, promised=0, spent_at=spent_at)


def _take_out(reservation: Reservation, *, promised: int, spent_at: int | None) -> None:
    stock = reservation.stock
    for _ in range(_TRIES):
        changes = {"reserved": max(0, stock.reserved - promised), "version": stock.version + 1}
        # A balance read before the fill's block still contains what the fill took.
        if spent_at is not None and stock.block_number < spent_at:
            changes["balance"] = max(0, stock.balance - reservation.amount)
        if Stock.objects.filter(pk=stock.pk, version=stock.version).update(**changes):
            return
        stock = Stock.objects.get(pk=reservation.stock_id)
    raise RuntimeError(f"stock {reservation.stock_id} would not take a release")
