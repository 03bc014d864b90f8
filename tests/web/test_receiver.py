"""Before money goes to an address the page says what is known of it; what would be lost is refused everywhere."""

from typing import Any

import pytest
from django.test import Client
from eth_utils.address import to_checksum_address

from intents.devnet.network import Network
from intents.lifecycle import OrderState
from intents.models import Quote
from intents.selectors.access import Viewer
from intents.selectors.receiver import DANGER, Receiver, receiver

from . import rows
from .conftest import Browser

KNOWN = to_checksum_address("0xabcd" + "12" * 16 + "ef01")
LIKE = to_checksum_address("0xabcd" + "34" * 16 + "ef01")
OTHER = to_checksum_address("0xabce" + "12" * 16 + "ef01")


def look(address: str, **changes: Any) -> Receiver:
    values: dict[str, Any] = {"target": "birch:WETH", "source": "alder:USDC", "seen_by": Viewer(), **changes}
    found = receiver(address, **values)
    assert found is not None
    return found


def codes(found: Receiver) -> set[str]:
    return {note.code for note in found.notes}


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0x1234", "malformed"),
        ("bob.eth", "name"),
        ("wallet.bob.eth", "name"),
        (KNOWN[:-1], "malformed"),
        (KNOWN.swapcase().replace("0X", "0x"), "checksum"),
        ("0x" + "00" * 20, "zero"),
        (rows.USDC[902], "token"),
        (rows.ESCROW, "contract"),
    ],
)
def test_what_would_be_lost_is_refused(chains: None, typed: str, code: str) -> None:
    found = look(typed)
    assert codes(found) == {code}
    assert {note.level for note in found.notes} == {"refuse"}


def test_nothing_typed_says_nothing(chains: None) -> None:
    assert receiver(" ", target="birch:WETH", source="", seen_by=Viewer()) is None


def test_the_first_time_is_said_and_later_ones_too(chains: None, alice_browser: Browser) -> None:
    assert "first" in codes(look(KNOWN, seen_by=Viewer(browser_key=alice_browser.key)))
    rows.order(state=OrderState.SETTLED, seen_by=alice_browser.key, recipient=KNOWN)
    found = look(KNOWN, seen_by=Viewer(browser_key=alice_browser.key))
    assert "known" in codes(found)
    assert "first" not in codes(found)


def test_nobody_elses_transfers_are_told(
    chains: None, alice_browser: Browser, mallory_browser: Browser
) -> None:
    rows.order(state=OrderState.SETTLED, seen_by=alice_browser.key, recipient=KNOWN)
    mallory = Viewer(browser_key=mallory_browser.key)
    assert "known" not in codes(look(KNOWN, seen_by=mallory))
    assert "look_alike" not in codes(look(LIKE, seen_by=mallory))


def test_a_look_alike_of_a_known_address_is_a_danger(chains: None, alice_browser: Browser) -> None:
    rows.order(state=OrderState.SETTLED, seen_by=alice_browser.key, recipient=KNOWN)
    mine = Viewer(browser_key=alice_browser.key)
    found = look(LIKE, seen_by=mine)
    assert DANGER in {note.level for note in found.notes}
    assert KNOWN in next(note.words for note in found.notes if note.code == "look_alike")
    assert "look_alike" not in codes(look(OTHER, seen_by=mine))
    assert "look_alike" not in codes(look(KNOWN, seen_by=mine))
    assert "look_alike" in codes(look(LIKE, user=KNOWN))


def test_an_exchange_is_named_and_needs_a_second_look(chains: None, settings: Any) -> None:
    settings.EXCHANGE_ADDRESSES = {KNOWN.lower(): "Northwind"}
    found = look(KNOWN)
    assert DANGER in {note.level for note in found.notes}
    assert "Northwind" in next(note.words for note in found.notes if note.code == "exchange")
    assert "exchange" not in codes(look(OTHER))


def test_ones_own_address_is_fine(chains: None) -> None:
    assert "own" in codes(look(KNOWN, user=KNOWN))


def test_a_chain_that_does_not_answer_is_said(chains: None) -> None:
    assert "not_known" in codes(look(KNOWN))


def test_the_page_and_its_part_show_it(chains: None, alice_browser: Browser) -> None:
    rows.order(state=OrderState.SETTLED, seen_by=alice_browser.key, recipient=KNOWN)
    part = alice_browser.get("/receiver", {"recipient": LIKE, "to": "birch:WETH"}).content.decode()
    assert "data-danger" in part
    assert LIKE in part
    whole = alice_browser.get("/", {"recipient": LIKE}).content.decode()
    assert "data-danger" in whole


def test_a_name_is_refused_in_words(chains: None, stranger: Client) -> None:
    good = {
        "from": "alder:USDC",
        "to": "birch:WETH",
        "amount": "100",
        "exact": "input",
        "recipient": "bob.eth",
    }
    text = stranger.post("/quote", good, headers={"hx-request": "true"}).content.decode()
    assert "<code>name_not_supported</code>" in text
    assert "bob.eth" in text


@pytest.mark.chain
@pytest.mark.django_db(transaction=True)
def test_a_name_becomes_the_address_it_leads_to(
    seen: Network, alice_browser: Browser, alice: Any, bob: Any
) -> None:
    found = look("Alice.eth")
    assert (found.address, found.typed) == (alice.address, "Alice.eth")
    assert "named" in codes(found)
    assert "called" in codes(look(bob.address))
    assert [note.level for note in look("nobody.eth").notes] == ["refuse"]
    part = alice_browser.get("/receiver", {"recipient": "alice.eth", "to": "birch:WETH"}).content.decode()
    assert f'data-typed="alice.eth" data-address="{alice.address}"' in part
    # A link may name it; the form, and whatever is asked for with it, has the address.
    assert f'value="{alice.address}"' in alice_browser.get("/", {"recipient": "alice.eth"}).content.decode()
    said = alice_browser.get("/say", {"say": "send 25 USDC from alder to bob.eth on birch"}).content.decode()
    assert f'value="{bob.address}"' in said and "leads to this address now" in said
    wish = {
        "from": "alder:USDC",
        "to": "birch:WETH",
        "amount": "25",
        "exact": "input",
        "recipient": "bob.eth",
    }
    assert alice_browser.post("/quote", wish).status_code == 302
    assert Quote.objects.get().intent["recipient"] == bob.address
    unknown = alice_browser.post("/quote", wish | {"recipient": "nobody.eth"})
    assert "leads to no address" in unknown.content.decode()


@pytest.mark.chain
@pytest.mark.django_db(transaction=True)
def test_on_real_chains(seen: Network, alice: Any) -> None:
    assert "unused" in codes(look(KNOWN))
    assert "unused" not in codes(look(alice.address))
    multicall = seen.manifest("birch").contracts["multicall3"].address
    assert "contract" in codes(look(multicall))
    # A contract on the chain that pays only, such as a wallet of several people.
    seen.rpc("alder").request("anvil_setCode", KNOWN, "0x60006000fd")
    assert "absent" in codes(look(KNOWN))
