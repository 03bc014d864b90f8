"""What we spend on money that goes back to somebody whose order we never took: a stranger's, opened without a quote.

Anybody can open any order for the price of one transaction; returning it must not cost us more than that. And what
we pay at most for a message to a Mailbox that is not ours, whose owner may ask anything.
"""

from collections.abc import Sequence

from intents.chains.fees import cap_wei
from intents.lifecycle import StepKind
from intents.settlement.order import address_to_bytes32
from intents.solver.gas import GasRules, charged, message_fee_wei
from intents.solver.prices import Unpriced, native_usd_up
from intents.solver.world import World

from .case import Case
from .economics import input_value_usd_e8
from .releases import is_released
from .urgency import is_expiring
from .world import load_prices

# As quotes have it: no order of ours is smaller.
LEAST_IN_COSTS = 20
# Why what is not worth its way back waits; only its user takes it out, or anybody for them.
TOO_LITTLE = "too_little_to_return"


def carries_proof(case: Case) -> bool:
    """Whether we carry the proof that nobody filled. Of strangers' orders only where our own contracts can, and
    the input is worth far more than that costs, of ours unless a Mailbox that is not ours makes it dear; others
    wait for `expires`. Raises Unpriced."""
    if case.is_ours:
        return not case.destination.has_shared_mailbox or _is_sent(case) or _is_message_cheap(case)
    return _names_our_contracts(case) and (
        is_released(case) or _is_worth(case, times=LEAST_IN_COSTS, with_proof=True)
    )


def pays_refund(case: Case) -> bool:
    """Whether we send the plain refund after `expires`: a stranger's input is worth its gas at least.

    Raises Unpriced: what nobody can value now is not worthless.
    """
    return case.is_ours or is_released(case) or _is_worth(case, times=1, with_proof=False)


def is_message_worth(fee_wei: int, cases: Sequence[Case]) -> bool:
    """Whether a message may cost that besides gas: no more than the inputs of all its orders are worth.

    Without the message they would be lost. While nobody can value them it waits until they expire soon, and may cost
    what its gas would at the most that is offered then: the fee is somebody else's word alone.
    """
    if not fee_wei:
        return True
    world = load_prices()
    try:
        at_stake = sum(input_value_usd_e8(case, world) for case in cases)
        destination = world.chains[cases[0].order.destination_id]
        return native_usd_up(world, destination, fee_wei) <= at_stake
    except (Unpriced, KeyError):
        most = GasRules().dispatch * cap_wei(cases[0].destination.chain_id, is_urgent=True)
        return fee_wei <= most and any(map(is_expiring, cases))


def _is_sent(case: Case) -> bool:
    step = case.step(StepKind.REFUND)
    return step is not None and bool(case.tries(step, "dispatch"))


def _is_message_cheap(case: Case) -> bool:
    """Whether the input is worth far more than the Mailbox's fee, as it had to be of all costs when it was quoted."""
    world = _world_of(case)
    destination = world.chains[case.order.destination_id]
    fee = native_usd_up(world, destination, message_fee_wei(destination, case.order.origin_id))
    try:
        return input_value_usd_e8(case, world) >= LEAST_IN_COSTS * fee
    except KeyError:
        # No token of ours any more: the plain refund gives it back.
        return False


def _world_of(case: Case) -> World:
    world = load_prices()
    if not {case.order.origin_id, case.order.destination_id} <= world.chains.keys():
        raise Unpriced("no_price", case.order.input_token)
    return world


def _names_our_contracts(case: Case) -> bool:
    chain = case.destination
    oracle, settler = (
        address_to_bytes32(chain.address(name)) for name in ("hyperlane_oracle", "output_settler")
    )
    return case.terms.input_oracle == case.origin.address("hyperlane_oracle") and all(
        (output.oracle, output.settler, output.chain_id) == (oracle, settler, chain.chain_id)
        for output in case.terms.outputs
    )


def _is_worth(case: Case, *, times: int, with_proof: bool) -> bool:
    world = _world_of(case) if with_proof else load_prices()
    if case.order.origin_id not in world.chains:
        raise Unpriced("no_price", case.order.input_token)
    try:
        value = input_value_usd_e8(case, world)
    except KeyError:
        # No token of ours: nobody will ever value it.
        return False
    return value >= times * _cost_usd_e8(case, world, with_proof=with_proof)


def _cost_usd_e8(case: Case, world: World, *, with_proof: bool) -> int:
    origin = world.chains[case.order.origin_id]
    here = charged(origin, GasRules())
    at_origin = here.refund + (here.process if with_proof else 0)
    cost = native_usd_up(world, origin, at_origin * origin.gas_price_wei)
    if not with_proof:
        return cost
    destination = world.chains[case.order.destination_id]
    fee = message_fee_wei(destination, origin.chain_id)
    there = charged(destination, GasRules())
    sent = (there.attest + there.dispatch) * destination.gas_price_wei
    return cost + native_usd_up(world, destination, sent + fee)
