"""Our only way to send a transaction.

Lease a nonce, sign, store bytes, hash and nonce in one database transaction, commit, broadcast the
stored bytes. A nonce once stored is never signed over with another payload, except by a recorded
replacement. A lost answer means: assume that it was sent.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from intents.errors import WaymeetError
from intents.lifecycle import AttemptState, Move, attempt_move
from intents.models import Attempt, ChainHead, SendingAccount, Step

from .accounts import account
from .calls import Call
from .client import client
from .endpoints import SendRejected, SendUnknown
from .fees import Fees, bumped, fees
from .reverts import TOO_MUCH_GAS, Reverted

log = structlog.get_logger(__name__)

GAS_MARGIN_PERCENT = 125
PLAIN_TRANSFER_GAS = 21_000
NOOP = "noop"


class SignerUnavailable(WaymeetError):
    """We no longer hold the key that signed this attempt."""

    code = "signer_unavailable"
    status = 500


@dataclass(frozen=True, slots=True)
class _Draft:
    """Everything of a transaction but its nonce."""

    step: Step | None
    purpose: str
    chain_id: int
    call: Call
    gas_limit: int
    fees: Fees


def submit(
    *,
    step: Step | None,
    purpose: str,
    chain_id: int,
    role: str,
    call: Call,
    replaces: Attempt | None = None,
    is_urgent: bool = False,
    guard: Callable[[], None] | None = None,
    most_gas: int = 0,
    also: Sequence[Step] = (),
) -> Attempt:
    """Send a call as `role`; the attempt is BROADCAST, or UNKNOWN when no answer came.

    `also` are steps of other orders that the call serves besides `step`; a replacement serves the same ones.
    With `replaces` the call takes over that attempt's nonce. `is_urgent` raises the cap on fees. `guard` runs
    inside the transaction that stores the attempt: when it raises, nothing is stored or sent, and no nonce is
    used. Raises Reverted when the gas estimate reverts or is above `most_gas` (only without `gas_limit`),
    FeeAboveCap before anything is stored, and SendRejected after the attempt was stored: it stays PLANNED and
    `recovery.mend_chain` carries on with it. Never call it inside an open transaction: it raises RuntimeError.
    """
    signer = account(role)
    gas_limit = call.gas_limit or _estimated_gas(chain_id, call, signer.address, most_gas)
    if replaces is not None:
        prices = bumped(_fees_of(replaces), chain_id, is_urgent=is_urgent)
        return _take_over(replaces, _Draft(step, purpose, chain_id, call, gas_limit, prices), signer)
    draft = _Draft(step, purpose, chain_id, call, gas_limit, fees(chain_id, is_urgent=is_urgent))
    ensure_cursor(chain_id, role, signer.address)
    with transaction.atomic(durable=True):
        if guard is not None:
            guard()
        attempt = _store(draft, signer, _lease_nonce(chain_id, signer.address))
        if also:
            attempt.also.add(*also)
    return _broadcast(attempt)


def rebroadcast(attempt: Attempt) -> Attempt:
    """Send the stored bytes again; the same transaction whatever happened before. Raises SendRejected."""
    attempt.refresh_from_db()
    if attempt.state == AttemptState.REPLACED:
        return attempt
    return _broadcast(attempt)


def replace(attempt: Attempt, *, is_urgent: bool = False) -> Attempt:
    """Send the same call with the same nonce and higher fees; the newest attempt of that nonce.

    Nothing is replaced when the attempt is already mined. Raises FeeAboveCap, SendRejected.
    """
    newest = newest_of(attempt)
    if client(newest.chain_id).receipt(newest.tx_hash) is not None:
        return newest
    call = Call(newest.target, bytes.fromhex(newest.calldata[2:]), newest.value_wei, newest.gas_limit)
    return submit(
        step=newest.step,
        purpose=newest.purpose,
        chain_id=newest.chain_id,
        role=_role_of(newest),
        call=call,
        replaces=newest,
        is_urgent=is_urgent,
    )


def abandon(attempt: Attempt) -> Attempt:
    """Use up the attempt's nonce with a transfer of nothing to ourselves; later nonces go on.

    If the first transaction is mined after all, that is found out by its receipt as always.
    """
    newest = newest_of(attempt)
    return submit(
        step=None,
        purpose=NOOP,
        chain_id=newest.chain_id,
        role=_role_of(newest),
        call=Call(newest.sender, gas_limit=PLAIN_TRANSFER_GAS),
        replaces=newest,
    )


def fill_gap(chain_id: int, role: str, nonce: int) -> Attempt:
    """Use up a leased nonce for which nothing was stored. Raises SendRejected."""
    signer = account(role)
    draft = _Draft(None, NOOP, chain_id, Call(signer.address), PLAIN_TRANSFER_GAS, fees(chain_id))
    with transaction.atomic(durable=True):
        attempt = _store(draft, signer, nonce)
    return _broadcast(attempt)


def newest_of(attempt: Attempt) -> Attempt:
    """The last link of the attempt's chain of replacements."""
    current = attempt
    while True:
        successor = Attempt.objects.filter(replaces=current).first()
        if successor is None:
            return current
        current = successor


