"""A chain whose node is dead for good: what another chain can end goes on by itself, the rest is set aside and said so,
the chain leaves, and everything is found again when it comes back."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client
from django.utils import timezone
from eth_account.signers.local import LocalAccount

from intents.chains import endpoints as endpoints_module
from intents.chains import node as node_module
from intents.chains import pauses, registry
from intents.chains.manifest import ChainManifest, Endpoint
from intents.devnet.faults.modes import Fault, Mode
from intents.devnet.faults.proxy import FaultProxy
from intents.devnet.network import Network
from intents.engine import departures, ledger, rebalancing, world
from intents.engine.audit import ledger_check
from intents.engine.gone import silence_of
from intents.engine.observe import observe
from intents.engine.stranded import settle, take_up
from intents.lifecycle import OrderState
from intents.models import (
    Alert,
    Attempt,
    Chain,
    ChainHead,
    Departure,
    LedgerEntry,
    NodeReport,
    Order,
    StockMove,
)
from intents.selectors.timeline import timeline
from intents.settlement import calls
from intents.settlement.order import order_from_json
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]
WHY = "its operator is gone"
DAY = 86_400
STATES = StockMove.State


class Mortal(Driver):
    """A driver whose follower looks at the nodes, and one of whose chains is behind a line that can be cut."""

    manifest: ChainManifest
    line: FaultProxy

    async def _follow(self) -> None:
        self._loop = asyncio.get_running_loop()
        await asyncio.gather(observe(stop=self._stop), pauses.watch(stop=self._stop))

    def die(self) -> None:
        """The chain's only node is dead, and has been for a day as far as anybody knows."""
        chain_id, rpc = self.manifest.chain_id, self.network.rpc(self.manifest.slug)
        # Its last block is written before: what comes later would say that it lives.
        self.wait_for(
            lambda: ChainHead.objects.get(pk=chain_id).number == int(rpc.request("eth_blockNumber"), 16)
        )
        self.line.set(Fault(Mode.CUT))
        self.wait_for(lambda: silence_of(chain_id))
        NodeReport.objects.filter(pk=chain_id).update(silent_since=time.time() - DAY)
        ChainHead.objects.filter(pk=chain_id).update(seen_at=F("seen_at") - DAY)

    def come_back(self) -> None:
        """Its node is there again, and staff have it join."""
        self.line.set()
        registry.load([self.manifest])
        departures.sweep_departures()

    def declare(self) -> str:
        out = StringIO()
        call_command("chain", "gone", self.manifest.slug, "--reason", WHY, stdout=out)
        return out.getvalue()

    def has_left(self) -> bool:
        departures.sweep_departures()
        return not Chain.objects.get(pk=self.manifest.chain_id).is_connected


@pytest.fixture
def mortal(
    transactional_db: None,
    registered: Network,
    validators: object,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str], Mortal]]:
    """Makes the driver with the one chain that can die."""
    monkeypatch.setattr(node_module, "FIRST_REST_SECONDS", 0.1)
    monkeypatch.setattr(node_module, "LONGEST_REST_SECONDS", 0.2)
    monkeypatch.setattr(endpoints_module, "PROBE_EVERY_SECONDS", 0.1)
    monkeypatch.setattr(pauses, "WATCH_SECONDS", 0.2)
    settings.SETTLE_TOGETHER_SECONDS = 0
    made: list[Mortal] = []

    def make(slug: str) -> Mortal:
        line = FaultProxy(registered.manifest(slug).endpoints[0].url, seed=3).start()
        manifest = replace(registered.manifest(slug), endpoints=(Endpoint(line.url),))
        registry.load([manifest])
        world.forget()
        running = Mortal(registered)
        running.manifest, running.line = manifest, line
        made.append(running)
        running.start()
        return running

    yield make
    for each in made:
        each.close()
        each.line.stop()
    world.forget()


