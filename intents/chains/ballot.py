"""Which answers of several nodes are the same, and whether enough of them are."""

from collections.abc import Sequence
from typing import Any

from .node_errors import Request, RpcDisagreement

# Answers on which money is moved: with a quorum above 1 that many nodes must say the same.
EVIDENCE_METHODS = frozenset(
    {
        "eth_getTransactionReceipt",
        "eth_getLogs",
        "eth_getBlockByHash",
        "eth_getCode",
    }
)
_LOG = ("blockHash", "logIndex", "address", "topics", "data", "transactionHash")
_RECEIPT = ("blockHash", "transactionHash", "status", "gasUsed")


def is_evidence(request: Request) -> bool:
    """Whether a quorum must agree on this read. Nodes may differ about the newest block, not about older ones."""
    method, params = request
    if method == "eth_getBlockByNumber":
        return bool(params) and str(params[0]).startswith("0x")
    return method in EVIDENCE_METHODS


def vote(request: Request, answers: Sequence[Any], *, quorum: int) -> tuple[Any, list[int]]:
    """The answer that a quorum gives, and the places of those who contradict it.

    A node that has nothing yet, or refuses, lags rather than contradicts. Raises RpcDisagreement.
    """
    essences = [_essence(request[0], answer) for answer in answers]
    for answer, essence in zip(answers, essences, strict=True):
        if isinstance(answer, Exception):
            continue
        agreeing = sum(
            other == essence and not isinstance(given, Exception)
            for given, other in zip(answers, essences, strict=True)
        )
        if agreeing >= quorum:
            return answer, [
                place
                for place, (given, other) in enumerate(zip(answers, essences, strict=True))
                if other != essence and given and not isinstance(given, Exception)
            ]
    if all(isinstance(answer, Exception) for answer in answers):
        return answers[0], []
    raise RpcDisagreement(
        f"{request[0]}: no {quorum} of {len(answers)} nodes agree", method=request[0], chain=""
    )


def _essence(method: str, answer: Any) -> Any:
    """What has to be the same; nodes of different makes add fields of their own."""
    if isinstance(answer, list) and method == "eth_getLogs":
        return [_fields(entry, _LOG) for entry in answer]
    if not isinstance(answer, dict):
        return answer
    if method == "eth_getTransactionReceipt":
        logs = [_fields(entry, _LOG) for entry in answer.get("logs", [])]
        return [*_fields(answer, _RECEIPT), logs]
    if method in ("eth_getBlockByNumber", "eth_getBlockByHash"):
        return _fields(answer, ("hash", "number"))
    return answer


def _fields(value: Any, names: Sequence[str]) -> list[Any]:
    found = [value.get(name) for name in names]
    return [item.lower() if isinstance(item, str) else item for item in found]
