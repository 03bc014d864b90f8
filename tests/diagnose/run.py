"""Injects, waits until it has shown, asks for the diagnosis once, and compares."""

import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from intents.devnet.network import Network
from intents.models import Order
from intents.selectors.diagnosis import diagnose, reply

from . import chain_faults, money_faults
from .injection import Injection
from .system import running

EVERY: Final[tuple[Injection, ...]] = (*chain_faults.INJECTIONS, *money_faults.INJECTIONS)
PROXIED: Final = ("alder", "birch")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was broken, and what the diagnosis named, best first."""

    cause: str
    number: int
    named: tuple[str, ...]
    seconds: float
    note: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the first that was named is what was broken."""
        return self.named[:1] == (self.cause,)


def inject(injection: Injection, number: int, network: Network, settings: Any) -> Outcome:
    """One fault on a system of its own; what its order's diagnosis says. Everything is put back."""
    dice = random.Random(f"{injection.cause} {number}")
    began = time.monotonic()
    with running(network, settings, proxied=PROXIED if injection.is_proxied else ()) as system:
        order = injection.inject(system, dice)
        system.work_for(injection.after)
        order = Order.objects.get(pk=order.pk)
        found = diagnose(order)
        said = reply(found[0], order)
        waiting = [(step.kind, step.state, step.waiting) for step in order.steps.all()]
    assert said
    note = f"{order.state} {order.reason} {waiting}"
    return Outcome(
        injection.cause, number, tuple(each.code for each in found), time.monotonic() - began, note
    )


def plan(count: int, *, seed: int, causes: Sequence[str] = ()) -> list[tuple[Injection, int]]:
    """So many faults, of these causes or all of them in turn, in an order that the seed decides."""
    wanted = [each for each in EVERY if not causes or each.cause in causes]
    turns = -(-count // len(wanted))
    chosen = [(injection, number) for number in range(turns) for injection in wanted][:count]
    random.Random(seed).shuffle(chosen)
    return chosen


def table(outcomes: Sequence[Outcome]) -> Iterable[str]:
    """What was broken against what was named, and whatever was named wrongly."""
    by_cause: dict[str, Counter[str]] = {}
    for each in outcomes:
        by_cause.setdefault(each.cause, Counter())[each.named[0] if each.named else "-"] += 1
    for cause, named in sorted(by_cause.items()):
        right = named.pop(cause, 0)
        others = ", ".join(f"{name} ×{count}" for name, count in named.most_common())
        yield f"{cause:24} {right:3} of {right + sum(named.values()):3}  {others}"
    for each in outcomes:
        if not each.is_right:
            yield f"  {each.cause} #{each.number}: {', '.join(each.named)} · {each.note}"
