"""One real anvil for contract tests, spoken to in raw JSON-RPC, and contracts called by name."""

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from eth_abi import decode as abi_decode
from eth_abi import encode as abi_encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_checksum_address
from eth_utils.abi import (
    abi_to_signature,
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
    get_abi_input_types,
    get_abi_output_types,
)

from intents.contracts.addresses import CREATE2_DEPLOYER, SALT, create2_address, deployment_data
from intents.contracts.reverts import decode_revert
from intents.devnet.anvil_binary import anvil_binary

GAS_LIMIT = 6_000_000
ZERO = "0x" + "00" * 20
ERROR_STRING = bytes.fromhex("08c379a0")


class Reverted(Exception):
    """A call reverted; ``name`` is our custom error, a Solidity reason, the bare data or "" for none."""

    def __init__(self, data: bytes) -> None:
        known = decode_revert(data)
        self.args_decoded: tuple[Any, ...] = known[1] if known else ()
        if known:
            self.name = known[0].name
        elif data[:4] == ERROR_STRING:
            self.name = abi_decode(["string"], data[4:])[0]
        else:
            self.name = data.hex()
        super().__init__(self.name or "no data")


@contextmanager
def reverts(name: str) -> Iterator[None]:
    """The block must revert with this custom error or reason; "" means without data."""
    with pytest.raises(Reverted) as caught:
        yield
    assert caught.value.name == name, f"reverted with {caught.value}"


class RpcError(Exception):
    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message"))
        self.data = bytes.fromhex((error.get("data") or "0x")[2:]) if _is_hex(error.get("data")) else None


def _is_hex(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.startswith("0x"))


def actor(name: str) -> LocalAccount:
    """A key that is the same in every run."""
    return Account.from_key(keccak(text=f"contract tests: {name}"))


@dataclass(frozen=True)
class Receipt:
    chain: "Chain"
    raw: dict[str, Any]

    @property
    def gas_used(self) -> int:
        return int(self.raw["gasUsed"], 16)

    @property
    def timestamp(self) -> int:
        return self.chain.timestamp(self.raw["blockNumber"])

    def events(self, contract: "Contract", name: str) -> list[dict[str, Any]]:
        return [event for log in self.raw["logs"] if (event := contract.decode_log(log, name)) is not None]


