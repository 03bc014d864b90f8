"""What became of an attempt, read from the chain and written to its row."""

from enum import StrEnum
from typing import Any

from django.utils import timezone

from intents.lifecycle import AttemptState
from intents.models import Attempt

from .calls import Call
from .client import Receipt, client, parse_receipt
from .endpoints import RpcError
from .reverts import Reverted
from .sender import move_attempt

OUT_OF_GAS = "OutOfGas"


class Outcome(StrEnum):
    """`unknown`: no node knows it now; rebroadcast. `replaced`: another transaction took its nonce."""

    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    PENDING = "pending"
    REPLACED = "replaced"
    UNKNOWN = "unknown"


def attempt_outcome(attempt: Attempt) -> Outcome:
    """Ask the chain and record the answer in the attempt.

    A missing receipt is never a failure: only a receipt, or another mined transaction with the same
    nonce, ends an attempt. A confirmed attempt whose block was reorganised away is pending or
    unknown again.
    """
    receipt, transaction, mined_nonces = client(attempt.chain_id).batch(
        [
            ("eth_getTransactionReceipt", [attempt.tx_hash]),
            ("eth_getTransactionByHash", [attempt.tx_hash]),
            ("eth_getTransactionCount", [attempt.sender, "latest"]),
        ]
    )
    if receipt is not None:
        return _record_mined(attempt, parse_receipt(receipt))
    if transaction is not None:
        _forget_block(attempt, AttemptState.BROADCAST)
        return Outcome.PENDING
    if int(mined_nonces, 16) > attempt.nonce and _is_nonce_taken(attempt):
        _forget_block(attempt, AttemptState.REPLACED)
        return Outcome.REPLACED
    _forget_block(attempt, AttemptState.UNKNOWN)
    return Outcome.UNKNOWN


def revert_reason(attempt: Attempt, receipt: Receipt) -> dict[str, Any]:
    """{name, args} of a mined failure, by running the call again on the block that held it."""
    if receipt.gas_used >= attempt.gas_limit:
        return {"name": OUT_OF_GAS, "args": [attempt.gas_limit]}
    call = Call(attempt.target, bytes.fromhex(attempt.calldata[2:]), attempt.value_wei, attempt.gas_limit)
    try:
        client(attempt.chain_id).simulate(call, attempt.sender, block=receipt.block_number)
    except Reverted as reverted:
        return reverted.revert_json()
    except RpcError as error:
        return {"name": "Unreadable", "args": [error.message[:200]]}
    return {"name": "NotReproduced", "args": []}


def _record_mined(attempt: Attempt, receipt: Receipt) -> Outcome:
    outcome = Outcome.CONFIRMED if receipt.is_success else Outcome.REVERTED
    target = AttemptState(outcome.value)
    if attempt.state == target and attempt.block_hash == receipt.block_hash:
        return outcome
    is_known = attempt.state == target and attempt.block_number == receipt.block_number
    move_attempt(
        attempt,
        target,
        block_number=receipt.block_number,
        block_hash=receipt.block_hash,
        gas_used=receipt.gas_used,
        gas_price_wei=receipt.gas_price_wei,
        data_fee_wei=receipt.data_fee_wei,
        revert=None if receipt.is_success else revert_reason(attempt, receipt),
        # Its log may have told before; the receipt only adds what it cost.
        confirmed_at=(attempt.confirmed_at if is_known else None) or timezone.now(),
    )
    return outcome


def _forget_block(attempt: Attempt, target: AttemptState) -> None:
    current = AttemptState(attempt.state)
    if current in (target, AttemptState.REPLACED):
        return
    if current is AttemptState.PLANNED and target is AttemptState.UNKNOWN:
        return
    if target is AttemptState.UNKNOWN and current in (AttemptState.CONFIRMED, AttemptState.REVERTED):
        target = AttemptState.BROADCAST
    move_attempt(
        attempt,
        target,
        block_number=None,
        block_hash="",
        gas_used=None,
        gas_price_wei=None,
        data_fee_wei=None,
        revert=None,
        confirmed_at=None,
    )


def _is_nonce_taken(attempt: Attempt) -> bool:
    others = Attempt.objects.filter(
        chain_id=attempt.chain_id, sender=attempt.sender, nonce=attempt.nonce
    ).exclude(pk=attempt.pk)
    hashes = list(others.values_list("tx_hash", flat=True))
    receipts = client(attempt.chain_id).batch([("eth_getTransactionReceipt", [item]) for item in hashes])
    return any(receipt is not None for receipt in receipts) or _is_long_gone(attempt)


def _is_long_gone(attempt: Attempt) -> bool:
    # The account was used elsewhere: its nonce is mined, and for a final depth nobody saw our hash.
    if attempt.broadcast_block is None:
        return False
    chain = client(attempt.chain_id)
    return chain.head().number > attempt.broadcast_block + chain.manifest.depth
