"""What asking a chain's nodes can come to."""

from collections.abc import Sequence
from typing import Any

from intents.errors import WaymeetError

from .reverts import Refusal, classify

Request = tuple[str, Sequence[Any]]


class RpcError(WaymeetError):
    """A node answered with an error. `data` is what came with it, `refusal` its class."""

    code = "node_refused"
    status = 502

    def __init__(self, number: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({number})")
        self.number = number
        self.message = message
        self.data = data
        self.refusal = classify(number, message)


class RpcUnavailable(WaymeetError):
    """No node, or fewer than the quorum, gave an answer. Says nothing about what they did."""

    code = "chain_unreachable"
    retry = True
    status = 503


class RpcDisagreement(WaymeetError):
    """Nodes contradict each other about evidence: wait rather than believe one of them."""

    code = "nodes_disagree"
    retry = True
    status = 503


class WrongChain(RpcUnavailable):
    """A node serves another chain than its manifest says."""

    code = "wrong_chain"
    retry = False


class SendRejected(WaymeetError):
    """Every node refused these bytes and holds none of them; `refusal` says why."""

    code = "send_rejected"
    retry = True
    status = 502

    def __init__(self, message: str, refusal: Refusal) -> None:
        super().__init__(message, reason=refusal.value)
        self.refusal = refusal


class SendUnknown(WaymeetError):
    """The transaction may or may not have arrived: assume that it was sent."""

    code = "send_unknown"
    retry = True
    status = 502
