"""An endpoint starts lying or lagging while an order is open: nothing new begins, everybody reads why, the order ends
well, and the chain comes back by itself."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from eth_account.signers.local import LocalAccount

from intents.chains import endpoints as endpoints_module
from intents.chains import node as node_module
from intents.chains import pauses, registry
from intents.chains.manifest import Endpoint
from intents.devnet.faults.modes import Fault, Mode
from intents.devnet.faults.proxy import FaultProxy
from intents.devnet.network import Network
from intents.engine import world
from intents.engine.observe import observe
from intents.lifecycle import OrderState
from intents.models import Chain, Order, Quote, QuoteState
from intents.services.intent import Intent
from intents.services.quotes import quote_request, quote_solve
from intents.services.words import text
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

ENDED_WELL = (OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED, OrderState.REFUNDED)


class Watched(Driver):
    """A driver whose follower also looks at the nodes, as the follower's process does."""

    async def _follow(self) -> None:
        self._loop = asyncio.get_running_loop()
        await asyncio.gather(observe(stop=self._stop), pauses.watch(stop=self._stop))


@pytest.fixture
def proxy(network: Network) -> Iterator[FaultProxy]:
    made = FaultProxy(network.manifest("alder").endpoints[0].url, seed=3).start()
    yield made
    made.stop()


@pytest.fixture
def watched(
    transactional_db: None,
    registered: Network,
    validators: object,
    proxy: FaultProxy,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Watched]:
    """Alder has one endpoint, which is ill on command; every look is a light round."""
    monkeypatch.setattr(node_module, "FIRST_REST_SECONDS", 0.1)
    monkeypatch.setattr(node_module, "LONGEST_REST_SECONDS", 0.2)
    monkeypatch.setattr(endpoints_module, "PROBE_EVERY_SECONDS", 0.1)
    monkeypatch.setattr(endpoints_module, "COMPARE_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(pauses, "WATCH_SECONDS", 0.2)
    settings.SETTLE_TOGETHER_SECONDS = 0
    manifests = dict(registered.manifests)
    manifests["alder"] = replace(manifests["alder"], endpoints=(Endpoint(proxy.url),))
    registry.load(list(manifests.values()))
    world.forget()
    running = Watched(registered).start()
    yield running
    running.close()
    world.forget()


def asked_now() -> Quote:
    """What somebody is told who asks now for a transfer out of Alder."""
    wanted = {"origin": "alder", "input_token": "USDC", "destination": "birch", "output_token": "WETH"}
    quote = quote_request(intent=Intent.parse({**wanted, "amount": "20"}), browser_key="someone")
    quote_solve(quote.pk)
    quote.refresh_from_db()
    return quote


def reason() -> str:
    return Chain.objects.get(slug="alder").paused_reason


@pytest.mark.parametrize("mode", [Mode.DISAGREE, Mode.STALE_HEAD, Mode.WRONG_CHAIN])
def test_trouble_of_an_endpoint_is_said_survived_and_over(
    watched: Watched, proxy: FaultProxy, alice: LocalAccount, client: Client, settings: Any, mode: Mode
) -> None:
    watched.network.mine("alder", 20)
    settings.FILL_ENABLED = False
    order = watched.drive(watched.transfer(alice), OrderState.OPENED)
    proxy.set(Fault(mode, blocks=12))
    watched.wait_for(reason, seconds=15)
    told = asked_now()
    assert told.state == QuoteState.REFUSED and told.refusal["code"] == "chain_paused"
    said = text(told.refusal["code"], told.refusal["params"])
    assert "Alder is paused" in said
    page = client.get("/network/alder", headers={"accept-language": "en"}).content.decode()
    assert said.partition("later. ")[2] in page

    proxy.set()
    settings.FILL_ENABLED = True
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    with watched.network.ticking():
        order = watched.drive(order, *ENDED_WELL, seconds=60)
        watched.work_until(lambda: reason() == "", seconds=30)
    assert Order.objects.get(pk=order.pk).state in ENDED_WELL
    watched.wait_for(lambda: asked_now().state == QuoteState.READY, seconds=10)
