"""What a chain shows and the books do not have yet, from the rows that the follower and the engine wrote.

A worker books a fact a moment after its block, or later when none runs: until then books and chain differ by it.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from intents.chains.calls import ZERO_ADDRESS
from intents.chains.client import Receipt, client
from intents.chains.manifest import ChainManifest
from intents.lifecycle import OrderState, StepKind
from intents.models import MOVE_ENDED, Attempt, ChainLog, LedgerEntry, Order, StaffRequest, Step, StockMove
from intents.settlement import calls
from intents.settlement.calls import solver_id
from intents.settlement.order import bytes32_to_address, int_to_address

from . import bridging, ledger, treasury, withheld
from .receipts import moved
from .waiting_refunds import claims_for

ESCROW: Final = str(LedgerEntry.Account.ESCROW)
INVENTORY: Final = str(LedgerEntry.Account.INVENTORY)
CLAIMABLE: Final = str(LedgerEntry.Account.CLAIMABLE)
_MEMOS: Final = {"Open": "open", "Finalised": "finalise", "Refunded": "refund"}


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fact put into one of our accounts, base units; less than zero is what it took."""

    token: str
    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class Unbooked:
    """A fact of one chain without its entry: whose it is, and where it is written.

    `is_awaited` is false where nobody will book it any more. `reads_receipt` says that the amounts of tokens are
    still to be read from the transaction's receipt (`weighed`).
    """

    what: str
    subject: str
    tx_hash: str
    block_number: int | None
    effects: tuple[Effect, ...]
    is_awaited: bool = True
    reads_receipt: bool = False


def unbooked(manifest: ChainManifest) -> list[Unbooked]:
    """The facts of orders in the chain's written blocks that have no entry. Reads the database only."""
    return [
        *_of_escrow(manifest),
        *_of_strangers(manifest),
        *_claims(manifest),
        *_collections(manifest),
        *_fills(manifest),
    ]


def moving(manifest: ChainManifest) -> list[Unbooked]:
    """What of our own stock's ways may be on the chain without an entry, as far as transactions were sent."""
    return [*_moves(manifest), *_requests(manifest)]


def weighed(found: Unbooked, manifest: ChainManifest, *, block: int) -> Unbooked | None:
    """With all its effects up to `block`, None without any by then. Raises what reading the chain raises."""
    known = found.block_number
    if found.reads_receipt:
        receipt = client(manifest.chain_id).receipt(found.tx_hash)
        if receipt is None or not receipt.is_success:
            return None
        known = receipt.block_number
        found = replace(found, block_number=known, effects=(*found.effects, *_transfers(receipt, manifest)))
    is_there = known is not None and known <= block
    return found if is_there and any(effect.amount for effect in found.effects) else None


def _transfers(receipt: Receipt, manifest: ChainManifest) -> Iterator[Effect]:
    ours = manifest.address("solver_account")
    for token in manifest.tokens:
        change = moved(receipt.logs, token.address, to=ours) - moved(receipt.logs, token.address, of=ours)
        if change:
            yield Effect(token.address, INVENTORY, change)


def _facts(manifest: ChainManifest, contract: str, kind: str, memo: str) -> QuerySet[ChainLog]:
    booked = LedgerEntry.objects.filter(order_id=OuterRef("order_id"), memo=memo)
    rows = ChainLog.objects.filter(
        chain_id=manifest.chain_id, kind=kind, address=manifest.address(contract)
    ).exclude(order_id="")
    return rows.filter(~Exists(booked)).order_by("block_number", "log_index")


def _orders(rows: Iterable[ChainLog]) -> dict[str, Order]:
    return Order.objects.in_bulk({row.order_id for row in rows})


def _is_awaited(order: Order) -> bool:
    return order.wake_at > 0 or order.leased_until > time.time()


