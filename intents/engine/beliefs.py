"""Keeps what the engine believed while it looked at an order: gathered in memory, written once a look."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from intents.models import Belief, Order, Step


class Beliefs:
    """The beliefs of one look at one order; nothing is written before `write`."""

    def __init__(self) -> None:
        self._rows: list[Belief] = []

    def of_order(self, order: Order, state: str) -> None:
        """The order is in `state` from now on."""
        self._rows.append(Belief(order=order, at=timezone.now(), state=state))

    def of_step(self, order: Order, step: Step, waiting: Mapping[str, Any] | None = None) -> None:
        """The step is in its state from now on, and waits for `waiting` ({code, params}) if given."""
        self._rows.append(
            Belief(
                order=order,
                at=timezone.now(),
                step_index=step.index,
                state=step.state,
                waiting=dict(waiting or {}),
            )
        )

    def write(self) -> None:
        """Write what was gathered, in one statement; nothing when nothing changed."""
        rows, self._rows = self._rows, []
        if rows:
            Belief.objects.bulk_create(rows)

    def drop(self) -> None:
        """Forget what was gathered: another engine looks after the order."""
        self._rows = []
