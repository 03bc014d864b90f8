"""Celery's entry points: an id in, a service called. Each may run zero, one or many times."""

from celery import shared_task

from intents import wake
from intents.services.forgetting import quotes_forget
from intents.services.joining import join_advance, joins_sweep
from intents.services.orders import order_advance, orders_sweep
from intents.services.passports import chain_probe_due, probes_sweep
from intents.services.quotes import quote_solve
from intents.services.staff.requests import request_execute, requests_sweep
from intents.services.stock import departures_sweep, stock_rebalance, stock_sweep, withheld_sweep


@shared_task(name="intents.solve")
def solve(quote_id: str) -> None:
    """Price a quote."""
    quote_solve(quote_id)


@shared_task(name="intents.advance")
def advance(order_id: str) -> None:
    """Bring an order forward."""
    wake.taken(order_id)
    order_advance(order_id)


@shared_task(name="intents.sweep")
def sweep() -> None:
    """Find what is due."""
    orders_sweep()


@shared_task(name="intents.stock")
def stock() -> None:
    """Carry our own stock on, what staff agreed on, and chains on their way out and in."""
    stock_sweep()
    withheld_sweep()
    requests_sweep()
    departures_sweep()
    joins_sweep()


@shared_task(name="intents.request")
def request(request_id: str) -> None:
    """Carry out what two staff members agreed on."""
    request_execute(request_id)


@shared_task(name="intents.join")
def join(join_id: str) -> None:
    """Carry a chain's way in on."""
    join_advance(int(join_id))


@shared_task(name="intents.rebalance")
def rebalance() -> None:
    """Bring our own stock home."""
    stock_rebalance()


@shared_task(name="intents.probes")
def probes() -> None:
    """Find chains whose passport is too old."""
    probes_sweep()


@shared_task(name="intents.forget")
def forget() -> None:
    """Delete what is kept no longer."""
    quotes_forget()


@shared_task(name="intents.probe")
def probe(chain_id: str) -> None:
    """Measure a chain and its tokens."""
    chain_probe_due(int(chain_id))
