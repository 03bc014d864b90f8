"""What of a history is wanted, as its address says; whatever cannot be understood asks for nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from intents.lifecycle import OrderState
from intents.models import Order
from intents.selectors.network import NATIVE, connected_chains

from .search import found_by

LONGEST_TEXT: Final = 100
_SYMBOL: Final = re.compile(r"[^\s<>\"'&]{1,20}")

_UNDER_WAY: Final = (
    OrderState.AWAITING_DEPOSIT,
    OrderState.SIGNED,
    OrderState.OPENING,
    OrderState.OPENED,
    OrderState.FILLING,
)
STATUSES: Final[dict[str, tuple[Any, Q]]] = {
    "under_way": (_("Under way"), Q(state__in=_UNDER_WAY, delivered_amount=None)),
    "delivered": (_("Delivered"), Q(delivered_amount__isnull=False)),
    "returning": (_("Returning your money"), Q(state__in=(OrderState.REFUND_DUE, OrderState.REFUNDING))),
    "returned": (_("Returned"), Q(state=OrderState.REFUNDED) & ~Q(payout="claimable")),
    "waiting_for_you": (_("Waiting for you"), Q(state=OrderState.REFUNDED, payout="claimable")),
    "not_started": (
        _("Not started – nothing was taken"),
        Q(state__in=(OrderState.REJECTED, OrderState.EXPIRED)),
    ),
    "staff_checking": (
        _("Our staff are checking"),
        Q(state=OrderState.NEEDS_ATTENTION, delivered_amount=None),
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters, all known to be good; empty means any. Days are those of `zone`."""

    status: str = ""
    chain: str = ""
    token: str = ""
    since: date | None = None
    until: date | None = None
    zone: str = ""
    text: str = ""

    @property
    def is_any(self) -> bool:
        """Whether nothing is left out."""
        return replace(self, zone="") == Asked()

    @property
    def is_narrowed(self) -> bool:
        """Whether more than words is asked for."""
        return not replace(self, text="").is_any

    @property
    def params(self) -> dict[str, str]:
        """What an address must say to mean the same."""
        days = {name: day.isoformat() for name, day in (("since", self.since), ("until", self.until)) if day}
        plain = {"status": self.status, "chain": self.chain, "token": self.token, **days, "q": self.text}
        if days:
            plain["zone"] = self.zone
        return {name: value for name, value in plain.items() if value}

    def narrow(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        """Those of the orders that are wanted."""
        if self.status:
            orders = orders.filter(STATUSES[self.status][1])
        if self.chain:
            orders = orders.filter(_on_chain(self.chain))
        if self.token:
            orders = orders.filter(_with_token(self.token))
        if self.since:
            orders = orders.filter(created_at__gte=self._midnight(self.since))
        if self.until:
            orders = orders.filter(created_at__lt=self._midnight(self.until + timedelta(days=1)))
        return orders.filter(found_by(self.text)) if self.text else orders

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=_zone(self.zone))


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer: (value, words)."""

    statuses: tuple[tuple[str, str], ...]
    chains: tuple[tuple[str, str], ...]
    tokens: tuple[str, ...]


def read_asked(query: Mapping[str, str]) -> Asked:
    """The filters of an address. Never raises: links outlive chains and tokens."""
    status, token = query.get("status", ""), query.get("token", "")
    slugs = {chain.slug for chain in connected_chains().values()}
    chain = query.get("chain", "")
    zone = query.get("zone", "")
    return Asked(
        status=status if status in STATUSES else "",
        chain=chain if chain in slugs else "",
        token=token if _SYMBOL.fullmatch(token) else "",
        since=_day(query.get("since", "")),
        until=_day(query.get("until", "")),
        zone=zone if zone in available_timezones() else "",
        text=" ".join(query.get("q", "").split())[:LONGEST_TEXT],
    )


def choices() -> Choices:
    """Every status, and the chains and tokens that are connected now."""
    manifests = connected_chains().values()
    symbols = {token.symbol for chain in manifests for token in chain.tokens} | {
        chain.native.symbol for chain in manifests
    }
    return Choices(
        statuses=tuple((code, str(said)) for code, (said, _query) in STATUSES.items()),
        chains=tuple((chain.slug, chain.name) for chain in manifests),
        tokens=tuple(sorted(symbols)),
    )


def _on_chain(slug: str) -> Q:
    ids = [chain.chain_id for chain in connected_chains().values() if chain.slug == slug]
    return Q(origin_id__in=ids) | Q(destination_id__in=ids)


def _with_token(symbol: str) -> Q:
    wanted = Q(pk__in=[])
    for chain in connected_chains().values():
        addresses = [token.address for token in chain.tokens if token.symbol == symbol]
        if chain.native.symbol == symbol:
            addresses.append(NATIVE)
        if addresses:
            wanted |= Q(origin_id=chain.chain_id, input_token__in=addresses)
            wanted |= Q(destination_id=chain.chain_id, output_token__in=addresses)
    return wanted


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Beyond these a day's midnight is no moment in every zone.
    return day if 1970 <= day.year <= 9000 else None


def _zone(name: str) -> tzinfo:
    return ZoneInfo(name) if name else UTC
