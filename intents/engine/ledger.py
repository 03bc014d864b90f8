"""Double-entry facts, each written once: what a chain event moved from which account to which.

One row carries both sides, so the books sum to zero by construction; `audit` compares them with what the
contracts and accounts really hold.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from intents.chains.calls import ZERO_ADDRESS
from intents.models import LedgerEntry, Order, StockMove

Account = LedgerEntry.Account
BASELINE = "baseline"
FINALISE = "finalise"


@dataclass(frozen=True, slots=True)
class Difference:
    """The books say `booked` base units, the chain says `held`."""

    chain_id: int
    token: str
    account: str
    booked: int
    held: int


def book(
    order: Order | None, *, chain_id: int, token: str, debit: Account, credit: Account, amount: int, memo: str
) -> None:
    """Write one fact; a fact that was written before, or moves nothing, changes nothing."""
    if amount == 0:
        return
    key = {
        "order": order,
        "chain_id": chain_id,
        "token": token,
        "debit": debit,
        "credit": credit,
        "memo": memo,
    }
    if order is None:
        # NULLs are all different to a unique constraint.
        LedgerEntry.objects.get_or_create(**key, defaults={"amount": amount})
        return
    LedgerEntry.objects.bulk_create([LedgerEntry(**key, amount=amount)], ignore_conflicts=True)


def book_baseline(chain_id: int, balances: Mapping[str, int]) -> None:
    """What our account held of each token when the books of a chain were opened; written once a chain."""
    opened = LedgerEntry.objects.filter(order=None, chain_id=chain_id, memo=BASELINE)
    if opened.exists():
        return
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            chain_id=chain_id,
            token=token,
            debit=Account.MARKET,
            credit=Account.INVENTORY,
            amount=balance,
            memo=BASELINE,
        )
        for token, balance in balances.items()
    )


def unbook(order: Order, *, memo: str) -> None:
    """A reorganised chain undid the fact: it never happened."""
    LedgerEntry.objects.filter(order=order).filter(Q(memo=memo) | Q(memo__startswith=f"{memo}:")).delete()


def book_open(order: Order) -> None:
    """The user's input is in escrow."""
    book(
        order,
        chain_id=order.origin_id,
        token=order.input_token,
        debit=Account.USER,
        credit=Account.ESCROW,
        amount=order.input_amount,
        memo="open",
    )


def is_filled(order: Order) -> bool:
    """Whether our inventory paid the order's output."""
    return LedgerEntry.objects.filter(order=order, memo="fill", debit=Account.INVENTORY).exists()


def is_lost(order: Order) -> bool:
    """Whether what should have paid us for the order's delivery is booked as lost."""
    return LedgerEntry.objects.filter(order=order, memo="loss").exists()


def book_fill(order: Order, *, amount: int) -> None:
    """We delivered `amount` base units of the output."""
    book(
        order,
        chain_id=order.destination_id,
        token=order.output_token,
        debit=Account.INVENTORY,
        credit=Account.USER,
        amount=amount,
        memo="fill",
    )


def book_arrival(order: Order, *, token: str, amount: int) -> None:
    """What we delivered besides the output: gas on arrival."""
    book(
        order,
        chain_id=order.destination_id,
        token=token,
        debit=Account.INVENTORY,
        credit=Account.USER,
        amount=amount,
        memo="fill:arrival",
    )


def book_swap(order: Order, *, token_in: str, amount_in: int, amount_out: int) -> None:
    """What the fill's swap gave to the market and took from it."""
    book(
        order,
        chain_id=order.destination_id,
        token=token_in,
        debit=Account.INVENTORY,
        credit=Account.MARKET,
        amount=amount_in,
        memo="fill:swap",
    )
    book(
        order,
        chain_id=order.destination_id,
        token=order.output_token,
        debit=Account.MARKET,
        credit=Account.INVENTORY,
        amount=amount_out,
        memo="fill:swap",
    )


