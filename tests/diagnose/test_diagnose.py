"""A hundred faults, seeded, all of them real: in ninety-five the diagnosis names first what was broken."""

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from intents.devnet.network import Network

from .. import conftest
from .run import Outcome, inject, plan, table

pytestmark = [pytest.mark.chain, pytest.mark.matrix, pytest.mark.django_db(transaction=True)]

FAULTS = int(os.environ.get("FAULTS", "100"))
SEED = int(os.environ.get("SEED", "1"))
CAUSES = tuple(os.environ.get("CAUSES", "").split())
RIGHT_OF_HUNDRED = 95


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Tells at once, whatever pytest keeps back."""

    def tell(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    return tell


def test_the_first_cause_named_is_what_was_broken(
    transactional_db: None,
    network: Network,
    validators: object,
    settings: Any,
    say: Callable[[str], None],
) -> None:
    outcomes: list[Outcome] = []
    for injection, number in plan(FAULTS, seed=SEED, causes=CAUSES):
        call_command("flush", interactive=False, verbosity=0)
        conftest.to_the_present(network)
        try:
            outcome = inject(injection, number, network, settings)
        except AssertionError as error:
            # What could not even be broken as it should counts as not named.
            outcome = Outcome(injection.cause, number, (), 0.0, f"could not be injected: {str(error)[:300]}")
        outcomes.append(outcome)
        named = "" if outcome.is_right else ", ".join(outcome.named) or outcome.note
        say(
            f"{'ok' if outcome.is_right else 'NO'}  {outcome.cause} #{number}, {outcome.seconds:.1f} s  {named}"
        )
    right = sum(each.is_right for each in outcomes)
    say("\n".join(table(outcomes)))
    say(
        f"{right} of {len(outcomes)} named first; seed {SEED}, {sum(each.seconds for each in outcomes):.0f} s"
    )
    assert right * 100 >= RIGHT_OF_HUNDRED * len(outcomes)
