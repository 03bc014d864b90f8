"""Cancelling from a command line, without a server: the key, the recovery code and the network list."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from eth_account.signers.local import LocalAccount

from intents.lifecycle import OrderState
from intents.settlement.order import order_from_json
from intents.settlement.recovery_code import recovery_code
from tests.engine.conftest import driver
from tests.engine.driver import Driver

__all__ = ["driver"]

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("way", ["eip3009", "permit2", "permit"])
def test_a_recovery_code_and_the_key_are_enough(
    driver: Driver, alice: LocalAccount, tmp_path: Path, way: str
) -> None:
    driver.network.write_manifests(tmp_path)
    order = driver.transfer(alice, confirm=way)
    code = recovery_code(order_from_json(order.terms))
    assert "cancelled in 0x" in command(code, key_of(alice), tmp_path, way=way)
    order = driver.drive(order, OrderState.REJECTED)
    assert order.reason["code"] == ("permit_void" if way == "permit" else "cancelled")
    if way == "permit":
        return
    with pytest.raises(CommandError, match="already_used"):
        command(code, key_of(alice), tmp_path, way=way)


def test_a_permit_that_opened_its_order_is_not_said_to_be_cancelled(
    driver: Driver, alice: LocalAccount, tmp_path: Path, settings: Any
) -> None:
    """Its number is used, so that a permit of nothing would go through."""
    settings.FILL_ENABLED = False
    driver.network.write_manifests(tmp_path)
    order = driver.drive(driver.transfer(alice, confirm="permit"), OrderState.OPENED)
    code = recovery_code(order_from_json(order.terms))
    with pytest.raises(CommandError, match="already_used"):
        command(code, key_of(alice), tmp_path, way="permit")


def test_only_the_signer_can(
    driver: Driver, alice: LocalAccount, mallory: LocalAccount, tmp_path: Path
) -> None:
    driver.network.write_manifests(tmp_path)
    code = recovery_code(order_from_json(driver.quote(alice).order))
    with pytest.raises(CommandError, match="not_the_signer"):
        command(code, key_of(mallory), tmp_path)


def key_of(wallet: LocalAccount) -> str:
    return "0x" + bytes(wallet.key).hex()


def command(code: str, key: str, network: Path, **options: Any) -> str:
    said = StringIO()
    call_command("cancel", code, key=key, network=network, stdout=said, **options)
    return said.getvalue()
