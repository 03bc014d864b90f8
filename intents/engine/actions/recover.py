"""Give back what lies at an order's deposit address and cannot open it: to `order.user`, at our cost."""

from django.db import transaction

from intents.amounts import divide_up
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.fees import fees
from intents.chains.reverts import TOO_MUCH_GAS, Reverted
from intents.engine import deposits, events, ledger
from intents.engine.case import IN_BLOCK, Case, Wait, move_order, wait
from intents.engine.courtesy import TOO_LITTLE
from intents.engine.evidence import Evidence
from intents.engine.flight import in_flight, send
from intents.engine.world import load_prices
from intents.lifecycle import AttemptState, OrderState
from intents.models import Deposit, Event, LedgerEntry, Step
from intents.settlement import calls
from intents.solver.gas import GasRules, charged
from intents.solver.prices import Unpriced, price_of, usd_down
from intents.solver.world import Token

LOOK_AGAIN_SECONDS = 5.0
NOT_WORTH_SECONDS = 3600.0
MEMO = "recover:"


def run(case: Case, step: Step, seen: Evidence) -> bool:
    """Do the next thing for what was sent in excess, late, twice, or by mistake; True when the order moved."""
    deposit = Deposit.objects.filter(pk=case.order.pk).first()
    if deposit is None:
        return False
    _tell(case)
    if not deposit.held:
        return False
    flying = in_flight(case, step, "recover")
    if flying is not None and flying.state != AttemptState.CONFIRMED:
        wait(case, step, IN_BLOCK)
        return False
    for token in sorted(deposit.held):
        amount = deposits.held_at(deposit, token)
        if token == deposit.token and not _is_input_free(case, seen):
            continue
        if _is_worth_it(case, token, amount, again=len(case.tries(step, "recover"))):
            return _send(case, step, deposit, token)
        wait(case, step, Wait(TOO_LITTLE, {"token": token}, seconds=NOT_WORTH_SECONDS))
    return False


def is_over(case: Case) -> bool:
    """Whether the origin's newest block is past the fill deadline: nothing can open there any more."""
    head = case.heads.get(case.origin.chain_id)
    return head is not None and head.timestamp > case.terms.fill_deadline


def _is_input_free(case: Case, seen: Evidence) -> bool:
    """The contract lets anybody send the input back once its order is opened, or cannot be opened."""
    return seen.opened is not None or is_over(case)


def _send(case: Case, step: Step, deposit: Deposit, token: str) -> bool:
    call = calls.recover(case.terms, token=token, chain=case.origin)
    try:
        attempt = send(case, step, "recover", call, is_coin=token == ZERO_ADDRESS)
    except Reverted as reverted:
        # Taken back by somebody, or a block behind; a user that refuses the native coin leaves it there.
        is_refused = reverted.name in ("TransferFailed", TOO_MUCH_GAS)
        seconds = NOT_WORTH_SECONDS if is_refused else LOOK_AGAIN_SECONDS
        wait(case, step, Wait("not_returned", {"revert": reverted.name}, seconds=seconds))
        return False
    wait(case, step, IN_BLOCK)
    data = {
        "chain_id": case.origin.chain_id,
        "tx_hash": attempt.tx_hash,
        "token": token,
        "amount": deposit.held[token],
    }
    if case.state is OrderState.REFUND_DUE and token == deposit.token:
        return move_order(case, OrderState.REFUNDING, event="recover_sent", data=data)
    events.record(case.order.order_id, "recover_sent", **data)
    return False


@transaction.atomic
def _tell(case: Case) -> None:
    """Record each recovery once, and undo in the books what a reorganised chain took back."""
    logs = [log for log in case.logs if log.kind == "Recovered" and _is_ours(case, log.chain_id, log.address)]
    memos = {f"{MEMO}{log.tx_hash[2:26]}" for log in logs}
    LedgerEntry.objects.filter(order=case.order, memo__startswith=MEMO).exclude(memo__in=memos).delete()
    if not logs:
        return
    known = Event.objects.filter(order=case.order, kind="recovered")
    told = set(known.values_list("data__tx_hash", "data__token"))
    opened_by = {log.tx_hash for log in case.logs if log.kind == "Open"}
    held_by = {log.tx_hash for log in case.logs if log.kind == "PayoutHeld"}
    for log in logs:
        token, amount = log.data["token"], int(log.data["amount"])
        is_held = log.tx_hash in held_by
        ledger.book_recovery(
            case.order, token=token, amount=amount, memo=f"{MEMO}{log.tx_hash[2:26]}", is_held=is_held
        )
        if (log.tx_hash, token) in told:
            continue
        events.record(
            case.order.order_id,
            "recovered",
            chain_id=log.chain_id,
            tx_hash=log.tx_hash,
            block=log.block_number,
            token=token,
            amount=str(amount),
            is_surplus=log.tx_hash in opened_by,
            is_held=is_held,
        )


def _is_ours(case: Case, chain_id: int, address: str) -> bool:
    return chain_id == case.origin.chain_id and address == case.origin.address("input_settler")


def _is_worth_it(case: Case, token: str, amount: int, *, again: int) -> bool:
    """Whether it is worth more than the gas of giving it back: dust must not cost us more than its sender.

    Whoever sends again and again gets it back at our cost only if it is twice as much each time. Without a
    price it is given back: a token of the manifest has one as a rule.
    """
    world = load_prices()
    origin = world.chains.get(case.origin.chain_id)
    native = case.origin.native
    known = None if origin is None else origin.tokens.get(token)
    if token == ZERO_ADDRESS:
        known = Token(ZERO_ADDRESS, native.symbol, native.decimals, native.canonical_id)
    if origin is None or known is None:
        return True
    try:
        value = usd_down(amount, known, price_of(world, known.canonical_id).low_e8)
        wei = charged(origin, GasRules()).open * fees(case.origin.chain_id).max_fee_wei
        cost = divide_up(wei * price_of(world, native.canonical_id).low_e8, 10**native.decimals)
    except Unpriced:
        return True
    return value >= cost << again
