"""The search itself: every kind of thing is one question that an index answers, and never more than a page of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from intents.models import Attempt, ChainLog, Deposit, Order, Quote, Step
from intents.selectors.masking import SHOWN_FIRST, SHOWN_LAST
from intents.selectors.network import chain_name
from intents.selectors.order_rows import OrderRow, readable, rows_of

from .amounts import by_amount
from .begins import begins, lowered, lowered_begins
from .reading import Kind, Wanted, read

MOST = 20


@dataclass(frozen=True, slots=True)
class Group:
    """Orders that match for one reason, newest first; `has_more` when there are more than are shown."""

    code: str
    words: str
    rows: tuple[OrderRow, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Loose:
    """Something of ours that was found and belongs to no order."""

    code: str
    words: str
    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """The answer. `only` is the order's id when exactly one order bears exactly what was typed."""

    wanted: tuple[Wanted, ...]
    groups: tuple[Group, ...]
    loose: tuple[Loose, ...]
    only: str

    @property
    def count(self) -> int:
        return sum(len(group.rows) for group in self.groups)


class _Finds:
    """Order ids by reason, in the order in which they were found; an order counts for its first reason."""

    def __init__(self) -> None:
        self.ids: dict[str, list[str]] = {}
        self.more: set[str] = set()
        self.loose: list[Loose] = []
        self._known: set[str] = set()

    def add(self, code: str, ids: Iterable[str]) -> None:
        fresh = [order_id for order_id in dict.fromkeys(ids) if order_id and order_id not in self._known]
        kept = fresh[: MOST - len(self.ids.get(code, ()))]
        if len(fresh) > len(kept):
            self.more.add(code)
        self._known.update(kept)
        self.ids.setdefault(code, []).extend(kept)


def search(pasted: str, *, may_see: bool) -> Found:
    """Orders that bear what the text names. `may_see` is whether the reader may see whole addresses:
    others find orders by whole addresses, or by the ends that are shown to them, and cannot guess the rest,
    nor the quotes and secret links that would show them.
    """
    wanted = read(pasted)
    finds = _Finds()
    for each in wanted:
        _ASK[each.kind](each, finds, may_see)
    groups = _groups(finds, may_see=may_see)
    rows = [row for group in groups for row in group.rows]
    is_sure = bool(wanted) and all(each.is_whole for each in wanted)
    only = rows[0].order_id if is_sure and len(rows) == 1 and not finds.more else ""
    return Found(tuple(wanted), tuple(groups), tuple(finds.loose), only)


def _groups(finds: _Finds, *, may_see: bool) -> list[Group]:
    everything = [order_id for ids in finds.ids.values() for order_id in ids]
    if not everything:
        return []
    orders = {order.order_id: order for order in readable(Order.objects.filter(pk__in=everything))}
    made = []
    for code, ids in finds.ids.items():
        present = sorted(
            (orders[order_id] for order_id in ids if order_id in orders),
            key=lambda order: order.created_at,
            reverse=True,
        )
        if present:
            rows = tuple(rows_of(present, may_see=may_see))
            made.append(Group(code, _why(code), rows, code in finds.more))
    return made


def _hash(wanted: Wanted, finds: _Finds, may_see: bool) -> None:
    finds.add("order", Order.objects.filter(pk=wanted.text).values_list("pk", flat=True))
    _transactions(Q(tx_hash=wanted.text), finds)
    offered = Quote.objects.filter(order_id=wanted.text, submitted_order=None).only("pk", "state").first()
    if offered is not None:
        finds.loose.append(
            Loose("offered", _("An offer with this number was made; nobody took it"), wanted.text)
        )


def _transactions(condition: Q, finds: _Finds) -> None:
    attempts = list(
        Attempt.objects.filter(condition)
        .order_by("tx_hash")
        .values("pk", "tx_hash", "chain_id", "purpose", "step__order_id")[: MOST + 1]
    )
    served = Step.objects.filter(shared_attempts__in=[attempt["pk"] for attempt in attempts])
    ids = [attempt["step__order_id"] for attempt in attempts if attempt["step__order_id"]]
    others = list(served.values_list("order_id", flat=True)[: MOST + 1]) if attempts else []
    finds.add("transaction", [*ids, *others])
    logs = list(
        ChainLog.objects.filter(condition).order_by("tx_hash").values_list("order_id", flat=True)[: 4 * MOST]
    )
    finds.add("log", logs)
    if attempts and not ids and not others and not any(logs):
        for attempt in attempts[:3]:
            words = _("Our transaction on %(chain)s for “%(purpose)s” serves no transfer") % {
                "chain": chain_name(attempt["chain_id"]),
                "purpose": attempt["purpose"],
            }
            finds.loose.append(Loose("own", words, attempt["tx_hash"]))


