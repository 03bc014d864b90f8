"""Stock, reservations against it, sending accounts, and the double-entry ledger."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .fields import Uint256Field
from .moves import StockMove
from .orders import Order


class Stock(models.Model):
    """What we hold of one token on one chain, and how much of it is promised.

    Changed only by compare-and-set on `version`. `token` is `0x00…00` for the chain's gas coin; then
    `holder` is the sending account, else the solver account.
    """

    chain_id = models.PositiveBigIntegerField()
    token = models.CharField(max_length=42)
    holder = models.CharField(max_length=42)
    balance = Uint256Field(default=0)
    reserved = Uint256Field(default=0)
    block_number = models.PositiveBigIntegerField(default=0)
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "token", "holder"], name="stock_once")]


class Reservation(models.Model):
    """A claim on stock, by an order or by a move without one; ends exactly once, as released or spent."""

    class State(models.TextChoices):
        HELD = "held"
        RELEASED = "released"
        SPENT = "spent"

    order = models.ForeignKey(Order, null=True, on_delete=models.CASCADE, related_name="reservations")
    move = models.ForeignKey(StockMove, null=True, on_delete=models.CASCADE, related_name="reservations")
    stock = models.ForeignKey(Stock, on_delete=models.PROTECT, related_name="reservations")
    amount = Uint256Field()
    is_opened = models.BooleanField(default=False, help_text=_("the order's input is locked on chain"))
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "stock"], name="reservation_once")]
        # The few that are held among all there ever were: the sweep looks for them every two seconds, chain by chain.
        indexes = [
            models.Index(fields=["stock", "created_at"], name="reservation_held", condition=Q(state="held"))
        ]


class SendingAccount(models.Model):
    """The nonce counter of one signer on one chain; moved by compare-and-set."""

    chain_id = models.PositiveBigIntegerField()
    address = models.CharField(max_length=42)
    role = models.CharField(max_length=12, help_text=_("operator | relayer"))
    next_nonce = models.PositiveBigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "address"], name="sender_once")]


class LedgerEntry(models.Model):
    """`amount` of one token moved from one account to another: both sides in one row."""

    class Account(models.TextChoices):
        USER = "user"
        ESCROW = "escrow"
        INVENTORY = "inventory"
        RESERVED = "reserved"
        TRANSIT = "transit"
        CLAIMABLE = "claimable"
        GAS = "gas"
        MARGIN = "margin"
        LOSS = "loss"
        MARKET = "market"
        WITHDRAWAL = "withdrawal"
        GOODWILL = "goodwill"

    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="ledger")
    chain_id = models.PositiveBigIntegerField()
    token = models.CharField(max_length=42)
    debit = models.CharField(max_length=10, choices=Account, help_text=_("the account it leaves"))
    credit = models.CharField(max_length=10, choices=Account, help_text=_("the account it enters"))
    amount = Uint256Field()
    memo = models.CharField(
        max_length=40, help_text=_("which fact: open, fill, finalise, refund, gas:<tx>, ...")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "chain_id", "token", "debit", "credit", "memo"], name="ledger_fact_once"
            ),
        ]
        # What came of a token since it was last summed up is asked for every offer out of a chain that joined.
        indexes = [models.Index(fields=["chain_id", "token", "created_at"], name="ledger_of_token")]
