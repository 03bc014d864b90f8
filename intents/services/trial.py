"""Makes a call on arrival as it would be made, at the newest block, without sending anything."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.chains.client import AGGREGATE3, client, parse_multicall
from intents.chains.endpoints import Request, RpcError, RpcUnavailable
from intents.chains.manifest import ChainManifest
from intents.chains.reverts import Reverted, decode_revert
from intents.settlement.destination_call import DestinationCall

# Runtime code that makes one call: calldata is target, value and gas, a word each, then the call's own data;
# the answer is one word, 1 for success, and what the call returned.
_CALLER: Final = "0x6060360380606060003760006000826000602035600035604035f16000523d600060203e3d6020016000f3"
_APPROVE_GAS: Final = 200_000


class Outcome(StrEnum):
    """`unknown`: the node cannot try it, or nobody known holds enough of the token to try it with."""

    WORKS = "works"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it; `reason` is the revert's name when it failed."""

    outcome: Outcome
    reason: str = ""


def try_call(call: DestinationCall, *, token: str, amount: int, destination: ChainManifest) -> Trial:
    """Make the call out of the executor with `amount` base units of `token`, with the gas it asks for.

    The executor and a holder of the token get other code for the length of this one `eth_call`: the holder
    hands over the tokens, the executor approves and calls. Raises what chain reads raise but RpcError.
    """
    executor = destination.address("call_executor")
    chain = client(destination.chain_id)
    holder = ZERO_ADDRESS if token == ZERO_ADDRESS else _holder(destination, token, amount)
    if holder is None:
        return Trial(Outcome.UNKNOWN, "no_holder")
    request = _request(call, token=token, amount=amount, executor=executor, holder=holder)
    overrides: dict[str, Any] = {executor: {"code": _CALLER}}
    if token == ZERO_ADDRESS:
        overrides[executor]["balance"] = hex(amount)
    else:
        overrides[holder] = {"code": _multicall_code(destination.chain_id, destination.address("multicall3"))}
    asked: list[Request] = [
        ("eth_call", [request, "latest", overrides]),
        ("eth_getCode", [call.target, "latest"]),
    ]
    answer, code = chain.batch_outcomes(asked)
    if isinstance(answer, RpcError):
        return Trial(Outcome.UNKNOWN, "not_supported")
    for outcome in (answer, code):
        if isinstance(outcome, Exception) and not isinstance(outcome, Reverted):
            raise outcome
    if len(code) <= 2:
        return Trial(Outcome.FAILS, "CodeSize0")
    if isinstance(answer, Reverted):
        # The token itself refuses: a pause, or a list that names the executor.
        return Trial(Outcome.FAILS, answer.name)
    result = bytes.fromhex(answer[2:])
    if token != ZERO_ADDRESS:
        result = parse_multicall(result)[-1].data
    if int.from_bytes(result[:32], "big") == 1:
        return Trial(Outcome.WORKS)
    return Trial(Outcome.FAILS, decode_revert(result[32:], "").name)


def _request(call: DestinationCall, *, token: str, amount: int, executor: str, holder: str) -> dict[str, str]:
    made = _caller_data(call.target, call.data, value=call.value_wei, gas=call.gas)
    if token == ZERO_ADDRESS:
        return {"to": executor, "data": "0x" + made.hex()}
    approve = encode_call("approve(address,uint256)", (call.target, amount))
    steps = [
        (token, False, encode_call("transfer(address,uint256)", (executor, amount))),
        (executor, False, _caller_data(token, approve, value=0, gas=_APPROVE_GAS)),
        (executor, False, made),
    ]
    return {"to": holder, "data": "0x" + encode_call(AGGREGATE3, [steps]).hex()}


def _caller_data(target: str, data: bytes, *, value: int, gas: int) -> bytes:
    return (
        bytes.fromhex(target[2:]).rjust(32, b"\x00")
        + value.to_bytes(32, "big")
        + gas.to_bytes(32, "big")
        + data
    )


def _holder(chain: ChainManifest, token: str, amount: int) -> str | None:
    """Our own account, else a pool, that holds enough of the token."""
    pools = [venue.address for venue in chain.venues if token in (venue.token0, venue.token1)]
    holders = [chain.address("solver_account"), *pools]
    read = [(token, encode_call("balanceOf(address)", (holder,))) for holder in holders]
    answers = client(chain.chain_id).multicall(read)
    enough = (
        holder
        for holder, answer in zip(holders, answers, strict=True)
        if answer.is_success and int.from_bytes(answer.data[:32], "big") >= amount
    )
    return next(enough, None)


@lru_cache(maxsize=256)
def _multicall_code(chain_id: int, multicall3: str) -> str:
    code = client(chain_id).code(multicall3)
    if not code:
        raise RpcUnavailable(f"no code at {multicall3}")
    return "0x" + code.hex()
