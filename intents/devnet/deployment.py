"""Sends many transactions to one local node without waiting for each.

Contracts are created through the keyless CREATE2 deployer, so that every address is known before anything
is sent and depends on nothing but the code.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

from eth_abi import encode as abi_encode
from eth_utils import keccak, to_canonical_address, to_checksum_address

from intents.contracts import creations
from intents.contracts.addresses import CREATE2_DEPLOYER
from intents.contracts.creations import Creation

from .accounts import OWNER, address
from .rpc import Rpc, RpcError, call_data, types_of

GAS_PRICE_WEI: Final = 50 * 10**9
DEFAULT_GAS: Final = 8_000_000
MAX_ROUNDS: Final = 5_000
INSTANT_PAUSE_SECONDS: Final = 0.002
STRANDED_ROUNDS: Final = 100


class DeploymentFailed(Exception):
    """A transaction of the local set-up reverted; the text names it."""

    code = "deployment_failed"
    retry = False


class Deployment:
    """A queue of transactions from unlocked accounts. Nothing is on chain before `flush`."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc = rpc
        self._nonces: dict[str, int] = {}
        self._queue: list[tuple[str, dict[str, str]]] = []

    def create(self, code: bytes, what: str, *, salt: int = 0) -> str:
        """Queue a CREATE2 creation of `code` (arguments included); the address it will have."""
        return self.make(Creation(what, code, salt.to_bytes(32, "big")))

    def make(self, creation: Creation) -> str:
        """Queue a creation; the address it will have."""
        what = f"create {creation.name}"
        self._add(what, CREATE2_DEPLOYER, creation.data, sender=None, value=0, gas=DEFAULT_GAS)
        return creation.address

    def create_artifact(self, name: str, signature: str = "()", *args: Any, **libraries: str) -> str:
        """Queue a third-party contract; `signature` is ``(types)`` of its constructor."""
        return self.create(artifact_code(name, signature, *args, **libraries), name)

    def send(
        self,
        to: str,
        signature: str,
        *args: Any,
        sender: str | None = None,
        value: int = 0,
        gas: int = DEFAULT_GAS,
    ) -> None:
        """Queue a call, from the owner unless `sender` is given."""
        self._add(
            f"{signature} on {to}", to, call_data(signature, *args), sender=sender, value=value, gas=gas
        )

    def flush(self) -> None:
        """Send and mine everything queued. Raises DeploymentFailed naming the first that reverted."""
        if not self._queue:
            return
        queue, self._queue = self._queue, []
        hashes = self.rpc.batch([("eth_sendTransaction", [transaction]) for _, transaction in queue])
        receipts = self._mined(hashes, [transaction for _, transaction in queue])
        for (what, transaction), receipt in zip(queue, receipts, strict=True):
            if receipt["status"] != "0x1":
                raise DeploymentFailed(f"{self.rpc.url}: {what} reverted: {self._reason(transaction)}")

    def post(self) -> None:
        """Send everything queued and leave the mining to the chain."""
        queue, self._queue = self._queue, []
        self.rpc.batch([("eth_sendTransaction", [transaction]) for _, transaction in queue])

    def _mined(self, sent: Sequence[str], transactions: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
        is_instant = self.rpc.request("anvil_getAutomine")
        hashes = list(sent)
        for turn in range(1, MAX_ROUNDS):
            receipts = self.rpc.batch([("eth_getTransactionReceipt", [item]) for item in hashes])
            if all(receipts):
                return receipts
            if is_instant:
                time.sleep(INSTANT_PAUSE_SECONDS)
                if turn % STRANDED_ROUNDS == 0:
                    hashes = [
                        item if receipt else self._replaced(item, transaction)
                        for item, receipt, transaction in zip(hashes, receipts, transactions, strict=True)
                    ]
            else:
                self.rpc.request("evm_mine")
        missing = [item for item, receipt in zip(hashes, receipts, strict=True) if not receipt]
        raise DeploymentFailed(f"{self.rpc.url}: never mined: {missing[:3]}")

    def _replaced(self, known: str, transaction: dict[str, str]) -> str:
        """Send again for more; the hash to wait for.

        An instant node strands a transaction that arrives just while the one before it is mined: it stays
        queued for good although its nonce is next, and only another of the same nonce gets through.
        """
        dearer = transaction | {"gasPrice": hex(int(transaction["gasPrice"], 16) * 5 // 4)}
        try:
            return str(self.rpc.request("eth_sendTransaction", dearer))
        except RpcError:
            return known

    def _reason(self, transaction: dict[str, str]) -> str:
        try:
            self.rpc.request("eth_call", {k: v for k, v in transaction.items() if k != "nonce"}, "latest")
        except Exception as error:  # whatever the node says is the reason
            return str(error)
        return "no reason when repeated"

    def _add(self, what: str, to: str, data: bytes, *, sender: str | None, value: int, gas: int) -> None:
        origin = sender or address(OWNER)
        if origin not in self._nonces:
            count = self.rpc.request("eth_getTransactionCount", origin, "pending")
            self._nonces[origin] = int(count, 16)
        nonce = self._nonces[origin]
        self._nonces[origin] = nonce + 1
        transaction = {
            "from": origin,
            "to": to,
            "data": "0x" + data.hex(),
            "value": hex(value),
            "gas": hex(gas),
            "gasPrice": hex(GAS_PRICE_WEI),
            "nonce": hex(nonce),
        }
        self._queue.append((what, transaction))


def create2_address(code: bytes, salt: int = 0) -> str:
    """The address the keyless deployer gives to this creation code."""
    return create2(CREATE2_DEPLOYER, salt.to_bytes(32, "big"), keccak(code))


def create2(deployer: str, salt: bytes, code_hash: bytes) -> str:
    """Checksummed CREATE2 address."""
    raw = keccak(b"\xff" + to_canonical_address(deployer) + salt + code_hash)
    return str(to_checksum_address(raw[12:]))


def artifact_code(name: str, signature: str = "()", *args: Any, **libraries: str) -> bytes:
    """Creation code of a third-party contract with its constructor's arguments."""
    return creations.artifact_code(name, types_of(signature), args, libraries=libraries)


def encode_arguments(signature: str, *args: Any) -> bytes:
    """ABI-encoded constructor arguments."""
    return abi_encode(types_of(signature), args)


def salt_sorting(code: bytes, *, against: str, first: bool) -> int:
    """The smallest salt by which the contract's address sorts before (or after) another address."""
    salt = 0
    while (int(create2_address(code, salt), 16) < int(against, 16)) != first:
        salt += 1
    return salt
