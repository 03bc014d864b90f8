"""A transaction of ours that no row knows any more, written down again from what its chain shows of it."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from eth_account.typed_transactions import TypedTransaction
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from intents.lifecycle import AttemptState
from intents.models import Attempt, Step

from . import accounts
from .calls import ZERO_ADDRESS
from .client import client

_SIGNED = (
    "type", "chainId", "nonce", "value", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "accessList", "r", "s",
)  # fmt: skip


def adopted(
    chain_id: int, tx_hash: str, *, role: str, target: str, purpose: str, step: Step | None
) -> Attempt | None:
    """The confirmed attempt, not yet saved, of a transaction in a block that `role` sent to `target`.

    None when it is not in a block, when somebody else sent it or to somebody else, and when its bytes cannot be
    told for certain: those are strangers' transactions to us. Raises what reads and keys raise.
    """
    found = client(chain_id).transaction(tx_hash)
    if found is None or found.get("blockNumber") is None:
        return None
    sender = to_checksum_address(found["from"])
    receiver = to_checksum_address(found.get("to") or ZERO_ADDRESS)
    if (sender, receiver) != (accounts.address(role), target):
        return None
    raw = _bytes_of(found, receiver)
    if "0x" + keccak(raw).hex() != tx_hash:
        return None
    return Attempt(
        step=step,
        purpose=purpose,
        chain_id=chain_id,
        sender=sender,
        nonce=int(found["nonce"], 16),
        tx_hash=tx_hash,
        raw=raw,
        target=receiver,
        calldata=found["input"],
        value_wei=int(found["value"], 16),
        gas_limit=int(found["gas"], 16),
        max_fee_wei=int(found["maxFeePerGas"], 16),
        priority_fee_wei=int(found["maxPriorityFeePerGas"], 16),
        state=AttemptState.CONFIRMED,
        block_number=int(found["blockNumber"], 16),
        confirmed_at=timezone.now(),
    )


def _bytes_of(found: Mapping[str, Any], receiver: str) -> bytes:
    """The signed bytes; none for another kind of transaction than those we sign."""
    if found.get("type") != "0x2":
        return b""
    signed = {name: found.get(name) for name in _SIGNED}
    signed |= {"to": receiver, "data": found["input"], "v": found.get("v") or found.get("yParity")}
    signed["accessList"] = signed["accessList"] or []
    return bytes(TypedTransaction.from_dict(signed).encode())
