"""The receipt as a document for programs; `manage.py verify-receipt` holds it against any node.

Amounts are base units as decimal text. A line is there once its fact is on a chain; `quoted` is what the
offer said, `least` what was signed.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.utils import timezone
from eth_utils.address import to_checksum_address

from intents.lifecycle import AttemptState
from intents.models import Attempt, ChainLog, LedgerEntry, Order, Step
from intents.selectors.fees import fees_json
from intents.selectors.network import NATIVE, contract_address
from intents.selectors.place import Place, evidence, place_of
from intents.settlement.destination_call import DestinationCallError, decode_destination_call

FORMAT: Final = "waymeet-receipt-1"
JsonObject = dict[str, Any]


def receipt_json(order: Order) -> JsonObject:
    """Everything a receipt says."""
    logs = list(ChainLog.objects.filter(order_id=order.order_id).order_by("block_number", "log_index"))
    return {
        "format": FORMAT,
        "issued_at": timezone.now().isoformat(timespec="seconds"),
        "order_id": order.order_id,
        "outcome": _outcome(order),
        "settler": contract_address(order.origin_id, "input_settler"),
        "order": order.terms,
        "lines": list(_lines(order, logs)),
        "transactions": _transactions(order),
        "fees": fees_json(order),
    }


def _outcome(order: Order) -> str:
    place = place_of(order, evidence(order))
    ends = {Place.DELIVERED: "delivered", Place.RETURNED: "returned", Place.CLAIMABLE: "waiting"}
    return ends.get(place, "running")


def _lines(order: Order, logs: Sequence[ChainLog]) -> Iterator[JsonObject]:
    origin = [log for log in logs if log.chain_id == order.origin_id]
    opened = _last(origin, "Open")
    if opened:
        yield {
            **_token("locked", order.origin_id, order.input_token),
            "from": order.user,
            "to": opened.address,
            "quoted": str(order.input_amount),
            "actual": str(order.input_amount),
            "proof": _proof(opened),
        }
    if order.delivered_amount is not None:
        yield from _deliveries(order, [log for log in logs if log.chain_id == order.destination_id])
    yield from _returns(order, origin)


def _deliveries(order: Order, logs: Sequence[ChainLog]) -> Iterator[JsonObject]:
    """Anybody can have anything recorded under any number: only the signed outputs, in full, count."""
    for index, output in enumerate(order.terms.get("outputs", ())):
        settler = to_checksum_address("0x" + str(output.get("settler", "0x" + "0" * 64))[-40:])
        filled = next(
            (
                log
                for log in logs
                if log.kind == "OutputFilled" and log.address == settler and log.data.get("output") == output
            ),
            None,
        )
        if filled is None:
            continue
        token = to_checksum_address("0x" + output["token"][-40:])
        signed = str(output["amount"])
        yield {
            **_token("delivered" if index == 0 else "gas_on_arrival", order.destination_id, token),
            "output": index,
            "to": order.recipient,
            "quoted": str(order.output_expected) if index == 0 else signed,
            "least": signed,
            "actual": str(order.delivered_amount) if index == 0 else signed,
            "proof": _proof(filled),
        }
    yield from _calls(order, logs)


def _calls(order: Order, logs: Sequence[ChainLog]) -> Iterator[JsonObject]:
    try:
        call = decode_destination_call(bytes.fromhex(order.terms["outputs"][0]["callbackData"][2:]))
    except (DestinationCallError, LookupError, ValueError):
        return
    for log in logs:
        if log.kind in ("Called", "CallFailed") and log.data.get("target") == call.target:
            yield {
                "what": "call",
                "chain_id": log.chain_id,
                "to": call.target,
                "actual": "made" if log.kind == "Called" else "failed",
                "proof": _proof(log),
            }
            return


def _returns(order: Order, logs: Sequence[ChainLog]) -> Iterator[JsonObject]:
    refunded, held = _last(logs, "Refunded"), _last(logs, "PayoutHeld")
    if refunded:
        is_held = held is not None and held.data.get("user") == order.user and order.payout == "claimable"
        log = held if is_held and held is not None else refunded
        yield {
            **_token("held" if is_held else "returned", order.origin_id, order.input_token),
            "from": refunded.address,
            "to": order.user,
            "quoted": str(order.input_amount),
            "actual": str(order.input_amount),
            "proof": _proof(log),
        }
    for log in logs:
        if log.kind == "Recovered":
            yield {
                **_token("returned", order.origin_id, str(log.data["token"])),
                "to": order.user,
                "actual": str(log.data["amount"]),
                "proof": _proof(log),
            }


def _transactions(order: Order) -> list[JsonObject]:
    """What the network took for our transactions; of one that served several transfers, this one's part."""
    parts = {
        entry.memo: entry.amount
        for entry in LedgerEntry.objects.filter(order=order, credit=LedgerEntry.Account.GAS)
    }
    steps = Step.objects.filter(order=order)
    mined = Attempt.objects.filter(state__in=(AttemptState.CONFIRMED, AttemptState.REVERTED))
    own = mined.filter(step__in=steps) | mined.filter(also__in=steps)
    return [
        {
            **_token("transaction", attempt.chain_id, NATIVE),
            "purpose": attempt.purpose.partition(":")[0],
            "is_reverted": attempt.state == AttemptState.REVERTED,
            "from": attempt.sender,
            "gas_used": str(attempt.gas_used),
            "gas_price": str(attempt.gas_price_wei),
            **({"data_fee": str(attempt.data_fee_wei)} if attempt.data_fee_wei else {}),
            "actual": str(parts.get(f"gas:{attempt.tx_hash[2:34]}", attempt.cost_wei)),
            "proof": {
                "tx_hash": attempt.tx_hash,
                "block_number": attempt.block_number,
                "block_hash": attempt.block_hash,
            },
        }
        for attempt in own.distinct().defer("raw", "calldata").order_by("id")
        if attempt.cost_wei is not None and attempt.block_hash
    ]


def _token(what: str, chain_id: int, token: str) -> JsonObject:
    return {"what": what, "chain_id": chain_id, "token": token}


def _proof(log: ChainLog) -> JsonObject:
    return {
        "event": log.kind,
        "address": log.address,
        "tx_hash": log.tx_hash,
        "block_number": log.block_number,
        "block_hash": log.block_hash,
        "log_index": log.log_index,
    }


def _last(logs: Sequence[ChainLog], kind: str) -> ChainLog | None:
    return next((log for log in reversed(logs) if log.kind == kind), None)
