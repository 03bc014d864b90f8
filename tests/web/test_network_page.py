"""The network page says what one confirmation reaches, and why the rest is out of reach."""

import re

import pytest
from django.test import Client

from intents.chains import registry
from intents.models import Stock
from intents.selectors import connectivity as selector
from intents.solver.connectivity import Connectivity, Unserved
from intents.solver.router import Refusal

pytestmark = pytest.mark.django_db


def test_page_and_api_tell_the_same_number_and_reason(
    client: Client, chains: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    gap = Unserved(901, "0x" + "11" * 20, 903, "0x" + "22" * 20, Refusal("no_stock", {"token": "WBTC"}))
    found = Connectivity(pairs=40, unserved=(gap,))
    monkeypatch.setattr(selector, "_kept", None)
    monkeypatch.setattr(selector, "load_world", lambda: None)
    monkeypatch.setattr(selector, "connectivity", lambda world: found)
    answer = client.get("/api/v1/connectivity").json()
    page = client.get("/network").content.decode()

    assert "97.5 %" in page and "39 of 40" in page
    assert (answer["served"], answer["pairs"], answer["percent"]) == (39, 40, 97.5)
    assert [(each["code"], each["pairs"]) for each in answer["unserved"]] == [("no_stock", 1)]


def test_gas_of_the_sending_accounts_is_not_offered_as_stock(client: Client, chains: None) -> None:
    ours = registry.chain_by_slug("alder").contracts["solver_account"].address
    native = "0x" + "00" * 20
    for holder, balance in ((ours, 5 * 10**18), ("0x" + "99" * 20, 77 * 10**18)):
        Stock.objects.create(chain_id=901, token=native, holder=holder, balance=balance)
    page = client.get("/network").content.decode()
    assert re.search(r"<td>ETH</td>\s*<td class=\"number\">5</td>", page)
    assert ">77<" not in page
