"""The one confirmation of a checked order, by the way that was chosen."""

from intents.settlement.order import StandardOrder

from . import deposit, opening
from .api import JsonObject, Submitted, WaymeetClient
from .signing import Say, Wish, signed, typed_data

# Their user's own transaction opens the order, which is written down before; the user pays the gas.
OWN_TRANSACTION = {"native": opening.open_with_coin, "batch": opening.open_together}


def confirmed(
    wish: Wish, order: StandardOrder, *, quote: JsonObject, key: str, client: WaymeetClient, say: Say
) -> Submitted:
    """Sign and submit, or submit and pay; raises what signing, the API and the chain's endpoint raise."""
    way = quote["confirm_way"]
    if way == "deposit":
        return _paid_to_address(wish, order, quote=quote, key=key, client=client, say=say)
    if way in OWN_TRANSACTION:
        submitted = client.submit(quote_id=quote["quote_id"], order=quote["order"], signature="")
        say(f"paid in {OWN_TRANSACTION[way](wish, order, key=key)}")
        return submitted
    data = deposit.permit_data(wish, order) if way == "permit" else typed_data(wish, order, way=way)
    return client.submit(quote_id=quote["quote_id"], order=quote["order"], signature=signed(data, key=key))


def _paid_to_address(
    wish: Wish, order: StandardOrder, *, quote: JsonObject, key: str, client: WaymeetClient, say: Say
) -> Submitted:
    lines = deposit.handover_lines(wish, order)
    submitted = client.submit(quote_id=quote["quote_id"], order=quote["order"], signature="")
    for line in lines:
        say(line)
    say(f"paid in {deposit.pay(wish, order, key=key)}")
    return submitted