def book_finalise(order: Order, *, is_withheld: bool = False) -> None:
    """The escrow paid us, or holds it as claimable since the token refused."""
    book(
        order,
        chain_id=order.origin_id,
        token=order.input_token,
        debit=Account.ESCROW,
        credit=Account.CLAIMABLE if is_withheld else Account.INVENTORY,
        amount=order.input_amount,
        memo=FINALISE,
    )


def is_withheld(order: Order) -> bool:
    """Whether what the escrow owed us for the order is booked as not paid at once."""
    return LedgerEntry.objects.filter(order=order, memo=FINALISE, credit=Account.CLAIMABLE).exists()


def book_collection(order: Order, *, tx_hash: str) -> None:
    """What the escrow held for us of the order's input was claimed."""
    book(
        order,
        chain_id=order.origin_id,
        token=order.input_token,
        debit=Account.CLAIMABLE,
        credit=Account.INVENTORY,
        amount=order.input_amount,
        memo=_collection_memo(tx_hash),
    )


def unbook_collection(token: str, *, chain_id: int, tx_hash: str) -> bool:
    """A reorganised chain undid the claim, of however many orders; False when none was booked."""
    entries = LedgerEntry.objects.filter(chain_id=chain_id, token=token, debit=Account.CLAIMABLE)
    return bool(entries.filter(memo=_collection_memo(tx_hash)).delete()[0])


def _collection_memo(tx_hash: str) -> str:
    return f"{FINALISE}:{tx_hash[2:32]}"


def book_finalise_to_other(order: Order) -> None:
    """The escrow paid somebody else's solver."""
    book(
        order,
        chain_id=order.origin_id,
        token=order.input_token,
        debit=Account.ESCROW,
        credit=Account.MARKET,
        amount=order.input_amount,
        memo=FINALISE,
    )


def book_refund(order: Order, *, payout: str) -> None:
    """The escrow gave the input back, or holds it as claimable."""
    book(
        order,
        chain_id=order.origin_id,
        token=order.input_token,
        debit=Account.ESCROW,
        credit=Account.CLAIMABLE if payout == "claimable" else Account.USER,
        amount=order.input_amount,
        memo="refund",
    )


def book_recovery(order: Order, *, token: str, amount: int, memo: str, is_held: bool) -> None:
    """What lay at the order's deposit address went back to its user, or waits in escrow for them."""
    book(
        order,
        chain_id=order.origin_id,
        token=token,
        debit=Account.USER,
        credit=Account.CLAIMABLE if is_held else Account.USER,
        amount=amount,
        memo=memo,
    )


def book_claim(order: Order) -> None:
    """What the escrow held of the input for the user has been claimed."""
    held = LedgerEntry.objects.filter(order=order, token=order.input_token, credit=Account.CLAIMABLE)
    book(
        order,
        chain_id=order.origin_id,
        token=order.input_token,
        debit=Account.CLAIMABLE,
        credit=Account.USER,
        amount=sum(held.values_list("amount", flat=True)),
        memo="claim",
    )


def book_loss(order: Order) -> None:
    """We delivered and the input went back: what the escrow should have paid us is lost."""
    book(
        order,
        chain_id=order.origin_id,
        token=order.input_token,
        debit=Account.MARGIN,
        credit=Account.LOSS,
        amount=order.input_amount,
        memo="loss",
    )


def book_move_departure(move: StockMove, *, fee_wei: int = 0) -> None:
    """Stock left our account for a bridge, and `fee_wei` of its coins for the message."""
    book(
        move.order,
        chain_id=move.source_id,
        token=move.source_token,
        debit=Account.INVENTORY,
        credit=Account.TRANSIT,
        amount=move.amount,
        memo=departure_memo(move),
    )
    book(
        move.order,
        chain_id=move.source_id,
        token=ZERO_ADDRESS,
        debit=Account.INVENTORY,
        credit=Account.GAS,
        amount=fee_wei,
        memo=departure_memo(move),
    )


