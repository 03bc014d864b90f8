"""A sick endpoint is set aside with its reason and comes back by itself; the quorum is never lowered."""

import pytest

from intents.chains import endpoints as endpoints_module
from intents.chains import node as node_module
from intents.chains.client import ChainClient
from intents.chains.endpoints import RpcDisagreement, RpcUnavailable, SendUnknown
from intents.devnet.faults.modes import Fault, Mode
from intents.devnet.faults.proxy import FaultProxy
from tests.chains.node import ALICE, Node, wait_for

from .conftest import Proxies, client_of

pytestmark = pytest.mark.chain

SICK = {
    Mode.TOO_MANY: Fault(Mode.TOO_MANY),
    Mode.SERVER_ERROR: Fault(Mode.SERVER_ERROR),
    Mode.CUT: Fault(Mode.CUT),
    Mode.DROP_REPLY: Fault(Mode.DROP_REPLY),
    Mode.DELAY: Fault(Mode.DELAY, seconds=1.0),
    Mode.STALE_HEAD: Fault(Mode.STALE_HEAD, blocks=12),
    Mode.WRONG_CHAIN: Fault(Mode.WRONG_CHAIN),
}
REASON = {Mode.STALE_HEAD: "lagging", Mode.WRONG_CHAIN: "wrong_chain", Mode.DELAY: "silent"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "TIMEOUT_SECONDS", 0.4)
    monkeypatch.setattr(node_module, "FIRST_REST_SECONDS", 0.2)
    monkeypatch.setattr(node_module, "LONGEST_REST_SECONDS", 0.4)
    monkeypatch.setattr(endpoints_module, "PROBE_EVERY_SECONDS", 0.1)


def ills(chain: ChainClient) -> list[str]:
    return [health.ill for health in chain.probe()]


@pytest.mark.parametrize("mode", SICK)
def test_the_sick_endpoint_is_set_aside_and_comes_back(node: Node, proxies: Proxies, mode: Mode) -> None:
    node.rpc("anvil_mine", "0x20")
    sick, well = proxies(2)
    chain = client_of(sick, well)
    assert chain.head().number == 32
    sick.set(SICK[mode])
    assert ills(chain) == [REASON.get(mode, "away"), ""]
    asked = len(sick.seen)
    for _ in range(5):
        assert chain.head().number == 32
        assert chain.balance(ALICE) == 10_000 * 10**18
    assert set(sick.seen[asked:]) <= {"eth_chainId", "eth_blockNumber"}, "only looked at, not read"
    sick.set()
    wait_for(lambda: ills(chain) == ["", ""], "it did not come back")


@pytest.mark.parametrize("mode", SICK)
def test_with_fewer_good_endpoints_than_the_quorum_evidence_waits(
    node: Node, proxies: Proxies, mode: Mode
) -> None:
    node.rpc("anvil_mine", "0x20")
    tx_hash = node.transfer()
    first, second = proxies(2)
    chain = client_of(first, second, quorum=2)
    receipt = chain.receipt(tx_hash)
    assert receipt is not None
    second.set(SICK[mode])
    ills(chain)
    with pytest.raises(RpcUnavailable):
        chain.receipt(tx_hash)
    with pytest.raises(RpcUnavailable):
        chain.head()
    second.set()
    wait_for(lambda: ills(chain) == ["", ""], "it did not come back")
    assert chain.receipt(tx_hash) == receipt


def test_whoever_contradicts_two_others_is_outvoted_and_set_aside(node: Node, proxies: Proxies) -> None:
    tx_hash = node.transfer()
    liar, second, third = proxies(3)
    chain = client_of(liar, second, third, quorum=2)
    liar.set(Fault(Mode.DISAGREE))
    receipt = chain.receipt(tx_hash)
    assert (
        receipt is not None and receipt.block_hash == node.rpc("eth_getBlockByNumber", "0x1", False)["hash"]
    )
    assert chain.head().hash == receipt.block_hash
    asked = len(liar.seen)
    chain.receipt(tx_hash)
    assert "eth_getTransactionReceipt" not in liar.seen[asked:]


