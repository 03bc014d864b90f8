"""A chain that has a Hyperlane mailbox of somebody else joins over it; whom we believe is ours alone."""

from dataclasses import replace
from typing import Any, Final

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from intents.chains import accounts, registry
from intents.chains.calls import encode_call
from intents.chains.manifest import ChainManifest, Contract
from intents.chains.manifest_toml import to_toml
from intents.contracts.creations import artifact_code
from intents.devnet.network import Network
from intents.devnet.rpc import Rpc, RpcError
from intents.joining import messaging
from intents.joining.errors import NotAsDescribed
from intents.joining.rows import open_join, run_join
from intents.joining.runner import STEPS, carry_out, prepare
from intents.lifecycle import OrderState
from intents.models import Attempt, Order
from intents.settlement.order import address_to_bytes32
from intents.settlement.validator import Validator
from tests.engine.driver import Driver

from .conftest import Newcomer
from .test_join import Silent

pytestmark = [pytest.mark.chain]
STRANGER: Final = "0x" + "5b" * 20
FEE_WEI: Final = 10**14
DOMAIN: Final = 904


class Foreign:
    """Hyperlane's core as somebody else runs it: their proxy, a fee for each message, a module that believes all."""

    def __init__(self, rpc: Rpc, *, domain: int = DOMAIN) -> None:
        self.rpc = rpc
        rpc.request("anvil_setBalance", STRANGER, hex(10**20))
        rpc.request("anvil_impersonateAccount", STRANGER)
        self.admin = self._create("ProxyAdmin")
        implementation = self._create("Mailbox", ["uint32"], [domain])
        proxied = [implementation, self.admin, b""]
        self.mailbox = self._create("TransparentUpgradeableProxy", ["address", "address", "bytes"], proxied)
        self.hook = self._create("MerkleTreeHook", ["address"], [self.mailbox])
        self.announce = self._create("ValidatorAnnounce", ["address"], [self.mailbox])
        terms = [10**18, FEE_WEI, STRANGER, STRANGER]
        self.fee = self._create("ProtocolFee", ["uint256", "uint256", "address", "address"], terms)
        believes_all = self._create("NoopIsm")
        settings = [STRANGER, believes_all, self.hook, self.fee]
        data = encode_call("initialize(address,address,address,address)", settings)
        self._mined({"to": self.mailbox, "data": "0x" + data.hex()})

    @property
    def contracts(self) -> dict[str, Contract]:
        """As the operator's manifest names them."""
        found = {
            "mailbox": self.mailbox,
            "merkle_tree_hook": self.hook,
            "validator_announce": self.announce,
        }
        return {name: Contract(address) for name, address in found.items()}

    @property
    def vouched(self) -> list[str]:
        """As our operator says that it may be used."""
        return [f"{DOMAIN}:{contract.address}" for contract in self.contracts.values()]

    def settings(self) -> list[str]:
        """Everything of it that an owner could change."""
        views = [
            (self.mailbox, name) for name in ("owner()", "defaultIsm()", "defaultHook()", "requiredHook()")
        ]
        views += [(self.admin, "owner()"), (self.fee, "owner()"), (self.fee, "beneficiary()")]
        found = [self.rpc.call(to, name, returns="address") for to, name in views]
        code = self.rpc.call(self.admin, "getProxyImplementation(address)", self.mailbox, returns="address")
        return [*found, code]

    def _create(self, name: str, types: list[str] | None = None, arguments: list[Any] | None = None) -> str:
        code = artifact_code(name, types or [], arguments or [])
        return str(to_checksum_address(self._mined({"data": "0x" + code.hex()})["contractAddress"]))

    def _mined(self, transaction: dict[str, str]) -> dict[str, Any]:
        sent = {"from": STRANGER, "gas": hex(8_000_000), "gasPrice": hex(10**11), **transaction}
        tx_hash = self.rpc.request("eth_sendTransaction", sent)
        self.rpc.request("evm_mine")
        receipt: dict[str, Any] = self.rpc.request("eth_getTransactionReceipt", tx_hash)
        assert receipt["status"] == "0x1"
        return receipt


def over(newcomer: Newcomer, **contracts: Contract) -> ChainManifest:
    return replace(newcomer.asked, contracts={**newcomer.asked.contracts, **contracts})


