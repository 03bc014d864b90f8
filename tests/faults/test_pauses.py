"""A chain takes no new money while too few of its nodes are well, says why, and goes on by itself."""

from typing import Any

import pytest

from intents.chains import endpoints as endpoints_module
from intents.chains import node as node_module
from intents.chains import pauses, registry
from intents.chains.client import client
from intents.chains.manifest import Endpoint
from intents.devnet.faults.modes import Fault, Mode
from intents.models import Chain, ChainHead
from intents.selectors.pauses import paused_words
from tests.chains.conftest import CHAIN_ID, manifest_for
from tests.chains.node import Node, wait_for

from .conftest import Proxies

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(node_module, "FIRST_REST_SECONDS", 0.1)
    monkeypatch.setattr(node_module, "LONGEST_REST_SECONDS", 0.1)
    monkeypatch.setattr(endpoints_module, "PROBE_EVERY_SECONDS", 0.1)
    yield
    registry.forget()


def reason() -> str:
    return Chain.objects.get(chain_id=CHAIN_ID).paused_reason


@pytest.mark.parametrize("mode", [Mode.CUT, Mode.WRONG_CHAIN, Mode.TOO_MANY, Mode.STALE_HEAD])
def test_a_chain_below_its_quorum_is_paused_and_resumes(node: Node, proxies: Proxies, mode: Mode) -> None:
    node.rpc("anvil_mine", "0x20")
    first, second = proxies(2)
    manifest = manifest_for("", endpoints=(Endpoint(first.url), Endpoint(second.url)), quorum=2)
    registry.load([manifest])
    assert pauses.note_nodes(manifest, client(CHAIN_ID).probe())
    assert reason() == ""
    second.set(Fault(mode))
    assert not pauses.note_nodes(manifest, client(CHAIN_ID).probe())
    assert reason().startswith("nodes_away 1 2 ")
    assert "1 of the 2 nodes" in paused_words(reason())
    second.set()
    wait_for(lambda: pauses.note_nodes(manifest, client(CHAIN_ID).probe()), "it did not come back")
    assert reason() == ""


def test_what_a_person_wrote_stays(node: Node, proxies: Proxies) -> None:
    (proxy,) = proxies(1)
    manifest = manifest_for("", endpoints=(Endpoint(proxy.url),))
    registry.load([manifest])
    Chain.objects.update(paused_reason="maintenance until noon")
    pauses.note_nodes(manifest, client(CHAIN_ID).probe())
    pauses.note_reorg(manifest, ancestor=10, depth=20)
    assert reason() == paused_words(reason()) == "maintenance until noon"


def test_a_reorg_deeper_than_any_order_waits_pauses_until_the_chain_was_calm(
    node: Node, proxies: Proxies
) -> None:
    (proxy,) = proxies(1)
    manifest = manifest_for("", endpoints=(Endpoint(proxy.url),))
    registry.load([manifest])
    pauses.note_reorg(manifest, ancestor=100, depth=manifest.depth)
    assert reason() == ""
    pauses.note_reorg(manifest, ancestor=100, depth=manifest.depth + 1)
    until = 100 + manifest.depth + 1 + 4 * manifest.depth
    assert reason() == f"deep_reorg 4 {until}"
    head = ChainHead.objects.create(chain_id=CHAIN_ID, number=until - 1, timestamp=1, seen_at=1.0)
    pauses.note_nodes(manifest, client(CHAIN_ID).probe())
    assert reason() != ""
    ChainHead.objects.filter(pk=head.pk).update(number=until)
    pauses.note_nodes(manifest, client(CHAIN_ID).probe())
    assert reason() == ""
