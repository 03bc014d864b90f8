"""What we spend on money that goes back to somebody whose order we never took: a stranger's, opened without a quote.

Anybody can open any order for the price of one transaction; returning it must not cost us more than that.
"""

from intents.settlement.order import address_to_bytes32
from intents.solver.pricing import GasRules, Unpriced, native_usd_up
from intents.solver.world import World

from .case import Case
from .economics import input_value_usd_e8
from .releases import is_released
from .world import load_world

# As quotes have it: no order of ours is smaller.
LEAST_IN_COSTS = 20


def carries_proof(case: Case) -> bool:
    """Whether we carry the proof that nobody filled. Of strangers' orders only where our own contracts can, and
    the input is worth far more than that costs; others wait for `expires`. Raises Unpriced."""
    return case.is_ours or (
        _names_our_contracts(case)
        and (is_released(case) or _is_worth(case, times=LEAST_IN_COSTS, with_proof=True))
    )


def pays_refund(case: Case) -> bool:
    """Whether we send the plain refund after `expires`: a stranger's input is worth its gas at least.

    Raises Unpriced: what nobody can value now is not worthless.
    """
    return case.is_ours or is_released(case) or _is_worth(case, times=1, with_proof=False)


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
    world = load_world()
    if not {case.order.origin_id, case.order.destination_id} <= world.chains.keys():
        raise Unpriced("no_price", case.order.input_token)
    try:
        value = input_value_usd_e8(case, world)
    except KeyError:
        # No token of ours: nobody will ever value it.
        return False
    return value >= times * _cost_usd_e8(case, world, with_proof=with_proof)


def _cost_usd_e8(case: Case, world: World, *, with_proof: bool) -> int:
    gas = GasRules()
    origin, destination = world.chains[case.order.origin_id], world.chains[case.order.destination_id]
    at_origin = gas.refund + (gas.process if with_proof else 0)
    at_destination = gas.attest + gas.dispatch if with_proof else 0
    return native_usd_up(world, origin, at_origin * origin.gas_price_wei) + native_usd_up(
        world, destination, at_destination * destination.gas_price_wei
    )