def book_move_arrival(move: StockMove) -> None:
    """The bridge paid it out on the other chain; the route took the one and gave the other."""
    memo = arrival_memo(move)
    book(
        move.order,
        chain_id=move.source_id,
        token=move.source_token,
        debit=Account.TRANSIT,
        credit=Account.MARKET,
        amount=move.amount,
        memo=memo,
    )
    book(
        move.order,
        chain_id=move.destination_id,
        token=move.destination_token,
        debit=Account.MARKET,
        credit=Account.INVENTORY,
        amount=move.arrived_amount or 0,
        memo=memo,
    )


def book_exchange(move: StockMove, *, spent: int) -> None:
    """What a move through pools gave to the market and took from it."""
    memo = departure_memo(move)
    book(
        move.order,
        chain_id=move.source_id,
        token=move.source_token,
        debit=Account.INVENTORY,
        credit=Account.MARKET,
        amount=spent,
        memo=memo,
    )
    book(
        move.order,
        chain_id=move.destination_id,
        token=move.destination_token,
        debit=Account.MARKET,
        credit=Account.INVENTORY,
        amount=move.arrived_amount or 0,
        memo=memo,
    )


def departure_memo(move: StockMove) -> str:
    """Names the fact that a move's stock left."""
    return f"move:{move.pk}:left"


def arrival_memo(move: StockMove) -> str:
    """Names the fact that a move's stock arrived."""
    return f"move:{move.pk}:came"


def outside_memo(tx_hash: str) -> str:
    """Names the transfers of a transaction that nothing of ours made."""
    return f"outside:{tx_hash[2:34]}"


def unbook_move(memo: str) -> None:
    """A reorganised chain undid the fact: it never happened."""
    LedgerEntry.objects.filter(memo=memo).delete()


def book_gas(order: Order | None, *, chain_id: int, cost_wei: int, tx_hash: str) -> None:
    """One mined transaction of ours cost `cost_wei` of the chain's coin."""
    _book_cost(order, chain_id=chain_id, wei=cost_wei, memo=f"gas:{tx_hash[2:34]}")


def book_message(order: Order | None, *, chain_id: int, fee_wei: int, tx_hash: str) -> None:
    """A Mailbox that is not ours took `fee_wei` of the chain's coin for a message, besides its gas."""
    _book_cost(order, chain_id=chain_id, wei=fee_wei, memo=f"message:{tx_hash[2:34]}")


def _book_cost(order: Order | None, *, chain_id: int, wei: int, memo: str) -> None:
    """What a sender's coins paid to the chain."""
    book(
        order,
        chain_id=chain_id,
        token=ZERO_ADDRESS,
        debit=Account.RESERVED,
        credit=Account.GAS,
        amount=wei,
        memo=memo,
    )


def balances(orders: Iterable[str] | None = None) -> dict[tuple[int, str, str], int]:
    """Credits minus debits by (chain, token, account), of all orders or of these; without zeros."""
    rows = LedgerEntry.objects.all()
    if orders is not None:
        rows = rows.filter(order_id__in=list(orders))
    totals: dict[tuple[int, str, str], int] = defaultdict(int)
    for chain_id, token, debit, credit, amount in rows.values_list(
        "chain_id", "token", "debit", "credit", "amount"
    ):
        totals[chain_id, token, debit] -= amount
        totals[chain_id, token, credit] += amount
    return {key: total for key, total in totals.items() if total}


def sums() -> dict[tuple[int, str], int]:
    """The sum over all accounts by (chain, token): zero everywhere, or the books are broken."""
    totals: dict[tuple[int, str], int] = defaultdict(int)
    for (chain_id, token, _), amount in balances().items():
        totals[chain_id, token] += amount
    return dict(totals)


def compared(
    booked: Mapping[tuple[int, str, str], int], held: Mapping[tuple[int, str, str], int]
) -> list[Difference]:
    """Where `booked` and `held` (base units by chain, token, account) disagree."""
    return [
        Difference(chain_id=key[0], token=key[1], account=key[2], booked=booked.get(key, 0), held=amount)
        for key, amount in sorted(held.items())
        if booked.get(key, 0) != amount
    ]
