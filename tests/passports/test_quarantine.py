"""Whoever lies is set aside within two light rounds, says why, and comes back by itself once it tells the truth."""

from typing import Any

import pytest

from intents.chains import endpoints as endpoints_module
from intents.chains import node as node_module
from intents.chains import pauses, registry
from intents.chains.client import ChainClient, client
from intents.chains.hashes import Compared, contradicting
from intents.chains.manifest import Endpoint
from intents.devnet.faults.modes import Fault, Mode
from intents.models import Chain
from intents.selectors.pauses import paused_words
from tests.chains.conftest import CHAIN_ID, manifest_for
from tests.chains.node import Node, wait_for
from tests.faults.conftest import Proxies, client_of

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

LIE = Fault(Mode.DISAGREE)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every look is a light round."""
    monkeypatch.setattr(node_module, "FIRST_REST_SECONDS", 0.0)
    monkeypatch.setattr(node_module, "LONGEST_REST_SECONDS", 0.0)
    monkeypatch.setattr(endpoints_module, "PROBE_EVERY_SECONDS", 3600)
    monkeypatch.setattr(endpoints_module, "COMPARE_EVERY_SECONDS", 0.0)
    yield
    registry.forget()


def ills(chain: ChainClient, *, rounds: int = 2) -> list[str]:
    for _ in range(rounds - 1):
        chain.probe()
    return [health.ill for health in chain.probe()]


@pytest.mark.parametrize("honest", [1, 2])
def test_a_liar_among_others_is_set_aside_for_as_long_as_it_lies(
    node: Node, proxies: Proxies, honest: int
) -> None:
    node.rpc("anvil_mine", "0x10")
    liar, *others = proxies(1 + honest)
    chain = client_of(liar, *others)
    assert ills(chain) == [""] * (1 + honest)
    liar.set(LIE)
    for blocks in (1, 2, 3):
        node.rpc("anvil_mine", hex(blocks))
        assert ills(chain) == ["disagrees", *[""] * honest]
        asked = len(liar.seen)
        assert chain.head().hash == node.rpc("eth_getBlockByNumber", "latest", False)["hash"]
        assert len(liar.seen) == asked, "who lies is not asked"
    liar.set()
    assert ills(chain) == [""] * (1 + honest)


def test_two_strangers_that_contradict_each_other_are_both_not_believed() -> None:
    told = {0: {10: ("0xa", "0x9"), 11: ("0xb", "0xa")}, 1: {10: ("0xc", "0x9"), 11: ("0xd", "0xc")}}
    assert contradicting(told, Compared()) == {0, 1}
    told[0][9], told[1][9] = ("0x9", "0x8"), ("0x9f", "0x8")
    assert contradicting(told, Compared(9, "0x9")) == {1}, "who kept to what was agreed is believed"
    assert contradicting({**told, 2: told[1]}, Compared(9, "0x9")) == {1, 2}, "and these name no parent"


def reason() -> str:
    return Chain.objects.get(chain_id=CHAIN_ID).paused_reason


@pytest.mark.parametrize("mode", [Mode.DISAGREE, Mode.WRONG_CHAIN])
def test_a_chain_whose_only_endpoint_lies_is_quarantined_in_two_rounds(
    node: Node, proxies: Proxies, mode: Mode
) -> None:
    node.rpc("anvil_mine", "0x10")
    (only,) = proxies(1)
    registry.load([manifest_for("", endpoints=(Endpoint(only.url),))])
    looks = pauses._Looks()
    manifest = registry.chain(CHAIN_ID)
    for _ in range(3):
        pauses._look(manifest, looks)
    assert reason() == ""
    only.set(Fault(mode))
    for _ in range(2):
        pauses._look(manifest, looks)
    ill = "disagrees" if mode is Mode.DISAGREE else "wrong_chain"
    assert reason() == f"nodes_away 0 1 {ill}:1"
    assert "0 of the 1 nodes" in paused_words(reason())
    only.set()

    def is_back() -> bool:
        pauses._look(manifest, looks)
        return reason() == ""

    wait_for(is_back, "it did not come back")
    assert client(CHAIN_ID).head().number == 16


def test_a_chain_that_makes_no_blocks_takes_nothing_new_until_the_next(
    node: Node, proxies: Proxies, monkeypatch: pytest.MonkeyPatch
) -> None:
    (only,) = proxies(1)
    registry.load([manifest_for("", endpoints=(Endpoint(only.url),))])
    manifest, looks = registry.chain(CHAIN_ID), pauses._Looks()
    monkeypatch.setattr(pauses, "STALLED_SECONDS", 0.0)
    monkeypatch.setattr(pauses, "STALLED_BLOCKS", 0)
    for _ in range(3):
        pauses._look(manifest, looks)
    assert reason() == "stalled 0" and not pauses.stops_deliveries(reason())
    assert "block 0" in paused_words(reason())
    monkeypatch.setattr(pauses, "STALLED_SECONDS", 60.0)
    node.rpc("anvil_mine", "0x1")
    pauses._look(manifest, looks)
    assert reason() == ""
