"""An account that others send from as well, such as the owner with a wallet of their own."""

from intents.lifecycle import AttemptState
from intents.models import Attempt, SendingAccount

from . import registry
from .accounts import address
from .client import client
from .sender import ensure_cursor, move_attempt


def catch_up(chain_id: int, role: str) -> None:
    """Bring our nonce counter up to what the account has used elsewhere; never call it inside a transaction."""
    sender = address(role)
    row = ensure_cursor(chain_id, role, sender)
    used = client(chain_id).nonce(sender)
    SendingAccount.objects.filter(pk=row.pk, next_nonce__lt=used).update(next_nonce=used)


def give_up_dead(attempt: Attempt) -> bool:
    """Whether another transaction has the attempt's nonce for good: then it is REPLACED, and will never be mined.

    For good means final: at the depth where a block is final the nonce was used, and no block holds ours.
    """
    if attempt.state in (AttemptState.CONFIRMED, AttemptState.REVERTED):
        return False
    chain = client(attempt.chain_id)
    final = chain.head().number - registry.chain(attempt.chain_id).depth
    if final < 0:
        return False
    # Asked together, of one node: a nonce that it has seen used it has seen used by us, or by another.
    receipt, used = chain.batch(
        [
            ("eth_getTransactionReceipt", [attempt.tx_hash]),
            ("eth_getTransactionCount", [attempt.sender, hex(final)]),
        ]
    )
    if receipt is not None or int(used, 16) <= attempt.nonce:
        return False
    return move_attempt(attempt, AttemptState.REPLACED)
