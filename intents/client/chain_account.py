"""One key on one chain: reads, and transactions that are signed here and sent to a public endpoint."""

import time
from typing import Any

from eth_account import Account
from eth_utils.address import to_checksum_address

from intents.chains.calls import Call
from intents.chains.manifest import ChainManifest

from .chain_reader import ChainReader, ChainUnreachable

RECEIPT_SECONDS = 120.0
POLL_SECONDS = 0.3
GAS_SLACK = 1.3
# Letters of one word with its 0x.
LEAST_ANSWER = 66


class ChainAccount:
    """Not for two threads: nonces are asked for one transaction at a time."""

    def __init__(self, chain: ChainManifest, key: str) -> None:
        self.chain = chain
        self._account = Account.from_key(key)
        self._reader = ChainReader(chain.endpoints[0].url)

    @property
    def address(self) -> str:
        """Checksummed address of the key."""
        return str(self._account.address)

    def holds(self, holder: str, token: str) -> int:
        """Base units that anybody holds; the zero address is the chain's own coin."""
        return self._reader.balance(token=token, holder=holder)

    def code(self, address: str) -> bytes:
        """The runtime code at an address, empty where there is none."""
        return bytes.fromhex(self._reader.rpc("eth_getCode", address, "latest")[2:])

    def simulate(self, call: Call) -> str:
        """The 0x hex that a transaction of this account would return now; raises CallReverted, ChainUnreachable."""
        fields = {"from": self.address, "to": call.target, "data": "0x" + call.data.hex()}
        answer: str = self._reader.rpc("eth_call", {**fields, "value": hex(call.value_wei)}, "latest")
        return answer

    def number(self, call: Call) -> int:
        """The result of a view that answers one word."""
        return int(self.view(call), 16)

    def view(self, call: Call) -> str:
        """The 0x hex that a view answers; raises ChainUnreachable, also where nothing is there to answer."""
        answer = self._reader.rpc("eth_call", {"to": call.target, "data": "0x" + call.data.hex()}, "latest")
        if not isinstance(answer, str) or len(answer) < LEAST_ANSWER:
            raise ChainUnreachable(f"{call.target} on {self.chain.name} answers nothing")
        return answer

    def head(self) -> tuple[int, int]:
        """Number and timestamp (seconds) of the newest block."""
        block = self._reader.rpc("eth_getBlockByNumber", "latest", False)
        return int(block["number"], 16), int(block["timestamp"], 16)

    def gas_price_wei(self) -> int:
        """What a unit of gas costs about now."""
        return int(self._reader.rpc("eth_gasPrice"), 16)

    def balance(self, token: str) -> int:
        """Base units this account holds."""
        return self._reader.balance(token=token, holder=self._account.address)

    def logs(self, contract: str, topics: list[str], *, blocks_back: int) -> list[dict[str, Any]]:
        """A contract's logs of the last blocks, oldest first."""
        first = max(0, self.head()[0] - blocks_back)
        query = {
            "address": self.chain.address(contract),
            "topics": topics,
            "fromBlock": hex(first),
            "toBlock": "latest",
        }
        found: list[dict[str, Any]] = self._reader.rpc("eth_getLogs", query)
        return found

    def send(self, call: Call) -> str:
        """The hash of a transaction that was mined and did not revert, "" for any other end."""
        plain = {"to": call.target, "data": "0x" + call.data.hex(), "value": hex(call.value_wei)}
        try:
            gas = int(self._reader.rpc("eth_estimateGas", {**plain, "from": self._account.address}), 16)
        except ChainUnreachable:
            return ""
        nonce = int(self._reader.rpc("eth_getTransactionCount", self._account.address, "pending"), 16)
        fields = {
            "to": to_checksum_address(call.target),
            "data": plain["data"],
            "value": call.value_wei,
            "gas": int(gas * GAS_SLACK),
            "nonce": nonce,
            "chainId": self.chain.chain_id,
            "maxFeePerGas": self.chain.max_fee_wei,
            "maxPriorityFeePerGas": self.chain.priority_fee_wei,
        }
        raw = bytes(self._account.sign_transaction(fields).raw_transaction)
        return self._mined(self._reader.rpc("eth_sendRawTransaction", "0x" + raw.hex()))

    def _mined(self, tx_hash: str) -> str:
        until = time.monotonic() + RECEIPT_SECONDS
        while time.monotonic() < until:
            receipt = self._reader.rpc("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                return tx_hash if receipt["status"] == "0x1" else ""
            time.sleep(POLL_SECONDS)
        return ""