def _of_escrow(manifest: ChainManifest) -> Iterator[Unbooked]:
    ours = "0x" + solver_id(manifest).hex()
    for kind, memo in _MEMOS.items():
        rows = list(_facts(manifest, "input_settler", kind, memo))
        orders = _orders(rows)
        for row in rows:
            order = orders.get(row.order_id)
            if order is None or order.origin_id != manifest.chain_id or _is_held(row, order, manifest):
                continue
            amount = order.input_amount if kind == "Open" else -order.input_amount
            effects = [Effect(order.input_token, ESCROW, amount)]
            if kind == "Finalised" and row.data["solver"] == ours:
                effects.append(Effect(order.input_token, INVENTORY, order.input_amount))
            yield _of(row, memo, tuple(effects), is_awaited=_is_awaited(order))


def _is_held(row: ChainLog, order: Order, manifest: ChainManifest) -> bool:
    """Whether the escrow keeps what it could not pay out."""
    held = ChainLog.objects.filter(chain_id=row.chain_id, tx_hash=row.tx_hash, kind="PayoutHeld")
    if row.kind not in ("Refunded", "Finalised") or not held.filter(order_id=row.order_id).exists():
        return False
    return row.kind == "Refunded" or withheld.claim_of(manifest, order) is None


def _of_strangers(manifest: ChainManifest) -> Iterator[Unbooked]:
    """What others hold in the escrow that is in no order of ours: orders to elsewhere, and further inputs."""
    rows = ChainLog.objects.filter(
        chain_id=manifest.chain_id, kind="Open", address=manifest.address("input_settler")
    )
    known = Exists(Order.objects.filter(pk=OuterRef("order_id")))
    ended = Exists(
        ChainLog.objects.filter(
            chain_id=manifest.chain_id, order_id=OuterRef("order_id"), kind__in=("Finalised", "Refunded")
        )
    )
    several = Q(data__order__inputs__1__isnull=False)
    for row in rows.alias(is_known=known).filter(Q(is_known=False) | several).filter(~ended):
        inputs = row.data["order"]["inputs"]
        further = inputs[1:] if Order.objects.filter(pk=row.order_id).exists() else inputs
        effects = [Effect(int_to_address(int(token)), ESCROW, int(amount)) for token, amount in further]
        yield _of(row, "stranger", tuple(effects))


def _claims(manifest: ChainManifest) -> Iterator[Unbooked]:
    waiting = Order.objects.filter(origin_id=manifest.chain_id, state=OrderState.REFUNDED, payout="claimable")
    for order in waiting:
        row = claims_for(order).last()
        held = ChainLog.objects.filter(order_id=order.pk, kind="PayoutHeld").last()
        if row is None or held is None or row.block_number < held.block_number:
            continue
        booked = ledger.balances([order.pk]).get((manifest.chain_id, order.input_token, CLAIMABLE), 0)
        effect = Effect(order.input_token, ESCROW, -booked)
        yield replace(_of(row, "claim", (effect,), is_awaited=_is_awaited(order)), subject=order.pk)


def _collections(manifest: ChainManifest) -> Iterator[Unbooked]:
    for order, row in withheld.claimed(manifest):
        amount = order.input_amount
        effects = (Effect(order.input_token, ESCROW, -amount), Effect(order.input_token, INVENTORY, amount))
        yield replace(_of(row, "collection", effects), subject=order.pk)


def _fills(manifest: ChainManifest) -> Iterator[Unbooked]:
    ours = "0x" + solver_id(manifest).hex()
    rows = list(_facts(manifest, "output_settler", "OutputFilled", "fill").filter(data__solver=ours))
    hashes = {row.tx_hash for row in rows}
    sent = set(Attempt.objects.filter(tx_hash__in=hashes).values_list("tx_hash", flat=True))
    orders = _orders(rows)
    steps = Step.objects.filter(order__in=orders, kind=StepKind.FILL)
    swaps = {
        order_id for order_id, details in steps.values_list("order_id", "details") if details.get("swap")
    }
    read: set[str] = set()
    for row in rows:
        order = orders.get(row.order_id)
        # Anybody may pay an output in our name: what it took from us is in the receipt.
        is_plain = row.tx_hash in sent and row.order_id not in swaps
        is_first = row.tx_hash not in read
        if not is_plain:
            read.add(row.tx_hash)
        is_awaited = order is not None and _is_awaited(order)
        effects = _paid(row, order, is_plain=is_plain) if row.tx_hash in sent else ()
        yield replace(
            _of(row, "fill", effects, is_awaited=is_awaited), reads_receipt=not is_plain and is_first
        )


