"""Orders that were opened without a quote of ours: valued and planned when they have been seen."""

import time

from intents.models import Step

from . import lease
from .brakes import refuse_braked_order
from .case import Case, Wait
from .cold_start import refuse_new_chain
from .depth import required_depth
from .repricing import reprice_order
from .reservations import StockShort
from .supply import change_supply, supply_details

LOOK_AGAIN_SECONDS = 5.0
# Strangers set their own deadlines: what did not pay for so long is looked at ever more rarely.
PATIENCE = 20
LONGEST_SECONDS = 900.0


def gate_stranger(case: Case, step: Step) -> Wait | None:
    """None once the order has a way that pays for itself and its stock; else why we leave it to be refunded."""
    if not step.details.get("stranger") or step.details.get("stock_token"):
        return None
    braked = refuse_braked_order(case.order)
    if braked is not None:
        _say_why(case, braked.code)
        return Wait(braked.code, braked.params, seconds=patience(case, LOOK_AGAIN_SECONDS))
    found = reprice_order(case)
    signed = case.terms.outputs[0].amount
    if found.route is None or not found.pays(signed):
        code = found.refusal.code if found.refusal else "not_profitable"
        _say_why(case, code)
        return Wait("not_taken", {"because": code}, seconds=patience(case, LOOK_AGAIN_SECONDS))
    value = found.route.value_usd_e8
    capped = refuse_new_chain(
        case.origin,
        case.order.input_token,
        amount=case.order.input_amount,
        value_usd_e8=value,
        but=case.order.order_id,
    )
    if capped is not None:
        _say_why(case, capped.code)
        return Wait(capped.code, capped.params, seconds=patience(case, LOOK_AGAIN_SECONDS))
    depth = required_depth(case.origin, value)
    lease.write(case.lease, value_usd_e8=value, required_depth=depth, reason={})
    case.order.value_usd_e8, case.order.required_depth = value, depth
    try:
        change_supply(case, step, supply_details(found.route, signed=signed))
    except StockShort as short:
        return Wait("no_stock", {"token": short.token}, seconds=patience(case, LOOK_AGAIN_SECONDS))
    return None


def patience(case: Case, seconds: float) -> float:
    """How long to wait before a stranger's order is judged again; `seconds` for ours and for young ones."""
    if case.is_ours:
        return seconds
    age = time.time() - case.order.received_at
    return max(seconds, min(age / PATIENCE, LONGEST_SECONDS))


def _say_why(case: Case, code: str) -> None:
    reason = {"code": "not_taken", "params": {"because": code}}
    if case.order.reason != reason:
        lease.write(case.lease, reason=reason)
        case.order.reason = reason
