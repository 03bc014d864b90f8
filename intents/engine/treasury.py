"""What two staff members agreed on, carried out once: stock withdrawn, goodwill paid, a limit raised.

The request's row is the order of it: APPROVED becomes DONE or FAILED by compare-and-set, once its transaction is
final. The transaction is stored before it is sent, under the request's own purpose, so that a lost answer is
followed up and never sent anew. Without the owner's key the owner signs elsewhere and names the transaction.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from eth_utils.address import is_address, to_checksum_address

from intents.chains import registry
from intents.chains.accounts import OWNER, address, has_key
from intents.chains.calls import Call
from intents.chains.client import client
from intents.chains.endpoints import SendRejected
from intents.chains.outcomes import attempt_outcome
from intents.chains.reverts import Reverted
from intents.chains.sender import submit
from intents.chains.shared import catch_up, give_up_dead
from intents.lifecycle import AttemptState
from intents.models import Attempt, AuditEntry, LedgerEntry, Order, StaffRequest, Stock
from intents.settlement import owner_calls
from intents.settlement.acceptance import Refusal
from intents.solver.prices import Unpriced, price_of, usd_up

from . import ledger
from .blocklist import blocked_addresses
from .bridging import until_depth
from .flight import AttemptsChanged, standing
from .receipts import book_attempts
from .world import load_prices

log = structlog.get_logger(__name__)

Kind = StaffRequest.Kind
State = StaffRequest.State
ELSEWHERE = "elsewhere"
PAID = (Kind.WITHDRAW, Kind.GOODWILL)
ON_CHAIN = (*PAID, Kind.RAISE_LIMIT)
_ENDED = (AttemptState.CONFIRMED, AttemptState.REVERTED)


def treasury_addresses() -> list[str]:
    """Where stock may be withdrawn to: what the settings name, or on local chains the owner itself."""
    named = [str(to_checksum_address(each)) for each in settings.TREASURY_ADDRESSES if is_address(each)]
    is_local = all(chain.is_local for chain in registry.all_chains().values())
    return named or ([address(OWNER)] if is_local else [])


def payable_to(order: Order, side: str) -> tuple[int, str, str]:
    """Chain, token and receiver of goodwill: the order's user where it began, or its recipient where it ends."""
    if side == "user":
        return order.origin_id, order.input_token, order.user
    return order.destination_id, order.output_token, order.recipient


def value_usd_e8(chain_id: int, token: str, amount: int) -> int | None:
    """USD × 10^8 at the highest price; None while there is no trustworthy one."""
    world = load_prices()
    known = world.chains[chain_id].handled(token) if chain_id in world.chains else None
    if known is None:
        return None
    try:
        return usd_up(amount, known, price_of(world, known.canonical_id).high_e8)
    except Unpriced:
        return None


def cap_of(chain_id: int, token: str) -> int:
    """The hourly limit of a token as the chain has it now, base units."""
    call = owner_calls.cap(token, chain=registry.chain(chain_id))
    return int.from_bytes(client(chain_id).call(call.target, call.data), "big")


def call_of(request: StaffRequest) -> tuple[int, Call]:
    """The chain and the call that carry the request out."""
    params = request.params
    chain = registry.chain(int(params["chain_id"]))
    if request.kind == Kind.RAISE_LIMIT:
        call = owner_calls.set_cap(token=params["token"], amount=int(params["amount"]), chain=chain)
    else:
        call = owner_calls.withdraw(
            token=params["token"], to=params["to"], amount=int(params["amount"]), chain=chain
        )
    return chain.chain_id, call


def execute(request_id: Any) -> None:
    """Bring an approved request as far as it goes now. Raises what the chain's being away raises."""
    request = StaffRequest.objects.select_related("order", "decided_by").get(pk=request_id)
    if request.state != State.APPROVED or request.kind not in ON_CHAIN:
        return
    tries = list(Attempt.objects.filter(purpose=purpose_of(request)).order_by("id"))
    attempt = _standing(tries)
    if attempt is not None:
        _follow(request, attempt, tries)
    elif request.result.get(ELSEWHERE):
        _follow_elsewhere(request)
    elif has_key(OWNER) and not request.result.get("by_owner"):
        _send(request, tries)
    elif not request.result.get("by_owner"):
        # From now on only the owner's own wallet sends it, also if the key comes here later.
        StaffRequest.objects.filter(pk=request.pk, state=State.APPROVED, result={}).update(
            result={"by_owner": True}
        )


def purpose_of(request: StaffRequest) -> str:
    """How a request's transactions are told from all others."""
    return f"r:{request.pk.hex[:14]}"


def refuse_now(request: StaffRequest) -> Refusal | None:
    """Why what was approved is not done after all: the receiver is not the one it may be, or the stock is promised."""
    params = request.params
    if request.kind == Kind.WITHDRAW and params["to"] not in treasury_addresses():
        return Refusal("not_treasury", {"to": params["to"]})
    if request.kind == Kind.GOODWILL:
        assert request.order is not None
        if (int(params["chain_id"]), params["token"], params["to"]) != payable_to(
            request.order, params["side"]
        ):
            return Refusal("not_the_orders")
        if params["to"].lower() in blocked_addresses():
            return Refusal("blocked_address", {"address": params["to"]})
    if request.kind in PAID and int(params["amount"]) > unreserved(int(params["chain_id"]), params["token"]):
        return Refusal("stock_promised")
    return None


