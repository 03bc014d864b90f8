"""`manage.py chain check`: an outsider with one key proves that a chain behaves. No database may be asked here."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from eth_account.signers.local import LocalAccount

from intents.chains.manifest import Contract
from intents.chains.manifest_toml import to_toml
from intents.devnet.accounts import wallet
from intents.devnet.network import Network
from intents.settlement.validator import Validator

pytestmark = pytest.mark.chain

DEADLINE = "6"
NOWHERE = "0x" + "00" * 19 + "77"
# PUSH1 1, PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN: answers 1 to everything and does nothing.
SAYS_YES = "0x600160005260206000f3"


@pytest.fixture
def key(fresh_network: Network) -> LocalAccount:
    """Has coins and dollars on two chains, and no part in the network."""
    stranger = wallet(821)
    for slug in ("alder", "birch"):
        fresh_network.fund(slug, [stranger.address], {"USDC": 10 * 10**6})
    return stranger


@pytest.fixture
def manifests(fresh_network: Network, tmp_path: Path) -> Path:
    fresh_network.write_manifests(tmp_path)
    return tmp_path


def run(manifests: Path, key: LocalAccount, *options: str) -> None:
    secret = "0x" + bytes(key.key).hex()
    call_command(
        "chain", "check", "alder", "--with", "birch", "--network", str(manifests), "--key", secret, *options
    )


@pytest.mark.parametrize(
    "asset",
    [pytest.param((), id="coin"), pytest.param(("--token", "USDC"), id="token", marks=pytest.mark.matrix)],
)
def test_everything_holds_on_a_chain_that_behaves(
    fresh_network: Network,
    validators: list[Validator],
    manifests: Path,
    key: LocalAccount,
    asset: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with fresh_network.ticking():
        run(manifests, key, *asset, "--deadline", DEADLINE, "--timeout", "90")
    said = capsys.readouterr().out
    assert "FAILED" not in said
    for chain, what in (
        ("Alder", "open locks the input"),
        ("Alder", "fill delivers exactly the output"),
        ("Alder", "the oracle dispatches the fill"),
        ("Birch", "2 validators' signatures prove the fill"),
        ("Alder", "finalise pays exactly the input"),
        ("Alder", "refund after expires pays"),
        ("Alder", "attestUnfilled records"),
        ("Alder", "refundUnfilled pays exactly"),
    ):
        lines = [line for line in said.splitlines() if f"held   {chain}: {what}" in line]
        assert lines and all(line.split()[-1].startswith("0x") for line in lines), what
    hashes = [word for word in said.split() if word.startswith("0x") and len(word) == 66]
    assert len(set(hashes)) == len(hashes) > 15


def test_a_dry_run_sends_nothing(
    manifests: Path,
    validators: list[Validator],
    key: LocalAccount,
    fresh_network: Network,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(manifests, key, "--dry-run")
    assert "nothing was sent" in capsys.readouterr().out
    for rpc in fresh_network.rpcs.values():
        assert int(rpc.request("eth_getTransactionCount", key.address, "latest"), 16) == 0


@pytest.mark.parametrize("name", ["input_settler", "hyperlane_oracle"])
def test_another_contract_than_its_address_says_is_found_before_anything_is_sent(
    manifests: Path,
    validators: list[Validator],
    key: LocalAccount,
    fresh_network: Network,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    """One that is another, and one that is not there, so that there is nobody to ask."""
    alder = fresh_network.manifests["alder"]
    place = alder.address("output_settler") if name == "input_settler" else NOWHERE
    contracts = {**alder.contracts, name: Contract(place)}
    (manifests / "alder.toml").write_text(to_toml(replace(alder, contracts=contracts)), "utf-8")
    with pytest.raises(CommandError) as refused:
        run(manifests, key)
    assert refused.value.returncode == 2
    assert f"FAILED Alder: {name}" in capsys.readouterr().out


def test_without_validators_or_funds_nothing_is_tried(
    manifests: Path, fresh_network: Network, capsys: pytest.CaptureFixture[str]
) -> None:
    alder = fresh_network.manifests["alder"]
    nowhere = tuple(replace(validator, url="http://127.0.0.1:9") for validator in alder.validators)
    (manifests / "alder.toml").write_text(to_toml(replace(alder, validators=nowhere)), "utf-8")
    with pytest.raises(CommandError) as refused:
        run(manifests, wallet(822))
    assert refused.value.returncode == 2
    said = capsys.readouterr().out
    assert "0 answer, 2 are needed" in said and "has 0 base units" in said


def test_a_settler_that_delivers_nothing_is_told(
    manifests: Path,
    validators: list[Validator],
    key: LocalAccount,
    fresh_network: Network,
    capsys: pytest.CaptureFixture[str],
) -> None:
    birch = fresh_network.manifests["birch"]
    settler = birch.address("output_settler")
    fresh_network.rpcs["birch"].request("anvil_setCode", settler, SAYS_YES)
    with pytest.raises(CommandError) as refused:
        run(manifests, key)
    assert refused.value.returncode == 2
    assert "FAILED Birch: output_settler" in capsys.readouterr().out
    unhashed = {**birch.contracts, "output_settler": Contract(settler)}
    (manifests / "birch.toml").write_text(to_toml(replace(birch, contracts=unhashed)), "utf-8")
    with pytest.raises(CommandError) as failed:
        run(manifests, key, "--timeout", "3")
    assert failed.value.returncode == 1
    said = capsys.readouterr().out
    assert "FAILED Alder: out (fill: the recipient has 0, not" in said
    assert "FAILED Alder: refund (still waiting after 3 s)" in said
