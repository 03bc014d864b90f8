"""Reading a chain: one node down, slow, lagging, lying or on another chain must not mislead us."""

import itertools
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak
from web3.exceptions import OffchainLookup

from intents.chains import endpoints as endpoints_module
from intents.chains import node as node_module
from intents.chains.calls import Call, argument_types, encode_call
from intents.chains.client import ChainClient
from intents.chains.endpoints import (
    RpcDisagreement,
    RpcError,
    RpcUnavailable,
    SendRejected,
    SendUnknown,
    WrongChain,
)
from intents.chains.manifest import Contract, Endpoint
from intents.chains.reverts import Refusal, Reverted
from intents.chains.web3_access import web3_for

from .conftest import CHAIN_ID, manifest_for
from .node import ALICE, BOB, FIRST_DEPLOYED, LossyProxy, Node, free_port, reverting_with

pytestmark = pytest.mark.chain


class Impostor:
    """A node that answers what the test says, and counts what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"eth_chainId": hex(CHAIN_ID), **answers}
        self.asked: list[str] = []
        impostor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(impostor.answer(asked)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                impostor.asked.append("GET " + self.path)
                self.send_error(404)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, asked: Any) -> Any:
        if isinstance(asked, list):
            return [self.answer(item) for item in reversed(asked)]
        self.asked.append(asked["method"])
        answer = self.answers.get(asked["method"])
        key = "error" if isinstance(answer, dict) and "code" in answer else "result"
        return {"jsonrpc": "2.0", "id": asked["id"], key: answer}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def impostor() -> Iterator[Impostor]:
    fake = Impostor(eth_blockNumber="0x5")
    yield fake
    fake.stop()


def client_of(*urls: str, **changes: Any) -> ChainClient:
    return ChainClient(manifest_for("", endpoints=tuple(Endpoint(url) for url in urls), **changes))


def dead_url() -> str:
    return f"http://127.0.0.1:{free_port()}"


def test_reads_go_on_with_the_next_endpoint(node):
    chain = client_of(dead_url(), node.url)
    assert chain.head().number == 0
    assert chain.balance(ALICE) == 10_000 * 10**18


def test_no_endpoint_is_an_error_that_may_pass():
    with pytest.raises(RpcUnavailable) as error:
        client_of(dead_url()).head()
    assert error.value.retry


def test_a_node_that_hangs_holds_up_one_read_not_every_one(monkeypatch, node):
    monkeypatch.setattr(node_module, "TIMEOUT_SECONDS", 0.3)
    for name in ("FIRST_REST_SECONDS", "LONGEST_REST_SECONDS"):
        monkeypatch.setattr(node_module, name, 3600.0)
    monkeypatch.setattr(endpoints_module, "PROBE_EVERY_SECONDS", 3600.0)
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        chain = client_of(url)
        for _ in range(5):
            with pytest.raises(RpcUnavailable):
                chain.head()
        assert connections(hanging) == 1
        assert client_of(url, node.url).head().number == 0


def connections(server: socket.socket) -> int:
    """How many wait to be accepted."""
    server.setblocking(False)
    for count in itertools.count():
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
    raise AssertionError


def test_a_node_of_another_chain_is_never_read(impostor):
    impostor.answers["eth_chainId"] = "0x1"
    with pytest.raises(RpcUnavailable, match="serves chain 1"):
        client_of(impostor.url).head()
    assert set(impostor.asked) == {"eth_chainId"}
    assert not WrongChain.retry


def test_a_node_that_comes_back_as_another_chain_is_noticed(node):
    chain = client_of(node.url)
    chain.head()
    node.stop()
    with pytest.raises(RpcUnavailable):
        chain.head()
    other = Node.__new__(Node)
    other.__dict__.update(node.__dict__, chain_id=77)
    other.start()
    try:
        with pytest.raises(RpcUnavailable, match="serves chain 77"):
            chain.head()
    finally:
        other.stop()


def test_failover_does_not_lower_the_quorum(node, impostor):
    receipt_hash = node.transfer()
    two = client_of(dead_url(), node.url, quorum=2)
    with pytest.raises(RpcUnavailable, match="1 of 2"):
        two.receipt(receipt_hash)
    impostor.answers["eth_getTransactionReceipt"] = None
    with pytest.raises(RpcDisagreement):
        client_of(node.url, impostor.url, quorum=2).receipt(receipt_hash)


def test_two_that_agree_outvote_one_that_lies(node, impostor):
    tx_hash = node.transfer()
    truth = node.rpc("eth_getTransactionReceipt", tx_hash)
    impostor.answers["eth_getTransactionReceipt"] = {**truth, "status": "0x0"}
    second = LossyProxy(node.url)
    try:
        receipt = client_of(impostor.url, node.url, second.url, quorum=2).receipt(tx_hash)
    finally:
        second.stop()
    assert receipt.is_success


def test_a_batch_is_one_round_trip_in_the_order_asked(impostor):
    impostor.answers["eth_gasPrice"] = "0x7"
    answers = client_of(impostor.url).batch([("eth_gasPrice", []), ("eth_blockNumber", [])])
    assert answers == ["0x7", "0x5"]


def test_a_refusal_inside_a_batch_spoils_only_its_place(node):
    outcomes = client_of(node.url).batch_outcomes([("eth_blockNumber", []), ("eth_noSuchThing", [])])
    assert outcomes[0] == "0x0"
    assert isinstance(outcomes[1], RpcError)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"code": -32000, "message": "insufficient funds for gas"}, SendRejected),
        ({"code": -32603, "message": "internal error"}, SendUnknown),
        ({"code": -32000, "message": "nonce too low"}, SendUnknown),
        ({"code": -32005, "message": "rate limit exceeded"}, SendUnknown),
    ],
)
def test_a_refused_broadcast_is_judged_by_what_it_proves(impostor, answer, error):
    impostor.answers["eth_sendRawTransaction"] = answer
    with pytest.raises(error):
        client_of(impostor.url).send_raw(b"\x02abc")
    assert impostor.asked.count("eth_sendRawTransaction") == 1


@pytest.mark.parametrize("message", ["already known", "transaction already imported"])
def test_a_known_transaction_is_sent(impostor, message):
    impostor.answers["eth_sendRawTransaction"] = {"code": -32003, "message": message}
    assert client_of(impostor.url).send_raw(b"\x02abc").tx_hash == "0x" + keccak(b"\x02abc").hex()


def test_one_accepting_node_is_enough_to_have_sent(impostor):
    impostor.answers["eth_sendRawTransaction"] = {"code": -32000, "message": "insufficient funds"}
    good = Impostor(eth_sendRawTransaction="0x00")
    try:
        client_of(impostor.url, good.url).send_raw(b"\x02abc")
    finally:
        good.stop()
    assert (good.asked.count("eth_sendRawTransaction"), len(impostor.asked)) == (1, 2)


def test_a_node_that_repeats_our_key_has_it_in_no_message(impostor):
    impostor.answers["eth_blockNumber"] = {"code": -32600, "message": "QUERY-KEY or PATH-KEY is invalid"}
    reader = client_of(f"{impostor.url}/v2/PATH-KEY?token=QUERY-KEY")
    with pytest.raises(RpcError) as refused:
        reader.batch([("eth_blockNumber", [])])
    assert "is invalid" in str(refused.value)
    assert "-KEY" not in str(refused.value)


def test_a_contract_cannot_make_us_fetch_a_url(node, impostor):
    lookup = keccak(text="OffchainLookup(address,string[],bytes,bytes4,bytes)")[:4] + encode(
        ["address", "string[]", "bytes", "bytes4", "bytes"],
        [FIRST_DEPLOYED, [impostor.url + "/{sender}/{data}"], b"\x01", b"\x01\x02\x03\x04", b""],
    )
    node.deploy(reverting_with(lookup))
    with pytest.raises(Reverted):
        client_of(node.url).call(FIRST_DEPLOYED, b"")
    with pytest.raises(OffchainLookup):
        web3_for(node.url).eth.call({"to": FIRST_DEPLOYED})
    assert impostor.asked == []


def test_a_simulation_names_the_contracts_own_error(node):
    contract = node.deploy(reverting_with(keccak(text="AlreadyFilled()")[:4]))
    with pytest.raises(Reverted) as error:
        client_of(node.url).simulate(Call(contract), BOB)
    assert error.value.name == "AlreadyFilled"


def test_multicall_keeps_failures_apart(node, multicall3):
    chain = client_of(node.url, contracts={"multicall3": Contract(multicall3)})
    balance = encode_call("getEthBalance(address)", [ALICE])
    good, bad = chain.multicall([(multicall3, balance), (multicall3, b"\0\0\0\0")])
    assert good.is_success
    assert int.from_bytes(good.data) == chain.balance(ALICE)
    assert not bad.is_success


def test_a_missing_receipt_is_no_answer_not_a_failure(node):
    chain = client_of(node.url)
    assert chain.receipt("0x" + "11" * 32) is None
    assert chain.transaction("0x" + "11" * 32) is None


def test_a_rate_limited_node_counts_as_away(impostor):
    impostor.answers["eth_blockNumber"] = {"code": -32005, "message": "Too many requests"}
    with pytest.raises(RpcUnavailable):
        client_of(impostor.url).request("eth_blockNumber")
    assert RpcError(-32005, "Too many requests").refusal is Refusal.BUSY


def test_argument_types_keep_tuples_whole():
    assert argument_types("f()") == ()
    assert argument_types("f(address,(uint256,(bytes,bool)[])[],uint8)") == (
        "address",
        "(uint256,(bytes,bool)[])[]",
        "uint8",
    )
