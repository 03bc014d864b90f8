"""Whether the person took their signature back before it was used."""

from intents.chains.client import client
from intents.settlement.cancelling import (
    PERMIT,
    WAYS,
    is_permit_void,
    is_used,
    nonce_state,
    permit_allowance,
    permit_count,
)

from .case import Case
from .deposits import address_of


def is_cancelled(case: Case) -> bool:
    """The nonce of an order that is not open is used up. Reads the origin; raises what reads raise."""
    way = case.order.confirm_way
    if way not in WAYS or not case.order.signature:
        return False
    if way == PERMIT:
        return _is_permit_void(case)
    view = nonce_state(case.terms, order_id=case.id_bytes, way=way, origin=case.origin)
    return is_used(client(case.origin.chain_id).call(view.target, view.data), case.terms, way=way)


def _is_permit_void(case: Case) -> bool:
    place = address_of(case.id_bytes, origin=case.origin)
    reader = client(case.origin.chain_id)
    count, allowance = (
        int.from_bytes(reader.call(view.target, view.data)[:32], "big")
        for view in (permit_count(case.terms), permit_allowance(case.terms, deposit_address=place))
    )
    return is_permit_void(
        case.terms,
        bytes.fromhex(case.order.signature[2:]),
        deposit_address=place,
        count=count,
        allowance=allowance,
        origin=case.origin,
    )
