"""Connected chains and what the follower last saw of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .fields import Uint256Field


class Chain(models.Model):
    """A chain of the registry; `manifest` is the parsed manifest as JSON."""

    chain_id = models.PositiveBigIntegerField(primary_key=True)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=64)
    manifest = models.JSONField()
    manifest_hash = models.CharField(max_length=66)
    is_connected = models.BooleanField(default=True)
    paused_reason = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["chain_id"]

    def __str__(self) -> str:
        return self.name


class ChainHead(models.Model):
    """The newest block whose logs are written, with the chain's part of the solver's world."""

    chain = models.OneToOneField(Chain, primary_key=True, on_delete=models.CASCADE, related_name="head")
    number = models.PositiveBigIntegerField()
    block_hash = models.CharField(max_length=66)
    timestamp = models.PositiveBigIntegerField(help_text=_("chain time of the block, seconds"))
    seen_at = models.FloatField(help_text=_("wall time when the block was seen, seconds"))
    base_fee_wei = Uint256Field(default=0)
    world = models.JSONField(default=dict, help_text=_("pools, balances and prices at this block"))


class NodeReport(models.Model):
    """How a chain's nodes answered the follower's last look at them: what staff read when it stands still."""

    chain = models.OneToOneField(
        Chain, primary_key=True, on_delete=models.CASCADE, related_name="node_report"
    )
    nodes = models.JSONField(default=list, help_text=_("[{host, ill, height}], without what may be secret"))
    quorum = models.PositiveSmallIntegerField(default=1, help_text=_("nodes that must agree"))
    seen_at = models.FloatField(help_text=_("wall time of the look, seconds"))
    changed_at = models.FloatField(help_text=_("wall time since when they are as they are, seconds"))
    disputed_at = models.FloatField(
        null=True, help_text=_("wall time when too few of them last said the same, seconds")
    )
    silent_since = models.FloatField(
        null=True, help_text=_("wall time since when none of them tells of the chain, seconds")
    )

    def __str__(self) -> str:
        return f"nodes of {self.chain_id}"


class Block(models.Model):
    """Recent block hashes, kept until final, by which reorgs are noticed."""

    chain = models.ForeignKey(Chain, on_delete=models.CASCADE, related_name="blocks")
    number = models.PositiveBigIntegerField()
    block_hash = models.CharField(max_length=66)
    parent_hash = models.CharField(max_length=66)
    timestamp = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "number"], name="block_once")]


class ChainLog(models.Model):
    """One decoded log of a contract we watch; deleted when its block is reorganised away."""

    chain = models.ForeignKey(Chain, on_delete=models.CASCADE, related_name="logs")
    block_number = models.PositiveBigIntegerField()
    block_hash = models.CharField(max_length=66)
    block_timestamp = models.PositiveBigIntegerField()
    tx_hash = models.CharField(max_length=66)
    log_index = models.PositiveIntegerField()
    address = models.CharField(max_length=42)
    kind = models.CharField(max_length=40, help_text=_("event name, such as Open or OutputFilled"))
    order_id = models.CharField(max_length=66, blank=True)
    data = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "block_hash", "log_index"], name="log_once"),
        ]
        indexes = [
            models.Index(fields=["chain", "block_number"]),
            models.Index(fields=["order_id"], name="log_by_order"),
            # On PostgreSQL one index for whole hashes and for their beginnings.
            models.Index(fields=["tx_hash"], name="log_by_transaction", opclasses=["varchar_pattern_ops"]),
        ]
