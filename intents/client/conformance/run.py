"""All trials of one chain at once: each goes on when it can, and one that fails stops no other."""

import time
from collections.abc import Callable
from typing import Final

from ..chain_reader import ChainUnreachable
from .stage import DidNotHold, Finding, Stage
from .trials import Trial, delivered, refunded, unfilled

PAUSE_SECONDS: Final = 0.3


def try_chain(
    stage: Stage, *, timeout_seconds: float, rest: Callable[[], None] | None = None
) -> list[Finding]:
    """Carry out every trial; everything that was found, in order. What is left at the timeout did not hold.

    `rest` is called between two rounds, by default a short sleep.
    """
    here, there = stage.here, stage.there
    running: dict[str, Trial] = {
        "out": delivered(stage, "out", here, there),
        "in": delivered(stage, "in", there, here),
        "refund": refunded(stage, "refund", here, there),
        "unfilled here": unfilled(stage, "unfilled here", there, here),
        "unfilled there": unfilled(stage, "unfilled there", here, there),
    }
    until = time.monotonic() + timeout_seconds
    while running and time.monotonic() < until:
        for label, trial in list(running.items()):
            try:
                next(trial)
            except StopIteration:
                del running[label]
            except DidNotHold as error:
                stage.missed(label, here, str(error))
                del running[label]
            except ChainUnreachable as error:
                # A generator that raised is over: what it had begun ends by itself, the money after expires.
                stage.missed(label, here, f"a node did not answer: {error}")
                del running[label]
            except Exception as error:  # whatever a node says that is no answer is this trial's finding
                stage.missed(label, here, f"{type(error).__name__}: {error}")
                del running[label]
        (rest or _sleep)()
    for label in running:
        stage.missed(label, here, f"still waiting after {timeout_seconds:.0f} s")
    return stage.findings


def _sleep() -> None:
    time.sleep(PAUSE_SECONDS)
