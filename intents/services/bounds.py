"""How much one wallet, browser or client may have under way, and have had come back, at our cost."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from intents.chains import registry
from intents.engine import deposits
from intents.engine.cold_start import refuse_new_chain
from intents.lifecycle import OrderState, StepKind, StepState
from intents.models import Order, Step

from .errors import InsufficientBalance, NoAllowance, PermitPending, TooManyOpen, refused
from .limits import factor
from .wallets import WalletFacts
from .ways import UNSIGNED

MOST_UNOPENED = 3
# Orders that cost nobody anything yet: enough for a person who hesitates, too few to fill a table with.
MOST_AWAITING = 8
# Somebody's server may ask for all of its customers.
MOST_AWAITING_OF_A_CLIENT = 100
FAILED_OPENS_COUNT = timedelta(minutes=10)
# What we open and then return costs us six transactions and whoever signed it none: not again and again.
MOST_RETURNED = 5
MOST_RETURNED_OF_A_CLIENT = 20
RETURNED_COUNT = timedelta(hours=1)
RETURNED = (OrderState.REFUND_DUE, OrderState.REFUNDING, OrderState.REFUNDED)
UNOPENED = (OrderState.SIGNED, OrderState.OPENING)


def check_awaiting(order: Order, browser_key: str) -> None:
    """Bounded by whoever asks, not by the wallet alone: nobody may lock others out of their own wallet.

    Who forgets cookies and makes up wallets is still one client: every address that waits is looked at block by block.
    """
    awaiting = Order.objects.filter(state=OrderState.AWAITING_DEPOSIT).exclude(pk=order.pk)
    from_there = awaiting.filter(client_key=order.client_key).count() if order.client_key else 0
    if from_there >= MOST_AWAITING_OF_A_CLIENT * factor():
        raise TooManyOpen(limit=MOST_AWAITING_OF_A_CLIENT)
    if browser_key:
        mine = awaiting.filter(accesses__browser_key=browser_key)
    else:
        # Nothing is signed by then: whoever names a wallet fills their own places alone.
        mine = awaiting.filter(user=order.user, client_key=order.client_key, accesses=None)
    if mine.count() >= MOST_AWAITING:
        raise TooManyOpen(limit=MOST_AWAITING)
    _check_returned(order)


def check_wallet(order: Order, facts: WalletFacts) -> None:
    """What a wallet may have unopened, failed or returned, and whether it holds what all of it takes."""
    unopened = Order.objects.filter(user=order.user, state__in=UNOPENED).exclude(pk=order.pk)
    failed = Order.objects.filter(
        state=OrderState.REJECTED,
        reason__code="open_failed",
        created_at__gt=timezone.now() - FAILED_OPENS_COUNT,
    ).exclude(pk=order.pk)
    if unopened.count() + failed.filter(user=order.user).count() >= MOST_UNOPENED:
        raise TooManyOpen(limit=MOST_UNOPENED)
    from_there = failed.filter(client_key=order.client_key).count() if order.client_key else 0
    if from_there >= MOST_UNOPENED * factor():
        raise TooManyOpen(limit=MOST_UNOPENED)
    _check_returned(order)
    same = unopened.filter(origin_id=order.origin_id, input_token=order.input_token)
    need = order.input_amount + sum(same.values_list("input_amount", flat=True))
    if need > facts.balance:
        raise InsufficientBalance(have=str(facts.balance), need=str(need))
    if order.confirm_way == deposits.PERMIT and same.filter(confirm_way=deposits.PERMIT).exists():
        # Both would carry the token's next number: only one of them could open.
        raise PermitPending()
    if order.confirm_way != "permit2":
        return
    by_permit2 = same.filter(confirm_way="permit2").values_list("input_amount", flat=True)
    allowed = order.input_amount + sum(by_permit2)
    if allowed > facts.permit2_allowance:
        raise NoAllowance(have=str(facts.permit2_allowance), need=str(allowed))


def check_new_chain(order: Order) -> None:
    """What leaves a chain that joined a short while ago, this order counted beside those that are there by now."""
    refusal = refuse_new_chain(
        registry.chain(order.origin_id),
        order.input_token,
        amount=order.input_amount,
        value_usd_e8=order.value_usd_e8,
        but=order.order_id,
    )
    if refusal is not None:
        raise refused(refusal)


def _check_returned(order: Order) -> None:
    """Nobody has us open and return for nothing, as one who refuses what is paid out could.

    What its user opened counts as well once it was in escrow: the proof that brings it back costs us far more.
    """
    opened = Step.objects.filter(
        order=OuterRef("pk"), kind=StepKind.OPEN, state__in=(StepState.CONFIRMED, StepState.FINAL)
    )
    returned = Order.objects.filter(
        ~Q(confirm_way__in=UNSIGNED) | Exists(opened),
        state__in=RETURNED,
        created_at__gt=timezone.now() - RETURNED_COUNT,
        quote__isnull=False,
    )
    from_there = returned.filter(client_key=order.client_key).count() if order.client_key else 0
    is_too_often = returned.filter(user=order.user).count() >= MOST_RETURNED * factor()
    if is_too_often or from_there >= MOST_RETURNED_OF_A_CLIENT * factor():
        raise TooManyOpen(limit=MOST_RETURNED)
