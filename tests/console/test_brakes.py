"""What staff paused takes nothing new, lets go what has begun, and is no way to name what does not exist."""

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.lifecycle import OrderState
from intents.models import Attempt, Chain, Order, Pause
from intents.services.staff import pauses, requests
from intents.services.staff.errors import ActRefused, Unknown
from intents.settlement import calls
from intents.settlement.order import order_from_json
from tests.console.actors import actor, form
from tests.console.asking import asked, decide
from tests.engine import strangers
from tests.engine.driver import Driver

chain = pytest.mark.chain
pytestmark = pytest.mark.django_db(transaction=True)


@chain
def test_automatic_pauses_are_no_ones_to_let_go(registered: Any) -> None:
    Chain.objects.filter(pk=902).update(paused_reason="nodes_away 1 2")
    with pytest.raises(ActRefused) as refused:
        requests.unpause(kind="chain", subject="birch")
    assert refused.value.code == "not_paused"


@chain
@pytest.mark.parametrize(
    ("kind", "subject", "code"),
    [("token", "alder:USDC", "token_paused"), ("route", "alder>birch", "route_paused")],
)
def test_a_paused_token_or_route_takes_no_new_transfers_and_says_why(
    driver: Driver, alice: LocalAccount, settings: Any, kind: str, subject: str, code: str
) -> None:
    settings.FILL_ENABLED = False
    going, quoted = driver.transfer(alice), driver.quote(alice)
    going = driver.drive(going, OrderState.OPENED)
    pauses.pause(kind, subject, actor("operator"), form(subject, reason="its issuer looks into it"))
    with pytest.raises(AssertionError, match=code):
        driver.quote(alice)
    with pytest.raises(Exception, match=code) as refused:
        driver.submit(quoted, alice)
    assert "its issuer looks into it" in refused.value.words()  # type: ignore[attr-defined]
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=going.pk).update(wake_at=1)
    driver.drive(going, OrderState.PROVING)
    request = asked(requests.unpause(kind=kind, subject=subject), actor("support"))
    decide(request, actor("admin"))
    assert not Pause.objects.filter(ended_at=None).exists()
    driver.quote(alice)


@chain
def test_a_strangers_order_of_a_paused_token_is_left_alone(driver: Driver, alice: LocalAccount) -> None:
    quote, origin = driver.quote(alice, browser=""), registry.chain(901)
    pauses.pause("token", "birch:USDC", actor("operator"), form("birch:USDC", reason="a depeg"))
    call = calls.open_for(
        order_from_json(quote.order),
        origin=origin,
        way=quote.confirm_way,
        signature=bytes.fromhex(driver.sign(quote, alice)[2:]),
        token=origin.token(quote.input_token),
    )
    strangers.send(driver.network, "alder", call)
    order = driver.wait_for(lambda: Order.objects.filter(order_id=quote.order_id).first())
    driver.work_until(lambda: order.steps.get(kind="fill").waiting.get("code") == "token_paused")
    assert not Attempt.objects.filter(step__order=order).exists()


@chain
def test_only_what_exists_can_be_paused(registered: Any) -> None:
    for kind, subject in (
        ("chain", "nowhere"),
        ("token", "birch:NONE"),
        ("route", "birch>birch"),
        ("x", "birch"),
    ):
        with pytest.raises(Unknown):
            pauses.pause(kind, subject, actor("operator"), form(subject))
