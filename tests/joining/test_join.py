"""A chain joins a network that runs already: every step looks first, and whatever is missing is done once."""

import re
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone
from eth_account.signers.local import LocalAccount

from intents.chains import accounts, registry
from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.chains.check import check_chain
from intents.chains.client import ChainClient
from intents.chains.direct import DirectSender
from intents.chains.manifest import ChainManifest, Validator, parse
from intents.chains.manifest_reader import ManifestError
from intents.chains.manifest_toml import to_toml
from intents.contracts import creations
from intents.devnet.network import Network
from intents.devnet.nodes import Node
from intents.devnet.rpc import Rpc
from intents.joining import inventory, messaging, peers, tokens
from intents.joining.asked import check_asked
from intents.joining.errors import HeldByAnother, SetUpByAnother, TakenByAnother
from intents.joining.network import STEPS as WITHOUT_US
from intents.joining.rows import OutOfTime, open_join, run_join, waiting_joins
from intents.joining.runner import STEP_NAMES, carry_out, prepare
from intents.joining.work import Deed, Joining, Note, create
from intents.lifecycle import OrderState
from intents.models import Chain, ChainPassport, Departure, Join
from intents.services import joining
from tests.engine.driver import Driver

from .conftest import Newcomer

pytestmark = [pytest.mark.chain]
MOST_LIVES: Final = 30
DELIVERED: Final = (OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)


class Killed(BaseException):
    """What a process feels of a kill: nothing is caught, nothing is cleaned up that is not on a chain."""


def nonces(newcomer: Newcomer, network: Network) -> list[int]:
    """How many transactions the operator's account has made anywhere."""
    owner = accounts.address(accounts.OWNER)
    everywhere = [newcomer.rpc, *network.rpcs.values()]
    return [int(rpc.request("eth_getTransactionCount", owner, "latest"), 16) for rpc in everywhere]


def held(rpc: Rpc, manifest: ChainManifest, symbol: str) -> int:
    account = manifest.address("solver_account")
    token = manifest.token(symbol).address
    if token == ZERO_ADDRESS:
        return int(rpc.request("eth_getBalance", account, "latest"), 16)
    return int(rpc.call(token, "balanceOf(address)", account))


def enrolled(rpc: Rpc, manifest: ChainManifest, domain: int) -> str:
    end = manifest.bridge("usdc-summit-warp")
    assert end is not None
    raw = rpc.call(end.router, "routers(uint32)", domain, returns="bytes32")
    return "0x" + bytes(raw)[12:].hex()


def test_a_chain_joins_while_the_network_runs_and_carries_transfers_both_ways(
    newcomer: Newcomer, driver: Driver, network: Network, alice: LocalAccount
) -> None:
    row = run_join(open_join(newcomer.asked))
    assert [(step["name"], step["state"]) for step in row.steps] == [(name, "done") for name in STEP_NAMES]
    assert row.state == Join.State.DONE
    manifest = registry.chain(904)
    assert manifest.messaging == messaging.OWN
    assert manifest.validators == network.manifest("alder").validators
    for name in ("input_settler", "output_settler", "solver_account", "call_executor"):
        assert manifest.address(name) == network.manifest("birch").address(name)
    assert parse((newcomer.network_dir / "dogwood.toml").read_text("utf-8")) == manifest
    assert ChainPassport.objects.get(chain_id=904).is_good
    own = manifest.bridge("usdc-summit-warp")
    assert own is not None
    for slug, peer in network.manifests.items():
        assert enrolled(network.rpc(slug), peer, 904) == own.router.lower()
        end = peer.bridge("usdc-summit-warp")
        assert end is not None
        assert enrolled(newcomer.rpc, manifest, peer.domain) == end.router.lower()
    assert held(newcomer.rpc, manifest, "USDC") == 10_000 * 10**6
    assert held(newcomer.rpc, manifest, "WETH") == 2 * 10**18

    into = driver.transfer(alice, give="alder:USDC", get="dogwood:USDC", amount="25")
    out = driver.transfer(alice, give="dogwood:USDC", get="birch:USDC", amount="30")
    coins = driver.transfer(alice, give="birch:USDC", get="dogwood:ETH", amount="40")
    for order in (into, out, coins):
        driver.drive(order, *DELIVERED)

    before = nonces(newcomer, network)
    for asked in (newcomer.asked, manifest):
        again = run_join(open_join(asked))
        assert again.state == Join.State.DONE
        assert again.pk != row.pk
        assert registry.chain(asked.chain_id).messaging == messaging.OWN
    assert nonces(newcomer, network) == before, "what is there is not done again"