def _paid(row: ChainLog, order: Order | None, *, is_plain: bool) -> tuple[Effect, ...]:
    """The tokens of a fill that swapped are in its receipt; coins are not, and a swap to coins spends none of ours."""
    output = row.data["output"]
    token = bytes32_to_address(bytes.fromhex(output["token"][2:]))
    is_bought = order is not None and order.output_token == ZERO_ADDRESS
    if not is_plain and (token != ZERO_ADDRESS or is_bought):
        return ()
    return (Effect(token, INVENTORY, -int(output["amount"])),)


def _moves(manifest: ChainManifest) -> Iterator[Unbooked]:
    chain_id = manifest.chain_id
    for move in StockMove.objects.exclude(state__in=MOVE_ENDED):
        if move.source_id == chain_id and not _is_booked(ledger.departure_memo(move)):
            for attempt in bridging.tries(move, "bridge", "trade"):
                yield _of_move(move, attempt.tx_hash, coins=calls.coins_of_trade(_calldata(attempt)))
        if move.destination_id == chain_id and not _is_booked(ledger.arrival_memo(move)):
            row = bridging.arrived(move) if move.kind == StockMove.Kind.BRIDGE else None
            if row is not None:
                yield _of_move(move, row.tx_hash)


def _of_move(move: StockMove, tx_hash: str, *, coins: int = 0) -> Unbooked:
    effects = (Effect(ZERO_ADDRESS, INVENTORY, -coins),)
    return Unbooked("move", f"move {move.pk}", tx_hash, None, effects, reads_receipt=True)


def _calldata(attempt: Attempt) -> bytes:
    return bytes.fromhex(attempt.calldata[2:])


def _is_booked(memo: str) -> bool:
    return LedgerEntry.objects.filter(memo=memo).exists()


def _requests(manifest: ChainManifest) -> Iterator[Unbooked]:
    """Stock that two people let go: booked once its transaction is final."""
    rows = StaffRequest.objects.filter(state=StaffRequest.State.APPROVED, kind__in=treasury.PAID)
    for request in rows:
        if int(request.params["chain_id"]) != manifest.chain_id:
            continue
        is_coin = request.params["token"] == ZERO_ADDRESS
        effects = (Effect(ZERO_ADDRESS, INVENTORY, -int(request.params["amount"])),) if is_coin else ()
        named = request.result.get(treasury.ELSEWHERE)
        sent = Attempt.objects.filter(purpose=treasury.purpose_of(request)).values_list("tx_hash", flat=True)
        for tx_hash in [*sent, *([named] if named else [])]:
            yield Unbooked("request", f"request {request.pk}", tx_hash, None, effects, reads_receipt=True)


def _of(row: ChainLog, what: str, effects: tuple[Effect, ...], *, is_awaited: bool = True) -> Unbooked:
    return Unbooked(what, row.order_id, row.tx_hash, row.block_number, effects, is_awaited)


def is_known(tx_hash: str) -> bool:
    """Whether nobody has to say what it is: known as below, or named by what two people approved."""
    named = Q(result__elsewhere=tx_hash) | Q(result__tx_hash=tx_hash)
    return bool(known_transactions([tx_hash])) or StaffRequest.objects.filter(named).exists()


def known_transactions(hashes: Iterable[str]) -> set[str]:
    """Those of these transactions that we sent, that left a log we follow, or that staff had booked."""
    wanted = list(hashes)
    logged = ChainLog.objects.filter(tx_hash__in=wanted).values_list("tx_hash", flat=True)
    sent = Attempt.objects.filter(tx_hash__in=wanted).values_list("tx_hash", flat=True)
    memos = {ledger.outside_memo(each): each for each in wanted}
    booked = LedgerEntry.objects.filter(order=None, memo__in=memos).values_list("memo", flat=True)
    return {*logged, *sent, *(memos[memo] for memo in booked)}
