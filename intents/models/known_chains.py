"""Chains and bridge routes that exist in the world: known, not connected, never used by the engine."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class KnownChain(models.Model):
    """A chain of an outside registry, as that registry describes it; nothing of it was checked here."""

    name = models.CharField(max_length=64, primary_key=True, help_text=_("what the registry calls it"))
    display_name = models.CharField(max_length=64)
    protocol = models.CharField(max_length=24, help_text=_("ethereum for every EVM chain"))
    chain_id = models.PositiveBigIntegerField(null=True, help_text=_("none where it is no number"))
    domain = models.PositiveBigIntegerField(help_text=_("Hyperlane's number for it"))
    stack = models.CharField(max_length=24, blank=True, help_text=_("framework it was built with"))
    is_testnet = models.BooleanField(default=False)
    is_retired = models.BooleanField(default=False, help_text=_("the registry says that it no longer works"))
    block_seconds = models.FloatField(null=True)
    reorg_period = models.CharField(max_length=16, blank=True, help_text=_("blocks, or finalized"))
    native = models.JSONField(default=dict)
    endpoints = models.JSONField(default=list, help_text=_("[{url, ws_url, needs_key}], without keys"))
    explorers = models.JSONField(default=list, help_text=_("[{name, url, family}], without keys"))
    contracts = models.JSONField(default=dict, help_text=_("Hyperlane's addresses by name"))
    source = models.CharField(max_length=64)

    class Meta:
        ordering = ["display_name", "name"]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_evm(self) -> bool:
        return self.protocol == "ethereum"

    @property
    def is_connectable(self) -> bool:
        """Whether it could join: an EVM chain whose Hyperlane domain is its chain id."""
        return self.is_evm and not self.is_retired and self.chain_id == self.domain


class KnownRoute(models.Model):
    """A warp route of the registry: one asset on several chains."""

    name = models.CharField(max_length=160, primary_key=True, help_text=_("such as USDC/base-ethereum"))
    symbol = models.CharField(max_length=24)
    connections = models.PositiveIntegerField(default=0, help_text=_("ordered pairs of its ends"))
    source = models.CharField(max_length=64)

    class Meta:
        ordering = ["symbol", "name"]

    def __str__(self) -> str:
        return self.name


class KnownRouteEnd(models.Model):
    """A route's token on one chain; `leads_to` are the chains that it can be sent to, an end each."""

    route = models.ForeignKey(KnownRoute, on_delete=models.CASCADE, related_name="ends")
    chain = models.ForeignKey(KnownChain, on_delete=models.CASCADE, related_name="route_ends")
    address = models.CharField(max_length=128, help_text=_("of the router, or what stands for it elsewhere"))
    collateral = models.CharField(max_length=128, blank=True, help_text=_("the token it holds, if any"))
    symbol = models.CharField(max_length=24)
    token_name = models.CharField(max_length=64)
    decimals = models.PositiveSmallIntegerField()
    standard = models.CharField(max_length=48)
    leads_to = models.JSONField(default=list, help_text=_("[{chain, address}]"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["route", "chain", "address"], name="known_route_end_once"),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} on {self.chain_id}"
