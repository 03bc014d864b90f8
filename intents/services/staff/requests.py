"""What takes two people: stock withdrawn, goodwill paid, a limit raised, a brake of staff let go, a chain parted with.

One asks, another decides, the engine does it once. What was asked for cannot be changed afterwards, by anybody.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from intents import wake
from intents.amounts import AmountError, parse_units
from intents.chains import registry
from intents.chains.manifest import ChainManifest, TokenManifest, TokenNotSupported, from_json, to_json
from intents.engine import departures, treasury
from intents.engine.blocklist import blocked_addresses
from intents.engine.treasury import payable_to, value_usd_e8
from intents.errors import WaymeetError
from intents.models import Departure, Order, StaffRequest
from intents.settlement.acceptance import Refusal

from . import gone, joins, pauses
from .audit import Actor
from .errors import (
    AlreadyDecided,
    AlreadyNamed,
    AskerGone,
    NotOffered,
    NotPermitted,
    SamePerson,
    Unknown,
)
from .once import Change, Form, key_of, once
from .roles import ASK_REQUESTS, DECIDE_REQUESTS, may

log = structlog.get_logger(__name__)

Kind = StaffRequest.Kind
State = StaffRequest.State
USD_E8: Final = 10**8
SIDES: Final = ("user", "recipient")
_COUNTED: Final = (State.ASKED, State.APPROVED, State.DONE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for: `subject` is what they type to confirm it."""

    kind: Kind
    subject: str
    params: dict[str, Any]
    order: Order | None = None


def treasury_addresses() -> list[str]:
    """Where stock may be withdrawn to."""
    return treasury.treasury_addresses()


def withdrawal(*, chain: str, token: str, amount: str, to: str) -> Wanted:
    """Take stock out to an address of the treasury list. Raises ActRefused."""
    manifest, known = _token(chain, token)
    if to not in treasury_addresses():
        raise NotOffered(Refusal("not_treasury"))
    params = _params(manifest, known, _units(amount, known)) | {"to": to}
    return Wanted(Kind.WITHDRAW, f"{manifest.slug}:{known.symbol}", params)


def goodwill(*, order: Order, side: str, amount: str) -> Wanted:
    """Pay something to the order's own user or recipient; nobody types where to. Raises ActRefused."""
    chain_id, address, to = payable_to(order, side if side in SIDES else "user")
    if to.lower() in blocked_addresses():
        raise NotOffered(Refusal("blocked_address", {"address": to}))
    manifest, known = _token(str(chain_id), address)
    units = _units(amount, known)
    asked = value_usd_e8(chain_id, known.address, units)
    if asked is None:
        raise NotOffered(Refusal("unpriced"))
    _require_bounded(order, besides=asked)
    params = _params(manifest, known, units) | {"to": to, "side": side, "usd_e8": str(asked)}
    return Wanted(Kind.GOODWILL, order.order_id, params, order)


def raise_of_limit(*, chain: str, token: str, amount: str) -> Wanted:
    """Let more of a token leave our account in an hour. Raises ActRefused, and what reading the chain raises."""
    manifest, known = _token(chain, token)
    units, now = _units(amount, known), treasury.cap_of(manifest.chain_id, known.address)
    if units <= now:
        raise NotOffered(Refusal("not_a_raise"))
    params = _params(manifest, known, units) | {"before": str(now)}
    return Wanted(Kind.RAISE_LIMIT, f"{manifest.slug}:{known.symbol}", params)


def unpause(*, kind: str, subject: str) -> Wanted:
    """Let go of a brake that a person pulled. Raises ActRefused."""
    brake = pauses.brake_named(kind, subject)
    reason = pauses.why_paused(brake)
    if not reason:
        raise NotOffered(Refusal("not_paused"))
    return Wanted(Kind.UNPAUSE, subject, {"brake": kind, "subject": subject, "paused_because": reason})


def leave(*, chain: str, stock: str) -> Wanted:
    """Have a chain leave the network once what is open has ended. Raises ActRefused."""
    brake = pauses.brake_named(pauses.DRAIN, chain)
    if stock not in Departure.Stock.values:
        raise NotOffered(Refusal("stock_choice_wrong"))
    if StaffRequest.objects.filter(
        kind=Kind.LEAVE, state=State.ASKED, params__chain_id=str(brake.chain_id)
    ).exists():
        raise NotOffered(Refusal("asked_already"))
    ways_out = (Departure.Kind.LEAVE, Departure.Kind.GONE)
    if Departure.objects.filter(chain_id=brake.chain_id, ended_at=None, kind__in=ways_out).exists():
        raise NotOffered(Refusal("leaving_already"))
    return Wanted(Kind.LEAVE, chain, {"chain_id": str(brake.chain_id), "subject": chain, "stock": stock})


