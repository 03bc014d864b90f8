"""Orders that were opened without a quote of ours: valued and planned when they have been seen."""

from intents.models import Step

from . import lease
from .case import Case, Wait, set_details
from .depth import required_depth
from .repricing import reprice
from .supply import supply_details

LOOK_AGAIN_SECONDS = 5.0


def gate_stranger(case: Case, step: Step) -> Wait | None:
    """None once the order has a way that pays for itself; else why we leave it to be refunded."""
    if not step.details.get("stranger") or step.details.get("stock_token"):
        return None
    found = reprice(
        origin_id=case.order.origin_id,
        destination_id=case.order.destination_id,
        input_token=case.order.input_token,
        input_amount=case.order.input_amount,
        output_token=case.order.output_token,
    )
    signed = case.terms.outputs[0].amount
    if found.route is None or not found.pays(signed):
        code = found.refusal.code if found.refusal else "not_profitable"
        _say_why(case, code)
        return Wait("not_taken", {"because": code}, seconds=LOOK_AGAIN_SECONDS)
    value = found.route.value_usd_e8
    depth = required_depth(case.origin, value)
    lease.write(case.lease, value_usd_e8=value, required_depth=depth, reason={})
    case.order.value_usd_e8, case.order.required_depth = value, depth
    set_details(step, **supply_details(found.route, signed=signed))
    return None


def _say_why(case: Case, code: str) -> None:
    reason = {"code": "not_taken", "params": {"because": code}}
    if case.order.reason != reason:
        lease.write(case.lease, reason=reason)
        case.order.reason = reason
