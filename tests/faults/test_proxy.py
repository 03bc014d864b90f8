"""The fault proxy: it passes everything on, WebSockets too, until it is told to be ill."""

import asyncio

import pytest
import urllib3
from web3 import AsyncWeb3, WebSocketProvider

from intents.chains.endpoints import RpcUnavailable
from intents.chains.heads import PushedHeads
from intents.chains.manifest import Endpoint
from intents.devnet.faults.control import ProxyUnreachable, status, suffer
from intents.devnet.faults.modes import Fault, Mode
from tests.chains.conftest import CHAIN_ID, manifest_for
from tests.chains.node import ALICE, Node

from .conftest import Proxies, client_of

pytestmark = pytest.mark.chain


def test_a_well_proxy_changes_nothing(node: Node, proxies: Proxies) -> None:
    (proxy,) = proxies(1)
    chain = client_of(proxy)
    assert chain.balance(ALICE) == 10_000 * 10**18
    assert chain.batch([("eth_blockNumber", []), ("eth_chainId", [])]) == ["0x0", hex(CHAIN_ID)]
    tx_hash = node.transfer()
    assert chain.receipt(tx_hash) is not None


def test_faults_hit_the_methods_named_as_often_as_said(node: Node, proxies: Proxies) -> None:
    (proxy,) = proxies(1)
    chain = client_of(proxy)
    tx_hash = node.transfer()
    suffer(proxy.url, proxy.token, Fault(Mode.NULL_RECEIPTS, methods=("eth_getTransactionReceipt",), times=2))
    assert [chain.receipt(tx_hash) is None for _ in range(3)] == [True, True, False]
    suffer(proxy.url, proxy.token, Fault(Mode.CUT, methods=("eth_getBalance",), times=2))
    with pytest.raises(RpcUnavailable):
        chain.balance(ALICE)
    assert chain.balance(ALICE) > 0
    assert status(proxy.url, proxy.token)["hits"] == {"null_receipts": 2, "cut": 2}


def test_only_whoever_holds_the_token_controls_it(proxies: Proxies) -> None:
    (proxy,) = proxies(1)
    with pytest.raises(ProxyUnreachable):
        suffer(proxy.url, "", Fault(Mode.CUT))
    headers = {"X-Waymeet-Control": proxy.token}
    answer = urllib3.request("PUT", proxy.url + "/faults", body=b'[{"mode": "no"}]', headers=headers)
    assert answer.status == 400
    assert status(proxy.url, proxy.token)["faults"] == []


async def test_a_websocket_is_passed_through_until_it_is_cut(node: Node, proxies: Proxies) -> None:
    (proxy,) = proxies(1)
    async with AsyncWeb3(WebSocketProvider(proxy.url.replace("http", "ws"))) as web3:
        await web3.eth.subscribe("newHeads")
        node.rpc("evm_mine")
        async for message in web3.socket.process_subscriptions():
            assert message["result"]["number"] == 1
            break
    proxy.set(Fault(Mode.CUT))
    with pytest.raises(Exception, match=r".+"):
        async with AsyncWeb3(WebSocketProvider(proxy.url.replace("http", "ws"), max_connection_retries=1)):
            pass


async def test_heads_of_another_chain_are_not_listened_to(node: Node) -> None:
    endpoint = Endpoint(node.url, node.ws_url)
    heads = PushedHeads(manifest_for("", endpoints=(endpoint,), chain_id=CHAIN_ID + 1))
    listening = asyncio.create_task(heads.run())
    await asyncio.sleep(0.5)
    node.rpc("evm_mine")
    assert await heads.next(0.5) is None
    assert not heads.is_live
    listening.cancel()