def forged(manifest: ChainManifest, peer: ChainManifest) -> bytes:
    """A message of the other oracle's that nobody sent."""
    sender, oracle = (address_to_bytes32(each.address("hyperlane_oracle")) for each in (peer, manifest))
    head = bytes([3]) + bytes(4) + peer.domain.to_bytes(4, "big") + sender
    return head + manifest.domain.to_bytes(4, "big") + oracle + bytes(34)


def test_proofs_go_both_ways_over_a_mailbox_of_somebody_else_and_nothing_of_it_becomes_ours(
    validators: list[Validator],
    newcomer: Newcomer,
    driver: Driver,
    network: Network,
    alice: LocalAccount,
    settings: Any,
) -> None:
    settings.SETTLE_TOGETHER_SECONDS = 0
    foreign = Foreign(newcomer.rpc)
    before = foreign.settings()
    settings.TRUSTED_CONTRACTS = foreign.vouched
    assert before[0] == before[4] == to_checksum_address(STRANGER)
    row = run_join(open_join(over(newcomer, **foreign.contracts)))
    told = next(step for step in row.steps if step["name"] == "messaging")["params"]["notes"]
    assert [note["code"] for note in told] == ["join_shared_core", "join_message_fee"]
    manifest, rpc = registry.chain(DOMAIN), newcomer.rpc
    assert (manifest.messaging, manifest.address("mailbox")) == (messaging.SHARED, foreign.mailbox)
    assert not {"proxy_admin", "required_hook"} & set(manifest.contracts)
    oracle = manifest.address("hyperlane_oracle")
    assert rpc.call(oracle, "MAILBOX()", returns="address") == foreign.mailbox
    module = rpc.call(foreign.mailbox, "recipientIsm(address)", oracle, returns="address")
    assert module == manifest.address("multisig_ism") != before[1]
    with pytest.raises(RpcError):
        # Their module would take it without any signature.
        rpc.call(foreign.mailbox, "process(bytes,bytes)", b"", forged(manifest, network.manifest("alder")))
    end = manifest.bridge("usdc-summit-warp")
    assert end is not None
    assert 0 < rpc.call(end.router, "quoteGasPayment(uint32)", 900) <= end.fee_bound_wei

    for validator in validators:
        (validator._network / "dogwood.toml").write_text(to_toml(manifest), "utf-8")
    with driver.network.ticking():
        into = driver.transfer(alice, give="alder:USDC", get="dogwood:USDC", amount="25")
        out = driver.transfer(alice, give="dogwood:USDC", get="birch:USDC", amount="30")
        for order in (into, out):
            driver.drive(order, OrderState.SETTLED)
    assert chains_of(into, "dispatch") == chains_of(out, "process") == {DOMAIN}
    taken = int(rpc.request("eth_getBalance", foreign.fee, "latest"), 16)
    assert taken == FEE_WEI, "one message left by it, and was paid for"
    announced = rpc.call(foreign.announce, "getAnnouncedValidators()", returns="address[]")
    assert {to_checksum_address(each) for each in announced} == {each.address for each in manifest.validators}
    assert foreign.settings() == before
    for account in (accounts.OWNER, accounts.OPERATOR, accounts.RELAYER):
        assert accounts.address(account) not in foreign.settings()


def chains_of(order: Order, purpose: str) -> set[int]:
    tries = Attempt.objects.filter(step__order=order, purpose=purpose)
    return set(tries.values_list("chain_id", flat=True))


def test_a_mailbox_over_which_nothing_could_be_proven_is_refused_before_anything_is_sent(
    newcomer: Newcomer, joined_by: Network, settings: Any
) -> None:
    foreign, other = Foreign(newcomer.rpc), Foreign(newcomer.rpc, domain=7)
    settings.TRUSTED_CONTRACTS = [*foreign.vouched, *other.vouched]
    for wrong, said in (
        ({"merkle_tree_hook": Contract(other.hook)}, "merkle_tree_hook: has not what the mailbox sends"),
        ({"validator_announce": Contract(other.announce)}, "validator_announce: belongs to the mailbox"),
        (other.contracts, "mailbox: serves domain 7, not 904"),
        ({}, ""),
    ):
        asked = over(newcomer, **foreign.contracts | wrong)
        report = Silent()
        run = prepare(
            asked, peers=registry.all_chains(), signer=accounts.account(accounts.OWNER), report=report
        )
        carry_out(run, report, steps=STEPS[:1])
        if not said:
            assert messaging.look(run).manifest.messaging == messaging.SHARED
            continue
        with pytest.raises(NotAsDescribed, match=said):
            messaging.look(run)
