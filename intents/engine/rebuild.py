"""Every opened order and its history from the chains alone, into a database that has none.

What no chain knows stays lost: quotes, orders that were never opened, share links, the gas our own attempts
took, and what a person chose besides the order. Nothing is sent: the engine goes on from what is written.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from django.db import transaction
from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from intents.chains import accounts, registry
from intents.chains.calls import ZERO_ADDRESS, selector
from intents.chains.client import Head, Log, client, parse_head
from intents.chains.endpoints import RpcError
from intents.chains.events import decode_log, watched_addresses, watched_topics
from intents.chains.manifest import ChainManifest
from intents.errors import WaymeetError
from intents.lifecycle import ORDER_ENDED, OrderState, StepKind
from intents.models import Block, ChainHead, ChainLog, Event, LedgerEntry, Order, Step
from intents.settlement import calls
from intents.settlement.calls import solver_id
from intents.settlement.order import ORDER_ABI, bytes32_to_address

from . import deposits, events, lease, ledger, withheld
from .arrivals import name_calls
from .case import load
from .evidence import gather
from .intake import order_from_log
from .receipts import TRANSFER
from .reconcile import reconcile
from .under_way import order_of, payloads_in, take_up_messages, take_up_stock

FIRST_RANGE: Final = 5_000
MOST_BLOCKS: Final = 100_000
HEADERS: Final = 64
MOST_ROUNDS: Final = 12

Say = Callable[[str], None]

_WAYS: Final = {
    calls.BY_PERMIT2: "permit2",
    calls.BY_AUTHORIZATION: "eip3009",
    calls.BY_AUTHORIZATION_VRS: "eip3009",
}


class NotEmpty(WaymeetError):
    """There are orders: what is rebuilt would stand beside them."""

    code = "database_not_empty"


def rebuild(*, first_blocks: Mapping[int, int] | None = None, say: Say = lambda _: None) -> int:
    """Read every connected chain from its first block (0, or by chain id) and write what happened; orders made.

    No follower and no worker may run meanwhile. Raises NotEmpty, PublicKeyRefused when nobody says which accounts
    send for us, and what reads raise.
    """
    if Order.objects.exists() or ChainLog.objects.exists():
        raise NotEmpty("the database has orders or logs already")
    for role in accounts.VARIABLES:
        accounts.address(role)
    for chain_id, manifest in registry.all_chains().items():
        count = _read(manifest, (first_blocks or {}).get(chain_id, 0))
        say(f"{manifest.name}: {count} logs")
    _name_messages()
    orders = _write_orders()
    for order in orders:
        _replay(order)
    say(f"{take_up_messages()} messages and {take_up_stock()} moves of stock under way")
    withheld.book_claims()
    _open_books()
    say(f"{len(orders)} orders")
    return len(orders)


def _read(manifest: ChainManifest, first: int) -> int:
    """Write the logs of a chain up to its head, then the head and the headers below it."""
    reader, head = client(manifest.chain_id), client(manifest.chain_id).head()
    span, start, count = FIRST_RANGE, first, 0
    while start <= head.number:
        end = min(head.number, start + span - 1)
        try:
            found = reader.logs(
                from_block=start,
                to_block=end,
                addresses=watched_addresses(manifest),
                topics=watched_topics(),
            )
        except RpcError:
            # Nodes limit the range or the answer; each by a rule of its own.
            if span == 1:
                raise
            span = max(1, span // 4)
            continue
        count += _write_logs(manifest, found)
        start, span = end + 1, min(MOST_BLOCKS, span * 2)
    _write_head(manifest, head)
    return count


def _write_logs(manifest: ChainManifest, found: Sequence[Log]) -> int:
    untimed = sorted({entry.block_number for entry in found if entry.block_timestamp is None})
    times = {block.number: block.timestamp for block in _headers(manifest, untimed)}
    rows = []
    for entry in found:
        decoded = decode_log(manifest, entry)
        if decoded is None:
            continue
        timestamp = entry.block_timestamp
        rows.append(
            ChainLog(
                chain_id=manifest.chain_id,
                block_number=entry.block_number,
                block_hash=entry.block_hash,
                block_timestamp=times[entry.block_number] if timestamp is None else timestamp,
                tx_hash=entry.tx_hash,
                log_index=entry.log_index,
                address=entry.address,
                kind=decoded.kind,
                order_id=decoded.order_id,
                data=decoded.data,
            )
        )
    name_calls(rows)
    ChainLog.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def _headers(manifest: ChainManifest, numbers: Sequence[int]) -> list[Head]:
    headers: list[Head] = []
    for start in range(0, len(numbers), HEADERS):
        requests = [
            ("eth_getBlockByNumber", [hex(number), False]) for number in numbers[start : start + HEADERS]
        ]
        headers += [parse_head(answer) for answer in client(manifest.chain_id).batch(requests)]
    return headers


@transaction.atomic
def _write_head(manifest: ChainManifest, head: Head) -> None:
    """From here on the follower goes on, and notices when one of these blocks is taken back."""
    numbers = range(max(0, head.number - HEADERS + 1), head.number + 1)
    Block.objects.filter(chain_id=manifest.chain_id).delete()
    Block.objects.bulk_create(
        Block(
            chain_id=manifest.chain_id,
            number=block.number,
            block_hash=block.hash,
            parent_hash=block.parent_hash,
            timestamp=block.timestamp,
        )
        for block in _headers(manifest, numbers)
    )
    ChainHead.objects.update_or_create(
        chain_id=manifest.chain_id,
        defaults={
            "number": head.number,
            "block_hash": head.hash,
            "timestamp": head.timestamp,
            "seen_at": time.time(),
            "base_fee_wei": head.base_fee_wei,
        },
    )


def _name_messages() -> None:
    """Messages name no order, but what they carry does."""
    orders: dict[str, str] = {}
    named: list[ChainLog] = []
    for row in ChainLog.objects.filter(kind="Dispatch"):
        for payload in payloads_in(row):
            orders["0x" + keccak(payload).hex()] = row.order_id = order_of(payload)
        named.append(row)
    for row in ChainLog.objects.filter(kind="OutputProven"):
        row.order_id = orders.get(row.data["payloadHash"], "")
        named.append(row)
    ChainLog.objects.bulk_update(named, ["order_id"], batch_size=500)
    owners = {row.tx_hash: row.order_id for row in named if row.order_id}
    for tx_hash, order_id in owners.items():
        ChainLog.objects.filter(tx_hash=tx_hash, order_id="").update(order_id=order_id)


def _write_orders() -> list[Order]:
    chains = registry.all_chains()
    orders = []
    for row in ChainLog.objects.filter(kind="Open").order_by("block_timestamp", "block_number", "log_index"):
        order = order_from_log(chains[row.chain_id], row)
        if order is None:
            continue
        Order.objects.filter(pk=order.pk).update(
            created_at=_moment(row.block_timestamp),
            received_at=row.block_timestamp,
            **_confirmation(row, chains[row.chain_id]),
        )
        if deposits.IMPLEMENTATION in chains[row.chain_id].contracts:
            deposits.watch(order, origin=chains[row.chain_id])
        orders.append(order)
    return orders


def _confirmation(opened: ChainLog, origin: ChainManifest) -> dict[str, str]:
    """How the user confirmed, from the calldata that opened the order; nothing where another contract stood between."""
    sent = client(origin.chain_id).transaction(opened.tx_hash) or {}
    if to_checksum_address(sent.get("to") or ZERO_ADDRESS) != origin.address("input_settler"):
        return {}
    data = bytes.fromhex(str(sent["input"])[2:])
    try:
        return _confirmed_by(data[:4], data[4:])
    except DecodingError:
        return {}


def _confirmed_by(called: bytes, arguments: bytes) -> dict[str, str]:
    if called == selector(calls.OPEN_DEPOSIT):
        permit = bytes(abi_decode((ORDER_ABI, "bytes"), arguments)[1])
        way = deposits.PERMIT if permit else deposits.DEPOSIT
        return {"confirm_way": way, "signature": "0x" + permit.hex() if permit else ""}
    if called == selector(calls.OPEN_FOR):
        signature = bytes(abi_decode((ORDER_ABI, "address", "bytes"), arguments)[2])
        way = _WAYS.get(signature[:1], "")
        return {"confirm_way": way, "signature": "0x" + signature[1:].hex()} if way else {}
    return {}


def _replay(order: Order) -> None:
    """Apply the evidence until it moves nothing any more, and give everything the time of its block."""
    _find_swap(order)
    held = lease.take(order.order_id)
    if held is None:
        return
    case = load(held)
    for _ in range(MOST_ROUNDS):
        if not reconcile(case, gather(case)):
            break
        case = load(held)
    if case.state is OrderState.REFUNDED and case.order.payout == "claimable":
        _apply_claim(order, held)
    _date(order.order_id)
    is_ended = case.state in ORDER_ENDED and case.order.payout != "claimable"
    lease.release(held, wake_at=0.0 if is_ended else time.time())


def _find_swap(order: Order) -> None:
    """What our fill gave to the market, so that what it delivered beyond the minimum is read off its receipt."""
    chain = registry.chain(order.destination_id)
    account = chain.address("solver_account")
    ours = "0x" + solver_id(chain).hex()
    fills = ChainLog.objects.filter(kind="OutputFilled", order_id=order.order_id, chain_id=chain.chain_id)
    fill = next((row for row in fills if row.data["solver"] == ours), None)
    receipt = client(chain.chain_id).receipt(fill.tx_hash) if fill is not None else None
    if receipt is None:
        return
    for entry in receipt.logs:
        is_payment = len(entry.topics) == 3 and entry.topics[0] == TRANSFER
        if not is_payment or bytes32_to_address(bytes.fromhex(entry.topics[1][2:])) != account:
            continue
        if entry.address.lower() != order.output_token.lower():
            details = {"stranger": True, "swap": {"input_token": entry.address, "venues": []}}
            Step.objects.filter(order=order, kind=StepKind.FILL).update(details=details)


def _apply_claim(order: Order, held: lease.Lease) -> None:
    """Whether what waited for the user was claimed since: a claim takes all that waits of a token."""
    waited = ChainLog.objects.filter(kind="PayoutHeld", order_id=order.order_id).last()
    claims = ChainLog.objects.filter(kind="Claimed", chain_id=order.origin_id)
    if waited is None:
        return
    place = (waited.block_number, waited.log_index)
    for row in claims.order_by("block_number", "log_index"):
        is_theirs = (row.data["user"], row.data["token"]) == (waited.data["user"], waited.data["token"])
        if not is_theirs or (row.block_number, row.log_index) < place:
            continue
        fresh = Order.objects.get(pk=order.pk)
        lease.write(held, payout="sent")
        ledger.book_claim(fresh)
        data = {"chain_id": row.chain_id, "tx_hash": row.tx_hash, "block": row.block_number}
        events.record(order.order_id, "refunded", **data, payout="sent")
        return


def _date(order_id: str) -> None:
    rows = ChainLog.objects.filter(order_id=order_id).order_by("block_timestamp")
    by_place = {(row.chain_id, row.tx_hash): row.block_timestamp for row in rows}
    for event in Event.objects.filter(order_id=order_id):
        place = (event.data.get("chain_id"), event.data.get("tx_hash"))
        if place in by_place:
            Event.objects.filter(pk=event.pk).update(at=_moment(by_place[place]))
    times = {row.kind: _moment(row.block_timestamp) for row in rows}
    order = Order.objects.get(pk=order_id)
    changes = {}
    if order.delivered_at is not None and "OutputFilled" in times:
        changes["delivered_at"] = times["OutputFilled"]
    ended = times.get("Finalised") or times.get("Refunded")
    if order.ended_at is not None and ended is not None:
        changes["ended_at"] = ended
    Order.objects.filter(pk=order_id).update(**changes)


def _open_books() -> None:
    """What our accounts hold now, less what the rebuilt orders brought: the books equal the chains again."""
    booked = ledger.balances()
    for manifest in registry.all_chains().values():
        account = manifest.address("solver_account")
        for token in (ZERO_ADDRESS, *(token.address for token in manifest.tokens)):
            held = client(manifest.chain_id).token_balance(token, account)
            inventory = (manifest.chain_id, token, str(ledger.Account.INVENTORY))
            missing = held - booked.get(inventory, 0)
            sides = (ledger.Account.MARKET, ledger.Account.INVENTORY)
            debit, credit = sides if missing >= 0 else sides[::-1]
            LedgerEntry.objects.create(
                chain_id=manifest.chain_id,
                token=token,
                debit=debit,
                credit=credit,
                amount=abs(missing),
                memo=ledger.BASELINE,
            )


def _moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
