"""Keys that everybody knows sign on local chains only; chain time runs on from the newest head."""

import time
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from intents.chains import accounts, registry
from intents.chains.clock import ClockUnknown, clock
from intents.chains.manifest import Contract, Endpoint
from intents.chains.manifest_toml import to_toml
from intents.models import ChainHead

from .conftest import CHAIN_ID, manifest_for
from .node import ALICE, OPERATOR

OWN_KEY = "0x" + "42" * 32


@pytest.mark.django_db
def test_local_chains_use_the_public_test_keys(connect):
    connect("http://127.0.0.1:1")
    assert accounts.address("operator") == OPERATOR
    assert accounts.address("relayer") != OPERATOR


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["operator", "relayer"])
def test_a_public_key_is_refused_once_any_chain_is_real(role, monkeypatch):
    real = replace(
        manifest_for(""),
        chain_id=5,
        domain=5,
        slug="real",
        is_local=False,
        endpoints=(Endpoint("https://node"),),
    )
    registry.load([manifest_for("http://127.0.0.1:1"), real])
    with pytest.raises(accounts.PublicKeyRefused, match=accounts.VARIABLES[role]):
        accounts.account(role)
    monkeypatch.setenv(accounts.VARIABLES[role], OWN_KEY)
    assert accounts.address(role) not in (OPERATOR, ALICE)
    registry.forget()


@pytest.mark.django_db
def test_an_unknown_role_has_no_key(connect):
    connect("http://127.0.0.1:1")
    with pytest.raises(accounts.UnknownRole):
        accounts.account("validator")


@pytest.mark.django_db
def test_chain_time_is_the_heads_and_the_time_since(connect):
    connect("http://127.0.0.1:1")
    with pytest.raises(ClockUnknown):
        clock(CHAIN_ID)
    ChainHead.objects.create(
        chain_id=CHAIN_ID, number=1, block_hash="0x", timestamp=5_000_000_000, seen_at=time.time() - 7.5
    )
    assert clock(CHAIN_ID) == 5_000_000_007


@pytest.mark.chain
@pytest.mark.django_db
def test_the_command_loads_lists_and_checks(node, tmp_path, multicall3):
    path = tmp_path / "testing.toml"
    manifest = manifest_for(node.url, contracts={"multicall3": Contract(multicall3)})
    path.write_text(to_toml(manifest))
    call_command("chains", "load", tmp_path, stdout=StringIO())
    listed = StringIO()
    call_command("chains", "list", stdout=listed)
    assert "testing" in listed.getvalue()
    assert "connected" in listed.getvalue()
    checked = StringIO()
    call_command("chains", "check", tmp_path, stdout=checked)
    assert "as described" in checked.getvalue()

    wrong = Contract(multicall3, code_hash="0x" + "11" * 32)
    contracts = {"multicall3": wrong, "mailbox": Contract(ALICE)}
    path.write_text(to_toml(replace(manifest, contracts=contracts)))
    checked = StringIO()
    with pytest.raises(CommandError, match="2 values differ"):
        call_command("chains", "check", tmp_path, stdout=checked)
    assert "contracts.multicall3.code_hash" in checked.getvalue()
    assert "contracts.mailbox.address" in checked.getvalue()
    registry.forget()


def test_the_command_names_the_key_of_a_broken_manifest(tmp_path):
    (tmp_path / "bad.toml").write_text("chain_id = 0")
    with pytest.raises(CommandError, match=r"bad\.toml: "):
        call_command("chains", "check", tmp_path, stdout=StringIO())
