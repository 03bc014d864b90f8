"""A node that answers nonsense is set aside like one that is away; whatever goes wrong with a chain stays with it."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from intents.chains import answers, pauses, registry
from intents.chains import node as node_module
from intents.chains.client import ChainClient
from intents.chains.endpoints import NodeHealth
from intents.chains.manifest import ChainManifest, Contract, Endpoint
from intents.chains.manifest import Validator as ValidatorEntry
from intents.chains.manifest_toml import to_toml
from intents.chains.node import Node
from intents.chains.node_errors import RpcUnavailable
from intents.models import Chain, ChainPassport
from intents.passports import rounds
from intents.passports.chain_probe import probe_chain
from intents.passports.passport import Finding, Passport
from intents.passports.records import write_chain
from intents.settlement.validator import Validator
from tests.chains.conftest import CHAIN_ID, manifest_for
from tests.chains.node import ALICE

pytestmark = pytest.mark.django_db

Serving = Callable[[dict[str, Any]], str]


@pytest.fixture
def serving() -> Iterator[Serving]:
    """A node that answers every call of a method with the same words, wherever it is made to listen."""
    servers: list[ThreadingHTTPServer] = []

    def serve(answers: dict[str, Any]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                many = asked if isinstance(asked, list) else [asked]
                said = [{"jsonrpc": "2.0", "id": each["id"], **answers[each["method"]]} for each in many]
                body = json.dumps(said if isinstance(asked, list) else said[0]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()
    registry.forget()


def reason() -> str:
    return Chain.objects.get(chain_id=CHAIN_ID).paused_reason


@pytest.mark.parametrize(
    "nonsense",
    [
        {"result": None},
        {"result": "newest"},
        {"result": {"number": "0x1"}},
        {"result": "-0x1"},
        {"result": "0x" + "f" * 64},
        {"error": "too many requests"},
        {"error": {"code": "busy", "message": "later"}},
    ],
)
def test_a_node_that_answers_nonsense_is_away(
    serving: Serving, nonsense: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "FIRST_REST_SECONDS", 0.0)
    url = serving({"eth_chainId": {"result": hex(CHAIN_ID)}, "eth_blockNumber": nonsense})
    registry.load([manifest_for(url)])
    looks = pauses._Looks()
    for _ in range(2):
        pauses._look(registry.chain(CHAIN_ID), looks)
    assert reason() == "nodes_away 0 1 away:1"


def test_an_answer_without_end_is_not_read_to_its_end(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = {"result": "0x" + "00" * 500_000}
    node = Node(serving({"eth_chainId": {"result": hex(CHAIN_ID)}, "eth_call": long}), CHAIN_ID)
    assert node.request("eth_call", []) == long["result"]
    monkeypatch.setattr(answers, "MOST_BYTES", 100_000)
    for ask in (lambda: node.request("eth_call", []), lambda: node.batch([("eth_call", [])])):
        with pytest.raises(RpcUnavailable, match="more than 100000 bytes"):
            ask()
    assert node.request("eth_chainId", []) == hex(CHAIN_ID)


def test_a_probe_of_a_node_that_answers_nonsense_is_broken_off(serving: Serving) -> None:
    said: dict[str, Any] = {
        method: {"result": "nonsense"}
        for method in ("eth_getLogs", "eth_getBlockByNumber", "eth_getCode", "eth_call")
    }
    said |= {"eth_chainId": {"result": hex(CHAIN_ID)}, "eth_blockNumber": {"result": "0x5"}}
    found = probe_chain(manifest_for(serving(said)))
    assert found.head is None and "probe_broken_off" in {finding.code for finding in found.findings}


def test_a_chain_that_just_left_or_lies_ends_no_look_at_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = manifest_for("http://127.0.0.1:1")
    registry.forget()
    pauses._try(gone, pauses._Looks())
    rounds._try(gone, Counter())

    def broken(*_: Any) -> None:
        raise TypeError("what a node says is anybody's guess")

    monkeypatch.setattr(pauses, "_look", broken)
    monkeypatch.setattr(rounds, "look", broken)
    pauses._try(gone, pauses._Looks())
    rounds._try(gone, Counter())


def test_what_an_address_keeps_secret_is_in_no_message() -> None:
    url = "http://someone:PASSWORD@127.0.0.1:1/v2/PATH-KEY?token=QUERY-KEY"
    with pytest.raises(RpcUnavailable) as refused:
        Node(url, CHAIN_ID).probe()
    with pytest.raises(RpcUnavailable) as unread:
        ChainClient(manifest_for(url)).head()
    for said in (str(refused.value), str(unread.value)):
        assert "127.0.0.1:1" in said
        assert not {word for word in ("PASSWORD", "PATH-KEY", "QUERY-KEY", "someone") if word in said}


def test_a_validator_signs_for_the_others_whatever_one_chain_says(serving: Serving, tmp_path: Path) -> None:
    signer = Account.from_key("0x" + "11" * 32)
    entries = tuple(ValidatorEntry(address, "http://127.0.0.1:9") for address in (signer.address, ALICE))
    hook = Contract("0x" + "5A" * 20)
    contracts = {"merkle_tree_hook": hook, "validator_announce": hook}
    url = serving({method: {"result": None} for method in ("eth_call", "eth_getBlockByNumber")})
    shared: dict[str, Any] = {"validators": entries, "validator_threshold": 2, "block_seconds": 5.0}
    bare = manifest_for(url, slug="a-bare", chain_id=1, domain=1, **shared)
    mad = manifest_for(url, slug="b-mad", chain_id=2, domain=2, contracts=contracts, **shared)
    well = replace(mad, slug="c-well", chain_id=3, domain=3)
    for manifest in (bare, mad, well):
        (tmp_path / f"{manifest.slug}.toml").write_text(to_toml(manifest), "utf-8")
    validator = Validator(signer, tmp_path, tmp_path / "state")
    try:
        validator.rescan()
        assert set(validator._watches) == {2, 3}
    finally:
        validator.close()


def passport(*codes: str, head: int | None = 7) -> Passport:
    findings = tuple(Finding(code) for code in codes)
    return Passport(chain_id=CHAIN_ID, slug="testing", probed_at=1.0, head=head, findings=findings)


def test_what_a_probe_found_wrong_holds_until_a_probe_that_measured_finds_it_right() -> None:
    manifest = manifest_for("http://127.0.0.1:1", endpoints=(Endpoint("http://127.0.0.1:1"),))
    registry.load([manifest])
    well, away = ([NodeHealth("http://127.0.0.1:1", ill, 7)] for ill in ("", "away"))
    write_chain(passport("contract_differs"))
    assert reason() == "passport contract_differs"
    write_chain(passport("probe_broken_off", head=None))
    assert reason() == "passport contract_differs", "nothing was measured"
    assert not pauses.note_nodes(manifest, away)
    assert reason() == "nodes_away 0 1 away:1", "what stops deliveries stands above what does not"
    assert pauses.note_nodes(manifest, well)
    assert reason() == "passport contract_differs"
    pauses.note_standing(manifest, height=7, seconds=10_000)
    Chain.objects.update(paused_reason="gas_low")
    pauses.note_reorg(manifest, ancestor=7, depth=99)
    assert reason().startswith("deep_reorg 99"), "gas that is sent makes no chain calm"
    assert pauses.note_nodes(manifest, well) and reason().startswith("deep_reorg 99")
    Chain.objects.update(paused_reason="passport contract_differs")
    write_chain(passport())
    assert reason() == "" and ChainPassport.objects.get(pk=CHAIN_ID).is_good


@pytest.mark.parametrize("round_", [rounds, pauses], ids=["tokens", "nodes"])
def test_a_chain_whose_look_takes_long_holds_no_round_of_the_others(
    monkeypatch: pytest.MonkeyPatch, round_: Any
) -> None:
    slow, quick = (replace(manifest_for("http://127.0.0.1:1"), chain_id=chain_id) for chain_id in (1, 2))
    monkeypatch.setattr(registry, "all_chains", lambda: {each.chain_id: each for each in (slow, quick)})
    monkeypatch.setattr(rounds, "ROUND_SECONDS", 0.01)
    monkeypatch.setattr(pauses, "WATCH_SECONDS", 0.01)
    goes_on, begun, seen_again = threading.Event(), Counter[int](), threading.Event()

    def look(manifest: ChainManifest, _known: Any, of_balances: Any = None) -> None:
        if of_balances is not None:
            return
        begun[manifest.chain_id] += 1
        if manifest is slow:
            goes_on.wait(60)
        elif begun[quick.chain_id] == 3:
            seen_again.set()

    monkeypatch.setattr(round_, "_try", look)

    async def watched() -> bool:
        stop = asyncio.Event()
        watching = asyncio.create_task(round_.watch(stop=stop))
        is_seen = await asyncio.to_thread(seen_again.wait, 30)
        stop.set()
        goes_on.set()
        await watching
        return is_seen

    assert asyncio.run(watched())
    assert begun[slow.chain_id] == 1
