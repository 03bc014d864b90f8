"""A token whose balances change although nobody moved them is held, whatever makes them change, and says why."""

from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address

from intents.chains import registry
from intents.chains.calls import encode_call
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.contracts.loader import load_file
from intents.devnet.accounts import OUTSIDER, OWNER, address
from intents.devnet.network import Network
from intents.engine.brakes import refuse_braked
from intents.models import Pause, TokenPassport
from intents.passports import records, unmoved
from intents.services.passports import chain_probe_due
from intents.services.words import text
from tests.services.heads import write_head

pytestmark = [pytest.mark.chain, pytest.mark.django_db]
ALDER = 901
TOKEN = Path(__file__).parents[1] / "contracts" / "tokens" / "tide_token.vy"


class Shore:
    """Alder with one more token, of which our account holds the most."""

    def __init__(self, network: Network) -> None:
        self.network, self.rpc = network, network.rpc("alder")
        code = "0x" + load_file(TOKEN).bytecode.hex() + "0" * 64
        sent = {"from": address(OWNER), "data": code, "gasPrice": hex(10**11)}
        created = self.receipt(self.rpc.request("eth_sendTransaction", sent))["contractAddress"]
        self.token = str(to_checksum_address(created))
        alder = network.manifest("alder")
        self.holder = alder.address("solver_account")
        listed = TokenManifest(self.token, "TIDE", "Tide", 6, "tide")
        self.manifest: ChainManifest = replace(alder, tokens=(*alder.tokens, listed))
        registry.load([self.manifest, network.manifest("birch")])
        self.rpc.request("anvil_impersonateAccount", self.holder)
        self.rpc.request("anvil_setBalance", self.holder, hex(10**18))
        self.seen: unmoved.Seen = {}

    def receipt(self, tx_hash: str) -> dict[str, str]:
        self.network.mine("alder")
        found: dict[str, str] = self.rpc.request("eth_getTransactionReceipt", tx_hash)
        assert found["status"] == "0x1"
        return found

    def send(self, signature: str, *arguments: object, sender: str = "") -> None:
        data = "0x" + encode_call(signature, list(arguments)).hex()
        sent = {"from": sender or address(OUTSIDER), "to": self.token, "data": data, "gasPrice": hex(10**11)}
        self.receipt(self.rpc.request("eth_sendTransaction", sent))

    def look(self) -> str:
        """What people are told of the token once everything so far is final, "" while it is served."""
        self.network.mine("alder", self.manifest.depth + 1)
        write_head(self.manifest)
        unmoved.look(self.manifest, self.seen)
        assert ALDER in self.seen
        found = refuse_braked(
            origin_id=ALDER, input_token=self.token, destination_id=902, output_token=self.holder
        )
        return text(found.code, found.params) if found is not None else ""


def test_a_tide_that_no_probe_foresees_is_seen_when_it_comes(registered: Network) -> None:
    shore = Shore(registered)
    shore.send("mint(address,uint256)", shore.holder, 10**12)
    chain_probe_due(ALDER)
    passport = TokenPassport.objects.get(chain_id=ALDER, token=shore.token)
    assert passport.is_good and passport.facts["holder"] == shore.holder
    assert shore.look() == ""
    shore.send("transfer(address,uint256)", address(OUTSIDER), 5 * 10**9, sender=shore.holder)
    shore.send("transfer(address,uint256)", shore.holder, 10**9)
    assert shore.look() == "", "that is what transfers do"
    shore.send("mint(address,uint256)", shore.holder, 10**9)
    assert shore.look() == "", "an event names the holder"
    shore.send("high_water(uint256)", 3)
    said = shore.look()
    assert "TIDE on Alder" in said and "balances of it change by themselves" in said
    assert shore.look() == said, "one tide is enough"
    chain_probe_due(ALDER)
    assert shore.look() == said, "and is not forgotten by a probe that sees none"
    assert Pause.objects.filter(ended_at=None).count() == 1, "the other tokens go on"

    passport.refresh_from_db()
    passport.facts["rebased_at"] -= records.REMEMBERED_SECONDS + 1
    passport.save()
    chain_probe_due(ALDER)
    assert shore.look() == ""


def test_another_history_is_no_tide(registered: Network) -> None:
    shore = Shore(registered)
    shore.send("mint(address,uint256)", shore.holder, 10**12)
    chain_probe_due(ALDER)
    mark = shore.rpc.request("evm_snapshot")
    shore.send("transfer(address,uint256)", address(OUTSIDER), 7, sender=shore.holder)
    assert shore.look() == ""
    shore.rpc.request("evm_revert", mark)
    shore.rpc.request("evm_increaseTime", 60)
    registered.mine("alder", 5)
    assert shore.look() == "", "the block that was compared with is gone"
    assert shore.look() == ""
