"""What the pools' own quoters say of the exchanges by hand: the prediction must be theirs, to the base unit."""

from collections.abc import Iterable, Mapping
from typing import Any

from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.devnet.rpc import Rpc, decode
from intents.solver.by_hand import ByHand, HandStep
from intents.venues.uniswap_v3 import encoded_path

from .pools import HandVenues


def disagreements(found: Iterable[ByHand], venues: Mapping[int, HandVenues]) -> tuple[int, int]:
    """(exchanges asked about, those of which a quoter says another amount), at the newest blocks."""
    asked: dict[int, list[tuple[HandStep, list[Any]]]] = {}
    for each in found:
        for step in each.steps:
            if step.kind == "exchange":
                asked.setdefault(step.chain_id, []).append((step, _request(step, venues[step.chain_id])))
    wrong = 0
    for chain_id, steps in asked.items():
        rpc = Rpc(venues[chain_id].manifest.endpoints[0].url)
        answers = rpc.batch([("eth_call", request) for _, request in steps])
        wrong += sum(
            _paid(answer, step, venues[chain_id]) != step.amounts[-1]
            for (step, _), answer in zip(steps, answers, strict=True)
        )
    return sum(len(steps) for steps in asked.values()), wrong


def _request(step: HandStep, hand: HandVenues) -> list[Any]:
    pools = [pool for at in step.venues if (pool := hand.venues[at]).kind != "wrapped_native"]
    path = [token for token in step.path if token != ZERO_ADDRESS]
    if pools[0].kind == "uniswap_v3":
        route = encoded_path(path, [pool.fee_pips for pool in pools])
        data = encode_call("quoteExactInput(bytes,uint256)", [route, step.amounts[0]])
        to = hand.manifest.address("uniswap_v3_quoter")
    else:
        data = encode_call("getAmountsOut(uint256,address[])", [step.amounts[0], path])
        to = pools[0].router
    return [{"to": to, "data": "0x" + data.hex()}, "latest"]


def _paid(answer: str, step: HandStep, hand: HandVenues) -> int:
    if any(hand.venues[at].kind == "uniswap_v3" for at in step.venues):
        return int(answer[2:66], 16)
    return int(decode("uint256[]", answer)[-1])
