"""Orders, their steps, the transactions tried for them, and what happened."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intents.lifecycle import AttemptState, OrderState, StepKind, StepState

from .fields import Uint256Field
from .indexes import CaselessIndex
from .quotes import Quote

# Still before its delivery: what can be slower than promised.
RUNNING = tuple(
    state.value for state in (OrderState.SIGNED, OrderState.OPENING, OrderState.OPENED, OrderState.FILLING)
)


def _choices(states: type) -> list[tuple[str, str]]:
    return [(state.value, state.value) for state in states]  # type: ignore[attr-defined]


# What the console searches by, newest first among equals (docs/console.md says which question each answers).
SEARCHED = [
    CaselessIndex(fields=["user", "-created_at"], name="order_by_user"),
    CaselessIndex(fields=["recipient", "-created_at"], name="order_by_recipient"),
    models.Index(fields=["input_amount", "-created_at"], name="order_by_input_amount"),
    models.Index(fields=["output_amount", "-created_at"], name="order_by_output_amount"),
    models.Index(fields=["output_expected", "-created_at"], name="order_by_expected"),
    models.Index(fields=["delivered_amount", "-created_at"], name="order_by_delivered"),
]
# What the console's lists are filtered and sorted by.
LISTED = [
    models.Index(fields=["created_at"], name="order_by_time"),
    models.Index(fields=["state", "created_at"], name="order_by_state"),
    # Without the time: what is frequent is found by time anyway, and equal values share their entry.
    models.Index(fields=["input_token"], name="order_input_token"),
    models.Index(fields=["output_token"], name="order_output_token"),
    models.Index(fields=["route_kind"], name="order_route_kind"),
    models.Index(fields=["value_usd_e8", "created_at"], name="order_by_value"),
    models.Index(fields=["fill_deadline", "created_at"], name="order_by_deadline"),
    models.Index(fields=["received_at"], name="order_running", condition=Q(state__in=RUNNING)),
]


class Order(models.Model):
    """A signed or on-chain order. Only the holder of its lease writes its state."""

    order_id = models.CharField(primary_key=True, max_length=66)
    quote = models.OneToOneField(Quote, null=True, on_delete=models.PROTECT, related_name="submitted_order")
    state = models.CharField(max_length=20, choices=_choices(OrderState), db_index=True)
    resume_state = models.CharField(max_length=20, blank=True, help_text=_("where NEEDS_ATTENTION resumes"))
    reason = models.JSONField(
        default=dict, help_text=_("{code, params}: why it waits, was rejected or stopped")
    )
    terms = models.JSONField(help_text=_("the order itself, as settlement.order JSON"))
    signature = models.TextField(blank=True)
    confirm_way = models.CharField(max_length=12)
    route_kind = models.CharField(
        max_length=20, blank=True, help_text=_("of the quoted route; empty when opened elsewhere")
    )
    user = models.CharField(max_length=42)
    recipient = models.CharField(max_length=42)
    origin_id = models.PositiveBigIntegerField()
    destination_id = models.PositiveBigIntegerField()
    input_token = models.CharField(max_length=42)
    input_amount = Uint256Field()
    output_token = models.CharField(max_length=42)
    output_amount = Uint256Field(help_text=_("the signed minimum"))
    output_expected = Uint256Field()
    delivered_amount = Uint256Field(null=True)
    value_usd_e8 = Uint256Field(default=0)
    required_depth = models.PositiveIntegerField(default=1, help_text=_("blocks on the origin before a fill"))
    fill_deadline = models.PositiveBigIntegerField(help_text=_("chain time, seconds"))
    expires = models.PositiveBigIntegerField(help_text=_("chain time, seconds"))
    payout = models.CharField(max_length=10, blank=True, help_text=_("sent | claimable, once refunded"))
    share_key = models.CharField(max_length=43, unique=True, help_text=_("secret of the read-only link"))
    client_key = models.CharField(max_length=64, blank=True, db_index=True)
    language = models.CharField(max_length=10, blank=True, help_text=_("of the page it was confirmed on"))
    created_at = models.DateTimeField(auto_now_add=True)
    received_at = models.FloatField(default=0, help_text=_("wall time the signed order came in, seconds"))
    delivered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    lease_owner = models.CharField(max_length=40, blank=True)
    leased_until = models.FloatField(default=0, help_text=_("wall time, seconds"))
    fence = models.PositiveBigIntegerField(default=0)
    wake_at = models.FloatField(default=0, db_index=True, help_text=_("wall time of the next look, seconds"))
    wait_chain_id = models.PositiveBigIntegerField(null=True, help_text=_("look again when this chain…"))
    wait_block = models.PositiveBigIntegerField(null=True, help_text=_("…has a block of this number"))
    failures = models.PositiveIntegerField(default=0, help_text=_("advances in a row that raised"))
    unfinished = models.PositiveIntegerField(
        default=0, help_text=_("looks in a row that never came to an end")
    )

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["origin_id", "state"]),
            models.Index(fields=["destination_id", "state"]),
            models.Index(fields=["wait_chain_id", "wait_block"]),
            models.Index(fields=["user"], name="order_user"),
            # How long the proofs of a way took, newest deliveries first; only delivered orders are in it.
            models.Index(
                fields=["origin_id", "destination_id", "delivered_at"],
                name="order_delivered",
                condition=Q(delivered_at__isnull=False),
            ),
            *SEARCHED,
            *LISTED,
        ]

    def __str__(self) -> str:
        return self.order_id[:12]


class Step(models.Model):
    """One call on one chain in an order's plan."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="steps")
    index = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=_choices(StepKind))
    chain_id = models.PositiveBigIntegerField()
    state = models.CharField(max_length=12, choices=_choices(StepState), default=StepState.BLOCKED)
    depends_on = models.JSONField(default=list, help_text=_("indexes of steps that come first"))
    details = models.JSONField(default=dict, help_text=_("what the step's action needs, amounts as text"))
    waiting = models.JSONField(default=dict, help_text=_("{code, params} shown while it waits"))
    started_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    final_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["order", "index"], name="step_index_once")]

    def all_attempts(self) -> list["Attempt"]:
        """Transactions made for it and those of other orders that served it too, oldest first."""
        return sorted([*self.attempts.all(), *self.shared_attempts.all()], key=lambda attempt: attempt.pk)


