"""`/rescue` serves the very file that anybody may host, for the chains that are connected."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from intents.chains.manifest import Endpoint
from intents.devnet.network import Network
from intents.selectors.rescue import rescue_network
from tests.web import rows

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def test_the_site_serves_the_page_with_its_chains_under_the_pages_own_policy(
    client: Client, registered: Network
) -> None:
    answer = client.get("/rescue")
    page = answer.content.decode()
    listed = json.loads(_between(page, '<script type="application/json" id="network">', "</script>"))
    assert {chain["slug"] for chain in listed["chains"]} == set(registered.manifests)
    policy = answer["Content-Security-Policy"]
    inside = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert inside is not None
    assert policy == f"{inside[1]}; frame-ancestors 'none'"
    assert "connect-src http: https:" in policy


def test_a_copy_can_be_written_to_keep(registered: Network, tmp_path: Path, client: Client) -> None:
    file = tmp_path / "kept" / "rescue.html"
    call_command("rescue", str(file), verbosity=0)
    assert file.read_text("utf-8") == client.get("/rescue").content.decode()


def _between(text: str, start: str, end: str) -> str:
    return text.split(start, 1)[1].split(end, 1)[0]


def test_only_endpoints_that_are_called_public_are_handed_on() -> None:
    nodes = (Endpoint("https://node.example/our-key"), Endpoint("https://open.example", is_public=True))
    real = replace(rows.manifest(901, "alder"), is_local=False, endpoints=nodes)
    [listed] = rescue_network([real])["chains"]
    assert listed["rpc_urls"] == ["https://open.example"]
