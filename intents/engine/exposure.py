"""How much we have delivered, or are about to, against deposits that a reorg could still take away."""

from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Chain, Order, Step

from .case import Case
from .depth import exposure_cap_usd_e8

_AT_RISK = (OrderState.FILLING, OrderState.FILLED, OrderState.PROVING)


def is_within_cap(case: Case) -> bool:
    """Whether this order's value still fits under its origin's cap; call it inside the transaction that
    moves the order to FILLING.

    The origin's row is locked, so that two workers do not both take the last of it. One order larger
    than the whole cap passes when its own deposit is final, never otherwise.
    """
    cap = exposure_cap_usd_e8(case.origin)
    if cap is None or _is_deposit_final(case):
        return True
    Chain.objects.select_for_update().get(chain_id=case.origin.chain_id)
    return unfinal_usd_e8(case.origin.chain_id, but=case.order.order_id) + case.order.value_usd_e8 <= cap


def unfinal_usd_e8(origin_id: int, *, but: str = "") -> int:
    """USD × 10^8 of the orders of an origin that we fill or filled while their deposit is not final."""
    final = Step.objects.filter(kind=StepKind.OPEN, state=StepState.FINAL).values("order_id")
    rows = Order.objects.filter(origin_id=origin_id, state__in=_AT_RISK).exclude(order_id=but)
    return sum(rows.exclude(order_id__in=final).values_list("value_usd_e8", flat=True))


def _is_deposit_final(case: Case) -> bool:
    step = case.step(StepKind.OPEN)
    return step is not None and step.state == StepState.FINAL
