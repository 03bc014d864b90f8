"""Reading a chain and handing it signed bytes. One client per chain and process, shared by threads."""

import os
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from eth_abi.abi import decode as abi_decode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from . import registry
from .calls import ZERO_ADDRESS, Call, encode_call
from .endpoints import (
    NodeHealth,
    Nodes,
    Request,
    RpcDisagreement,
    RpcError,
    RpcUnavailable,
    SendUnknown,
)
from .manifest import ChainManifest
from .node import place_of
from .reverts import Refusal, Reverted, decode_revert

BlockId = int | str
AGGREGATE3 = "aggregate3((address,bool,bytes)[])"


class Head(NamedTuple):
    """A block's header. `timestamp` is chain time in seconds."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    base_fee_wei: int


class Log(NamedTuple):
    """One raw log; `block_timestamp` is None where the node does not send it along."""

    address: str
    topics: tuple[str, ...]
    data: bytes
    block_number: int
    block_hash: str
    block_timestamp: int | None
    tx_hash: str
    log_index: int


class Receipt(NamedTuple):
    """The result of a mined transaction. `data_fee_wei` is what it paid for its data besides its gas."""

    tx_hash: str
    block_number: int
    block_hash: str
    is_success: bool
    gas_used: int
    gas_price_wei: int
    data_fee_wei: int
    logs: tuple[Log, ...]


class Sent(NamedTuple):
    """What was broadcast, and the host of the node that took it: no path, which may hold a key; "" when unsure."""

    tx_hash: str
    host: str


class CallResult(NamedTuple):
    """One member of a multicall; `data` is the revert data when it failed."""

    is_success: bool
    data: bytes


class ChainClient:
    """Every read and the one broadcast of a chain.

    Reads raise RpcUnavailable when no node answers, RpcDisagreement when nodes contradict each other
    and RpcError when a node refuses.
    """

    def __init__(self, manifest: ChainManifest) -> None:
        self.manifest = manifest
        self.chain_id = manifest.chain_id
        self._nodes = Nodes(manifest)

    def request(self, method: str, *params: Any) -> Any:
        """Any JSON-RPC read by name; the JSON result."""
        return self._nodes.request(method, params)

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """Many reads in one round trip; the first refusal is raised."""
        outcomes = self._nodes.batch(requests)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise _as_revert(outcome)
        return outcomes

    def batch_outcomes(self, requests: Sequence[Request]) -> list[Any]:
        """Many reads in one round trip; refusals stand as exceptions in their places."""
        return [_as_revert(o) if isinstance(o, Exception) else o for o in self._nodes.batch(requests)]

    def head(self) -> Head:
        """The newest block; with a quorum the newest that so many nodes have."""
        if self.manifest.quorum == 1:
            return parse_head(self.request("eth_getBlockByNumber", "latest", False))
        head = self.block(self._nodes.head_number())
        if head is None:
            raise RpcUnavailable(f"{self.manifest.slug}: the newest block went away")
        return head

    def highest(self) -> int:
        """The number of the newest block that any well node has."""
        return self._nodes.highest()

    def probe(self) -> list[NodeHealth]:
        """Look at every endpoint now; how each of them is. Raises nothing."""
        return self._nodes.probe()

    def block(self, number: BlockId) -> Head | None:
        """The block at a number or tag, None when there is none."""
        value = self.request("eth_getBlockByNumber", block_id(number), False)
        return None if value is None else parse_head(value)

    def call(
        self, to: str, data: bytes, *, block: BlockId = "latest", sender: str | None = None, value: int = 0
    ) -> bytes:
        """eth_call; raises Reverted."""
        transaction = _transaction(to, data, sender, value)
        try:
            return _bytes(self.request("eth_call", transaction, block_id(block)))
        except RpcError as error:
            raise _as_revert(error) from error

    def simulate(self, call: Call, sender: str, *, block: BlockId = "latest") -> bytes:
        """Run this very call as `sender` without sending it; raises Reverted."""
        transaction = _transaction(call.target, call.data, sender, call.value_wei)
        if call.gas_limit is not None:
            transaction["gas"] = hex(call.gas_limit)
        try:
            return _bytes(self.request("eth_call", transaction, block_id(block)))
        except RpcError as error:
            raise _as_revert(error) from error

    def estimate_gas(self, call: Call, sender: str) -> int:
        """Gas this call needs now; raises Reverted."""
        transaction = _transaction(call.target, call.data, sender, call.value_wei)
        try:
            return int(self.request("eth_estimateGas", transaction), 16)
        except RpcError as error:
            raise _as_revert(error) from error

    def multicall(self, calls: Sequence[tuple[str, bytes]], block: BlockId = "latest") -> list[CallResult]:
        """All calls at one block through Multicall3; a failing one does not spoil the others."""
        if not calls:
            return []
        to, data = multicall_request(self.manifest, calls)
        return parse_multicall(self.call(to, data, block=block))

    def receipt(self, tx_hash: str) -> Receipt | None:
        """The receipt, or None. None is never a failure: nodes lag behind their own heads."""
        value = self.request("eth_getTransactionReceipt", tx_hash)
        return None if value is None else parse_receipt(value)

    def transaction(self, tx_hash: str) -> dict[str, Any] | None:
        """The transaction as the node knows it, pending or mined."""
        value = self.request("eth_getTransactionByHash", tx_hash)
        return None if value is None else dict(value)

    def logs(
        self,
        *,
        from_block: BlockId,
        to_block: BlockId,
        addresses: Sequence[str] = (),
        topics: Sequence[Any] = (),
    ) -> list[Log]:
        """Logs of a range of blocks; no addresses means all."""
        query: dict[str, Any] = {"fromBlock": block_id(from_block), "toBlock": block_id(to_block)}
        return [parse_log(value) for value in self.request("eth_getLogs", _filter(query, addresses, topics))]

    def balance(self, address: str, block: BlockId = "latest") -> int:
        """Native balance in wei."""
        return int(self.request("eth_getBalance", address, block_id(block)), 16)

    def token_balance(self, token: str, holder: str, block: BlockId = "latest") -> int:
        """Balance of an ERC-20, or of the native coin for the zero address."""
        if token == ZERO_ADDRESS:
            return self.balance(holder, block)
        answer = self.call(token, encode_call("balanceOf(address)", [holder]), block=block)
        return int(abi_decode(("uint256",), answer)[0])

    def nonce(self, address: str, pending: bool = True) -> int:
        """Number of transactions mined, and with `pending` also those in the node's pool."""
        return int(self.request("eth_getTransactionCount", address, "pending" if pending else "latest"), 16)

    def code(self, address: str) -> bytes:
        """Runtime code, empty for an account without any."""
        return _bytes(self.request("eth_getCode", address, "latest"))

    def send_raw(self, raw: bytes) -> Sent:
        """Broadcast signed bytes once, never again by itself.

        Raises SendRejected when no node holds them, SendUnknown when one may.
        """
        tx_hash = "0x" + keccak(raw).hex()
        try:
            return Sent(tx_hash, host_of(self._nodes.send(raw)))
        except SendUnknown as error:
            if not self._is_known(tx_hash):
                raise error
        return Sent(tx_hash, "")

    def _is_known(self, tx_hash: str) -> bool:
        try:
            found = self.batch_outcomes(
                [("eth_getTransactionReceipt", [tx_hash]), ("eth_getTransactionByHash", [tx_hash])]
            )
        except (RpcUnavailable, RpcDisagreement):
            return False
        return any(item is not None and not isinstance(item, Exception) for item in found)


