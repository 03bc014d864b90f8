"""Common causes, broken for real and named by the diagnosis; `make diagnose` has all of them, a hundred times."""

from typing import Any

import pytest

from intents.chains import node_reports, pauses
from intents.devnet.network import Network
from intents.selectors.diagnosis import scene, sending

from .injection import Injection
from .run import EVERY, inject

pytestmark = [pytest.mark.chain, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MOST_SECONDS = 2.5
COMMON = (
    "depth",
    "sender_stuck",
    "no_stock",
    "nodes_lag",
    "validator_missing",
    "recipient_refuses",
    "deadline_near",
    "price_moved",
    "deposit_short",
    "fees_above_cap",
    "nobody_advances",
    "chain_paused",
)
CORE = [each for each in EVERY if each.cause in COMMON]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks looks more often, and calls less time too long."""
    monkeypatch.setattr(scene, "STILL_SECONDS", 2.0)
    monkeypatch.setattr(scene, "STILL_BLOCKS", 0.5)
    monkeypatch.setattr(scene, "OVERDUE_SECONDS", 2.0)
    monkeypatch.setattr(sending, "STUCK_SECONDS", 2.0)
    monkeypatch.setattr(pauses, "WATCH_SECONDS", 0.4)
    monkeypatch.setattr(node_reports, "REFRESH_SECONDS", 0.3)


@pytest.mark.parametrize(
    "injection", CORE, ids=lambda each: f"{each.cause}-{each.inject.__name__.strip('_')}"
)
def test_what_was_broken_is_named_first(
    injection: Injection, transactional_db: None, network: Network, validators: object, settings: Any
) -> None:
    quicker = Injection(
        injection.cause, injection.inject, min(injection.after, MOST_SECONDS), is_proxied=injection.is_proxied
    )
    outcome = inject(quicker, 0, network, settings)
    assert outcome.is_right, (outcome.named, outcome.note)