def ensure_cursor(chain_id: int, role: str, sender: str) -> SendingAccount:
    """The nonce counter; at first use it starts after all that the chain and our own rows know."""
    row, _ = SendingAccount.objects.get_or_create(chain_id=chain_id, address=sender, defaults={"role": role})
    if row.next_nonce is None:
        stored = Attempt.objects.filter(chain_id=chain_id, sender=sender).aggregate(top=Max("nonce"))["top"]
        first = max(client(chain_id).nonce(sender), -1 if stored is None else stored + 1)
        SendingAccount.objects.filter(pk=row.pk, next_nonce=None).update(next_nonce=first)
        row.refresh_from_db()
    return row


def move_attempt(attempt: Attempt, target: AttemptState, **fields: object) -> bool:
    """Compare-and-set an attempt's state along the table of moves; False when someone else moved it."""
    current = AttemptState(attempt.state)
    if attempt_move(current, target) is Move.ALREADY_APPLIED and not fields:
        return True
    moved = Attempt.objects.filter(pk=attempt.pk, state=current).update(state=target, **fields)
    if not moved:
        attempt.refresh_from_db()
        return False
    for name, value in fields.items():
        setattr(attempt, name, value)
    attempt.state = target
    return True


def _lease_nonce(chain_id: int, sender: str) -> int:
    mine = SendingAccount.objects.filter(chain_id=chain_id, address=sender)
    while True:
        nonce = mine.values_list("next_nonce", flat=True).get()
        if mine.filter(next_nonce=nonce).update(next_nonce=F("next_nonce") + 1):
            return int(nonce or 0)


def _store(draft: _Draft, signer: LocalAccount, nonce: int, replaces: Attempt | None = None) -> Attempt:
    target = to_checksum_address(draft.call.target)
    signed = signer.sign_transaction(
        {
            "type": 2,
            "chainId": draft.chain_id,
            "nonce": nonce,
            "to": target,
            "data": draft.call.data,
            "value": draft.call.value_wei,
            "gas": draft.gas_limit,
            "maxFeePerGas": draft.fees.max_fee_wei,
            "maxPriorityFeePerGas": draft.fees.priority_fee_wei,
        }
    )
    return Attempt.objects.create(
        step=draft.step,
        purpose=draft.purpose,
        chain_id=draft.chain_id,
        sender=signer.address,
        nonce=nonce,
        tx_hash="0x" + signed.hash.hex(),
        raw=bytes(signed.raw_transaction),
        target=target,
        calldata="0x" + draft.call.data.hex(),
        value_wei=draft.call.value_wei,
        gas_limit=draft.gas_limit,
        max_fee_wei=draft.fees.max_fee_wei,
        priority_fee_wei=draft.fees.priority_fee_wei,
        replaces=replaces,
    )


def _take_over(old: Attempt, draft: _Draft, signer: LocalAccount) -> Attempt:
    if signer.address != old.sender:
        raise SignerUnavailable(f"attempt {old.tx_hash} was signed by {old.sender}")
    try:
        with transaction.atomic(durable=True):
            attempt = _store(draft, signer, old.nonce, replaces=old)
            if draft.step is not None:
                attempt.also.add(*old.also.all())
            move_attempt(old, AttemptState.REPLACED)
    except IntegrityError:
        # Another worker replaced it first: `replaces` is unique.
        return newest_of(old)
    return _broadcast(attempt)


def _broadcast(attempt: Attempt) -> Attempt:
    target = AttemptState.BROADCAST
    started = time.time()
    host = ""
    try:
        host = client(attempt.chain_id).send_raw(bytes(attempt.raw)).host
    except SendUnknown as error:
        target = AttemptState.UNKNOWN
        log.warning("send.unknown", tx_hash=attempt.tx_hash, chain=attempt.chain_id, error=str(error))
    except SendRejected as error:
        log.warning("send.rejected", tx_hash=attempt.tx_hash, chain=attempt.chain_id, error=str(error))
        error.params["tx_hash"] = attempt.tx_hash
        raise
    if attempt.state in (AttemptState.CONFIRMED, AttemptState.REVERTED) and target is AttemptState.UNKNOWN:
        return attempt
    head = ChainHead.objects.filter(chain_id=attempt.chain_id).values_list("number", flat=True).first()
    move_attempt(
        attempt, target, broadcast_at=started, broadcast_block=head, endpoint=host[:100] or attempt.endpoint
    )
    return attempt


def _estimated_gas(chain_id: int, call: Call, sender: str, most_gas: int) -> int:
    units = client(chain_id).estimate_gas(call, sender)
    if most_gas and units > most_gas:
        raise Reverted(TOO_MUCH_GAS, [units, most_gas])
    return units * GAS_MARGIN_PERCENT // 100


def _fees_of(attempt: Attempt) -> Fees:
    return Fees(attempt.max_fee_wei, attempt.priority_fee_wei)


def _role_of(attempt: Attempt) -> str:
    row = SendingAccount.objects.filter(chain_id=attempt.chain_id, address=attempt.sender).first()
    if row is None or account(row.role).address != attempt.sender:
        raise SignerUnavailable(f"no key for {attempt.sender} on chain {attempt.chain_id}")
    return row.role
