"""“Bring funds here”: the link fixes where it goes, the frame leads to a page of its own, nothing else is framed."""

import re
from dataclasses import replace

import pytest
from django.conf import LazySettings
from django.test import Client
from eth_utils.address import to_checksum_address

from intents.chains.app import App
from intents.chains.manifest import Contract
from intents.models import Chain, Quote

from . import rows

VAULT, EXECUTOR = to_checksum_address("0x" + "f1" * 20), to_checksum_address("0x" + "e7" * 20)


@pytest.fixture
def vault(chains: None) -> App:
    """Birch has an executor and lists a vault of USDC."""
    birch = rows.manifest(902, "birch")
    app = App(
        slug="vault",
        name="Demo <vault>",
        target=VAULT,
        token=birch.token("USDC").address,
        call="deposit(uint256,address)",
        arguments=("amount", "recipient"),
        gas=200_000,
    )
    contracts = {**birch.contracts, "call_executor": Contract(EXECUTOR)}
    rows.connect(rows.manifest(901, "alder"), replace(birch, contracts=contracts, apps=(app,)))
    return app


def test_the_payer_only_chooses_what_to_pay_with(vault: App, stranger: Client) -> None:
    text = stranger.get("/pay?to=birch:vault&amount=25").content.decode()
    assert "Demo &lt;vault&gt;" in text
    assert VAULT in text
    assert re.search(r'name="amount"[^>]*value="25" readonly', text)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))
    assert (hidden["to"], hidden["app"], hidden["exact"]) == ("birch:USDC", "vault", "output")
    offered = re.findall(r'<option value="(\w+:\w+)"', text)
    assert "alder:USDC" in offered
    assert not [value for value in offered if value.startswith("birch:")]


def test_what_it_asks_for_is_a_quote_that_ends_in_the_app(vault: App, stranger: Client) -> None:
    form = {"from": "alder:USDC", "to": "birch:USDC", "amount": "25", "exact": "output", "app": "vault"}
    assert stranger.post("/quote", form).status_code == 302
    call = Quote.objects.get().intent["call"]
    assert (call["app"], call["target"]) == ("vault", VAULT)


def test_a_link_to_a_token_brings_it_to_the_payers_own_address(vault: App, stranger: Client) -> None:
    text = stranger.get("/pay?to=birch:WETH").content.decode()
    assert "Bring WETH to Birch" in text
    assert 'name="app"' not in text


def test_a_link_that_names_a_recipient_says_so(vault: App, stranger: Client) -> None:
    own = stranger.get("/pay?to=birch:WETH").content.decode()
    assert "your address there" in own
    for target in ("WETH", "vault"):
        text = stranger.get(f"/pay?to=birch:{target}&recipient={rows.BOB}").content.decode()
        assert f'<code class="hash whole">{to_checksum_address(rows.BOB)}</code>' in text
        assert "named by the link" in text
        assert "your address there" not in text


def test_the_receiver_that_a_link_names_is_looked_at(vault: App, stranger: Client) -> None:
    text = stranger.get(f"/pay?to=birch:USDC&amount=25&recipient={VAULT}").content.decode()
    assert 'data-note="first"' in text and VAULT in text
    text = stranger.get(f"/pay?to=birch:USDC&recipient={'0x' + '00' * 20}").content.decode()
    assert 'data-note="zero"' in text
    assert 'data-choose="from"' in text and 'data-choose="to"' not in text


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "field_missing"),
        ("to=birch", "field_missing"),
        ("to=elm:vault", "chain_not_supported"),
        ("to=birch:casino", "token_not_supported"),
        ("to=birch:vault&token=WETH", "app_takes_another_token"),
    ],
)
@pytest.mark.parametrize("path", ["/pay", "/pay/embed"])
def test_a_link_that_leads_nowhere_says_why(
    vault: App, stranger: Client, path: str, query: str, code: str
) -> None:
    answer = stranger.get(f"{path}?{query}")
    assert 400 <= answer.status_code < 500
    assert code in answer.content.decode()


def test_only_the_frame_may_be_framed_and_it_asks_nothing_of_a_wallet(
    vault: App, stranger: Client, settings: LazySettings
) -> None:
    settings.EMBED_ANCESTORS = ["https://shop.example"]
    framed = stranger.get("/pay/embed?to=birch:vault&amount=25")
    assert "frame-ancestors https://shop.example" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    text = framed.content.decode()
    assert "<script" not in text
    assert 'target="_blank"' in text
    assert 'action="/pay"' in text
    assert not framed.cookies
    for path in ("/pay?to=birch:vault&amount=25", "/", "/apps/birch-vault"):
        answer = stranger.get(path)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], path
        assert answer["X-Frame-Options"] == "DENY"


def test_the_demo_app_shows_link_and_frame_on_local_chains_only(vault: App, stranger: Client) -> None:
    text = stranger.get("/apps/birch-vault").content.decode()
    assert 'href="/pay?to=birch:vault&amp;amount=25"' in text
    assert 'src="/pay/embed?to=birch:vault&amp;amount=25"' in text
    assert stranger.get("/apps/birch-casino").status_code == 404
    assert stranger.get("/apps/birch-usdc").status_code == 404
    row = Chain.objects.get(pk=902)
    row.manifest["is_local"] = False
    row.manifest["endpoints"] = [{"url": "https://node.example", "ws_url": ""}]
    row.manifest_hash = "0xother"
    row.save()
    from intents.chains import registry

    registry.forget()
    assert stranger.get("/apps/birch-vault").status_code == 404
