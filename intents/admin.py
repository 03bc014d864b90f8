"""Staff pages: everything about orders, quotes and chains, to read. Nothing here changes anything."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from intents.models import (
    Alert,
    Attempt,
    Chain,
    ChainHead,
    ChainLog,
    Event,
    LedgerEntry,
    Order,
    Quote,
    Reservation,
    Step,
    Stock,
)


class ReadOnly:
    """Staff look; the engine writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# Who is staff is changed by `manage.py staff`, which leaves an entry in the record; keys are shown to nobody.
admin.site.unregister([User, Group, TOTPDevice, StaticDevice])


@admin.register(User)
class StaffAdmin(ReadOnly, UserAdmin):  # type: ignore[type-arg]
    fieldsets = ((None, {"fields": ("username", "is_active", "is_staff", "groups", "last_login")}),)


@admin.register(Group)
class RoleAdmin(ReadOnly, GroupAdmin):
    pass


class StepInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Step
    fields = readonly_fields = (
        "index",
        "kind",
        "chain_id",
        "state",
        "waiting",
        "started_at",
        "confirmed_at",
        "final_at",
    )
    extra = 0
    show_change_link = True


class EventInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Event
    fields = readonly_fields = ("seq", "at", "kind", "data")
    extra = 0


class ReservationInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Reservation
    fields = readonly_fields = ("stock", "amount", "is_opened", "state", "created_at", "ended_at")
    extra = 0


class LedgerInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = LedgerEntry
    fields = readonly_fields = ("chain_id", "token", "debit", "credit", "amount", "memo", "created_at")
    extra = 0


class AttemptInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Attempt
    fields = readonly_fields = (
        "purpose",
        "chain_id",
        "nonce",
        "tx_hash",
        "state",
        "block_number",
        "gas_used",
        "revert",
        "created_at",
    )
    extra = 0


@admin.register(Order)
class OrderAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        "number",
        "state",
        "origin_id",
        "destination_id",
        "account",
        "created_at",
        "delivered_at",
        "is_alerted",
    )
    list_filter = ("state", "origin_id", "destination_id", "confirm_way", "alerts__kind")
    search_fields = (
        "order_id",
        "user",
        "recipient",
        "deposit__address",
        "quote__id",
        "steps__attempts__tx_hash",
    )
    date_hierarchy = "created_at"
    inlines = (StepInline, EventInline, ReservationInline, LedgerInline)
    # The secret link and the signature give powers that looking does not.
    exclude = ("share_key", "signature")
    show_full_result_count = False

    @admin.display(description=_("order id"), ordering="order_id")
    def number(self, order: Order) -> str:
        """The beginning of the id; the whole one is on the order's page."""
        return f"{order.order_id[:12]}…"

    @admin.display(description=_("user"), ordering="user")
    def account(self, order: Order) -> str:
        """The two ends of the user's address."""
        return f"{order.user[:8]}…{order.user[-6:]}"

    @admin.display(description=_("alert"), boolean=True)
    def is_alerted(self, order: Order) -> bool:
        """Whether staff are alerted of it."""
        return bool(order.is_alerted)  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Orders, each with whether an alert of it is open."""
        opened = Alert.objects.filter(order=OuterRef("pk"), ended_at=None)
        return super().get_queryset(request).annotate(is_alerted=Exists(opened))


@admin.register(Alert)
class AlertAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("kind", "order", "chain_id", "data", "created_at", "ended_at")
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter), "chain_id")
    search_fields = ("order__order_id", "key")
    list_select_related = ("order",)


@admin.register(Step)
class StepAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("order", "index", "kind", "chain_id", "state", "started_at", "confirmed_at")
    list_filter = ("kind", "state", "chain_id")
    search_fields = ("order__order_id",)
    list_select_related = ("order",)
    inlines = (AttemptInline,)


@admin.register(Attempt)
class AttemptAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        "tx_hash",
        "purpose",
        "chain_id",
        "sender",
        "nonce",
        "state",
        "block_number",
        "created_at",
    )
    list_filter = ("state", "purpose", "chain_id")
    search_fields = ("tx_hash", "sender", "step__order__order_id")
    exclude = ("raw",)


@admin.register(Event)
class EventAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("order", "seq", "kind", "at")
    list_filter = ("kind",)
    search_fields = ("order__order_id",)
    list_select_related = ("order",)


@admin.register(Quote)
class QuoteAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "state", "origin_id", "destination_id", "user", "confirm_way", "created_at")
    list_filter = ("state", "origin_id", "destination_id")
    search_fields = ("id", "order_id", "user")
    exclude = ("browser_key",)


@admin.register(Chain)
class ChainAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("chain_id", "slug", "name", "is_connected", "paused_reason", "updated_at")
    list_filter = ("is_connected",)
    search_fields = ("slug", "name")


@admin.register(ChainHead)
class ChainHeadAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("chain", "number", "timestamp", "seen_at")


@admin.register(ChainLog)
class ChainLogAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("chain", "block_number", "kind", "order_id", "tx_hash", "address")
    list_filter = ("kind", "chain")
    search_fields = ("order_id", "tx_hash", "address")


@admin.register(Stock)
class StockAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("chain_id", "token", "holder", "balance", "reserved", "block_number")
    list_filter = ("chain_id",)
    search_fields = ("token", "holder")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("order", "chain_id", "token", "debit", "credit", "amount", "memo", "created_at")
    list_filter = ("debit", "credit", "chain_id")
    search_fields = ("order__order_id", "memo")
    list_select_related = ("order",)