def declare_gone(*, chain: str) -> Wanted:
    """Have a chain leave whose nodes answer nobody, without what only it could end. Raises ActRefused."""
    params = gone.evidence(chain)
    if StaffRequest.objects.filter(
        kind=Kind.GONE, state=State.ASKED, params__chain_id=params["chain_id"]
    ).exists():
        raise NotOffered(Refusal("asked_already"))
    return Wanted(Kind.GONE, chain, params)


def join(asked: ChainManifest) -> Wanted:
    """Have a chain join by exactly this manifest. Raises ActRefused."""
    chain_id = str(asked.chain_id)
    if StaffRequest.objects.filter(kind=Kind.JOIN, state=State.ASKED, params__chain_id=chain_id).exists():
        raise NotOffered(Refusal("asked_already"))
    params = {"chain_id": chain_id, "name": asked.name, "manifest": to_json(asked)}
    return Wanted(Kind.JOIN, asked.slug, params)


def ask(wanted: Wanted, actor: Actor, form: Form) -> StaffRequest:
    """Ask for it; the same form sent again answers the same request. Raises ActRefused."""
    kind = "order" if wanted.order is not None else "stock" if wanted.kind in treasury.ON_CHAIN else "brake"
    if not actor.may(ASK_REQUESTS):
        raise NotPermitted()
    key = key_of(actor, f"ask_{wanted.kind}", kind=kind, subject=wanted.subject, token=form.token)

    def deed() -> Change:
        request = StaffRequest.objects.create(
            kind=wanted.kind,
            order=wanted.order,
            params=wanted.params,
            reason=form.reason.strip(),
            asked_by=actor.user,
            idempotency_key=key,
        )
        return Change(before={}, after={"request": str(request.pk), "params": _recorded(wanted.params)})

    once(
        actor,
        f"ask_{wanted.kind}",
        form,
        permission=ASK_REQUESTS,
        kind=kind,
        subject=wanted.subject,
        deed=deed,
    )
    return StaffRequest.objects.get(idempotency_key=key)


def _recorded(params: dict[str, Any]) -> dict[str, Any]:
    """What the record keeps for ever: of a manifest its fingerprint, since addresses of nodes may hold keys."""
    if "manifest" not in params:
        return params
    return {**params, "manifest": from_json(params["manifest"]).content_hash}


def to_type(request: StaffRequest) -> str:
    """What is typed to decide a request: the end of its number."""
    return str(request.pk)[-6:]


def asker_may(request: StaffRequest) -> bool:
    """Whether who asked is staff still and may still ask: else nobody approves it."""
    asker = get_user_model().objects.filter(pk=request.asked_by_id).first()
    return asker is not None and may(asker, ASK_REQUESTS)


def decide(request_id: UUID, actor: Actor, form: Form, *, is_approved: bool) -> bool:
    """Approve or decline what another asked for; False when this form was sent before.

    An approved request is carried out once: by the engine, or for a brake right here. Raises ActRefused.
    """
    if not actor.may(DECIDE_REQUESTS):
        raise NotPermitted()
    request = StaffRequest.objects.select_related("order").filter(pk=request_id).first()
    if request is None:
        raise Unknown(str(request_id))
    if request.asked_by_id == actor.user.pk:
        raise SamePerson()

    def deed() -> Change:
        if is_approved and not asker_may(request):
            raise AskerGone()
        if is_approved and request.order is not None:
            _require_bounded(request.order)
        state = State.APPROVED if is_approved else State.DECLINED
        decided = StaffRequest.objects.filter(pk=request_id, state=State.ASKED, decided_by=None).update(
            state=state, decided_by=actor.user, decided_at=timezone.now(), decision=form.reason.strip()
        )
        if not decided:
            raise AlreadyDecided()
        result = _do_here(request) if is_approved else {}
        return Change(before={"state": State.ASKED}, after={"state": state, **result})

    is_new = once(
        actor,
        "approve" if is_approved else "decline",
        form,
        permission=DECIDE_REQUESTS,
        kind="request",
        subject=str(request_id),
        confirm=to_type(request),
        deed=deed,
    )
    if is_new and is_approved and request.kind in treasury.ON_CHAIN:
        wake.request(request_id)
    return is_new


