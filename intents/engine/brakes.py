"""Brakes that staff pull: no new transfers of a token, or from one chain to another. What is opened goes on."""

from django.db.models import Q

from intents.chains import registry
from intents.models import Order, Pause
from intents.settlement.acceptance import Refusal


def refuse_braked(
    *, origin_id: int, input_token: str, destination_id: int, output_token: str
) -> Refusal | None:
    """The brake that stops such a transfer from beginning now, with the reason that staff gave to people."""
    tokens = Q(origin_id=origin_id, token__iexact=input_token) | Q(
        origin_id=destination_id, token__iexact=output_token
    )
    pause = Pause.objects.filter(
        Q(kind=Pause.Kind.ROUTE, origin_id=origin_id, destination_id=destination_id)
        | (Q(kind=Pause.Kind.TOKEN) & tokens),
        ended_at=None,
    ).first()
    return refusal_of(pause) if pause is not None else None


def refuse_braked_order(order: Order) -> Refusal | None:
    """The brake that stops this order, signed but not opened, from going on."""
    return refuse_braked(
        origin_id=order.origin_id,
        input_token=order.input_token,
        destination_id=order.destination_id,
        output_token=order.output_token,
    )


def refusal_of(pause: Pause) -> Refusal:
    """What people are told of a brake."""
    if pause.kind == Pause.Kind.ROUTE:
        return Refusal(
            "route_paused",
            {
                "origin": _name(pause.origin_id),
                "destination": _name(pause.destination_id),
                "reason": pause.reason,
            },
        )
    return Refusal(
        "token_paused",
        {
            "token": _symbol(pause.origin_id, pause.token),
            "chain": _name(pause.origin_id),
            "reason": pause.reason,
        },
    )


def _name(chain_id: int) -> str:
    manifest = registry.all_chains().get(chain_id)
    return manifest.name if manifest else f"#{chain_id}"


def _symbol(chain_id: int, token: str) -> str:
    manifest = registry.all_chains().get(chain_id)
    known = [each for each in manifest.tokens if each.address == token] if manifest else []
    return known[0].symbol if known else manifest.native.symbol if manifest else token