_clients: dict[tuple[int, int], ChainClient] = {}
_lock = threading.Lock()


def client(chain_id: int) -> ChainClient:
    """The client of a connected chain; raises ChainNotSupported. New after a fork or a new manifest."""
    manifest = registry.chain(chain_id)
    key = (os.getpid(), chain_id)
    known = _clients.get(key)
    if known is not None and (known.manifest is manifest or known.manifest == manifest):
        return known
    with _lock:
        fresh = ChainClient(manifest)
        _clients[key] = fresh
        return fresh


def host_of(url: str) -> str:
    """Host and port of an endpoint, without what may be a secret of its address."""
    return place_of(url)


def block_id(block: BlockId) -> str:
    """A block number or tag as JSON-RPC writes it."""
    return hex(block) if isinstance(block, int) else block


def parse_head(value: dict[str, Any]) -> Head:
    return Head(
        number=int(value["number"], 16),
        hash=value["hash"].lower(),
        parent_hash=value["parentHash"].lower(),
        timestamp=int(value["timestamp"], 16),
        base_fee_wei=int(value.get("baseFeePerGas") or "0x0", 16),
    )


def parse_log(value: dict[str, Any]) -> Log:
    timestamp = value.get("blockTimestamp")
    return Log(
        address=to_checksum_address(value["address"]),
        topics=tuple(topic.lower() for topic in value["topics"]),
        data=_bytes(value["data"]),
        block_number=int(value["blockNumber"], 16),
        block_hash=value["blockHash"].lower(),
        block_timestamp=None if timestamp is None else int(timestamp, 16),
        tx_hash=value["transactionHash"].lower(),
        log_index=int(value["logIndex"], 16),
    )