def test_two_that_contradict_each_other_are_not_believed(node: Node, proxies: Proxies) -> None:
    tx_hash = node.transfer()
    liar, honest = proxies(2)
    liar.set(Fault(Mode.DISAGREE, methods=("eth_getTransactionReceipt",)))
    with pytest.raises(RpcDisagreement):
        client_of(liar, honest, quorum=2).receipt(tx_hash)


def test_a_node_without_receipts_does_not_outvote_those_that_have_them(node: Node, proxies: Proxies) -> None:
    tx_hash = node.transfer()
    empty, second, third = proxies(3)
    chain = client_of(empty, second, third, quorum=2)
    empty.set(Fault(Mode.NULL_RECEIPTS))
    receipt = chain.receipt(tx_hash)
    assert receipt is not None and receipt.is_success
    assert [health.ill for health in chain.probe()] == ["", "", ""], "late is not ill"


def test_the_head_is_one_that_a_quorum_has(node: Node, proxies: Proxies) -> None:
    node.rpc("anvil_mine", "0x20")
    first, second, third = proxies(3)
    chain = client_of(first, second, third, quorum=2)
    second.set(Fault(Mode.STALE_HEAD, blocks=2))
    assert chain.head().number == 32
    third.set(Fault(Mode.STALE_HEAD, blocks=1))
    assert chain.head().number == 31
    assert chain.highest() == 32


def test_a_dropped_reply_to_a_broadcast_sends_nothing_twice(node: Node, proxies: Proxies) -> None:
    lossy, well = proxies(2)
    raw = bytes.fromhex(signed_transfer(node)[2:])
    lossy.set(Fault(Mode.DROP_REPLY, methods=("eth_sendRawTransaction",)))
    client_of(lossy, well).send_raw(raw)
    wait_for(lambda: node.number() == 1, "not mined")
    assert node.rpc("eth_getTransactionCount", ALICE, "latest") == "0x1"
    client_of(lossy).send_raw(raw)
    assert node.rpc("eth_getTransactionCount", ALICE, "latest") == "0x1"


def test_bytes_are_never_given_to_a_node_of_another_chain(node: Node, proxies: Proxies) -> None:
    (other,) = proxies(1)
    other.set(Fault(Mode.WRONG_CHAIN))
    with pytest.raises(SendUnknown):
        client_of(other).send_raw(bytes.fromhex(signed_transfer(node)[2:]))
    assert "eth_sendRawTransaction" not in other.seen


def test_a_slow_endpoint_holds_up_a_read_once(node: Node, proxies: Proxies) -> None:
    slow, well = proxies(2)
    chain = client_of(slow, well)
    slow.set(Fault(Mode.DELAY, seconds=2.0))
    for _ in range(5):
        assert chain.head().number == 0
    assert slow.seen == ["eth_chainId"]


def test_an_endpoint_that_is_slow_but_well_loses_its_turn(
    node: Node, proxies: Proxies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints_module, "SLOW_SECONDS", 0.2)
    slow, well = proxies(2)
    chain = client_of(slow, well)
    assert chain.head().number == 0
    slow.set(Fault(Mode.DELAY, seconds=0.3))
    for _ in range(8):
        assert chain.head().number == 0
    # Once before it was slow, once to be found so, and perhaps once more when its turn came back.
    assert slow.seen.count("eth_getBlockByNumber") <= 3
    assert "" in ills(chain)


def signed_transfer(node: Node) -> str:
    from eth_account import Account

    key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    return "0x" + Account.sign_transaction(
        {
            "type": 2,
            "chainId": node.chain_id,
            "nonce": 0,
            "to": ALICE,
            "value": 1,
            "gas": 21_000,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 10**9,
            "data": b"",
        },
        key,
    ).raw_transaction.hex().removeprefix("0x")


def test_faults_are_the_same_with_the_same_seed(node: Node) -> None:
    def refusals(seed: int) -> list[bool]:
        illness = FaultProxy(node.url, seed=seed).illness
        illness.set([Fault(Mode.CUT, share=0.4)])
        return [Mode.CUT in illness.of(["eth_call"]) for _ in range(40)]

    assert refusals(3) == refusals(3)
    assert refusals(3) != refusals(4)
    assert 5 < sum(refusals(3)) < 30