def test_what_was_paid_in_elsewhere_goes_back_without_a_click_and_the_chain_leaves(
    mortal: Callable[[str], Mortal], alice: LocalAccount, settings: Any, client: Client
) -> None:
    driver = mortal("birch")
    settings.FILL_ENABLED = False
    before = driver.network.balance("alder", "USDC", alice.address)
    order = driver.drive(driver.transfer(alice), OrderState.OPENED)
    with pytest.raises(CommandError, match="answers"):
        driver.declare()
    driver.die()
    assert "Go back to their users" in driver.declare()
    assert not driver.has_left(), "its money is still to be returned"

    order = driver.drive(order, OrderState.REFUND_DUE)
    said = timeline(order).money.text
    assert "Birch answers nobody any more" in said and "by itself" in said
    driver.network.warp(order.expires - order.fill_deadline + 1_000)
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    with driver.network.ticking():
        driver.drive(order, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", alice.address) == before
    assert driver.has_left()
    for page in ("/network", "/network/birch"):
        told = client.get(page).content.decode()
        assert WHY in told and "None of its nodes answered any more" in told
    assert Alert.objects.filter(kind="chain_gone", ended_at=None, chain_id=902).exists()


def test_what_only_the_dead_chain_can_end_is_set_aside_and_found_again(
    mortal: Callable[[str], Mortal], alice: LocalAccount, bob: LocalAccount, settings: Any
) -> None:
    driver = mortal("alder")
    delivered = driver.drive(driver.transfer(alice), OrderState.FILLED, OrderState.PROVING)
    settings.FILL_ENABLED = False
    waiting = driver.drive(driver.transfer(bob, amount="40"), OrderState.OPENED)
    driver.die()
    told = driver.declare()
    assert "Delivered by us and not repaid" in told and "Users' money in the contract there" in told

    driver.work_until(driver.has_left)
    for order in (delivered, waiting):
        order.refresh_from_db()
        assert (order.state, order.reason["code"]) == (OrderState.NEEDS_ATTENTION, "chain_gone")
    view = timeline(waiting)
    assert view.shown == "staff_checking" and view.headline == "Its chain is out of reach"
    assert "Should it come back" in view.money.text and "goes on by itself" in view.reason
    assert timeline(delivered).shown == "delivered"
    losses = LedgerEntry.objects.filter(memo="loss")
    assert [entry.order_id for entry in losses.all()] == [delivered.order_id], (
        "unknown is not lost, what we paid is"
    )
    assert Alert.objects.filter(kind="loss", order=delivered, ended_at=None).exists()
    driver.wait_for(lambda: not driver.work())

    before = driver.network.balance("alder", "USDC", bob.address)
    driver.network.warp(waiting.expires - int(time.time()) + 60)
    driver.come_back()
    assert not Departure.objects.filter(ended_at=None).exists()
    with driver.network.ticking():
        driver.drive(delivered, OrderState.SETTLED)
        driver.drive(waiting, OrderState.REFUNDED)
    assert driver.network.balance("alder", "USDC", bob.address) == before + waiting.input_amount
    assert not losses.exists() and not Alert.objects.filter(ended_at=None).exists()
    assert not any(ledger.sums().values())


def test_what_was_delivered_there_and_never_proved_is_a_loss_once_and_the_origin_still_counts(
    mortal: Callable[[str], Mortal], alice: LocalAccount
) -> None:
    driver = mortal("birch")
    order = driver.drive(driver.transfer(alice), OrderState.FILLED, OrderState.PROVING)
    driver.die()
    driver.declare()
    driver.work()
    assert not driver.has_left(), "until it expires the proof may still come"
    driver.network.warp(order.expires - int(time.time()) + 60)
    order = driver.drive(order, OrderState.NEEDS_ATTENTION)
    losses = LedgerEntry.objects.filter(memo="loss", order=order)
    assert losses.count() == 1
    driver.work_until(driver.has_left)

    terms = order_from_json(order.terms)
    strangers.send(driver.network, "alder", calls.refund(terms, origin=registry.chain(901)))
    order = driver.drive(order, OrderState.REFUNDED)
    assert losses.count() == 1 and timeline(order).shown == "delivered"
    assert not any(ledger.sums().values())


def test_stock_on_its_way_there_is_a_loss_until_the_chain_is_back_and_keeps_nothing_else_from_moving(
    mortal: Callable[[str], Mortal], alice: LocalAccount, bob: LocalAccount
) -> None:
    driver = mortal("cedar")
    order = driver.transfer(alice, get="cedar:WBTC", amount="200")
    with driver.network.ticking():
        driver.work_until(lambda: StockMove.objects.filter(state=STATES.IN_TRANSIT).exists())
    move = StockMove.objects.get()
    later = StockMove.objects.create(
        kind=move.kind, route=move.route, source_id=move.source_id, source_token=move.source_token,
        destination_id=move.destination_id, destination_token=move.destination_token, amount=move.amount, wake_at=1,
    )  # fmt: skip
    driver.die()
    driver.declare()
    driver.work()
    later.refresh_from_db()
    assert later.state == STATES.GIVEN_UP, "nothing leaves for a chain that is gone"
    departures.sweep_departures()
    assert StockMove.objects.get(pk=move.pk).state == STATES.IN_TRANSIT, "its departure is not final yet"
    driver.network.mine("summit", 8)
    driver.wait_for(lambda: departures.sweep_departures() or stranded(move))

    assert order.steps.get(kind="bridge").state in ("ready", "skipped")
    lost = LedgerEntry.objects.get(memo=f"move:{move.pk}:lost")
    assert (lost.debit, lost.credit, lost.amount) == ("transit", "loss", move.amount)
    [alert] = Alert.objects.filter(kind="loss", ended_at=None)
    assert (alert.chain_id, alert.data["amount"]) == (903, str(move.amount))
    assert not any(ledger.sums().values())
    assert not departures.moves_of(900).exists() and not rebalancing.coming()

    driver.network.warp(order.expires - int(time.time()) + 60)
    Order.objects.update(wake_at=1)
    driver.drive(order, OrderState.REFUNDED)
    driver.work_until(driver.has_left)
    driver.come_back()
    with driver.network.ticking():
        driver.work_until(lambda: StockMove.objects.get(pk=move.pk).state == STATES.DONE)
    assert not LedgerEntry.objects.filter(memo=lost.memo).exists()
    assert not Alert.objects.filter(ended_at=None).exists()
    assert ledger_check() == []


def stranded(move: StockMove) -> bool:
    return StockMove.objects.get(pk=move.pk).state == STATES.STRANDED


@pytest.mark.parametrize(
    ("ends", "state", "arriving", "ends_as"),
    [
        ((901, 900), STATES.PLANNED, None, STATES.STRANDED),
        ((901, 900), STATES.IN_TRANSIT, None, STATES.STRANDED),
        ((901, 900), STATES.IN_TRANSIT, "reverted", STATES.STRANDED),
        ((901, 900), STATES.IN_TRANSIT, "broadcast", STATES.IN_TRANSIT),
        ((901, 900), STATES.ARRIVED, "confirmed", STATES.ARRIVED),
        ((900, 901), STATES.ARRIVED, None, STATES.STRANDED),
        ((900, 901), STATES.SENT, None, STATES.SENT),
    ],
)
def test_what_a_living_chain_decides_is_waited_for(
    registered: Network, ends: tuple[int, int], state: str, arriving: str | None, ends_as: str
) -> None:
    source, destination = (registry.chain(chain_id) for chain_id in ends)
    gone = Departure.objects.create(chain_id=901, kind=Departure.Kind.GONE)
    move = StockMove.objects.create(
        kind="bridge", state=state, source_id=ends[0], source_token=source.tokens[0].address,
        destination_id=ends[1], destination_token=destination.tokens[0].address, amount=7,
    )  # fmt: skip
    if arriving:
        Attempt.objects.create(
            purpose=f"arrive:{move.pk}", chain_id=ends[1], state=arriving, sender="", target="", nonce=0, tx_hash="0x1",
            raw=b"", calldata="0x", gas_limit=1, max_fee_wei=1, priority_fee_wei=1,
        )  # fmt: skip
    is_settled = settle([move], gone=901)
    move.refresh_from_db()
    assert (move.state, is_settled) == (ends_as, ends_as == STATES.STRANDED)
    is_lost = (state, ends_as) == (STATES.IN_TRANSIT, STATES.STRANDED)
    assert LedgerEntry.objects.filter(credit="loss").exists() is is_lost
    if move.state != STATES.STRANDED:
        return
    assert take_up(move) is not None, "not while the chain is gone"
    Departure.objects.filter(pk=gone.pk).update(ended_at=timezone.now())
    assert take_up(move) is None
    move.refresh_from_db()
    assert (move.state, move.ended_at, move.details) == (state, None, {})
    assert not LedgerEntry.objects.exists() and not Alert.objects.filter(ended_at=None).exists()
