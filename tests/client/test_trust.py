"""A server that names other contracts than this machine computed gets no question and no signature."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from intents.client.api import ChainInfo, Network, WaymeetClient, _chain
from intents.client.signing import RefusedToSign
from intents.client.transfer import Asked, check_way, run, trust_lines
from intents.client.trust import ServerNotTrusted, Trust, TrustMissing
from intents.contracts.addresses import SALT, create2_address, deposit_implementation, settler_init_code
from intents.devnet.network import Network as Devnet
from intents.management.commands.trust import PERMIT2

from .wishes import ALDER, BIRCH, KEY, address, wish

OURS = {
    "input_settler": address(1),
    "permit2": address(2),
    "call_executor": address(3),
    "deposit_implementation": address(4),
}
TRUST = Trust(
    settler=address(1), permit2=address(2), call_executor=address(3), deposit_implementation=address(4)
)


def chain(base: ChainInfo = ALDER, **contracts: str) -> ChainInfo:
    named = {**base.contracts, **OURS, **contracts}
    return replace(base, contracts={name: found for name, found in named.items() if found})


def test_our_contracts_pass_in_any_spelling() -> None:
    TRUST.check(chain())
    TRUST.check(chain(input_settler=address(1).upper().replace("0X", "0x")))


@pytest.mark.parametrize("contract", list(OURS))
def test_another_contract_is_refused_by_name(contract: str) -> None:
    with pytest.raises(ServerNotTrusted) as refusal:
        TRUST.check(chain(**{contract: address(66)}))
    assert refusal.value.contract == contract
    assert address(66) in str(refusal.value)


@pytest.mark.parametrize("contract", ["input_settler", "permit2"])
def test_a_chain_must_name_what_is_signed_for(contract: str) -> None:
    with pytest.raises(ServerNotTrusted):
        TRUST.check(chain(**{contract: ""}))


@pytest.mark.parametrize("contract", ["call_executor", "deposit_implementation"])
def test_a_chain_may_lack_what_this_order_does_not_use(contract: str) -> None:
    TRUST.check(chain(**{contract: ""}))


def test_a_chain_known_to_deviate_has_its_own_address_and_no_other() -> None:
    trust = replace(TRUST, deviating={"901": {"settler": address(9)}})
    trust.check(chain(input_settler=address(9)))
    for settler in (address(1), address(66)):
        with pytest.raises(ServerNotTrusted):
            trust.check(chain(input_settler=settler))


def test_a_call_goes_through_an_executor_known_here_or_through_none() -> None:
    TRUST.check(chain(), is_called=True)
    with pytest.raises(ServerNotTrusted):
        replace(TRUST, call_executor="").check(chain(), is_called=True)


@pytest.mark.parametrize(("asked", "way"), [("auto", "batch"), ("eip3009", "batch"), ("permit2", "deposit")])
def test_the_server_does_not_choose_what_the_key_is_used_for(asked: str, way: str) -> None:
    typed = Asked(amount="1", source="alder:USDC", target="birch:WETH", key=KEY, confirm=asked)
    with pytest.raises(RefusedToSign):
        check_way(typed, wish(), way=way, trust=TRUST)
    check_way(replace(typed, confirm=way if way != "batch" else "auto"), wish(), way="deposit", trust=TRUST)


def test_an_account_is_lent_only_to_code_of_a_chain_known_as_a_whole() -> None:
    typed = Asked(amount="1", source="alder:USDC", target="birch:WETH", key=KEY, confirm="batch")
    here = wish(origin=chain(batch_executor=address(66)))
    with pytest.raises(ServerNotTrusted) as refusal:
        check_way(typed, here, way="batch", trust=TRUST)
    assert refusal.value.contract == "batch_executor"
    check_way(typed, here, way="batch", trust=None)


class Server(WaymeetClient):
    """Answers the network list, and fails the test when it is asked for more."""

    def __init__(self, network: Network) -> None:
        super().__init__("http://127.0.0.1:9")
        self.list = network

    def network(self) -> Network:
        return self.list

    def quote(self, **intent: str) -> Any:
        raise LookupError("asked")


@pytest.mark.parametrize("slug", ["alder", "birch"])
def test_nothing_is_asked_of_a_server_with_other_contracts(slug: str) -> None:
    chains = {"alder": chain(), "birch": chain(BIRCH)}
    chains[slug] = chain(chains[slug], input_settler=address(66))
    asked = Asked(amount="1", source="alder:USDC", target="birch:WETH", key=KEY)
    server = Server(Network(is_local=True, chains=tuple(chains.values())))
    with pytest.raises(ServerNotTrusted):
        run(asked, client=server, say=lambda line: None, trust=TRUST)
    lines: list[str] = []
    with pytest.raises(LookupError, match="asked"):
        run(asked, client=server, say=lines.append, trust=None)
    assert any(address(66) in line and "unchecked" in line for line in lines)


def test_tokens_and_proof_contracts_nobody_listed_are_shown() -> None:
    here = wish(origin=chain(), destination=chain(BIRCH))
    shown = trust_lines(here, TRUST)
    assert here.output_token.address in shown[1]
    assert str(here.destination.contracts["hyperlane_oracle"]) in shown[1]


def written(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "trust.json"
    value = {
        "settler": "0x1",
        "permit2": "0x2",
        "deposit_implementation": "0x3",
        "deviating": {},
        "chains": {},
    }
    path.write_text(json.dumps({**value, **changes}))
    return path


def test_the_file_is_read_as_written(tmp_path: Path) -> None:
    trust = Trust.read(written(tmp_path, call_executor="0x4", chains={"1": "ab"}))
    assert (trust.settler, trust.call_executor, trust.chains) == ("0x1", "0x4", {"1": "ab"})


@pytest.mark.parametrize("changes", [{"settler": ""}, {"permit2": ""}, {"chains": 7}])
def test_a_file_that_says_nothing_is_not_trust(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(TrustMissing):
        Trust.read(written(tmp_path, **changes))


def test_without_the_file_the_command_stops_and_says_how_to_get_it(settings: Any, tmp_path: Path) -> None:
    settings.CACHE_DIR = tmp_path
    with pytest.raises(CommandError, match=r"trust_missing.*manage.py trust.*--trust-server") as stop:
        call_command("transfer", "1", "alder:USDC", "birch:WETH", url="http://127.0.0.1:9", stdout=StringIO())
    assert stop.value.returncode == 3


@pytest.mark.chain
def test_real_chains_are_what_manage_py_trust_computes(
    registered: Devnet, client: Client, tmp_path: Path
) -> None:
    call_command("trust", output=tmp_path / "trust.json", verbosity=0)
    trust = Trust.read(tmp_path / "trust.json")
    assert trust.settler == create2_address(SALT, settler_init_code(PERMIT2))
    assert trust.deposit_implementation == deposit_implementation()
    for listed in served(client):
        tokens, contracts = listed.tokens, listed.contracts
        trust.check(listed)
        assert trust.is_listed(listed)
        assert not trust.is_listed(replace(listed, tokens=tokens[1:]))
        trust.check_delegate(listed)
        for name in ("hyperlane_oracle", "batch_executor"):
            swapped = {**contracts, name: contracts["mailbox"]}
            assert not trust.is_listed(replace(listed, contracts=swapped))


def served(client: Client) -> list[ChainInfo]:
    """The chains as a client reads them from the API."""
    answer = client.get("/api/v1/network")
    return [_chain(item) for item in json.loads(answer.content)["chains"]]
