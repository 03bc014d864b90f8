"""What a list is narrowed and sorted by, read strictly from an address."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from intents.errors import WaymeetError
from intents.models import Order, Ticket
from intents.selectors.network import NATIVE, connected_chains
from intents.selectors.order_rows import ROUTE_KINDS, STATES

ME: Final = "me"
NOBODY: Final = "nobody"
ELSEWHERE: Final = "elsewhere"
SORTS: Final = {"when": "created_at", "value": "value_usd_e8", "status": "state", "deadline": "fill_deadline"}
LONGEST: Final = 100


class BadFilter(WaymeetError):
    """A value that a list cannot be narrowed by; `problems` are sentences by name of the filter."""

    code = "bad_filter"
    status = 400

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters as they stand in an address, all known to be good; empty text means any."""

    origin: str = ""
    destination: str = ""
    token: str = ""
    route: str = ""
    status: str = ""
    since: str = ""
    until: str = ""
    care: str = ""
    asked: str = ""
    sort: str = "when"
    dir: str = "desc"
    user_pk: Any = field(default=None, compare=False)

    @property
    def is_any(self) -> bool:
        """Whether nothing is left out."""
        return not any(getattr(self, name) for name in NARROWING)

    def params(self, **changes: str) -> dict[str, str]:
        """What an address must say to mean the same, with changes."""
        plain = {name: getattr(self, name) for name in NAMES} | changes
        usual = {"sort": "when", "dir": "desc"}
        return {name: value for name, value in plain.items() if value and value != usual.get(name)}

    def narrow(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        """The orders that pass."""
        if self.origin:
            orders = orders.filter(origin_id=_chain_id(self.origin) or 0)
        if self.destination:
            orders = orders.filter(destination_id=_chain_id(self.destination) or 0)
        if self.token:
            addresses = _addresses(self.token)
            orders = orders.filter(Q(input_token__in=addresses) | Q(output_token__in=addresses))
        if self.route:
            orders = orders.filter(route_kind="" if self.route == ELSEWHERE else self.route)
        if self.status:
            orders = orders.filter(state=self.status)
        if self.since:
            orders = orders.filter(created_at__gte=_midnight(self.since))
        if self.until:
            orders = orders.filter(created_at__lt=_midnight(self.until) + timedelta(days=1))
        if self.asked:
            asked = Ticket.objects.filter(order=OuterRef("pk")).exclude(state=Ticket.State.CLOSED)
            orders = orders.filter(Exists(asked))
        return self._cared_for(orders)

    def _cared_for(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        if self.care == NOBODY:
            return orders.filter(handling__assignee=None)
        return orders.filter(handling__assignee=self.user_pk) if self.care else orders


NAMES: Final = tuple(each.name for each in fields(Filters) if each.name != "user_pk")
NARROWING: Final = tuple(name for name in NAMES if name not in ("sort", "dir"))


def read_filters(values: Mapping[str, str], *, me: Any) -> Filters:
    """Filters from an address; `me` is who asks. Raises BadFilter with a sentence for every bad value."""
    given = {name: values.get(name, "").strip() for name in NAMES}
    given = {name: value for name, value in given.items() if value}
    problems = {name: problem for name, value in given.items() if (problem := _problem(name, value))}
    if not problems and given.get("since", "") > given.get("until", "9999-99-99"):
        problems["until"] = _("The last day comes before the first.")
    owner = None
    if given.get("care", NOBODY) != NOBODY and "care" not in problems:
        owner = me.pk if given["care"] == ME else _user_pk(given["care"])
        if owner is None:
            problems["care"] = _("Nobody of us has this name.")
    if problems:
        raise BadFilter(problems)
    return Filters(**given, user_pk=owner)


def choices(*, me: Any) -> dict[str, list[tuple[str, str]]]:
    """What the form offers, as (value, words)."""
    chains = [(chain.slug, chain.name) for chain in connected_chains().values()]
    users = get_user_model().objects.filter(is_active=True, groups__isnull=False).distinct()
    names = users.exclude(pk=me.pk).order_by("username").values_list("username", flat=True)[:200]
    return {
        "origin": chains,
        "destination": chains,
        "token": [(symbol, symbol) for symbol in sorted(_symbols())],
        "route": [
            *((kind, str(words)) for kind, words in ROUTE_KINDS.items()),
            (ELSEWHERE, _("Opened elsewhere")),
        ],
        "status": [(state, str(words)) for state, words in STATES.items()],
        "care": [(ME, _("Me")), (NOBODY, _("Nobody")), *((name, name) for name in names)],
    }


def _problem(name: str, value: str) -> str:
    if len(value) > LONGEST or "\x00" in value:
        return _("This is too long.")
    check = _CHECKS.get(name)
    return check(value) if check else ""


def _bad_chain(value: str) -> str:
    return "" if _chain_id(value) is not None else _("No chain of ours has this name.")


def _bad_day(value: str) -> str:
    try:
        date.fromisoformat(value)
        _midnight(value)
    except (ValueError, OverflowError):
        return _("Write the day as 2026-01-31.")
    return ""


def _one_of(allowed: Any, words: Any) -> Any:
    return lambda value: "" if value in allowed() else words()


_CHECKS: Final[dict[str, Any]] = {
    "origin": _bad_chain,
    "destination": _bad_chain,
    "token": _one_of(lambda: _symbols(), lambda: _("No token of ours has this name.")),
    "route": _one_of(lambda: (*ROUTE_KINDS, ELSEWHERE), lambda: _("There is no such kind of route.")),
    "status": _one_of(lambda: STATES, lambda: _("There is no such status.")),
    "since": _bad_day,
    "until": _bad_day,
    "asked": _one_of(lambda: ("1",), lambda: _("Write 1 or nothing.")),
    "sort": _one_of(lambda: SORTS, lambda: _("A list cannot be sorted by this.")),
    "dir": _one_of(lambda: ("asc", "desc"), lambda: _("Write asc or desc.")),
}


def _chain_id(slug: str) -> int | None:
    return next((chain.chain_id for chain in connected_chains().values() if chain.slug == slug), None)


def _symbols() -> set[str]:
    return {
        symbol
        for chain in connected_chains().values()
        for symbol in (chain.native.symbol, *(token.symbol for token in chain.tokens))
    }


def _addresses(symbol: str) -> list[str]:
    found = {
        token.address
        for chain in connected_chains().values()
        for token in chain.tokens
        if token.symbol == symbol
    }
    if any(chain.native.symbol == symbol for chain in connected_chains().values()):
        found.add(NATIVE)
    return sorted(found)


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)


def _user_pk(username: str) -> Any:
    return get_user_model().objects.filter(username=username).values_list("pk", flat=True).first()
