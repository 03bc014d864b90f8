"""A copy of the database is put back after hours of work: what it lacks comes back from the chains."""

import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from eth_account.signers.local import LocalAccount

from intents.engine.audit import ledger_check
from intents.engine.rebuild import rebuild
from intents.lifecycle import OrderState
from intents.management.commands import restore as restoring
from intents.models import Order, OrderAccess
from tests.engine.driver import Driver
from tests.engine.test_rebuild import lose_everything

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

DELIVERED = (OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)
FACTS = (
    "order_id", "state", "terms", "user", "recipient", "origin_id", "destination_id", "input_token", "input_amount",
    "output_token", "output_amount", "delivered_amount", "fill_deadline", "expires", "payout",
)  # fmt: skip


def facts() -> dict[str, dict[str, Any]]:
    return {row["order_id"]: row for row in Order.objects.values(*FACTS)}


def test_what_happened_after_the_copy_comes_back_and_goes_on(
    driver: Driver, alice: LocalAccount, bob: LocalAccount, tmp_path: Path, settings: Any
) -> None:
    copy = tmp_path / "copy"
    with driver.network.ticking():
        settled = driver.drive(driver.transfer(alice), OrderState.SETTLED)
        settings.FILL_ENABLED = False
        opened = driver.drive(driver.transfer(alice, amount="40"), OrderState.OPENED)
        call_command("backup", str(copy), stdout=StringIO())
        settings.FILL_ENABLED = True
        Order.objects.filter(pk=opened.pk).update(wake_at=1)
        driver.drive(opened, *DELIVERED)
        later = driver.drive(driver.transfer(bob, amount="30", confirm="eip3009"), *DELIVERED)
    driver.close()
    assert copy.stat().st_mode & 0o077 == 0, "nobody else may read it"

    with pytest.raises(CommandError, match="--yes"):
        call_command("restore", str(copy))
    call_command("restore", str(copy), "--yes", stdout=StringIO())
    assert {order.order_id for order in Order.objects.all()} == {settled.order_id, opened.order_id}
    assert OrderAccess.objects.filter(order__order_id=settled.order_id).exists(), (
        "who may see it is in the copy"
    )
    again = Driver(driver.network).start()
    try:
        with driver.network.ticking():
            again.work_until(lambda: Order.objects.filter(order_id=later.order_id).exists())
            for order in Order.objects.all():
                again.drive(order, OrderState.SETTLED)
            fresh = again.drive(again.transfer(alice, amount="20"), OrderState.SETTLED)
    finally:
        again.close()
    assert ledger_check() == []
    restored = facts()
    assert set(restored) == {order.order_id for order in (settled, opened, later, fresh)}

    lose_everything()
    assert rebuild() == len(restored)
    assert facts() == restored, "the chains alone say the same"


def test_a_damaged_or_foreign_file_changes_nothing(
    driver: Driver, alice: LocalAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = driver.transfer(alice)
    driver.close()
    copy = tmp_path / "copy"
    call_command("backup", str(copy), stdout=StringIO())
    foreign, cut = tmp_path / "foreign", tmp_path / "cut"
    foreign.write_text("no database")
    cut.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    for file, said in ((foreign, "no copy"), (cut, "damaged|failed"), (tmp_path / "none", "No such file")):
        with pytest.raises(CommandError, match=said):
            call_command("restore", str(file), "--yes")
    if connection.vendor == "sqlite":
        with pytest.raises(CommandError, match="the database itself"):
            call_command("backup", str(connection.settings_dict["NAME"]))
    looks = iter([time.time(), time.time() + 1])
    monkeypatch.setattr(restoring, "_looked_at", lambda: next(looks))
    with pytest.raises(CommandError, match="is running"):
        call_command("restore", str(copy), "--yes")
    assert Order.objects.get().order_id == made.order_id
