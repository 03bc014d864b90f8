"""What the chains say about an order, from the logs that are in their blocks now."""

from dataclasses import dataclass

from intents.models import ChainLog
from intents.settlement.calls import FillFact, solver_id
from intents.settlement.order import order_to_json

from .case import Case
from .deposit_facts import is_unopened, taken_back


@dataclass(frozen=True, slots=True)
class Evidence:
    """The facts that move an order. `filled` is a delivery of the signed output within its deadline."""

    opened: ChainLog | None = None
    filled: ChainLog | None = None
    fact: FillFact | None = None
    is_our_fill: bool = False
    is_filled_late: bool = False
    finalised: ChainLog | None = None
    refunded: ChainLog | None = None
    held: ChainLog | None = None


def gather(case: Case) -> Evidence:
    """Read the evidence out of the order's logs; logs of contracts that are not ours count for nothing."""
    settler = case.origin.address("input_settler")
    at_origin = {
        log.kind: log for log in case.logs if log.chain_id == case.origin.chain_id and log.address == settler
    }
    fills = [log for log in case.logs if _is_fill_of_signed_output(case, log)]
    in_time = [log for log in fills if int(log.data["timestamp"]) <= case.terms.fill_deadline]
    filled = in_time[0] if in_time else None
    fact = None
    if filled is not None:
        solver = bytes.fromhex(filled.data["solver"][2:])
        fact = FillFact(solver=solver, timestamp=int(filled.data["timestamp"]))
    return Evidence(
        opened=at_origin.get("Open"),
        filled=filled,
        fact=fact,
        is_our_fill=fact is not None and fact.solver == solver_id(case.destination),
        is_filled_late=bool(fills) and filled is None,
        finalised=at_origin.get("Finalised"),
        refunded=at_origin.get("Refunded") or (taken_back(case) if is_unopened(case) else None),
        held=at_origin.get("PayoutHeld"),
    )


def log_of(case: Case, kind: str, tx_hashes: set[str]) -> ChainLog | None:
    """The log of a kind that one of these transactions left, newest first."""
    return next((log for log in reversed(case.logs) if log.kind == kind and log.tx_hash in tx_hashes), None)


def _is_fill_of_signed_output(case: Case, log: ChainLog) -> bool:
    """Anybody can have any output recorded under any order id: only the signed one, in full, counts."""
    if log.kind != "OutputFilled" or log.chain_id != case.destination.chain_id:
        return False
    if log.address != case.destination.address("output_settler"):
        return False
    return bool(log.data.get("output") == order_to_json(case.terms)["outputs"][0])
