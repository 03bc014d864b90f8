"""A brake that staff pull is a brake for the whole site, with a reason that people read."""

import pytest
from django.test import Client

from intents.chains import registry
from intents.chains.endpoints import NodeHealth
from intents.chains.pauses import note_nodes
from intents.models import AuditEntry, Chain
from intents.services.staff import pauses
from intents.services.staff.errors import ActRefused, NotPermitted
from intents.services.words import text
from tests.console.actors import actor, form

pytestmark = pytest.mark.django_db


def pull(kind: str, subject: str, reason: str, role: str = "operator") -> bool:
    return pauses.pause(kind, subject, actor(role), form(subject, reason=reason))


def test_people_read_the_reason_on_the_network_page(client: Client, chains: None) -> None:
    pull("chain", "alder", "the chain is being upgraded")
    pull("token", "birch:WETH", "its bridge is looked into")
    pull("route", "birch>alder", "proofs are slow")
    page = client.get("/network").content.decode()
    assert "the chain is being upgraded" in page
    assert "WETH on Birch is paused: its bridge is looked into" in page
    assert "Transfers from Birch to Alder are paused: proofs are slow" in page
    found = sorted(brake.subject for brake, _ in pauses.pulled())
    assert found == ["alder", "birch:WETH", "birch>alder"]


def test_a_refused_quote_says_why_the_chain_is_paused(chains: None) -> None:
    said = text("chain_paused", {"chain": "901", "reason": "the chain is being upgraded"})
    assert "Alder is paused" in said and said.endswith("the chain is being upgraded")


@pytest.mark.parametrize("reason", ["the chain is being upgraded", "nodes_away again", "gas_low I think"])
def test_what_a_person_paused_does_not_end_by_itself(chains: None, reason: str) -> None:
    pull("chain", "alder", reason)
    note_nodes(registry.chain(901), [NodeHealth("http://127.0.0.1:1", "")])
    assert reason in Chain.objects.get(pk=901).paused_reason


def test_a_second_pull_changes_nothing_and_is_refused(chains: None) -> None:
    pull("token", "alder:USDC", "first")
    with pytest.raises(ActRefused) as refused:
        pull("token", "alder:USDC", "second")
    assert refused.value.code == "paused_already"
    assert AuditEntry.objects.filter(action="pause").count() == 1


def test_support_may_not_pause(chains: None) -> None:
    with pytest.raises(NotPermitted):
        pull("chain", "alder", "because", role="support")
    assert Chain.objects.get(pk=901).paused_reason == ""
