"""Whether the person took their signature back before it was used."""

from intents.chains.client import client
from intents.settlement.cancelling import WAYS, is_used, nonce_state

from .case import Case


def is_cancelled(case: Case) -> bool:
    """The nonce of an order that is not open is used up. Reads the origin once; raises what reads raise."""
    way = case.order.confirm_way
    if way not in WAYS or not case.order.signature:
        return False
    view = nonce_state(case.terms, order_id=case.id_bytes, way=way, origin=case.origin)
    return is_used(client(case.origin.chain_id).call(view.target, view.data), case.terms, way=way)
