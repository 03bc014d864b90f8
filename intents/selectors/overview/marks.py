"""How every connected chain is, in one mark each: what the head of every page shows."""

import time
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intents.models import Chain, ChainHead
from intents.selectors.network import connected_chains, is_head_stale

from .kept import kept

PAUSED, STILL, RUNNING = "paused", "still", "running"
WORDS: Final[dict[str, Any]] = {
    PAUSED: gettext_lazy("Paused"),
    STILL: gettext_lazy("No new blocks"),
    RUNNING: gettext_lazy("Running"),
}
MOST_MARKS: Final = 8


@dataclass(frozen=True, slots=True)
class Marks:
    """States of the chains, those of all when they are few, else the worst; `words` name the ones in trouble."""

    states: tuple[str, ...]
    words: str


def chain_marks() -> Marks:
    """The marks in the reader's language, at most seconds old."""
    found = _states()
    troubled = [f"{name}{_(': ')}{WORDS[state]}" for name, state in found if state != RUNNING]
    states = tuple(state for _name, state in found)
    if len(states) > MOST_MARKS:
        states = (min(states, key=list(WORDS).index),)
    words = ", ".join(troubled) if troubled else _("All chains are running")
    return Marks(states, words if found else "")


@kept(seconds=3)
def _states() -> tuple[tuple[str, str], ...]:
    seen = dict(ChainHead.objects.values_list("chain_id", "seen_at"))
    paused = set(Chain.objects.exclude(paused_reason="").values_list("chain_id", flat=True))
    now = time.time()
    return tuple(
        (chain.name, PAUSED if chain_id in paused else STILL if is_head_stale(chain, age) else RUNNING)
        for chain_id, chain in connected_chains().items()
        for age in [None if chain_id not in seen else max(0.0, now - seen[chain_id])]
    )
