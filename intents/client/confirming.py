"""The one confirmation of a checked order, by the way that was chosen."""

from intents.settlement.order import StandardOrder

from . import deposit
from .api import JsonObject, Submitted, WaymeetClient
from .signing import Say, Wish, signed, typed_data


def confirmed(
    wish: Wish, order: StandardOrder, *, quote: JsonObject, key: str, client: WaymeetClient, say: Say
) -> Submitted:
    """Sign and submit, or submit and pay; raises what signing, the API and the chain's endpoint raise."""
    way = quote["confirm_way"]
    if way == "deposit":
        return _paid_to_address(wish, order, quote=quote, key=key, client=client, say=say)
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
