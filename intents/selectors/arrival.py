"""What a transfer did where it arrived, as people are told it."""

from dataclasses import dataclass

from intents.chains import registry
from intents.models import Event, Order


@dataclass(frozen=True, slots=True)
class CallMade:
    """The call on arrival and whether it worked; `name` is the app's, or the address of its contract."""

    name: str
    is_success: bool


def call_made(order: Order) -> CallMade | None:
    """What became of the order's call; None without one, and while its payment is in no block."""
    if order.terms["outputs"][0]["callbackData"] == "0x":
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
