"""A network from nothing: two chains that have nothing of ours, deployed to by one command that may be repeated."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from intents.chains import accounts, registry
from intents.chains.bridge import BridgeManifest
from intents.chains.check import check_chain
from intents.chains.direct import DirectSender
from intents.chains.manifest import ChainManifest, parse
from intents.chains.manifest_toml import to_toml
from intents.devnet.accounts import VALIDATORS, address
from intents.devnet.joiners.own import asking_manifest, deploy_own
from intents.devnet.nodes import Node, free_ports, node_command
from intents.devnet.profiles import DOGWOOD, PRICES_E8
from intents.devnet.rpc import Rpc

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

PROFILES = [
    replace(DOGWOOD, chain_id=7101, slug="elder", name="Elder", block_seconds=0.25),
    replace(DOGWOOD, chain_id=7102, slug="fir", name="Fir", block_seconds=0.25),
]


@dataclass(frozen=True, slots=True)
class Bare:
    """Running chains and a network file that names them."""

    rpcs: list[Rpc]
    file: Path
    out: Path

    def nonces(self) -> list[int]:
        owner = accounts.address(accounts.OWNER)
        return [int(rpc.request("eth_getTransactionCount", owner, "latest"), 16) for rpc in self.rpcs]

    def deploy(self, *options: str) -> str:
        said = StringIO()
        call_command("deploy", "--network", str(self.file), "--out", str(self.out), *options, stdout=said)
        return said.getvalue()

    def manifests(self) -> list[ChainManifest]:
        return [parse(file.read_text("utf-8")) for file in sorted(self.out.glob("*.toml"))]


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[tuple[Node, ChainManifest]]]:
    ports = free_ports(len(PROFILES))
    started = [
        Node(profile, node_command(profile, port=port), port)
        for profile, port in zip(PROFILES, ports, strict=True)
    ]
    try:
        made = []
        for node, profile in zip(started, PROFILES, strict=True):
            node.wait()
            made.append(
                (node, asking_manifest(profile, deploy_own(node.rpc, profile, PRICES_E8), url=node.url))
            )
        yield made
    finally:
        for node in started:
            node.stop()


@pytest.fixture
def bare(nodes: list[tuple[Node, ChainManifest]], tmp_path: Path) -> Iterator[Bare]:
    marks = [node.rpc.request("evm_snapshot") for node, _ in nodes]
    for _, manifest in nodes:
        (tmp_path / f"{manifest.slug}.toml").write_text(to_toml(manifest), "utf-8")
    signers = "".join(
        f'[[validators]]\naddress = "{address(index)}"\nurl = "http://127.0.0.1:{9000 + place}"\n'
        for place, index in enumerate(VALIDATORS)
    )
    file = tmp_path / "network.toml"
    file.write_text(
        f'name = "woods"\nchains = ["elder.toml", "fir.toml"]\nvalidator_threshold = 2\n{signers}', "utf-8"
    )
    yield Bare([node.rpc for node, _ in nodes], file, tmp_path / "out")
    for (node, _), mark in zip(nodes, marks, strict=True):
        node.rpc.request("evm_revert", mark)
        node.rpc.request("anvil_dropAllTransactions")
    registry.forget()


class Killed(BaseException):
    """What a process feels of a kill."""


def test_it_is_looked_at_killed_carried_on_and_then_there_is_nothing_left_to_do(
    bare: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bare.nonces()
    said = bare.deploy("--dry-run")
    assert "nothing was sent" in said and "create input_settler" in said and "Elder: " in said
    assert bare.nonces() == before and not bare.out.exists()

    with monkeypatch.context() as patch:
        sent, send = [], DirectSender._send

        def dying(sender: DirectSender, item: Any, fees: Any) -> None:
            send(sender, item, fees)
            sent.append(item)
            if len(sent) == 7:
                raise Killed

        patch.setattr(DirectSender, "_send", dying)
        with pytest.raises(Killed):
            bare.deploy()
    said = bare.deploy()
    assert "FAILED" not in said and "holds  Fir: multisig_ism wants 2 of 3 validators" in said
    elder, fir = bare.manifests()
    for name in (
        "input_settler",
        "output_settler",
        "solver_account",
        "call_executor",
        "deposit_implementation",
    ):
        assert elder.address(name) == fir.address(name)
    assert elder.address("hyperlane_oracle") != fir.address("hyperlane_oracle")
    assert check_chain(elder) == check_chain(fir) == []
    assert elder.contracts["input_settler"].code_hash == fir.contracts["input_settler"].code_hash != ""

    done = bare.nonces()
    assert "FAILED" not in bare.deploy()
    assert bare.nonces() == done, "what is there is not done again"
    registry.load(bare.manifests())
    assert {chain.slug for chain in registry.all_chains().values()} == {"elder", "fir"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name = ", "network.toml"),
        ('name = "x"\nchains = ["elder.toml"]\nvalidator_threshold = 2', "at least two"),
        ('name = "x"\nchains = ["elder.toml", "none.toml"]\nvalidator_threshold = 2', "none.toml"),
        ('name = "x"\nchains = ["elder.toml", "elder.toml"]\nvalidator_threshold = 2', "same chain_id"),
        ('name = "x"\nchains = ["elder.toml", "fir.toml"]\nvalidator_threshold = 1', "validator_threshold"),
        ('name = "x"\nchains = ["elder.toml", "fir.toml"]\nvalidator_threshold = 2\nother = 1', "other"),
    ],
)
def test_a_wrong_file_is_named_before_any_chain_is_asked(bare: Bare, text: str, named: str) -> None:
    bare.file.write_text(text, "utf-8")
    with pytest.raises(CommandError, match=named) as refused:
        bare.deploy()
    assert refused.value.returncode == 2


def test_what_chains_that_joined_since_brought_is_not_lost(bare: Bare) -> None:
    elder = parse((bare.file.parent / "elder.toml").read_text("utf-8"))
    router = address(VALIDATORS[0])
    end = BridgeManifest("hyperlane_warp", "usdc-warp", router, router, elder.tokens[0].address, "usdc")
    bare.out.mkdir()
    (bare.out / "elder.toml").write_text(to_toml(replace(elder, bridges=(end,))), "utf-8")
    before = bare.nonces()
    with pytest.raises(CommandError, match="usdc-warp"):
        bare.deploy()
    assert bare.nonces() == before


def test_well_known_keys_deploy_nothing_on_a_real_network(bare: Bare) -> None:
    for file in bare.file.parent.glob("*.toml"):
        text = file.read_text("utf-8").replace("is_local = true", "is_local = false")
        file.write_text(text.replace('url = "http://', 'url = "https://').replace("ws://", "wss://"), "utf-8")
    with pytest.raises(CommandError, match="WAYMEET_OWNER_KEY"):
        bare.deploy()
    assert not bare.out.exists()
