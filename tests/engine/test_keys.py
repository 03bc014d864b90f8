"""Our keys change while orders are under way: they end with the new ones, whatever the old ones left behind."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from eth_account.signers.local import LocalAccount

from intents.chains import accounts, sender
from intents.chains.calls import Call, encode_call
from intents.devnet.accounts import OWNER, address, wallet
from intents.engine.audit import ledger_check
from intents.lifecycle import AttemptState, OrderState
from intents.models import Attempt, Order, Reservation, Stock
from tests.engine import strangers
from tests.engine.driver import Driver
from tests.engine.test_settling_together import dear

__all__ = ["dear"]

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


class Killed(BaseException):
    """The process is gone: no handler of ours runs."""


def test_orders_go_on_with_new_keys_and_the_old_ones_may_do_nothing_any_more(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SETTLE_TOGETHER_SECONDS = 60
    filled = driver.drive(driver.transfer(alice), OrderState.FILLED)
    settings.FILL_ENABLED = False
    opened = driver.drive(driver.transfer(alice), OrderState.OPENED)
    old = {role: accounts.address(role) for role in accounts.VARIABLES}
    changed(driver, monkeypatch)
    for each in old.values():
        allow(driver, each, is_allowed=False)
    settings.FILL_ENABLED, settings.SETTLE_TOGETHER_SECONDS = True, 0
    before = Attempt.objects.latest("pk").pk
    Order.objects.update(wake_at=1)
    with driver.network.ticking():
        for order in (filled, opened, driver.transfer(alice)):
            driver.drive(order, OrderState.SETTLED)
    assert not Attempt.objects.filter(pk__gt=before, sender__in=list(old.values())).exists()
    assert not Reservation.objects.filter(state=Reservation.State.HELD).exists()
    assert ledger_check() == []
    shown = StringIO()
    call_command("senders", stdout=shown)
    lines = shown.getvalue().splitlines()
    (line,) = [line for line in lines if line.startswith("alder") and old[accounts.OPERATOR] in line]
    assert "operator" in line and "not in use" in line and " 0 under way" in line
    assert any(accounts.address(accounts.OPERATOR) in line and " in use" in line for line in lines)


def test_what_an_emptied_account_signed_and_cannot_send_is_signed_anew(
    driver: Driver, alice: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, unsent = killed_before_the_message(driver, alice, settings, monkeypatch)
    driver.network.rpc("birch").request("anvil_setBalance", unsent.sender, "0x0")
    changed(driver, monkeypatch)
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)
    assert Attempt.objects.filter(purpose="dispatch").exclude(sender=unsent.sender).count() == 1


def killed_before_the_message(
    driver: Driver, wallet: LocalAccount, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[Order, Attempt]:
    """A delivered order whose proof was signed and stored by a worker that died before it sent it."""
    settings.SETTLE_TOGETHER_SECONDS = 60
    order = driver.drive(driver.transfer(wallet), OrderState.FILLED)
    settings.SETTLE_TOGETHER_SECONDS = 0

    def die(attempt: Attempt) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(sender, "_broadcast", die)
        Order.objects.update(wake_at=1)
        with pytest.raises(Killed):
            driver.work_until(lambda: False)
    Order.objects.update(leased_until=0, wake_at=1)
    return order, Attempt.objects.get(purpose="dispatch", state=AttemptState.PLANNED)


def changed(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other keys with rights and coins, which the follower has seen."""
    for place, (role, variable) in enumerate(accounts.VARIABLES.items()):
        monkeypatch.setenv(variable, "0x" + bytes(wallet(960 + place).key).hex())
        allow(driver, accounts.address(role), is_allowed=True)
        for slug in driver.network.manifests:
            driver.network.fund(slug, [accounts.address(role)], {})
    rows = Stock.objects.filter(holder=accounts.address(accounts.OPERATOR), balance__gt=0)
    driver.network.mine_all()
    driver.wait_for(lambda: rows.count() == len(driver.network.manifests))


def allow(driver: Driver, operator: str, *, is_allowed: bool) -> None:
    """The owner's word on every chain."""
    data = encode_call("setOperator(address,bool)", (operator, is_allowed))
    for slug, manifest in driver.network.manifests.items():
        call = Call(manifest.address("solver_account"), data)
        strangers.send(driver.network, slug, call, sender=address(OWNER))
