"""How much we have delivered, or are about to, against deposits that a reorg could still take away."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet

from intents.chains import registry
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Chain, ChainHead, ChainLog, LedgerEntry, Order, Step

from .case import Case
from .depth import exposure_cap_usd_e8, final_depth

_AT_RISK = (OrderState.FILLING, OrderState.FILLED, OrderState.PROVING)


def at_our_risk(origin_id: int) -> QuerySet[Order]:
    """Orders out of a chain but for those that others delivered, which cost us nothing whatever becomes of them."""
    left = Step.objects.filter(order=OuterRef("pk"), kind=StepKind.PROVE, state=StepState.SKIPPED)
    paid = LedgerEntry.objects.filter(order=OuterRef("pk"), memo="fill")
    return Order.objects.filter(~Exists(left) | Exists(paid), origin_id=origin_id)


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
    rows = at_our_risk(origin_id).filter(state__in=_AT_RISK).exclude(order_id=but)
    values = dict(rows.values_list("order_id", "value_usd_e8"))
    final = _final_deposits(origin_id, values)
    return sum(value for order_id, value in values.items() if order_id not in final)


def _final_deposits(origin_id: int, order_ids: Collection[str]) -> set[str]:
    """Those whose deposit is final by the chain's own blocks, whether anybody looked at them since or not."""
    head = ChainHead.objects.filter(chain_id=origin_id).values_list("number", flat=True).first() or 0
    final = head - final_depth(registry.chain(origin_id)) + 1
    logs = ChainLog.objects.filter(
        chain_id=origin_id, kind="Open", block_number__lte=final, order_id__in=list(order_ids)
    )
    return set(logs.values_list("order_id", flat=True))


def _is_deposit_final(case: Case) -> bool:
    step = case.step(StepKind.OPEN)
    return step is not None and step.state == StepState.FINAL
