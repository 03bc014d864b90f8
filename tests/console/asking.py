"""Requests that one member of staff makes and another decides."""

import threading
from typing import Any

from django.db import connections

from intents.engine import treasury
from intents.models import StaffRequest
from intents.services.staff import requests
from intents.services.staff.audit import Actor
from tests.console.actors import form


def withdrawal(amount: str = "250") -> requests.Wanted:
    """Stock of Birch that goes to the treasury."""
    [treasury_address] = treasury.treasury_addresses()
    return requests.withdrawal(chain="birch", token="USDC", amount=amount, to=treasury_address)


def asked(wanted: requests.Wanted, who: Actor, **more: str) -> StaffRequest:
    """The request, asked for with what has to be typed."""
    typed = wanted.subject[-6:] if wanted.order is not None else wanted.subject
    return requests.ask(wanted, who, form(typed, **more))


def decide(request: StaffRequest, who: Actor, *, is_approved: bool = True) -> bool:
    """Approve or decline with what has to be typed."""
    return requests.decide(request.pk, who, form(requests.to_type(request)), is_approved=is_approved)


def in_threads(*deeds: Any) -> None:
    """Do all at once, or one deed that many times, each on its own connection."""
    calls = [deeds[0]] * deeds[1] if len(deeds) == 2 and isinstance(deeds[1], int) else deeds
    errors: list[BaseException] = []

    def run(deed: Any) -> None:
        try:
            deed()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(each,)) for each in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