def _address(wanted: Wanted, finds: _Finds, may_see: bool) -> None:
    _by_address(lambda field: lowered(field, wanted.text), finds)


def _by_address(condition: Callable[[str], Q], finds: _Finds) -> None:
    newest = Order.objects.order_by("-created_at").values_list("pk", flat=True)
    finds.add("user", newest.filter(condition("user"))[: MOST + 1])
    finds.add("recipient", newest.filter(condition("recipient"))[: MOST + 1])
    deposits = Deposit.objects.filter(condition("address")).values_list("pk", flat=True)
    finds.add("deposit", deposits[: MOST + 1])


def _part(wanted: Wanted, finds: _Finds, may_see: bool) -> None:
    """The beginning of a number, or both of its ends, as numbers are shown when they are shortened."""
    ending = {"order_id__endswith": wanted.end} if wanted.end else {}
    ids = Order.objects.filter(begins("order_id", wanted.text), **ending).order_by("order_id")
    finds.add("order", ids.values_list("pk", flat=True)[: MOST + 1])
    _transactions(begins("tx_hash", wanted.text) & _ends("tx_hash", wanted.end), finds)
    if len(wanted.text) <= 42 and (may_see or _is_shown(wanted)):
        _by_address_part(wanted, finds)


def _by_address_part(wanted: Wanted, finds: _Finds) -> None:
    def named(field: str) -> Q:
        return lowered_begins(field, wanted.text) & _ends(field, wanted.end)

    for code in ("user", "recipient"):
        orders = Order.objects.filter(named(code)).order_by()
        finds.add(code, orders.values_list("pk", flat=True)[: MOST + 1])
    deposits = Deposit.objects.filter(named("address")).values_list("pk", flat=True)
    finds.add("deposit", deposits[: MOST + 1])


def _is_shown(wanted: Wanted) -> bool:
    return len(wanted.text) <= SHOWN_FIRST and len(wanted.end) <= SHOWN_LAST


def _ends(field: str, end: str) -> Q:
    return Q(**{f"{field}__iendswith": end}) if end else Q()


def _quote(wanted: Wanted, finds: _Finds, may_see: bool) -> None:
    if not (wanted.is_whole or may_see):
        return
    first, last = (UUID(wanted.text.ljust(32, digit)) for digit in "0f")
    quotes = list(
        Quote.objects.filter(pk__gte=first, pk__lte=last)
        .order_by("pk")
        .values_list("pk", "submitted_order__pk")[: MOST + 1]
    )
    finds.add("quote", [order_id for _quote_id, order_id in quotes if order_id])
    for quote_id, order_id in quotes[:3]:
        if not order_id:
            finds.loose.append(Loose("quote", _("A quote that nobody took"), str(quote_id)))


def _link(wanted: Wanted, finds: _Finds, may_see: bool) -> None:
    orders = Order.objects.order_by().values_list("pk", flat=True)
    condition = begins("share_key", wanted.text) if may_see else Q(share_key=wanted.text)
    finds.add("link", orders.filter(condition)[: MOST + 1])


def _amount(wanted: Wanted, finds: _Finds, may_see: bool) -> None:
    for field, ids in by_amount(wanted, most=MOST + 1).items():
        finds.add(field, ids)


_ASK: dict[Kind, Callable[[Wanted, _Finds, bool], Any]] = {
    Kind.HASH: _hash,
    Kind.ADDRESS: _address,
    Kind.PART: _part,
    Kind.QUOTE: _quote,
    Kind.LINK: _link,
    Kind.AMOUNT: _amount,
}


def _why(code: str) -> str:
    return {
        "order": _("The transfer's number"),
        "transaction": _("A transaction of ours"),
        "log": _("A transaction seen on a chain"),
        "user": _("Who pays"),
        "recipient": _("Who receives"),
        "deposit": _("The address to pay to"),
        "quote": _("The quote's number"),
        "link": _("The secret link"),
        "input_amount": _("The amount paid"),
        "delivered_amount": _("The amount delivered"),
        "output_expected": _("The amount expected"),
        "output_amount": _("The least that was signed"),
    }[code]
