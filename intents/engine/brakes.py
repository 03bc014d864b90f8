"""Brakes: no new transfers of a token, of a chain, or from one chain to another. What is opened goes on.

Staff pull them, and so do the probes of chains and tokens.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from intents.chains import pauses, registry
from intents.models import Chain, Departure, Order, Pause
from intents.settlement.acceptance import Refusal

Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Brakes:
    """Every brake that is pulled at one moment, with what people are told of it.

    `leaving` and `paused` are by chain, `tokens` by chain and address in small letters, `routes` by their two ends.
    """

    leaving: Mapping[int, Refusal]
    paused: Mapping[int, Refusal]
    tokens: Mapping[Place, Refusal]
    routes: Mapping[tuple[int, int], Refusal]

    def between(self, origin: Place, destination: Place) -> Refusal | None:
        """What stops a transfer from beginning now; each place is a chain and a token's address.

        A chain whose pause stops deliveries, too, is left to those who price: they wait for it.
        """
        first, second = origin[0], destination[0]
        return (
            self._chain(first)
            or self._chain(second)
            or self._token(origin)
            or self._token(destination)
            or self.routes.get((first, second))
        )

    def at(self, place: Place) -> Refusal | None:
        """What keeps this token on this chain from being sent or received now, whatever the other end."""
        return self.leaving.get(place[0]) or self.paused.get(place[0]) or self._token(place)

    def _chain(self, chain_id: int) -> Refusal | None:
        paused = self.paused.get(chain_id)
        if paused is not None and pauses.stops_deliveries(str(paused.params["reason"])):
            paused = None
        return self.leaving.get(chain_id) or paused

    def _token(self, place: Place) -> Refusal | None:
        return self.tokens.get((place[0], place[1].lower()))


def brakes() -> Brakes:
    """Those that are pulled now."""
    leaving = Departure.objects.filter(ended_at=None).values_list("chain_id", "reason")
    paused = Chain.objects.exclude(paused_reason="").values_list("chain_id", "paused_reason")
    held = list(Pause.objects.filter(ended_at=None))
    return Brakes(
        leaving={
            chain_id: Refusal("chain_leaving", {"chain": _name(chain_id), "reason": reason})
            for chain_id, reason in leaving
        },
        paused={
            chain_id: Refusal("chain_paused", {"chain": str(chain_id), "reason": reason})
            for chain_id, reason in paused
        },
        tokens={
            (each.origin_id, each.token.lower()): refusal_of(each)
            for each in held
            if each.kind == Pause.Kind.TOKEN
        },
        routes={
            (each.origin_id, each.destination_id): refusal_of(each)
            for each in held
            if each.kind == Pause.Kind.ROUTE
        },
    )


def refuse_braked(
    *, origin_id: int, input_token: str, destination_id: int, output_token: str
) -> Refusal | None:
    """The brake that stops such a transfer from beginning now, with the reason that people read."""
    return brakes().between((origin_id, input_token), (destination_id, output_token))


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
    manifest = registry.once_connected(chain_id)
    return manifest.name if manifest else f"#{chain_id}"


def _symbol(chain_id: int, token: str) -> str:
    manifest = registry.all_chains().get(chain_id)
    known = [each for each in manifest.tokens if each.address == token] if manifest else []
    return known[0].symbol if known else manifest.native.symbol if manifest else token
