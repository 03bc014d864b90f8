"""Staff have a chain join: alone while everything is local, two people where it is not, and nothing wrong is taken."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from intents.chains import registry
from intents.chains.manifest import Endpoint, from_json
from intents.chains.manifest_toml import to_toml
from intents.models import AuditEntry, Join, StaffRequest
from intents.selectors import staff_requests
from intents.services.staff import joins, requests
from intents.services.staff.errors import ActRefused, SamePerson
from tests.console.actors import actor, form, staff_user
from tests.web import rows

pytestmark = pytest.mark.django_db
PLACE = (Endpoint("https://rpc.example.org"),)
REAL = {
    "is_local": False,
    "stack": "opstack",
    "da": "ethereum",
    "proof_system": "optimistic",
    "explorer": "https://explorer.example.org",
    "endpoints": PLACE,
}


def browser(role: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(staff_user(role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def sent(text: str, *, typed: str = "dogwood") -> dict[str, str]:
    return {"manifest": text, "typed": typed, "reason": "its operator asked", "token": "a" * 32}


def test_a_local_chain_begins_at_once_and_once(chains: None) -> None:
    client, url = browser("operator"), reverse("console:joins")
    for _ in range(2):
        assert client.post(url, sent(to_toml(rows.newcomer()))).status_code == 302
    row = Join.objects.get()
    assert (row.slug, row.state, from_json(row.asked)) == ("dogwood", "asked", rows.newcomer())
    assert AuditEntry.objects.get(action="join").subject_id == "dogwood"
    page = client.get(url).content.decode()
    assert "about to begin" in page
    assert "0 of 8 steps" in page


@pytest.mark.parametrize(
    ("text", "typed", "words"),
    [
        ("chain_id = 904", "dogwood", "The manifest is wrong at domain: is missing."),
        ("not toml", "dogwood", "The manifest is wrong at toml"),
        (to_toml(rows.newcomer(slug="birch")), "birch", "The manifest is wrong at slug"),
        (to_toml(rows.newcomer()), "elm", "dogwood"),
    ],
)
def test_what_is_wrong_is_named_and_kept(chains: None, text: str, typed: str, words: str) -> None:
    answer = browser("operator").post(reverse("console:joins"), sent(text, typed=typed))
    assert answer.status_code in (400, 409)
    page = answer.content.decode()
    assert words in page
    assert text.split("\n")[0].replace('"', "&quot;") in page, "what was typed is still there"
    assert not Join.objects.exists()


def test_a_chain_that_is_not_local_takes_two_people(chains: None) -> None:
    registry.load(
        [
            replace(peer, is_local=False, endpoints=(Endpoint(f"https://{peer.slug}.example.org"),))
            for peer in registry.all_chains().values()
        ]
    )
    asked = joins.read(to_toml(rows.newcomer(**REAL)))
    assert joins.takes_two(asked)
    one, other = actor("operator"), actor("operator")
    request = requests.ask(requests.join(asked), one, form("dogwood"))
    with pytest.raises(ActRefused):
        requests.join(asked)
    lines = dict(staff_requests.shown(request, may_see=True).lines)
    assert lines["Chain"] == "Dogwood (904)"
    assert lines["Made of"] == "opstack · ethereum · optimistic"
    assert lines["Nodes"] == "rpc.example.org"
    typed = form(requests.to_type(request))
    with pytest.raises(SamePerson):
        requests.decide(request.pk, one, typed, is_approved=True)
    assert not Join.objects.exists()
    assert requests.decide(request.pk, other, typed, is_approved=True)
    row = Join.objects.get()
    assert from_json(row.asked) == asked
    assert row.asked_by == one.user
    request.refresh_from_db()
    assert (request.state, request.result) == (StaffRequest.State.DONE, {"join": row.pk})
