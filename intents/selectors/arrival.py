"""What a transfer did where it arrived, as people are told it."""

from dataclasses import dataclass

from intents.chains import registry
from intents.models import Event, Order, Quote
from intents.settlement.destination_call import DestinationCallError, decode_destination_call

from .amounts import shown_amount


@dataclass(frozen=True, slots=True)
class CallPlanned:
    """The call an offer ends with; `is_tried` says that it worked when it was tried for this very offer."""

    name: str
    target: str
    is_tried: bool


@dataclass(frozen=True, slots=True)
class CallMade:
    """The call on arrival and whether it worked; `name` is the app's, or the address of its contract."""

    name: str
    is_success: bool


def call_planned(quote: Quote) -> CallPlanned | None:
    """The call that the quote's fill ends with, None for a plain payment."""
    fill = next((step for step in quote.plan if step["kind"] == "fill"), None)
    call = fill.get("details", {}).get("call") if fill else None
    if call is None:
        return None
    name = app_name(quote.destination_id, call["target"])
    return CallPlanned(name=name, target=call["target"], is_tried=call["is_tried"])


def arrival_wei(quote: Quote) -> int:
    """Wei of the native coin that arrives besides the output."""
    outputs = (quote.order or {}).get("outputs", [])
    return sum(int(output["amount"]) for output in outputs[1:])


def gas_on_arrival(quote: Quote) -> str:
    """The same with the coin's name, empty for none."""
    return _coins(arrival_wei(quote), quote.destination_id)


def gas_besides(order: Order) -> str:
    """What an order delivers of the native coin besides its output, empty for none."""
    return _coins(
        sum(int(each["amount"]) for each in order.terms.get("outputs", [])[1:]), order.destination_id
    )


def app_called(order: Order) -> str:
    """The name of the app, or the contract, that an order's output goes into; empty for none."""
    outputs = order.terms.get("outputs")
    if not outputs or outputs[0]["callbackData"] == "0x":
        return ""
    try:
        call = decode_destination_call(bytes.fromhex(outputs[0]["callbackData"][2:]))
    except DestinationCallError:
        return ""
    return app_name(order.destination_id, call.target)


def _coins(wei: int, chain_id: int) -> str:
    manifest = registry.all_chains().get(chain_id)
    if not wei or manifest is None:
        return ""
    return f"{shown_amount(wei, manifest.native.decimals)} {manifest.native.symbol}"


def call_made(order: Order) -> CallMade | None:
    """What became of the order's call; None without one, and while its payment is in no block."""
    outputs = order.terms.get("outputs")
    if not outputs or outputs[0]["callbackData"] == "0x":
        return None
    event = Event.objects.filter(order=order, kind__in=("called", "call_failed")).order_by("-seq").first()
    if event is None:
        return None
    name = app_name(order.destination_id, str(event.data["target"]))
    return CallMade(name=name, is_success=event.kind == "called")


def app_name(chain_id: int, target: str) -> str:
    """The name of the listed app behind a contract, or the contract's address."""
    manifest = registry.all_chains().get(chain_id)
    apps = manifest.apps if manifest else ()
    return next((app.name for app in apps if app.target == target), target)