def parse_receipt(value: dict[str, Any]) -> Receipt:
    return Receipt(
        tx_hash=value["transactionHash"].lower(),
        block_number=int(value["blockNumber"], 16),
        block_hash=value["blockHash"].lower(),
        is_success=value.get("status") == "0x1",
        gas_used=int(value["gasUsed"], 16),
        gas_price_wei=int(value.get("effectiveGasPrice") or "0x0", 16),
        # OP Stack's. What Arbitrum Nitro and zkSync take for data is in their gasUsed: adding it would be twice.
        data_fee_wei=int(value.get("l1Fee") or "0x0", 16),
        logs=tuple(parse_log(log) for log in value["logs"]),
    )


def multicall_request(manifest: ChainManifest, calls: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Target and calldata that run all calls in one; raises MissingContract."""
    return manifest.address("multicall3"), encode_call(AGGREGATE3, [[(to, True, data) for to, data in calls]])


def parse_multicall(answer: bytes) -> list[CallResult]:
    return [CallResult(bool(ok), data) for ok, data in abi_decode(("(bool,bytes)[]",), answer)[0]]


def call_request(to: str, data: bytes, block: BlockId) -> Request:
    """An eth_call for a batch."""
    return "eth_call", [_transaction(to, data, None, 0), block_id(block)]


def logs_request(query: dict[str, Any], addresses: Sequence[str], topics: Sequence[Any]) -> Request:
    """An eth_getLogs for a batch; `query` names the block or range."""
    return "eth_getLogs", [_filter(dict(query), addresses, topics)]


def _filter(query: dict[str, Any], addresses: Sequence[str], topics: Sequence[Any]) -> dict[str, Any]:
    if addresses:
        query["address"] = list(addresses)
    if topics:
        query["topics"] = list(topics)
    return query


def _transaction(to: str, data: bytes, sender: str | None, value: int) -> dict[str, str]:
    transaction = {"to": to, "data": "0x" + data.hex()}
    if sender is not None:
        transaction["from"] = sender
    if value:
        transaction["value"] = hex(value)
    return transaction


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def _as_revert(error: Exception) -> Exception:
    if not isinstance(error, RpcError) or error.refusal is not Refusal.EXECUTION_REVERTED:
        return error
    return revert_of(error)


def revert_of(error: RpcError) -> Reverted:
    """The contract's reason inside a node's error."""
    data = error.data.get("data") if isinstance(error.data, dict) else error.data
    if not isinstance(data, str) or not data.startswith("0x"):
        data = "0x"
    return decode_revert(bytes.fromhex(data[2:]), error.message)
