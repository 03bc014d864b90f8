"""Names lead to addresses through a real registry and its resolvers, and to nothing that is not certain."""

from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from intents.chains import names, registry
from intents.chains.manifest import ChainManifest, from_json, to_json
from intents.chains.names import (
    Named,
    NameElsewhere,
    NameMalformed,
    NameNotSupported,
    NameUnknown,
    look_up,
    name_of,
)
from intents.chains.node_errors import RpcDisagreement
from intents.contracts.loader import load_file
from intents.devnet.accounts import OWNER, address
from intents.devnet.deployment import Deployment, encode_arguments
from intents.devnet.names import SUBNODE, node
from intents.devnet.network import Network

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

# PUSH4 OffchainLookup, shifted to the front of a word, and a revert with it.
GATEWAY = "0x63556f183060e01b60005260046000fd"
RESOLVER = Path(__file__).with_name("name_resolver.vy")


class Book:
    """Writes into the registry as its owner."""

    def __init__(self, network: Network) -> None:
        self.rpc = network.rpc("summit")
        self.registry = network.manifest("summit").address("ens_registry")

    def give(self, label: str, resolver: str, *, below: str = "eth") -> None:
        deployment = Deployment(self.rpc)
        owner = address(OWNER)
        deployment.send(self.registry, SUBNODE, node(below), keccak(text=label), owner, resolver, 0)
        deployment.flush()

    def resolver(self) -> str:
        return str(self.rpc.call(self.registry, "resolver(bytes32)", node("alice.eth"), returns="address"))

    def send(self, signature: str, *args: object) -> None:
        deployment = Deployment(self.rpc)
        deployment.send(self.resolver(), signature, *args)
        deployment.flush()


@pytest.fixture
def book(registered: Network) -> Book:
    return Book(registered)


def test_a_name_leads_to_its_address_in_any_spelling(book: Book, alice: LocalAccount) -> None:
    for written in ("alice.eth", "ALICE.eth", "alice\u200b.eth"):
        assert look_up(written) == Named("alice.eth", alice.address)


@pytest.mark.parametrize("name", ["nobody.eth", "pay.alice.eth", "alice.com", "eth.alice"])
def test_a_name_that_nobody_registered_leads_nowhere(book: Book, name: str) -> None:
    with pytest.raises(NameUnknown):
        look_up(name)


@pytest.mark.parametrize(
    "name", ["al ice.eth", "\u0430lice.eth", "alice_.eth", "..eth", "a" * 300 + ".eth", "a." * 20 + "eth"]
)
def test_names_with_letters_that_deceive_are_refused(book: Book, name: str) -> None:
    with pytest.raises(NameMalformed):
        look_up(name)


def test_it_is_looked_up_each_time(book: Book, alice: LocalAccount, bob: LocalAccount) -> None:
    assert look_up("alice.eth").address == alice.address
    book.send("setAddr(bytes32,address)", node("alice.eth"), bob.address)
    assert look_up("alice.eth").address == bob.address
    book.send("setAddr(bytes32,address)", node("alice.eth"), "0x" + "00" * 20)
    with pytest.raises(NameUnknown):
        look_up("alice.eth")


def test_an_address_is_called_by_a_name_that_leads_back(
    book: Book, alice: LocalAccount, mallory: LocalAccount
) -> None:
    assert name_of(alice.address) == "alice.eth"
    assert name_of("0x" + "ab" * 20) == ""
    reverse = node(f"{mallory.address[2:].lower()}.addr.reverse")
    for pretended in ("alice.eth", "ALICE.eth", "nobody.eth", "\u0430lice.eth", ""):
        book.send("setName(bytes32,string)", reverse, pretended)
        assert name_of(mallory.address) == ""


def test_a_name_as_long_as_a_book_is_not_spelled(
    book: Book, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody's resolver may say that an address calls itself so; spelling 50,000 letters takes half a minute."""

    def spelled(name: str) -> str:
        raise AssertionError(f"{len(name)} letters")

    monkeypatch.setattr(names, "normalize_name", spelled)
    monkeypatch.setattr(names, "_name_at", lambda *_: "a" * 50_000 + ".eth")
    assert name_of(alice.address) == ""


def test_a_gateway_is_not_asked(book: Book) -> None:
    place = "0x" + "6a" * 20
    book.rpc.request("anvil_setCode", place, GATEWAY)
    book.give("far", place)
    with pytest.raises(NameElsewhere):
        look_up("far.eth")


def test_a_resolver_may_answer_for_the_names_below(book: Book, bob: LocalAccount) -> None:
    deployment = Deployment(book.rpc)
    code = load_file(RESOLVER).bytecode + encode_arguments("(address)", bob.address)
    place = deployment.create(code, "resolver")
    deployment.flush()
    book.give("club", place)
    assert look_up("anybody.club.eth") == Named("anybody.club.eth", bob.address)


def test_code_that_is_no_resolver(book: Book, registered: Network) -> None:
    for place in (registered.token("summit", "USDC"), "0x" + "6b" * 20):
        book.give("odd", place)
        with pytest.raises(NameUnknown):
            look_up("odd.eth")


def test_nodes_must_agree_where_their_manifest_says_so(
    book: Book, registered: Network, alice: LocalAccount
) -> None:
    summit = registered.manifest("summit")
    url, other = summit.endpoints[0].url, registered.manifest("alder").endpoints[0].url
    registry.load([asked_of(summit, url, url.replace("127.0.0.1", "localhost"))])
    assert look_up("alice.eth").address == alice.address
    # Another chain's node gives no answer at all.
    registry.load([asked_of(summit, url, other)])
    with pytest.raises(RpcDisagreement):
        look_up("alice.eth")


def asked_of(manifest: ChainManifest, *urls: str) -> ChainManifest:
    return from_json(to_json(manifest) | {"endpoints": [{"url": url} for url in urls], "quorum": 2})


def test_without_a_registry_nothing_is_looked_up(registered: Network) -> None:
    summit = registered.manifest("summit")
    contracts = {name: each for name, each in to_json(summit)["contracts"].items() if name != "ens_registry"}
    registry.load([from_json(to_json(summit) | {"contracts": contracts})])
    with pytest.raises(NameNotSupported):
        look_up("alice.eth")
    assert name_of("0x" + "ab" * 20) == ""
