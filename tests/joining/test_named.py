"""What a manifest names as ours is believed only where nobody else could have made it so."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from django.conf import LazySettings
from eth_abi import encode as abi_encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from intents.chains import accounts, registry
from intents.chains.bridge import BridgeManifest
from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.chains.manifest import ChainManifest, Contract
from intents.contracts import creations
from intents.contracts.creations import Creation
from intents.contracts.loader import load
from intents.devnet.network import Network
from intents.joining import messaging, tokens
from intents.joining.errors import NotKnown, NotOurs, SetUpByAnother
from intents.joining.network import STEPS as WITHOUT_US
from intents.joining.runner import carry_out, prepare
from intents.joining.work import Joining, create
from intents.models import KnownChain

from .conftest import Newcomer
from .test_join import Silent, by_stranger
from .test_shared_mailbox import Foreign, over

pytestmark = [pytest.mark.chain]
STRANGER: Final = to_checksum_address("0x" + "5b" * 20)
ROUTE: Final = "usdc-summit-warp"


def looked(asked: ChainManifest, *, steps: int) -> Joining:
    """So many steps of a run, without what needs the running system."""
    signer = accounts.account(accounts.OWNER)
    run = prepare(asked, peers=registry.all_chains(), signer=signer, report=Silent(), is_dry=True)
    carry_out(run, Silent(), steps=WITHOUT_US[:steps])
    return run


def made(newcomer: Newcomer, *creations_: Creation) -> list[Contract]:
    """A stranger makes these."""
    by_stranger(newcomer.rpc, *(create(each) for each in creations_))
    return [Contract(each.address) for each in creations_]


def another_account(newcomer: Newcomer) -> dict[str, Contract]:
    """The owner is ours, as are its operators and settlers, but for one more of each."""
    owner = accounts.address(accounts.OWNER)
    operators = [accounts.address(role) for role in (accounts.OPERATOR, accounts.RELAYER)]
    parts = creations.ours(permit2=newcomer.asked.address("permit2"), owner=owner, operators=operators)
    settlers = [each.address for each in parts if each.name.endswith("put_settler")]
    assert len(settlers) == 2
    arguments = abi_encode(
        ["address", "address[]", "address[]"], [owner, [*operators, STRANGER], [*settlers, STRANGER]]
    )
    (found,) = made(newcomer, Creation("solver_account", load("solver_account").bytecode + arguments))
    return {"solver_account": found}


def another_module(newcomer: Newcomer) -> dict[str, Contract]:
    """Of the stranger alone, by the same factory."""
    core = creations.core(904)
    module = creations.security_module(core.multisig_ism_factory.address, [STRANGER], 1)
    data = encode_call("deploy(address[],uint8)", ([STRANGER], 1))
    by_stranger(
        newcomer.rpc, create(core.multisig_ism_factory), Call(core.multisig_ism_factory.address, data)
    )
    return {"multisig_ism": Contract(module)}


def preloaded_oracle(newcomer: Newcomer) -> dict[str, Contract]:
    """Our code to the last byte over our mailbox and module, but with a word written before it was there."""
    core = creations.core(904)
    validators = next(iter(registry.all_chains().values()))
    module = creations.security_module(
        core.multisig_ism_factory.address, [each.address for each in validators.validators], 2
    )
    arguments = b"".join(bytes(12) + bytes.fromhex(each[2:]) for each in (core.mailbox.address, module))
    runtime = load("hyperlane_oracle").runtime + arguments
    # sstore(0, 1), then the code that follows is what stays.
    head = (
        bytes.fromhex("6001600055")
        + b"\x61"
        + len(runtime).to_bytes(2, "big")
        + bytes.fromhex("80600f5f395ff3")
    )
    (found,) = made(newcomer, Creation("hyperlane_oracle", head + runtime))
    assert newcomer.rpc.request("eth_getCode", found.address, "latest") == "0x" + runtime.hex()
    return {"hyperlane_oracle": found}


def another_multicall(newcomer: Newcomer) -> dict[str, Contract]:
    return {"multicall3": Contract(newcomer.asked.address("permit2"))}


@pytest.mark.parametrize(
    "named",
    [another_account, another_module, preloaded_oracle, another_multicall],
    ids=lambda each: each.__name__,
)
def test_what_is_named_as_ours_and_is_not_where_ours_is_made_is_refused_unless_vouched_for(
    newcomer: Newcomer,
    joined_by: Network,
    settings: LazySettings,
    named: Callable[[Newcomer], dict[str, Contract]],
) -> None:
    ((name, contract),) = named(newcomer).items()
    asked = over(newcomer, **{name: contract})
    with pytest.raises(NotOurs) as refused:
        looked(asked, steps=3)
    assert refused.value.params["contract"] == f"contracts.{name}"
    said = refused.value.words()
    assert contract.address in said and f"904:{contract.address}" in said and "Leave it out" in said
    settings.TRUSTED_CONTRACTS = [f"904:{contract.address.lower()}"]
    assert looked(asked, steps=3).manifest.contracts[name] == contract


def test_a_mailbox_of_somebody_else_is_the_known_one_or_vouched_for(
    newcomer: Newcomer, joined_by: Network, settings: LazySettings
) -> None:
    foreign, other = Foreign(newcomer.rpc), Foreign(newcomer.rpc)
    asked = over(newcomer, **foreign.contracts)
    with pytest.raises(NotKnown, match="mailbox"):
        looked(asked, steps=3)
    listed = {"mailbox": foreign.mailbox.lower(), "merkleTreeHook": other.hook}
    values: dict[str, Any] = {
        "display_name": "Dogwood",
        "protocol": "ethereum",
        "chain_id": 904,
        "domain": 904,
    }
    KnownChain.objects.create(name="dogwood", contracts=listed, **values)
    with pytest.raises(NotKnown, match="merkle_tree_hook"):
        looked(asked, steps=3)
    settings.TRUSTED_CONTRACTS = [f"904:{foreign.hook}"]
    assert looked(asked, steps=3).manifest.messaging == messaging.SHARED


def test_everything_that_was_made_by_us_may_be_named_again(newcomer: Newcomer, joined_by: Network) -> None:
    """As the network folder's file of a chain does, also of one whose account was made with keys of before."""
    for slug in ("summit", "cedar"):
        known = joined_by.manifest(slug)
        assert looked(known, steps=4).manifest.contracts == known.contracts
        peers = {
            chain_id: each for chain_id, each in registry.all_chains().items() if chain_id != known.chain_id
        }
        back = prepare(
            known, peers=peers, signer=accounts.account(accounts.OWNER), report=Silent(), is_dry=True
        )
        carry_out(back, Silent(), steps=WITHOUT_US)
        assert back.manifest.contracts == known.contracts
        assert back.manifest.messaging == messaging.OWN


