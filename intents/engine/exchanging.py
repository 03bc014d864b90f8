"""What a move through pools of one chain sends, and what it took and brought."""

from intents.chains import registry
from intents.chains.accounts import OPERATOR
from intents.chains.client import client
from intents.chains.endpoints import RpcUnavailable
from intents.models import Attempt, StockMove
from intents.settlement import calls
from intents.solver.plan import swap_from_json
from intents.venues.swaps import swap_calls

from .bridging import Sent
from .receipts import moved

DEADLINE_SECONDS = 600


def call_of(move: StockMove) -> Sent:
    """The trade as planned, for at least what was planned less its tolerance."""
    chain = registry.chain(move.source_id)
    account = chain.address("solver_account")
    least = int(move.details["least"])
    swap = swap_from_json(move.details["swap"])
    deadline = client(chain.chain_id).head().timestamp + DEADLINE_SECONDS
    swaps = swap_calls(chain, swap, least=least, holder=account, deadline=deadline)
    call = calls.trade(swaps, token_out=move.destination_token, least=least, chain=chain)
    return Sent(call, OPERATOR)


def amounts_of(move: StockMove, attempt: Attempt) -> tuple[int, int]:
    """Base units (spent, gained) as the transfers in the receipt have them, within what our account allows at all:
    a token writes what it likes into its logs.

    Raises RpcUnavailable while the node does not show the receipt.
    """
    receipt = client(attempt.chain_id).receipt(attempt.tx_hash)
    if receipt is None:
        raise RpcUnavailable(f"no receipt of {attempt.tx_hash} yet")
    account = registry.chain(move.source_id).address("solver_account")
    spent = moved(receipt.logs, move.source_token, of=account)
    gained = moved(receipt.logs, move.destination_token, to=account)
    return min(spent, move.amount), max(gained, int(move.details["least"]))
