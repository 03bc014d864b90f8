"""Brakes: no new transfers of a token, of a chain, or from one chain to another. What is opened goes on.

Staff pull them, and so do the probes of chains and tokens.
"""

from django.db.models import Q

from intents.chains import pauses, registry
from intents.models import Chain, Departure, Order, Pause
from intents.settlement.acceptance import Refusal


def refuse_braked(
    *, origin_id: int, input_token: str, destination_id: int, output_token: str
) -> Refusal | None:
    """The brake that stops such a transfer from beginning now, with the reason that people read."""
    chain = _refuse_chains(origin_id, destination_id)
    if chain is not None:
        return chain
    tokens = Q(origin_id=origin_id, token__iexact=input_token) | Q(
        origin_id=destination_id, token__iexact=output_token
    )
    pause = Pause.objects.filter(
        Q(kind=Pause.Kind.ROUTE, origin_id=origin_id, destination_id=destination_id)
        | (Q(kind=Pause.Kind.TOKEN) & tokens),
        ended_at=None,
    ).first()
    return refusal_of(pause) if pause is not None else None


def _refuse_chains(*chain_ids: int) -> Refusal | None:
    """A chain on its way out, or one that a probe found wanting."""
    leaving = Departure.objects.filter(chain_id__in=chain_ids, ended_at=None).first()
    if leaving is not None:
        return Refusal("chain_leaving", {"chain": _name(leaving.chain_id), "reason": leaving.reason})
    paused = Chain.objects.filter(chain_id__in=chain_ids).exclude(paused_reason="")
    for chain_id, reason in paused.values_list("chain_id", "paused_reason"):
        if not pauses.stops_deliveries(reason):
            return Refusal("chain_paused", {"chain": str(chain_id), "reason": reason})
    return None


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