def unreserved(chain_id: int, token: str) -> int:
    """Base units of our account's stock that nobody was promised."""
    holder = registry.chain(chain_id).address("solver_account")
    row = Stock.objects.filter(chain_id=chain_id, token=token, holder=holder).first()
    return max(0, (row.balance or 0) - (row.reserved or 0)) if row is not None else 0


def _standing(tries: Sequence[Attempt]) -> Attempt | None:
    """The transaction that did it, still may, or failed; None when none was sent or its nonce went elsewhere."""
    alive = [attempt for attempt in tries if not give_up_dead(attempt)]
    found = standing(alive, ())
    return found or next((each for each in reversed(alive) if each.state == AttemptState.REVERTED), None)


def _send(request: StaffRequest, tries: Sequence[Attempt]) -> None:
    refusal = refuse_now(request)
    if refusal is not None:
        _end(request, State.FAILED, {"code": refusal.code, "params": refusal.params})
        return
    chain_id, call = call_of(request)
    catch_up(chain_id, OWNER)
    try:
        submit(
            step=None,
            purpose=purpose_of(request),
            chain_id=chain_id,
            role=OWNER,
            call=call,
            guard=partial(_guard, request, [each.pk for each in tries]),
        )
    except SendRejected:
        # Stored all the same: it is followed like any other.
        log.warning("request.not_taken", request=str(request.pk))
    except Reverted as reverted:
        _end(request, State.FAILED, {"code": "would_revert", "params": {"revert": reverted.name}})


def _guard(request: StaffRequest, known: list[int]) -> None:
    """Two workers never store two transactions: the row is held, and the attempts are those that were judged."""
    if not StaffRequest.objects.filter(pk=request.pk, state=State.APPROVED).update(state=State.APPROVED):
        raise AttemptsChanged(str(request.pk))
    if Attempt.objects.filter(purpose=purpose_of(request)).exclude(pk__in=known).exists():
        raise AttemptsChanged(str(request.pk))


def _follow(request: StaffRequest, attempt: Attempt, tries: Sequence[Attempt]) -> None:
    if attempt.state not in _ENDED or attempt.block_number is None:
        return
    if until_depth(attempt.chain_id, attempt.block_number) is not None:
        return
    attempt_outcome(attempt)
    if attempt.state not in _ENDED:
        return
    where = {"tx_hash": attempt.tx_hash, "block": attempt.block_number}
    is_done = attempt.state == AttemptState.CONFIRMED
    failure = {} if is_done else {"code": "reverted", "params": attempt.revert or {}}
    with transaction.atomic():
        if _end(request, State.DONE if is_done else State.FAILED, {**where, **failure}):
            book_attempts(request.order, [each for each in tries if each.gas_used is not None])


def _follow_elsewhere(request: StaffRequest) -> None:
    tx_hash = request.result[ELSEWHERE]
    chain_id, _call = call_of(request)
    receipt = client(chain_id).receipt(tx_hash)
    if receipt is None or until_depth(chain_id, receipt.block_number) is not None:
        return
    where = {"tx_hash": tx_hash, "block": receipt.block_number, "by_owner": True}
    if receipt.is_success:
        _end(request, State.DONE, where)
    else:
        # The owner may send it again, and name that; what was named since is not forgotten.
        named = StaffRequest.objects.filter(pk=request.pk, state=State.APPROVED, result__elsewhere=tx_hash)
        named.update(result={"by_owner": True})


def is_the_call(request: StaffRequest, tx_hash: str) -> bool:
    """Whether this transaction, mined or not, makes exactly the request's call. Raises RpcError."""
    chain_id, call = call_of(request)
    sent = client(chain_id).transaction(tx_hash)
    if sent is None:
        return False
    data = str(sent.get("input") or sent.get("data") or "")
    return str(sent.get("to") or "").lower() == call.target.lower() and data == "0x" + call.data.hex()


def _end(request: StaffRequest, state: State, result: dict[str, Any]) -> bool:
    """APPROVED → DONE or FAILED with its entries in the books and the record; False when somebody was first."""
    with transaction.atomic():
        if not StaffRequest.objects.filter(pk=request.pk, state=State.APPROVED).update(
            state=state, result=result
        ):
            return False
        if state == State.DONE and request.kind in PAID:
            _book(request)
        decided_by = request.decided_by
        AuditEntry.objects.create(
            actor=decided_by,
            actor_name=decided_by.get_username() if decided_by is not None else "",
            action=f"{request.kind}_{state}",
            subject_kind="request",
            subject_id=str(request.pk),
            before={"state": State.APPROVED},
            after={"state": state, "result": result},
        )
    log.warning("request.ended", request=str(request.pk), kind=request.kind, state=state, **result)
    return True


def _book(request: StaffRequest) -> None:
    accounts = LedgerEntry.Account
    ledger.book(
        request.order if request.kind == Kind.GOODWILL else None,
        chain_id=int(request.params["chain_id"]),
        token=request.params["token"],
        debit=accounts.INVENTORY,
        credit=accounts.GOODWILL if request.kind == Kind.GOODWILL else accounts.WITHDRAWAL,
        amount=int(request.params["amount"]),
        memo=f"request:{request.pk.hex[:14]}",
    )


def sweep_requests() -> list[Any]:
    """Requests that are approved and not ended, oldest first; none of a chain that is not connected."""
    rows = StaffRequest.objects.filter(state=State.APPROVED, kind__in=ON_CHAIN).order_by("decided_at")
    connected = registry.all_chains()
    # SQLite gives a number out of JSON where a text of digits was put in.
    found = rows.values_list("pk", "params__chain_id")
    return [request_id for request_id, chain_id in found if int(chain_id) in connected]