def name_transaction(request_id: UUID, actor: Actor, form: Form, *, tx_hash: str) -> bool:
    """Say which transaction of the owner's own wallet made the approved call. Raises ActRefused."""
    if not actor.may(DECIDE_REQUESTS):
        raise NotPermitted()
    request = StaffRequest.objects.filter(pk=request_id, state=State.APPROVED).first()
    if request is None or not request.result.get("by_owner"):
        raise Unknown(str(request_id))
    tx_hash = tx_hash.strip().lower()
    if not treasury.is_the_call(request, tx_hash):
        raise NotOffered(Refusal("not_its_transaction"))

    def deed() -> Change:
        waiting = StaffRequest.objects.filter(state=State.APPROVED, kind__in=treasury.ON_CHAIN)
        # One after the other: two who name one transaction for two requests would each find it unused.
        list(waiting.order_by("pk").select_for_update().values_list("pk"))
        named = Q(result__elsewhere=tx_hash) | Q(result__tx_hash=tx_hash)
        if StaffRequest.objects.exclude(pk=request_id).filter(named).exists():
            raise NotOffered(Refusal("not_its_transaction"))
        result = {"by_owner": True, treasury.ELSEWHERE: tx_hash}
        unnamed = waiting.filter(pk=request_id).exclude(result__has_key=treasury.ELSEWHERE)
        if not unnamed.update(result=result):
            raise AlreadyNamed()
        return Change(before={}, after=result)

    is_new = once(
        actor,
        "name_transaction",
        form,
        permission=DECIDE_REQUESTS,
        kind="request",
        subject=str(request_id),
        confirm=to_type(request),
        deed=deed,
    )
    if is_new:
        wake.request(request_id)
    return is_new


def request_execute(request_id: UUID | str) -> None:
    """Carry an approved request out, or on; run zero, one or many times."""
    try:
        treasury.execute(request_id)
    except WaymeetError as error:
        if not error.retry:
            raise
        log.info("request.later", request=str(request_id), code=error.code, error=str(error))


def requests_sweep() -> int:
    """Have the approved requests that did not end yet looked at; how many."""
    found = treasury.sweep_requests()
    for request_id in found:
        wake.request(request_id)
    return len(found)


def _do_here(request: StaffRequest) -> dict[str, Any]:
    """What needs no transaction is done by deciding it; the change for the record."""
    if request.kind == Kind.UNPAUSE:
        return _let_go(request)
    if request.kind == Kind.JOIN:
        return joins.carry_out(request)
    if request.kind == Kind.GONE:
        return _part_with(request)
    return _have_leave(request) if request.kind == Kind.LEAVE else {}


@transaction.atomic
def _have_leave(request: StaffRequest) -> dict[str, Any]:
    departures.begin(
        int(request.params["chain_id"]),
        kind=Departure.Kind.LEAVE,
        stock=Departure.Stock(request.params["stock"]),
        reason=request.reason[: pauses.MOST_SHOWN],
        user=request.asked_by,
    )
    StaffRequest.objects.filter(pk=request.pk, state=State.APPROVED).update(state=State.DONE)
    return {"state": State.DONE}


@transaction.atomic
def _part_with(request: StaffRequest) -> dict[str, Any]:
    gone.declare(int(request.params["chain_id"]), reason=request.reason, user=request.asked_by)
    StaffRequest.objects.filter(pk=request.pk, state=State.APPROVED).update(state=State.DONE)
    return {"state": State.DONE}


@transaction.atomic
def _let_go(request: StaffRequest) -> dict[str, Any]:
    brake = pauses.brake_named(request.params["brake"], request.params["subject"])
    reason = pauses.why_paused(brake)
    if reason and reason != request.params["paused_because"]:
        # Two people agreed that the old trouble is over, and know nothing of this one.
        raise NotOffered(Refusal("paused_anew"))
    result = {"released": pauses.release(brake)}
    StaffRequest.objects.filter(pk=request.pk, state=State.APPROVED).update(state=State.DONE, result=result)
    return {"state": State.DONE, "result": result}


def _require_bounded(order: Order, *, besides: int = 0) -> None:
    """Raises ActRefused when the order's goodwill, asked for or given, is more than it may be."""
    rows = StaffRequest.objects.filter(order=order, kind=Kind.GOODWILL, state__in=_COUNTED)
    given = sum(int(params.get("usd_e8", 0)) for params in rows.values_list("params", flat=True))
    most = min(settings.GOODWILL_MOST_USD * USD_E8, order.value_usd_e8)
    if given + besides > most:
        raise NotOffered(Refusal("over_goodwill", {"most_usd": f"{most / USD_E8:.2f}"}))


def _token(chain: str, token: str) -> tuple[ChainManifest, TokenManifest]:
    manifest = next(
        (each for each in registry.all_chains().values() if chain in (each.slug, str(each.chain_id))), None
    )
    if manifest is None:
        raise Unknown(chain)
    try:
        return manifest, manifest.token(token)
    except TokenNotSupported as error:
        raise Unknown(token) from error


def _units(amount: str, token: TokenManifest) -> int:
    try:
        units = parse_units(amount.strip(), token.decimals)
    except (AmountError, ValueError) as error:
        raise NotOffered(Refusal("amount_wrong")) from error
    if units <= 0:
        raise NotOffered(Refusal("amount_wrong"))
    return units


def _params(manifest: ChainManifest, token: TokenManifest, units: int) -> dict[str, Any]:
    return {
        "chain_id": str(manifest.chain_id),
        "token": token.address,
        "symbol": token.symbol,
        "decimals": token.decimals,
        "amount": str(units),
    }
