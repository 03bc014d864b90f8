"""Writes the orders: all of them with the logs of their three transactions, the newest with every row there is."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from intents.models import Attempt, ChainLog, Deposit, Event, LedgerEntry, Order, Quote, Step

from .chains import SETTLER
from .copying import Template, copy_rows
from .orders import Made, Maker

KINDS = ("Open", "OutputFilled", "Finalised")
STEPS = ("open", "fill", "prove", "finalise")
EVENTS = ("accepted", "open_sent", "opened", "depth", "fill_sent", "filled", "prove_sent", "settled")
LEDGER = (("user", "escrow"), ("inventory", "reserved"), ("reserved", "user"), ("escrow", "inventory"))
Told = Callable[[str], None]


def fill(maker: Maker, tell: Told) -> dict[str, list[tuple[str, str]]]:
    """Write everything; quotes and deposit addresses to search for, with their orders."""
    full: list[Made] = []
    copy_rows(_order_template(), _orders(maker, full))
    tell(f"{maker.count:,} orders")
    logs = copy_rows(_log_template(), _logs(maker))
    tell(f"{logs:,} logs")
    return _fill_whole(full, maker)


def _orders(maker: Maker, full: list[Made]) -> Iterator[dict[str, Any]]:
    for made in maker.orders():
        if maker.count - made.number <= maker.full:
            made.values["quote_id"] = str(uuid.UUID(bytes=maker.random.randbytes(16), version=4))
            full.append(made)
        yield made.values


def _logs(maker: Maker) -> Iterator[dict[str, Any]]:
    for log in maker.logs:
        for number, kind in enumerate(KINDS):
            tx_hash = log.hashes[number]
            yield {
                "chain_id": log.chains[number],
                "block_number": log.seconds - 1_700_000_000 + 2 * number,
                "block_hash": f"0x{tx_hash[34:]}{tx_hash[2:34]}",
                "block_timestamp": log.seconds + 2 * number,
                "tx_hash": tx_hash,
                "kind": kind,
                "order_id": log.order_id,
            }


def _fill_whole(full: list[Made], maker: Maker) -> dict[str, list[tuple[str, str]]]:
    """The other rows of the newest orders. Orders point at quotes that come after them: nothing checks meanwhile."""
    copy_rows(_quote_template(), (_quote(made) for made in full))
    copy_rows(_step_template(), _steps(full))
    copy_rows(_attempt_template(), _attempts(full, maker))
    copy_rows(_event_template(), _events(full))
    copy_rows(_ledger_template(), _ledger(full))
    deposits = [(maker.address(), made) for made in full[::5]]
    copy_rows(_deposit_template(), (_deposit(address, made) for address, made in deposits))
    return {
        "quote": [(made.values["quote_id"], made.values["order_id"]) for made in full],
        "deposit": [(address, made.values["order_id"]) for address, made in deposits],
    }


def _quote(made: Made) -> dict[str, Any]:
    values = made.values
    return {
        **{name: values[name] for name in ("origin_id", "destination_id", "input_token", "output_token")},
        **{name: values[name] for name in ("input_amount", "output_expected", "user", "recipient")},
        "id": values["quote_id"],
        "output_minimum": values["output_amount"],
        "order": values["terms"],
        "order_id": values["order_id"],
        "created_at": values["created_at"],
    }


def _steps(full: list[Made]) -> Iterator[dict[str, Any]]:
    for place, made in enumerate(full):
        for index, kind in enumerate(STEPS):
            chain = made.values["destination_id" if kind in ("fill", "prove") else "origin_id"]
            yield {
                "id": place * len(STEPS) + index + 1,
                "order_id": made.values["order_id"],
                "index": index,
                "kind": kind,
                "chain_id": chain,
            }


def _attempts(full: list[Made], maker: Maker) -> Iterator[dict[str, Any]]:
    for place, made in enumerate(full):
        for number, purpose in enumerate(("open", "fill", "finalise")):
            raw = maker.random.randbytes(600)
            yield {
                "id": place * 3 + number + 1,
                "step_id": place * len(STEPS) + (0, 1, 3)[number] + 1,
                "purpose": purpose,
                "chain_id": made.values["destination_id" if number == 1 else "origin_id"],
                "nonce": place * 3 + number,
                "tx_hash": made.hashes[number],
                "raw": f"\\\\x{raw.hex()}",
                "calldata": "0x" + raw[:500].hex(),
                "created_at": made.values["created_at"],
            }


def _events(full: list[Made]) -> Iterator[dict[str, Any]]:
    for made in full:
        for seq, kind in enumerate(EVENTS, 1):
            data = {"chain_id": made.values["origin_id"], "tx_hash": made.hashes[seq % 3]}
            yield {
                "order_id": made.values["order_id"],
                "seq": seq,
                "kind": kind,
                "data": json.dumps(data),
                "at": made.values["created_at"],
            }


def _ledger(full: list[Made]) -> Iterator[dict[str, Any]]:
    for made in full:
        values = made.values
        for number, (debit, credit) in enumerate(LEDGER):
            yield {
                "order_id": values["order_id"],
                "chain_id": values["origin_id"],
                "token": values["input_token"],
                "debit": debit,
                "credit": credit,
                "amount": values["input_amount"],
                "memo": f"fact {number}",
                "created_at": values["created_at"],
            }


def _deposit(address: str, made: Made) -> dict[str, Any]:
    values = made.values
    return {
        "order_id": values["order_id"],
        "chain_id": values["origin_id"],
        "address": address,
        "token": values["input_token"],
        "watched_until": values["received_at"] + timedelta(days=7).total_seconds(),
    }


def _order_template() -> Template:
    changing = (
        "order_id", "state", "signature", "user", "recipient", "origin_id", "destination_id", "input_token",
        "input_amount", "output_token", "output_amount", "output_expected", "delivered_amount",
        "value_usd_e8", "fill_deadline", "expires", "share_key", "client_key", "created_at", "received_at",
        "delivered_at", "route_kind", "quote_id", "terms",
    )  # fmt: skip
    return Template(Order, changing, confirm_way="eip3009", language="en", required_depth=3)


def _log_template() -> Template:
    changing = (
        "chain_id", "block_number", "block_hash", "block_timestamp", "tx_hash", "kind", "order_id",
    )  # fmt: skip
    # What the logs of old orders said in detail is left out; their transactions stay to be found.
    return Template(ChainLog, changing, id=..., log_index=0, address=SETTLER, data={})


def _quote_template() -> Template:
    route = {
        "kind": "swap_fill",
        "value_usd_e8": "10000000000",
        "path": [SETTLER] * 3,
        "amounts": ["1" * 18] * 3,
        "reasons": [{"code": "venue", "params": {"venue": "uniswap_v3", "fee_bps": 5, "pool": SETTLER}}] * 4,
    }
    changing = (
        "id", "origin_id", "destination_id", "input_token", "output_token", "input_amount",
        "output_expected", "user", "recipient", "output_minimum", "order", "order_id", "created_at",
    )  # fmt: skip
    return Template(
        Quote,
        changing,
        state="used",
        routes=[route] * 4,
        rejected=[{"route": route, "code": "bridge_too_slow", "params": {"seconds": 900}}] * 3,
        fees=[{"kind": "network_fee", "token": SETTLER, "amount": "77000", "usd_e8": "7700000"}] * 4,
        plan=[{"index": index, "kind": kind, "details": {}} for index, kind in enumerate(STEPS)],
        intent={"amount": "100000000", "exact": "input", "user": SETTLER, "recipient": SETTLER},
        world={str(chain): {"number": 1, "hash": "0x" + "ab" * 32} for chain in (900, 901, 902, 903)},
        eta_seconds=3,
        confirm_way="eip3009",
    )


def _step_template() -> Template:
    details = {"minimum_output": "1" * 18, "expected_output": "1" * 18, "stock_token": SETTLER, "swap": {}}
    return Template(Step, ("id", "order_id", "index", "kind", "chain_id"), state="final", details=details)


def _attempt_template() -> Template:
    changing = (
        "id", "step_id", "purpose", "chain_id", "nonce", "tx_hash", "raw", "calldata", "created_at",
    )  # fmt: skip
    return Template(
        Attempt,
        changing,
        state="confirmed",
        sender=SETTLER,
        target=SETTLER,
        gas_limit=300_000,
        max_fee_wei=10**10,
        priority_fee_wei=10**9,
        block_number=1,
        block_hash="0x" + "cd" * 32,
        gas_used=200_000,
        gas_price_wei=10**9,
        endpoint="127.0.0.1",
    )


def _event_template() -> Template:
    return Template(Event, ("order_id", "seq", "kind", "data", "at"), id=...)


def _ledger_template() -> Template:
    changing = ("order_id", "chain_id", "token", "debit", "credit", "amount", "memo", "created_at")
    return Template(LedgerEntry, changing, id=...)


def _deposit_template() -> Template:
    return Template(Deposit, ("order_id", "chain_id", "address", "token", "watched_until"))
