"""What the chains say about an order, from the logs that are in their blocks now."""

from dataclasses import dataclass

from intents.models import ChainLog
from intents.settlement.calls import FillFact, solver_id
from intents.settlement.order import order_to_json

from .case import Case
from .deposit_facts import is_unopened, taken_back


@dataclass(frozen=True, slots=True)
class Evidence:
    """The facts that move an order. `filled` is the first output's delivery, once all were delivered in time.

    `facts` are the fills by output then, `fills` their logs; `unfilled` is the first output that has no fill at
    all, which can be attested once the deadline has passed, None when every output has one. `to_fill` are the
    outputs that a fill of ours would still have to pay: none when the first belongs to somebody else. `is_withheld`
    says that the escrow could not pay our account when the order was finalised.
    """

    opened: ChainLog | None = None
    filled: ChainLog | None = None
    facts: tuple[FillFact, ...] = ()
    fills: tuple[ChainLog, ...] = ()
    to_fill: tuple[int, ...] = (0,)
    is_our_fill: bool = False
    unfilled: int | None = 0
    finalised: ChainLog | None = None
    refunded: ChainLog | None = None
    held: ChainLog | None = None
    is_withheld: bool = False


def gather(case: Case) -> Evidence:
    """Read the evidence out of the order's logs; logs of contracts that are not ours count for nothing."""
    settler = case.origin.address("input_settler")
    at_origin = {
        log.kind: log for log in case.logs if log.chain_id == case.origin.chain_id and log.address == settler
    }
    fills = _fills(case)
    in_time = [log for log in fills if log and int(log.data["timestamp"]) <= case.terms.fill_deadline]
    is_filled = len(in_time) == len(fills)
    facts = tuple(_fact(log) for log in in_time) if is_filled else ()
    ours = solver_id(case.destination)
    missing = tuple(index for index, log in enumerate(fills) if log is None)
    # Whose fill the first output's is collects the input: to complete another's would be a gift.
    is_open_to_us = fills[0] is None or _fact(fills[0]).solver == ours
    return Evidence(
        opened=at_origin.get("Open"),
        filled=in_time[0] if is_filled else None,
        facts=facts,
        fills=tuple(in_time) if is_filled else (),
        to_fill=missing if is_open_to_us else (),
        is_our_fill=is_filled and facts[0].solver == ours,
        unfilled=missing[0] if missing else None,
        finalised=at_origin.get("Finalised"),
        refunded=at_origin.get("Refunded") or (taken_back(case) if is_unopened(case) else None),
        held=at_origin.get("PayoutHeld"),
        is_withheld=_is_withheld(case, at_origin.get("Finalised")),
    )


def _is_withheld(case: Case, finalised: ChainLog | None) -> bool:
    if finalised is None:
        return False
    ours = (case.origin.address("solver_account"), case.order.input_token)
    return any(
        log.kind == "PayoutHeld"
        and (log.chain_id, log.address, log.tx_hash)
        == (finalised.chain_id, finalised.address, finalised.tx_hash)
        and (log.data["user"], log.data["token"]) == ours
        for log in case.logs
    )


def log_of(case: Case, kind: str, tx_hashes: set[str]) -> ChainLog | None:
    """The log of a kind that one of these transactions left, newest first."""
    return next((log for log in reversed(case.logs) if log.kind == kind and log.tx_hash in tx_hashes), None)


def _fills(case: Case) -> list[ChainLog | None]:
    """The first fill of each signed output, None where there is none.

    Anybody can have any output recorded under any order id: only the signed ones, in full, count.
    """
    signed = order_to_json(case.terms)["outputs"]
    settler = case.destination.address("output_settler")
    logs = [
        log
        for log in case.logs
        if log.kind == "OutputFilled" and log.chain_id == case.destination.chain_id and log.address == settler
    ]
    return [next((log for log in logs if log.data.get("output") == output), None) for output in signed]


def _fact(log: ChainLog) -> FillFact:
    return FillFact(solver=bytes.fromhex(log.data["solver"][2:]), timestamp=int(log.data["timestamp"]))
