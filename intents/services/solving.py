"""One intent from one chain, priced: the routes, and the very order to sign. Used by the worker that solves quotes."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from intents.chains import registry
from intents.chains.calls import ZERO_ADDRESS
from intents.chains.clock import ClockUnknown, clock
from intents.chains.fees import base_fee_wei
from intents.chains.manifest import ChainManifest
from intents.engine import deposits
from intents.engine.blocklist import blocked_addresses
from intents.engine.brakes import refuse_braked
from intents.engine.cold_start import refuse_new_chain
from intents.engine.proof_times import proof_allowance
from intents.engine.repricing import rules_for
from intents.models import QuoteState
from intents.settlement.acceptance import refuse_terms
from intents.settlement.order import (
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    address_to_int,
    order_id,
    order_to_json,
)
from intents.solver.by_hand import found_or_unknown
from intents.solver.gas import open_units
from intents.solver.plan import fee_to_json, rejected_to_json, route_to_json, steps_of
from intents.solver.preferences import preferred
from intents.solver.router import Refusal, Route, Routes, Wanted, find_routes
from intents.solver.world import World

from . import arrival
from .intent import Intent
from .trial import Outcome, Trial
from .wallets import AccountKind, WalletFacts, read_wallet
from .ways import AUTO, FROM_ANYWHERE, Asking, Choice, choose

CARD_SECONDS: Final = 30
SLOW_FILL_SECONDS: Final = 3600
# What `open` by the user's own wallet needs with its approval, rounded up.
OWN_OPEN_GAS: Final = 350_000


class NotOffered(Exception):
    """There is no offer: why, with the ways to confirm if it is for want of one."""

    def __init__(self, refusal: Refusal, *, ways: list[dict[str, Any]] | None = None) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.ways = ways or []
        self.rejected: list[dict[str, Any]] = []
        self.extra: dict[str, Any] = {}
        self.chain_id = 0

    def changes(self) -> dict[str, Any]:
        """What is written to a quote that is refused."""
        return {
            "state": QuoteState.REFUSED,
            "refusal": {"code": self.refusal.code, "params": self.refusal.params},
            "rejected": self.rejected,
            "ways": self.ways,
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class Solved:
    """An intent from a chain with its routes, before wallet and recipient are looked at.

    `crowded` is the world after another transfer that may come before this one, which then gets no more than it
    would there.
    """

    intent: Intent
    wanted: Wanted
    routes: Routes
    route: Route
    world: World
    gas_wei: int
    origin: ChainManifest
    destination: ChainManifest
    crowded: World | None = None


def solve(intent: Intent, world: World) -> Solved:
    """The best route in this world. Raises NotOffered, and WaymeetErrors of what could not be read."""
    origin, destination = registry.chain(intent.origin), registry.chain(intent.destination)
    wanted = Wanted(
        origin_id=intent.origin,
        destination_id=intent.destination,
        input_token=intent.input_token,
        output_token=intent.output_token,
        amount=intent.amount,
        is_exact_output=intent.exact == "output",
    )
    _require_seen(world, origin, destination)
    _require_unbraked(wanted)
    gas_wei = arrival.gas_wei_of(intent, destination=destination, world=world)
    rules = arrival.rules_of(intent, destination=destination, gas_wei=gas_wei)
    routes = preferred(find_routes(wanted, world, rules), intent.prefer)
    if routes.chosen is None:
        none = NotOffered(routes.refusal or Refusal("no_route"))
        none.rejected = [rejected_to_json(each) for each in routes.rejected]
        none.chain_id = origin.chain_id
        raise none
    _require_room(origin, intent, routes.chosen)
    return Solved(
        intent=intent,
        wanted=wanted,
        routes=routes,
        route=routes.chosen,
        world=world,
        gas_wei=gas_wei,
        origin=origin,
        destination=destination,
    )


def behind(solved: Solved, crowded: World) -> Solved:
    """The same, signing no more than it would get in the `crowded` world. Raises as `solve`."""
    route = solved.route
    if route.swap is not None:
        least = solve(solved.intent, crowded).route.output_minimum
        route = replace(route, output_minimum=min(route.output_minimum, least))
    return replace(solved, route=route, crowded=crowded)


def offer(solved: Solved) -> dict[str, Any]:
    """What is written to the quote that is ready: with a user also the exact order to sign. Raises NotOffered."""
    intent, trial, signing = solved.intent, None, {}
    try:
        if intent.user:
            trial = _tried(intent, solved.route, destination=solved.destination)
            signing = _signing(solved)
    except NotOffered as refused:
        refused.rejected = [rejected_to_json(each) for each in solved.routes.rejected]
        raise
    way = str(signing.get("confirm_way", ""))
    if way and intent.confirm == AUTO and not _is_priced_as(way, solved):
        # Chosen for them, and its open costs us something else than what was priced.
        again = solve(replace(intent, confirm=way), solved.world)
        return offer(again if solved.crowded is None else behind(again, solved.crowded))
    changes = _offer(solved) | signing
    return changes | {"plan": arrival.with_call(changes["plan"], intent, trial)}


def _is_priced_as(way: str, solved: Solved) -> bool:
    """Whether our open costs by this way what the offer counts on."""
    chain, token = solved.world.chains[solved.intent.origin], solved.intent.input_token
    ways = way, arrival.priced_way(solved.intent)
    taken, counted = (open_units(chain, token, way=each, gas=rules_for((), way=each).gas) for each in ways)
    return taken == counted


def _tried(intent: Intent, route: Route, *, destination: ChainManifest) -> Trial | None:
    """A call that would fail now is not offered; one that cannot be tried is, and the card says so."""
    trial = arrival.trial_of(intent, amount=route.output_minimum, destination=destination)
    if trial is not None and trial.outcome is Outcome.FAILS:
        raise _refused("call_would_fail", field="call", revert=trial.reason)
    return trial


def _require_seen(world: World, *chains: ChainManifest) -> None:
    for chain in chains:
        if chain.chain_id not in world.chains:
            raise ClockUnknown(f"no head of {chain.slug} seen yet", chain=chain.name)


def _require_unbraked(wanted: Wanted) -> None:
    braked = refuse_braked(
        origin_id=wanted.origin_id,
        input_token=wanted.input_token,
        destination_id=wanted.destination_id,
        output_token=wanted.output_token,
    )
    if braked is not None:
        raise _refused(braked.code, **braked.params)


def _require_room(origin: ChainManifest, intent: Intent, route: Route) -> None:
    capped = refuse_new_chain(
        origin,
        intent.input_token,
        amount=route.input_amount,
        value_usd_e8=route.value_usd_e8,
        is_offer=True,
    )
    if capped is not None:
        raise _refused(capped.code, **capped.params)


def _offer(solved: Solved) -> dict[str, Any]:
    wanted, routes, route, world = solved.wanted, solved.routes, solved.route, solved.world
    now = timezone.now()
    seen = {
        str(chain_id): [world.chains[chain_id].block_number, world.chains[chain_id].block_hash]
        for chain_id in (wanted.origin_id, wanted.destination_id)
    }
    chosen = route_to_json(route, wanted) | {"by_hand": _by_hand(wanted, route, world)}
    return {
        "state": QuoteState.READY,
        "routes": [chosen, *(route_to_json(each, wanted) for each in routes.alternatives)],
        "rejected": [rejected_to_json(each) for each in routes.rejected],
        "fees": [fee_to_json(line) for line in route.fees],
        "plan": steps_of(route, wanted),
        "input_amount": route.input_amount,
        "output_expected": route.output_expected,
        "output_minimum": route.output_minimum,
        "eta_seconds": route.eta_seconds,
        "confirmations": 1,
        "world": seen,
        "expires_at": now + timedelta(seconds=CARD_SECONDS),
    }


def _by_hand(wanted: Wanted, route: Route, world: World) -> dict[str, Any] | None:
    """What the same input would come to without us; None when that cannot be said."""
    return found_or_unknown(
        world,
        origin_id=wanted.origin_id,
        destination_id=wanted.destination_id,
        input_token=wanted.input_token,
        output_token=wanted.output_token,
        amount=route.input_amount,
    )


def _signing(solved: Solved) -> dict[str, Any]:
    """The exact order to sign, after everything that would make it fail has been looked at."""
    intent, route = solved.intent, solved.route
    origin, destination = solved.origin, solved.destination
    facts = _wallet(solved)
    choice = _choice(intent, route, facts, origin=origin)
    output = MandateOutput(
        oracle=address_to_bytes32(destination.address("hyperlane_oracle")),
        settler=address_to_bytes32(destination.address("output_settler")),
        chain_id=destination.chain_id,
        token=address_to_bytes32(intent.output_token),
        amount=route.output_minimum,
        recipient=address_to_bytes32(intent.recipient or intent.user),
    )
    outputs = arrival.outputs_of(intent, output, destination=destination, gas_wei=solved.gas_wei)
    is_slow = (choice.way in FROM_ANYWHERE and not origin.is_local) or facts.kind is AccountKind.CONTRACT
    order = _order(intent, route, outputs, is_slow=is_slow, origin=origin, destination=destination)
    broken = refuse_terms(order, origin=origin, destination=destination, blocked=blocked_addresses())
    if broken is not None:
        raise _refused(broken.code, ways=choice.ways, **broken.params)
    identity = order_id(order, settler=origin.address("input_settler"))
    return {
        "confirm_way": choice.way,
        "ways": choice.ways,
        "recipient": intent.recipient or intent.user,
        "order": order_to_json(order),
        "order_id": "0x" + identity.hex(),
    }


def _wallet(solved: Solved) -> WalletFacts:
    """What the chains say of the user and the recipient; raises NotOffered for one who cannot be paid."""
    intent = solved.intent
    facts = read_wallet(
        origin=solved.origin,
        destination=solved.destination,
        token=intent.input_token,
        user=intent.user,
        recipient=intent.recipient,
        amount=solved.route.input_amount,
        output_token=ZERO_ADDRESS if solved.gas_wei else intent.output_token,
    )
    if facts.is_recipient_absent and intent.recipient:
        raise _refused("recipient_not_allowed", field="recipient", reason="absent")
    if facts.is_user_contract and not intent.recipient:
        raise _refused("recipient_is_contract", field="recipient")
    if facts.is_native_refused:
        raise _refused("recipient_refuses_native", field="recipient")
    return facts


def _choice(intent: Intent, route: Route, facts: WalletFacts, *, origin: ChainManifest) -> Choice:
    token = origin.token(intent.input_token)
    asking = Asking(
        token=token,
        amount=route.input_amount,
        facts=facts,
        can_batch=intent.can_batch,
        has_addresses=deposits.IMPLEMENTATION in origin.contracts,
        gas_wei=own_open_wei(origin),
    )
    choice = choose(asking, confirm=intent.confirm)
    if choice.way:
        return choice
    if choice.reason == "insufficient_balance":
        raise _refused(
            "insufficient_balance",
            ways=choice.ways,
            chain=str(origin.chain_id),
            have=str(facts.balance),
            need=str(route.input_amount),
            token=token.symbol,
            decimals=token.decimals,
        )
    raise _refused(
        "no_way_to_confirm", ways=choice.ways, reason=choice.reason, token=token.symbol, way=intent.confirm
    )


def _order(
    intent: Intent,
    route: Route,
    outputs: tuple[MandateOutput, ...],
    *,
    is_slow: bool,
    origin: ChainManifest,
    destination: ChainManifest,
) -> StandardOrder:
    fill_deadline, expires = _deadlines(origin, destination, is_slow=is_slow)
    return StandardOrder(
        user=intent.user,
        nonce=secrets.randbits(256),
        origin_chain_id=origin.chain_id,
        expires=expires,
        fill_deadline=fill_deadline,
        input_oracle=origin.address("hyperlane_oracle"),
        inputs=((address_to_int(intent.input_token), route.input_amount),),
        outputs=outputs,
    )


def _deadlines(origin: ChainManifest, destination: ChainManifest, *, is_slow: bool) -> tuple[int, int]:
    """Fill deadline and expiry, chain time. Both chains judge them, so the later clock counts.

    Deposits from elsewhere and accounts that several people sign for are slow.
    """
    now = max(clock(origin.chain_id), clock(destination.chain_id))
    fill_deadline = now + max(origin.limits.fill_seconds, SLOW_FILL_SECONDS if is_slow else 0)
    if origin.is_local:
        fill_deadline += origin.finality_seconds
    proof = proof_allowance(origin, destination)
    return fill_deadline, fill_deadline + max(origin.limits.expires_seconds, proof)


def own_open_wei(origin: ChainManifest) -> int:
    """What opening by the user's own wallet may cost there, in wei."""
    return OWN_OPEN_GAS * (2 * base_fee_wei(origin.chain_id) + origin.priority_fee_wei)


def _refused(code: str, *, ways: list[dict[str, Any]] | None = None, **params: Any) -> NotOffered:
    return NotOffered(Refusal(code, params), ways=ways)
