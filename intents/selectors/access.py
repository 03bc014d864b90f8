"""Which orders and quotes somebody may read: by browser, by secret link, or by a signed-in wallet."""

import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from intents.models import Order, OrderAccess, Quote
from intents.services.login import browser_key, logged_in_wallet

_ORDER_ID = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Viewer:
    """What a request proves about who sent it; empty text proves nothing."""

    browser_key: str = ""
    wallet: str = ""
    share_key: str = ""
    shown_key: str = ""


def viewer(
    *,
    cookies: Mapping[str, str],
    session: Mapping[str, Any] | None,
    share_key: str = "",
    shown_key: str = "",
) -> Viewer:
    """The viewer behind a request or a WebSocket handshake. Without a session cookie no session is read."""
    return Viewer(
        browser_key=browser_key(cookies),
        wallet=logged_in_wallet(session),
        share_key=share_key[:64],
        shown_key=shown_key[:64],
    )


def order_for(order_id: str, seen_by: Viewer) -> Order | None:
    """The order when it exists and the viewer may read it; a stranger cannot tell the two cases apart."""
    if not _ORDER_ID.fullmatch(order_id):
        return None
    order = Order.objects.select_related("quote").filter(order_id=order_id).first()
    if order is None or not can_read(order, seen_by):
        return None
    return order


def own_order_for(order_id: str, seen_by: Viewer) -> Order | None:
    """The order when it exists and is the viewer's own, for what a secret link does not show."""
    order = order_for(order_id, seen_by)
    return order if order is not None and is_own(order, seen_by) else None


def can_read(order: Order, seen_by: Viewer) -> bool:
    """Whether a link, the signed-in wallet or the submitting browser opens this order."""
    return _is_same(seen_by.shown_key, shown_key_of(order)) or may_see_addresses(order, seen_by)


def may_see_addresses(order: Order, seen_by: Viewer) -> bool:
    """Whether whole addresses are shown: to the owner and by the secret link, not by the one to show around."""
    return _is_same(seen_by.share_key, order.share_key) or is_own(order, seen_by)


def shown_key_of(order: Order) -> str:
    """The key of the link to show around, which leads back to no other: what it opens has masked addresses."""
    return salted_hmac("waymeet.shown", order.share_key, algorithm="sha256").hexdigest()[:40]


def is_own(order: Order, seen_by: Viewer) -> bool:
    """Whether it is the viewer's own: the signed-in wallet's or the submitting browser's. A secret link is not."""
    if seen_by.wallet and seen_by.wallet == order.user:
        return True
    if not seen_by.browser_key:
        return False
    return bool(order.accesses.filter(browser_key=seen_by.browser_key).exists())


def _is_same(given: str, expected: str) -> bool:
    return bool(given) and secrets.compare_digest(given.encode(), expected.encode())


def orders_of(seen_by: Viewer) -> QuerySet[Order]:
    """Newest first: this browser's orders, and all of the signed-in wallet's."""
    wanted = Q(pk__in=[])
    if seen_by.browser_key:
        made_here = OrderAccess.objects.filter(browser_key=seen_by.browser_key)
        wanted |= Q(pk__in=made_here.values("order_id"))
    if seen_by.wallet:
        wanted |= Q(user=seen_by.wallet)
    return Order.objects.filter(wanted).order_by("-created_at")


def quote_for(quote_id: uuid.UUID | str, seen_by: Viewer) -> Quote | None:
    """The quote when this browser asked for it."""
    if not seen_by.browser_key:
        return None
    return Quote.objects.filter(pk=quote_id, browser_key=seen_by.browser_key).first()
