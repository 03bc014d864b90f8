"""Requests that take two people, as the page shows them: everything that the second one must know."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from intents.chains import registry
from intents.chains.accounts import OWNER, has_key
from intents.engine import treasury
from intents.engine.departures import open_orders
from intents.engine.treasury import ELSEWHERE, call_of, unreserved, value_usd_e8
from intents.errors import WaymeetError
from intents.models import Departure, StaffRequest
from intents.services.words import text

from .amounts import shown_amount
from .gone import gone_lines
from .joins import asked_lines
from .masking import shown_address
from .network import chain_name

Kind = StaffRequest.Kind
State = StaffRequest.State
Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request; `lines` are what it is about, `calldata` is what the owner signs where we hold no key."""

    request: StaffRequest
    title: str
    state: str
    outcome: str
    lines: tuple[Line, ...] = ()
    calldata: tuple[Line, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody has to decide it."""
        return self.request.state == State.ASKED

    @property
    def awaits_owner(self) -> bool:
        """Whether it is approved and the owner's own wallet has to send it."""
        return bool(self.calldata)


def listed(state: str = "", *, most: int = 100) -> list[RequestView]:
    """Requests, newest first, without their details."""
    rows = StaffRequest.objects.select_related("asked_by", "decided_by", "order")
    if state:
        rows = rows.filter(state=state)
    return [RequestView(row, title(row), state_words(row), outcome_words(row)) for row in rows[:most]]


def shown(request: StaffRequest, *, may_see: bool) -> RequestView:
    """One request with everything about it; what a chain or price does not tell now is left out."""
    return RequestView(
        request,
        title(request),
        state_words(request),
        outcome_words(request),
        tuple(_lines(request, may_see=may_see)),
        tuple(_calldata(request)),
    )


def title(request: StaffRequest) -> str:
    """What is asked for, in a few words."""
    params = request.params
    if request.kind == Kind.UNPAUSE:
        return _("Let go of %(subject)s") % {"subject": params["subject"]}
    if request.kind == Kind.LEAVE:
        return _("Have %(chain)s leave the network") % {"chain": chain_name(int(params["chain_id"]))}
    if request.kind == Kind.GONE:
        return _("Declare %(chain)s gone") % {"chain": chain_name(int(params["chain_id"]))}
    if request.kind == Kind.JOIN:
        return _("Have %(chain)s join the network") % {"chain": params["name"]}
    said = {"amount": _amount(params, params["amount"]), "chain": chain_name(int(params["chain_id"]))}
    if request.kind == Kind.WITHDRAW:
        return _("Withdraw %(amount)s on %(chain)s") % said
    if request.kind == Kind.GOODWILL:
        return _("Goodwill of %(amount)s on %(chain)s") % said
    return _("Let %(amount)s leave in an hour on %(chain)s") % said


def state_words(request: StaffRequest) -> str:
    """Where it stands."""
    return {
        State.ASKED: _("waits for a second person"),
        State.APPROVED: _("approved, being done"),
        State.DONE: _("done"),
        State.FAILED: _("failed"),
        State.DECLINED: _("declined"),
    }[State(request.state)]


def outcome_words(request: StaffRequest) -> str:
    """What came of it, "" while nothing has."""
    result = request.result
    if request.state == State.APPROVED and result.get("by_owner"):
        return (
            _("Its transaction is being followed.")
            if result.get(ELSEWHERE)
            else _("The owner has to sign it.")
        )
    if request.state == State.FAILED:
        if result.get("code") in ("reverted", "would_revert"):
            params = result.get("params", {})
            return _("The contract refused it: %(why)s") % {
                "why": params.get("name") or params.get("revert", "")
            }
        return text(str(result.get("code", "")), result.get("params", {}))
    return ""


def _lines(request: StaffRequest, *, may_see: bool) -> Iterator[Line]:
    params: dict[str, Any] = request.params
    if request.kind == Kind.UNPAUSE:
        yield _("Paused because"), params["paused_because"]
        return
    if request.kind == Kind.LEAVE:
        yield from _leave_lines(params)
        return
    if request.kind == Kind.GONE:
        yield from gone_lines(int(params["chain_id"]))
        return
    if request.kind == Kind.JOIN:
        yield from asked_lines(params["manifest"])
        return
    chain_id, token, amount = int(params["chain_id"]), params["token"], int(params["amount"])
    yield _("Chain"), f"{chain_name(chain_id)} ({chain_id})"
    yield _("Token"), f"{params['symbol']} {token}"
    yield _("Amount"), _amount(params, amount)
    usd = value_usd_e8(chain_id, token, amount)
    yield _("Worth now"), _("no trustworthy price") if usd is None else f"{usd / 1e8:,.2f} USD"
    if request.kind == Kind.RAISE_LIMIT:
        yield _("Limit when asked"), _amount(params, params["before"])
        yield from _limit_now(params)
        return
    yield _("To"), shown_address(params["to"], may_see)
    yield _("Stock that nobody was promised"), _amount(params, unreserved(chain_id, token))
    if request.kind == Kind.GOODWILL:
        whose = _("the transfer's user") if params["side"] == "user" else _("the transfer's recipient")
        yield _("Who that is"), whose
        others = StaffRequest.objects.filter(order=request.order, kind=Kind.GOODWILL).exclude(pk=request.pk)
        yield _("Other goodwill asked for this transfer"), str(others.count())


def _leave_lines(params: dict[str, Any]) -> Iterator[Line]:
    chain_id = int(params["chain_id"])
    is_home = params["stock"] == Departure.Stock.HOME
    yield _("Chain"), f"{chain_name(chain_id)} ({chain_id})"
    yield _("Our stock there"), _("goes home") if is_home else _("stays there")
    yield _("Transfers that have to end first"), str(open_orders(chain_id).count())


def silence_lines(slug: str) -> list[Line]:
    """What is known of a chain that somebody wants declared gone; nothing of one that is not connected."""
    chain = next((each for each in registry.all_chains().values() if each.slug == slug), None)
    return list(gone_lines(chain.chain_id)) if chain else []


def _limit_now(params: dict[str, Any]) -> Iterator[Line]:
    try:
        now = treasury.cap_of(int(params["chain_id"]), params["token"])
    except WaymeetError:
        return
    yield _("Limit now"), _amount(params, now)


def _calldata(request: StaffRequest) -> Iterator[Line]:
    if (
        request.state != State.APPROVED
        or request.kind not in treasury.ON_CHAIN
        or request.result.get(ELSEWHERE)
    ):
        return
    if has_key(OWNER) and not request.result.get("by_owner"):
        return
    chain_id, call = call_of(request)
    yield _("Chain"), f"{chain_name(chain_id)} ({chain_id})"
    yield _("To"), call.target
    yield _("Value"), "0"
    yield _("Data"), "0x" + call.data.hex()


def _amount(params: dict[str, Any], units: int | str) -> str:
    return f"{shown_amount(int(units), int(params['decimals']))} {params['symbol']}"