@pytest.mark.parametrize("change", ["router", "gate"])
def test_an_end_of_a_route_that_nobody_introduced_is_not_introduced_by_a_manifest(
    newcomer: Newcomer, joined_by: Network, change: str
) -> None:
    """Whoever holds it would draw what the whole route holds, or what our account sends over it."""
    run = looked(newcomer.asked, steps=4)
    end = run.manifest.bridge(ROUTE)
    assert isinstance(end, BridgeManifest)
    changed = {change: to_checksum_address(keccak(text=change)[12:])}
    asked = replace(
        newcomer.asked, bridges=(replace(end, token=newcomer.asked.tokens[0].address, **changed),)
    )
    with pytest.raises(NotOurs, match=f"bridges.{ROUTE}.{change}"):
        looked(asked, steps=4)


@pytest.mark.parametrize("is_set_up", [True, False])
def test_an_end_that_a_stranger_made_is_set_up_by_us_and_not_taken_as_a_gift(
    newcomer: Newcomer, joined_by: Network, is_set_up: bool
) -> None:
    """They may have set it up, introduced it to others, and handed it to us."""
    run = looked(newcomer.asked, steps=3)
    peer = joined_by.manifest("alder").bridge(ROUTE)
    assert peer is not None
    token = joined_by.manifest("alder").token(peer.token)
    router = creations.synthetic(decimals=token.decimals, mailbox=run.manifest.address("mailbox"))
    values = (10**30, token.name, token.symbol, ZERO_ADDRESS, run.manifest.address("permit2"), STRANGER)
    enrol = encode_call(
        "enrollRemoteRouters(uint32[],bytes32[])", ([901], [bytes(12) + bytes.fromhex(peer.router[2:])])
    )
    handed = encode_call("transferOwnership(address)", (accounts.address(accounts.OWNER),))
    first = encode_call("initialize(uint256,string,string,address,address,address)", values)
    by_stranger(
        newcomer.rpc,
        *(create(each) for each in mailbox_parts()),
        create(router),
        *(Call(router.address, data) for data in (first, enrol, handed) if is_set_up),
    )
    if not is_set_up:
        assert "set hypUSDC up" in [deed.what for deed in tokens.look(run).deeds]
        return
    owner = newcomer.rpc.call(router.address, "owner()", returns="address")
    assert to_checksum_address(owner) == accounts.address(accounts.OWNER)
    with pytest.raises(SetUpByAnother):
        tokens.look(run)


def mailbox_parts() -> list[Creation]:
    """What an end of a route must find when it is made."""
    core = creations.core(904)
    return [core.proxy_admin, core.implementation, core.mailbox]
