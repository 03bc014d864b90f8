"""What the call of an output came to, from the executor's logs."""

from collections.abc import Sequence

from intents.chains.reverts import decode_revert
from intents.models import ChainLog
from intents.settlement.destination_call import DestinationCallError, call_in

from . import events
from .case import Case

_KINDS = ("Called", "CallFailed")


def name_calls(rows: Sequence[ChainLog]) -> None:
    """The executor knows no orders: its log belongs to the fill that is logged next in the same transaction.

    Anybody can have a fill logged under any order id, so nothing is believed for the name alone.
    """
    waiting: dict[str, list[ChainLog]] = {}
    for row in sorted(rows, key=lambda each: (each.block_number, each.log_index)):
        if row.kind in _KINDS:
            waiting.setdefault(row.tx_hash, []).append(row)
        elif row.kind == "OutputFilled":
            for call in waiting.pop(row.tx_hash, []):
                call.order_id = row.order_id


def record_call(case: Case, filled: ChainLog) -> None:
    """Write down what became of the call that the order's own fill made; nothing for an order without one."""
    found = _call_of(case, filled)
    if found is None:
        return
    place = {"chain_id": filled.chain_id, "tx_hash": filled.tx_hash, "block": filled.block_number}
    target = found.data["target"]
    if found.kind == "Called":
        events.record(case.order.order_id, "called", **place, target=target)
        return
    reason = decode_revert(bytes.fromhex(found.data["reason"][2:]), "")
    events.record(
        case.order.order_id,
        "call_failed",
        **place,
        target=target,
        revert={"name": reason.name, "args": [str(argument)[:200] for argument in reason.arguments]},
    )


def _call_of(case: Case, filled: ChainLog) -> ChainLog | None:
    """The executor's last log before the fill's own, for the order's recipient and target."""
    try:
        call = call_in(case.terms.outputs[0])
    except DestinationCallError:
        return None
    if call is None:
        return None
    before = [
        log
        for log in case.logs
        if log.kind in _KINDS
        and log.tx_hash == filled.tx_hash
        and log.log_index < filled.log_index
        and (log.data["recipient"], log.data["target"]) == (call.recipient, call.target)
    ]
    return before[-1] if before else None
