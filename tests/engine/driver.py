"""Carries orders through real chains inside the test's process: no Celery, the same code."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import connections
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.recovery import mend_chain
from intents.devnet.network import Network
from intents.engine.advance import advance
from intents.engine.moves import sweep_moves
from intents.engine.observe import observe
from intents.lifecycle import OrderState
from intents.models import ChainHead, Event, Order, Quote, QuoteState
from intents.services.orders import order_submit
from intents.services.quotes import Intent, quote_request, quote_solve
from intents.services.signatures import typed_data_of
from intents.services.ways import UNSIGNED
from intents.settlement.order import order_from_json

# Nothing takes so long; a busy machine may.
PATIENCE_SECONDS = 40.0


class Driver:
    """The follower in a thread of its own, and workers' calls on demand."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._mended_at = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Driver":
        self._thread.start()
        self.wait_for(self._sees_everything)
        return self

    def close(self) -> None:
        """Stop following, so that nothing but the test wakes an order; again is no harm."""
        if self._loop is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # it ended by itself meanwhile
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    @property
    def is_running(self) -> bool:
        """Whether the follower still follows."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._follow())
        finally:
            connections.close_all()

    async def _follow(self) -> None:
        self._loop = asyncio.get_running_loop()
        await observe(stop=self._stop)

    def _sees_everything(self) -> bool:
        heads = {head.chain_id: head for head in ChainHead.objects.all()}
        return len(heads) == len(self.network.manifests) and all(
            head.world.get("pools") is not None for head in heads.values()
        )

    def wait_for(self, condition: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS) -> Any:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = condition()
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError("did not happen in time")

    def quote(
        self,
        wallet: LocalAccount,
        *,
        give: str = "alder:USDC",
        get: str = "birch:USDC",
        amount: str = "100",
        exact: str = "input",
        confirm: str = "auto",
        can_batch: bool = False,
        recipient: str = "",
        browser: str = "browser-1",
        **more: Any,
    ) -> Quote:
        origin, input_token = give.split(":")
        destination, output_token = get.split(":")
        intent = Intent.parse(
            {
                "origin": origin,
                "destination": destination,
                "input_token": input_token,
                "output_token": output_token,
                "amount": amount,
                "exact": exact,
                "user": wallet.address,
                "recipient": recipient,
                "confirm": confirm,
                "can_batch": "1" if can_batch else "",
                **more,
            }
        )
        quote = quote_request(intent=intent, browser_key=browser)
        quote_solve(quote.pk)
        quote.refresh_from_db()
        assert quote.state == QuoteState.READY, quote.refusal
        return quote

    def sign(self, quote: Quote, wallet: LocalAccount) -> str:
        terms = order_from_json(quote.order)
        data = typed_data_of(terms, origin=registry.chain(quote.origin_id), way=quote.confirm_way)
        signed = wallet.sign_message(encode_typed_data(full_message=data))
        return "0x" + bytes(signed.signature).hex()

    def submit(self, quote: Quote, wallet: LocalAccount, *, browser: str = "browser-1") -> Order:
        signature = "" if quote.confirm_way in UNSIGNED else self.sign(quote, wallet)
        return order_submit(quote_id=quote.pk, terms=quote.order, signature=signature, browser_key=browser)

    def transfer(self, wallet: LocalAccount, **wanted: Any) -> Order:
        return self.submit(self.quote(wallet, **wanted), wallet)

    def work(self) -> int:
        """What the workers would do now."""
        now = time.time()
        if now - self._mended_at > 1:
            self._mended_at = now
            for chain_id in registry.all_chains():
                mend_chain(chain_id)
        due = Order.objects.filter(wake_at__gt=0, wake_at__lte=now, leased_until__lt=now)
        order_ids = list(due.values_list("order_id", flat=True))
        return sum(advance(order_id) for order_id in order_ids) + sweep_moves()

    def drive(self, order: Order, *states: OrderState, seconds: float = PATIENCE_SECONDS) -> Order:
        """Work until the order is in one of the states."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.work()
            order.refresh_from_db()
            if order.state in states:
                return order
            time.sleep(0.01)
        story = [(event.kind, event.data) for event in Event.objects.filter(order=order)]
        waiting = [(step.kind, step.state, step.waiting) for step in order.steps.all()]
        raise AssertionError(f"{order.state} {order.reason} after {seconds} s: {story} {waiting}")

    def work_until(self, condition: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS) -> Any:
        """Work until the condition holds, whatever state the order is in."""

        def met() -> Any:
            self.work()
            return condition()

        return self.wait_for(met, seconds=seconds)

    def kinds(self, order: Order) -> list[str]:
        return list(Event.objects.filter(order=order).order_by("seq").values_list("kind", flat=True))