class Chain:
    """An anvil process that mines each transaction at once and lets tests act as anybody."""

    def __init__(self, chain_id: int) -> None:
        self.chain_id = chain_id
        self.port = _free_port()
        self._id = 0
        self._process = subprocess.Popen(
            [
                str(anvil_binary()), "--port", str(self.port), "--chain-id", str(chain_id),
                "--hardfork", "cancun", "--silent", "--base-fee", "0", "--gas-price", "0",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._wait()
        self.rpc("anvil_autoImpersonateAccount", True)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)

    def rpc(self, method: str, *params: object) -> Any:
        self._id += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer["result"]

    def send(
        self, to: str | None, data: bytes, *, sender: str, value: int = 0, gas: int = GAS_LIMIT
    ) -> Receipt:
        tx_hash = self.rpc("eth_sendTransaction", _transaction(to, data, sender, value, gas))
        raw = self._receipt(tx_hash)
        if raw["status"] == "0x1":
            return Receipt(self, raw)
        self.call(to, data, sender=sender, value=value, gas=gas)
        raise Reverted(b"")

    def call(
        self, to: str | None, data: bytes, *, sender: str = ZERO, value: int = 0, gas: int = GAS_LIMIT
    ) -> bytes:
        try:
            answer = self.rpc("eth_call", _transaction(to, data, sender, value, gas), "latest")
        except RpcError as error:
            raise Reverted(error.data or b"") from error
        return bytes.fromhex(answer[2:])

    def create(self, init_code: bytes, *, sender: str) -> str:
        return to_checksum_address(self.send(None, init_code, sender=sender).raw["contractAddress"])

    def create2(self, init_code: bytes, *, sender: str) -> str:
        self.send(CREATE2_DEPLOYER, deployment_data(SALT, init_code), sender=sender)
        address = create2_address(SALT, init_code)
        assert self.rpc("eth_getCode", address, "latest") != "0x"
        return address

    def balance(self, address: str) -> int:
        return int(self.rpc("eth_getBalance", address, "latest"), 16)

    def fund(self, address: str, wei: int = 10**24) -> None:
        self.rpc("anvil_setBalance", address, hex(wei))

    def timestamp(self, block: str = "latest") -> int:
        return int(self.rpc("eth_getBlockByNumber", block, False)["timestamp"], 16)

    def next_block_at(self, timestamp: int) -> None:
        self.rpc("evm_setNextBlockTimestamp", hex(timestamp))

    def warp_to(self, timestamp: int) -> None:
        """Mine a block at ``timestamp`` (seconds)."""
        self.next_block_at(timestamp)
        self.rpc("evm_mine")

    def snapshot(self) -> str:
        return self.rpc("evm_snapshot")

    def revert(self, snapshot: str) -> None:
        self.rpc("evm_revert", snapshot)

    def _receipt(self, tx_hash: str) -> dict[str, Any]:
        # Instant mining still answers the sender a moment before the block is there.
        for _ in range(2000):
            raw = self.rpc("eth_getTransactionReceipt", tx_hash)
            if raw is not None:
                return dict(raw)
            time.sleep(0.001)
        raise RuntimeError("the transaction was not mined")

    def _wait(self) -> None:
        for _ in range(200):
            try:
                self.rpc("eth_chainId")
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("anvil did not start")


@dataclass(frozen=True)
class Contract:
    """``abi`` entries by name; an overloaded function is named by its signature."""

    chain: Chain
    address: str
    abi: tuple[dict[str, Any], ...] = field(repr=False)

    def data(self, name: str, *args: object) -> bytes:
        entry = self._function(name)
        return function_abi_to_4byte_selector(entry) + abi_encode(get_abi_input_types(entry), args)

    def call(self, name: str, *args: object, sender: str = ZERO) -> Any:
        answer = self.chain.call(self.address, self.data(name, *args), sender=sender)
        values = abi_decode(get_abi_output_types(self._function(name)), answer)
        return values[0] if len(values) == 1 else values

    def send(self, name: str, *args: object, sender: str, value: int = 0, gas: int = GAS_LIMIT) -> Receipt:
        return self.chain.send(self.address, self.data(name, *args), sender=sender, value=value, gas=gas)

    def decode_log(self, log: dict[str, Any], name: str) -> dict[str, Any] | None:
        entry = next(e for e in self.abi if e["type"] == "event" and e["name"] == name)
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        if to_checksum_address(log["address"]) != self.address or topics[0] != event_abi_to_log_topic(entry):
            return None
        indexed = [i for i in entry["inputs"] if i["indexed"]]
        plain = {"type": "event", "name": name, "inputs": [i for i in entry["inputs"] if not i["indexed"]]}
        decoded = {
            i["name"]: abi_decode([i["type"]], topic)[0] for i, topic in zip(indexed, topics[1:], strict=True)
        }
        values = abi_decode(get_abi_input_types(plain), bytes.fromhex(log["data"][2:]))
        return decoded | {i["name"]: v for i, v in zip(plain["inputs"], values, strict=True)}

    def _function(self, name: str) -> dict[str, Any]:
        found = [e for e in self.abi if e["type"] == "function" and name in (e["name"], abi_to_signature(e))]
        assert len(found) == 1, f"{len(found)} functions are called {name}"
        return found[0]


def _transaction(to: str | None, data: bytes, sender: str, value: int, gas: int) -> dict[str, str]:
    # Gas costs nothing, so that native balances can be compared to the wei.
    fields = {
        "from": sender,
        "data": "0x" + data.hex(),
        "value": hex(value),
        "gas": hex(gas),
        "gasPrice": "0x0",
    }
    return fields if to is None else fields | {"to": to}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
