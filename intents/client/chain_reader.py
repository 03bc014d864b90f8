"""The few reads of a chain by which a client checks what the API tells it. Standard library only."""

import itertools
import json
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

NATIVE = "0x" + "00" * 20
TRANSFER_TOPIC = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
BALANCE_OF = "0x70a08231"
EXECUTION_REVERTED = 3
_ids = itertools.count(1)


class ChainUnreachable(Exception):
    """The chain's endpoint did not answer, or answered with an error."""

    code = "chain_unreachable"
    retry = True


class CallReverted(ChainUnreachable):
    """A contract refused the call; `data` is what it said as 0x hex, "" where the node keeps it to itself."""

    code = "call_reverted"
    retry = False

    def __init__(self, text: str, data: str) -> None:
        super().__init__(text)
        self.data = data


class ChainReader:
    """JSON-RPC reads at one endpoint."""

    def __init__(self, rpc_url: str, *, timeout_seconds: float = 10.0) -> None:
        self.rpc_url = rpc_url
        self.timeout_seconds = timeout_seconds

    def balance(self, *, token: str, holder: str) -> int:
        """Base units of `token` held; the zero address means the chain's own coin."""
        if token == NATIVE:
            return int(self.rpc("eth_getBalance", holder, "latest"), 16)
        data = BALANCE_OF + holder[2:].lower().rjust(64, "0")
        answer = self.rpc("eth_call", {"to": token, "data": data}, "latest")
        return int(answer, 16) if answer not in ("0x", None) else 0

    def received(self, *, tx_hash: str, token: str, holder: str) -> int | None:
        """Base units of an ERC-20 that reached `holder` in a mined transaction; None when not mined."""
        receipt = self.rpc("eth_getTransactionReceipt", tx_hash)
        if receipt is None or int(receipt["status"], 16) != 1:
            return None
        holder_topic = "0x" + holder[2:].lower().rjust(64, "0")
        total = 0
        for log in receipt["logs"]:
            topics = log["topics"]
            if log["address"].lower() != token.lower() or len(topics) != 3 or topics[0] != TRANSFER_TOPIC:
                continue
            if topics[2].lower() == holder_topic:
                total += int(log["data"], 16)
        return total

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of one JSON-RPC call; raises `ChainUnreachable`."""
        body = json.dumps({"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": params})
        request = Request(self.rpc_url, body.encode(), {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=self.timeout_seconds) as response:
                answer = json.load(response)
        except (URLError, OSError, ValueError) as error:
            raise ChainUnreachable(f"{self.rpc_url}: {error}") from error
        if "error" in answer:
            raise _refusal(self.rpc_url, answer["error"])
        return answer["result"]


def _refusal(url: str, error: dict[str, Any]) -> ChainUnreachable:
    text, data = f"{url}: {error.get('message', 'error')}", error.get("data")
    is_revert = error.get("code") == EXECUTION_REVERTED or "revert" in str(error.get("message", "")).lower()
    if not is_revert:
        return ChainUnreachable(text)
    return CallReverted(text, data if isinstance(data, str) and data.startswith("0x") else "")