class Reaper:
    """Kills runs: after every fifth transaction, once when all are sent, once when other chains were sent theirs."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.sent = 0
        self.killed: list[str] = []
        send, wait, wait_elsewhere = DirectSender._send, DirectSender._all_used, peers._wait

        def sending(sender: DirectSender, item: Any, fees: Any) -> None:
            send(sender, item, fees)
            self.sent += 1
            if self.sent % 5 == 0:
                self._strike("in the middle")

        def waiting(sender: DirectSender, items: Any) -> bool:
            if "all sent" not in self.killed:
                self._strike("all sent")
            return wait(sender, items)

        def waiting_elsewhere(*args: Any) -> None:
            if "sent elsewhere" not in self.killed:
                self._strike("sent elsewhere")
            wait_elsewhere(*args)

        patch.setattr(DirectSender, "_send", sending)
        patch.setattr(DirectSender, "_all_used", waiting)
        patch.setattr(peers, "_wait", waiting_elsewhere)

    def _strike(self, moment: str) -> None:
        self.killed.append(moment)
        raise Killed


def test_a_run_that_is_killed_wherever_it_stands_is_carried_on_and_does_nothing_twice(
    newcomer: Newcomer, driver: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    foretold = re.search(
        r"Dogwood: (\d+) transactions", command(written(newcomer.asked, tmp_path), "--dry-run")
    )
    before = nonces(newcomer, driver.network)
    row = open_join(newcomer.asked)
    left = Departure.objects.create(chain_id=904, kind="leave", reason="too quiet", left_at=timezone.now())
    reaper = Reaper(monkeypatch)
    for _ in range(MOST_LIVES):
        try:
            run_join(row)
            break
        except Killed:
            row.refresh_from_db()
            assert row.state == Join.State.RUNNING
    row.refresh_from_db()
    assert row.state == Join.State.DONE
    assert {"in the middle", "all sent", "sent elsewhere"} == set(reaper.killed)
    assert reaper.killed.count("in the middle") > 3
    manifest = registry.chain(904)
    assert held(newcomer.rpc, manifest, "USDC") == 10_000 * 10**6, "granted once, not twice"
    assert held(newcomer.rpc, manifest, "WETH") == 2 * 10**18
    made = [now - then for now, then in zip(nonces(newcomer, driver.network), before, strict=True)]
    assert foretold is not None
    assert made == [int(foretold[1]), 1, 1, 1, 1], "every transaction was made once"
    assert not check_chain(manifest)
    left.refresh_from_db()
    assert left.ended_at is not None, "a chain that had left is back"


def command(*words: str) -> str:
    out = StringIO()
    call_command("chain", "join", *words, stdout=out)
    return out.getvalue()


def written(asked: ChainManifest, folder: Path) -> str:
    path = folder / "asked.toml"
    path.write_text(to_toml(asked), "utf-8")
    return str(path)


def test_a_dry_run_says_what_it_takes_and_sends_nothing(
    newcomer: Newcomer, joined_by: Network, driver: Driver, tmp_path: Path
) -> None:
    before = nonces(newcomer, joined_by)
    said = command(written(newcomer.asked, tmp_path), "--dry-run")
    for deed in ("create input_settler", "create mailbox", "create hypUSDC", "grant 10000 USDC", "on Summit"):
        assert deed in said
    assert re.search(r"Dogwood: \d+ transactions, at most [0-9,]+ gas at .* = .* ETH, \$", said), said
    assert nonces(newcomer, joined_by) == before
    assert not Join.objects.exists()
    assert not Chain.objects.filter(chain_id=904).exists()
    assert not newcomer.network_dir.exists()


def test_a_step_that_cannot_go_on_says_what_to_do_and_goes_on_afterwards(
    newcomer: Newcomer, joined_by: Network, driver: Driver, tmp_path: Path
) -> None:
    owner = accounts.address(accounts.OWNER)
    wei = newcomer.rpc.request("eth_getBalance", owner, "latest")
    newcomer.rpc.request("anvil_setBalance", owner, "0x1")
    asked = written(newcomer.asked, tmp_path)
    with pytest.raises(CommandError, match=r"contracts: 0x\w+ has 1 wei on Dogwood and needs") as refused:
        command(asked)
    assert refused.value.returncode == 1
    row = Join.objects.get()
    assert (row.state, row.steps[2]["state"], row.steps[2]["code"]) == ("failed", "failed", "join_poor")
    newcomer.rpc.request("anvil_setBalance", owner, wei)
    said = command(asked)
    assert "Dogwood is connected" in said
    assert Join.objects.get().state == Join.State.DONE


def test_only_one_run_is_at_a_chain(newcomer: Newcomer, joined_by: Network) -> None:
    row = open_join(newcomer.asked)
    Join.objects.update(holder="another", held_until=time.time() + 60)
    with pytest.raises(HeldByAnother):
        run_join(row)
    Join.objects.update(held_until=time.time() - 1)
    with pytest.raises(OutOfTime):
        run_join(row, seconds=0)
    row.refresh_from_db()
    assert (row.state, row.holder) == (Join.State.RUNNING, "")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"slug": "alder"}, "slug"),
        ({"stack": "opstack"}, "stack"),
        ({"is_local": False}, "stack"),
        ({"is_local": False, "stack": "opstack", "da": "paper"}, "da"),
        ({"is_local": False, "stack": "opstack", "da": "celestia", "proof_system": "hope"}, "proof_system"),
        ({"tokens": (), "venues": ()}, "tokens"),
        ({"validators": (Validator(ZERO_ADDRESS, "http://127.0.0.1"),)}, "validators"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_by_its_key(
    network: Network, newcomer_node: tuple[Node, ChainManifest], change: dict[str, Any], key: str
) -> None:
    peers_of = {manifest.chain_id: manifest for manifest in network.manifests.values()}
    with pytest.raises(ManifestError) as refused:
        check_asked(replace(newcomer_node[1], **change), peers=peers_of)
    assert refused.value.key == key


def test_a_chain_that_is_not_as_its_manifest_says_does_not_join(
    newcomer: Newcomer, joined_by: Network, tmp_path: Path
) -> None:
    token, *others = newcomer.asked.tokens
    lying = replace(newcomer.asked, tokens=(replace(token, decimals=17), *others))
    with pytest.raises(CommandError, match=r"probes: .*tokens\.0\.decimals") as refused:
        command(written(lying, tmp_path))
    assert refused.value.returncode == 1
    broken = tmp_path / "broken.toml"
    broken.write_text(to_toml(newcomer.asked).replace("depth = 5", "depth = 0"), "utf-8")
    with pytest.raises(CommandError, match=r"depth: must be at least 1") as refused:
        command(str(broken))
    assert refused.value.returncode == 2


def test_what_staff_asked_for_is_carried_on_by_workers_a_piece_at_a_time(
    newcomer: Newcomer, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = get_user_model().objects.create_user("someone")
    row = open_join(newcomer.asked, asked_by=user)
    monkeypatch.setattr(inventory, "usd_e8", lambda *_: None)
    joining.join_advance(row.pk)
    row.refresh_from_db()
    assert (row.state, row.steps[5]["code"]) == ("running", "join_no_prices"), "it may go away by itself"
    assert waiting_joins() == [], "but not at once"
    monkeypatch.undo()
    Join.objects.update(held_until=0)
    for seconds, state in ((0.0, "running"), (0.0, "running"), (60.0, "done")):
        assert waiting_joins() == [row.pk]
        monkeypatch.setattr(joining, "TASK_SECONDS", seconds)
        joining.join_advance(row.pk)
        row.refresh_from_db()
        assert row.state == state, row.steps
    assert waiting_joins() == []
    assert not check_chain(registry.chain(904))


def by_stranger(rpc: Rpc, *calls: Call) -> None:
    """Somebody who read where our contracts will be is there first."""
    stranger = "0x" + "5b" * 20
    rpc.request("anvil_setBalance", stranger, hex(10**19))
    rpc.request("anvil_impersonateAccount", stranger)
    for call in calls:
        sent = {"from": stranger, "to": call.target, "data": "0x" + call.data.hex(), "gas": hex(8_000_000)}
        rpc.request("eth_sendTransaction", {**sent, "gasPrice": hex(10**10)})
        rpc.request("evm_mine")


@pytest.mark.parametrize("squat", ["hook", "nothing"])
def test_a_mailbox_that_somebody_else_set_up_in_our_name_is_refused(
    newcomer: Newcomer, joined_by: Network, squat: str
) -> None:
    owner = accounts.account(accounts.OWNER)
    run = prepare(newcomer.asked, peers=registry.all_chains(), signer=owner, report=Silent())
    carry_out(run, Silent(), steps=WITHOUT_US[:2])
    core = creations.core(904)
    hooks = [core.merkle_tree_hook.address, core.required_hook.address]
    hooks = [*hooks[:1], run.manifest.address("permit2")] if squat == "hook" else hooks
    terms = (owner.address, run.manifest.address("permit2"), *hooks)
    made = [core.proxy_admin, core.implementation, core.mailbox, core.merkle_tree_hook, core.required_hook]
    first = Call(core.mailbox.address, encode_call(messaging._INITIALISE, terms))
    by_stranger(newcomer.rpc, *(create(each) for each in made), first)
    if squat == "nothing":
        assert not [deed for deed in messaging.look(run).deeds if "mailbox" in deed.what]
        return
    with pytest.raises(TakenByAnother):
        messaging.look(run)


@pytest.mark.parametrize("squat", ["units", "module", "nothing"])
def test_a_route_end_that_somebody_else_set_up_in_our_name_is_refused(
    newcomer: Newcomer, joined_by: Network, squat: str
) -> None:
    """Its address is foretold: whoever is first names us as its owner, and keeps units or the module for themselves."""
    owner = accounts.account(accounts.OWNER)
    run = prepare(newcomer.asked, peers=registry.all_chains(), signer=owner, report=Silent())
    carry_out(run, Silent(), steps=WITHOUT_US[:3])
    (route,) = tokens.routes_of(run)
    token = tokens._bridged(route)
    router = creations.synthetic(decimals=token.decimals, mailbox=run.manifest.address("mailbox"))
    units = 10**30 if squat == "units" else 0
    module = run.manifest.address("permit2" if squat == "module" else "multisig_ism")
    terms = (units, token.name, token.symbol, ZERO_ADDRESS, module, owner.address)
    by_stranger(newcomer.rpc, create(router), Call(router.address, encode_call(tokens._INITIALISE, terms)))
    if squat == "nothing":
        assert not [deed for deed in tokens.look(run).deeds if "set it up" in deed.what]
        return
    with pytest.raises(SetUpByAnother):
        tokens.look(run)


def test_a_run_that_lost_hold_sends_nothing(newcomer: Newcomer, joined_by: Network) -> None:
    """Another run is at it by now: these nonces were read after it had sent."""
    owner = accounts.account(accounts.OWNER)

    def lost() -> None:
        raise HeldByAnother("dogwood", chain="Dogwood")

    before = newcomer.rpc.request("eth_getTransactionCount", owner.address, "pending")
    sender = DirectSender(ChainClient(newcomer.asked), owner, beat=lost)
    with pytest.raises(HeldByAnother):
        sender.send_all([Call(owner.address, value_wei=1, gas_limit=21_000)])
    assert newcomer.rpc.request("eth_getTransactionCount", owner.address, "pending") == before


def test_two_chains_that_join_at_once_are_introduced_by_the_later_one(
    newcomer: Newcomer, driver: Driver
) -> None:
    """Cedar is connected while Dogwood is under way: Dogwood began without knowing of it."""
    known = {chain_id: chain for chain_id, chain in registry.all_chains().items() if chain.slug != "cedar"}
    report = Silent()
    run = prepare(newcomer.asked, peers=known, signer=accounts.account(accounts.OWNER), report=report)
    carry_out(run, report)
    cedar, own = registry.chain(903), registry.chain(904).bridge("usdc-summit-warp")
    assert own is not None
    assert enrolled(driver.network.rpc("cedar"), cedar, 904) == own.router.lower()


class Silent:
    """A run that tells nobody."""

    def began(self, step: str, joining: Joining) -> None:
        """Nobody hears it."""

    def doing(self, step: str, deeds: tuple[Deed, ...]) -> None:
        """Nobody hears it."""

    def ended(self, step: str, joining: Joining, deeds: tuple[Deed, ...], notes: tuple[Note, ...]) -> None:
        """Nobody hears it."""

    def beat(self) -> None:
        """Nothing is held."""