class Attempt(models.Model):
    """One signed transaction, stored before it is broadcast and never altered afterwards."""

    step = models.ForeignKey(Step, null=True, on_delete=models.CASCADE, related_name="attempts")
    also = models.ManyToManyField(
        Step, related_name="shared_attempts", help_text=_("steps of other orders that it serves too")
    )
    purpose = models.CharField(
        max_length=16, help_text=_("open, fill, dispatch, process, finalise, refund, ...")
    )
    chain_id = models.PositiveBigIntegerField()
    sender = models.CharField(max_length=42)
    nonce = models.PositiveBigIntegerField()
    tx_hash = models.CharField(max_length=66, unique=True)
    raw = models.BinaryField()
    target = models.CharField(max_length=42)
    calldata = models.TextField()
    value_wei = Uint256Field(default=0)
    gas_limit = models.PositiveBigIntegerField()
    max_fee_wei = Uint256Field()
    priority_fee_wei = Uint256Field()
    state = models.CharField(max_length=10, choices=_choices(AttemptState), default=AttemptState.PLANNED)
    replaces = models.OneToOneField("self", null=True, on_delete=models.SET_NULL, related_name="replaced_by")
    block_number = models.PositiveBigIntegerField(null=True)
    block_hash = models.CharField(max_length=66, blank=True)
    gas_used = models.PositiveBigIntegerField(null=True)
    gas_price_wei = Uint256Field(null=True)
    data_fee_wei = Uint256Field(null=True, help_text=_("taken for its data besides its gas"))
    revert = models.JSONField(null=True, help_text=_("{name, args} when it reverted"))
    created_at = models.DateTimeField(auto_now_add=True)
    broadcast_at = models.FloatField(null=True, help_text=_("wall time, seconds"))
    broadcast_block = models.PositiveBigIntegerField(null=True)
    endpoint = models.CharField(max_length=100, blank=True, help_text=_("host of the node that took it"))
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["chain_id", "sender", "nonce"]), models.Index(fields=["state"])]

    @property
    def cost_wei(self) -> int | None:
        """What the chain took for it, data included; None while it is not known to be mined."""
        if self.gas_used is None or self.gas_price_wei is None:
            return None
        return self.gas_used * self.gas_price_wei + (self.data_fee_wei or 0)


class Event(models.Model):
    """Append-only: what happened to an order, numbered from 1 without gaps."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["order", "seq"], name="event_seq_once")]


class OrderAccess(models.Model):
    """This browser submitted this order, or one it was made from."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="accesses")
    browser_key = models.CharField(max_length=64, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "browser_key"], name="access_once")]
