"""Staff have a chain join: alone while everything is local, two people where it is not, and nothing wrong is taken."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from eth_utils.address import to_checksum_address

from intents.chains import registry
from intents.chains.bridge import BridgeManifest
from intents.chains.manifest import Contract, Endpoint, Feed, ValueTier, from_json
from intents.chains.manifest_reader import ManifestError
from intents.chains.manifest_toml import to_toml
from intents.joining.rows import open_join
from intents.models import AuditEntry, Chain, Join, StaffRequest
from intents.selectors import staff_requests
from intents.services.staff import joins, requests
from intents.services.staff.errors import ActRefused, SamePerson
from tests.console.actors import actor, form, staff_user
from tests.web import rows

pytestmark = pytest.mark.django_db
PLACE = (Endpoint("https://rpc.example.org"),)
PLACES = [to_checksum_address("0x" + pair * 20) for pair in ("5a", "5b", "5c")]
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


def test_a_name_that_another_chain_had_or_is_to_have_is_taken(chains: None) -> None:
    with pytest.raises(ManifestError) as refused:
        joins.read(to_toml(rows.newcomer(slug="birch")))
    Chain.objects.filter(slug="birch").update(is_connected=False)
    registry.forget()
    with pytest.raises(ManifestError) as left:
        joins.read(to_toml(rows.newcomer(slug="birch")))
    one, other = rows.newcomer(), rows.newcomer(chain_id=905, domain=905)
    open_join(one)
    with pytest.raises(ManifestError) as second:
        open_join(other)
    assert {error.value.key for error in (refused, left, second)} == {"slug"}
    open_join(one)
    Join.objects.update(state=Join.State.FAILED)
    open_join(other)


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
    usdc = rows.newcomer().token("USDC").address
    trusted = {
        "bridges": (BridgeManifest("hyperlane_warp", "usdc-far", PLACES[0], PLACES[0], usdc, "usdc"),),
        "value_tiers": (ValueTier(2_000 * 10**8, 1),),
        "feeds": {"usdc": Feed(PLACES[1], 60, 8)},
        "contracts": {"multisig_ism": Contract(PLACES[2])},
    }
    asked = joins.read(to_toml(rows.newcomer(**REAL, **trusted)))
    assert joins.takes_two(asked)
    one, other = actor("operator"), actor("operator")
    request = requests.ask(requests.join(asked), one, form("dogwood"))
    with pytest.raises(ActRefused):
        requests.join(asked)
    shown = staff_requests.shown(request, may_see=True).lines
    lines = dict(shown)
    assert lines["Chain"] == "Dogwood (904)"
    assert lines["Made of"] == "opstack · ethereum · optimistic"
    assert lines["Nodes"] == "rpc.example.org"
    for label, value in (
        ("Delivered after", "1 blocks up to 2,000 USD"),
        ("Its coin", "ETH, which counts as weth"),
        ("Token", f"USDC {asked.token('USDC').address}, which counts as usdc"),
        ("End of a bridge", f"usdc-far {PLACES[0]}, which counts as usdc"),
        ("Price of", f"usdc {PLACES[1]}"),
        ("Contract that is there", f"multisig_ism {PLACES[2]}"),
    ):
        assert (label, value) in shown, "whoever decides sees what is trusted to be what"
    recorded = AuditEntry.objects.get(action="ask_join").after
    assert recorded["params"]["manifest"] == asked.content_hash, "no address of a node is kept for ever"
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
