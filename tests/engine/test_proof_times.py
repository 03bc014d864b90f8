"""`expires` follows what proofs really took, once there are enough of them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from intents.devnet.network import Network
from intents.engine import proof_times
from intents.engine.proof_times import allowance_seconds, measured
from intents.lifecycle import StepState
from intents.models import Step
from intents.services.solving import _deadlines
from tests.engine.rows import order_row
from tests.services.heads import write_heads


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    proof_times.forget()
    yield
    proof_times.forget()


def test_few_samples_say_nothing() -> None:
    assert allowance_seconds([900.0] * 19, finality_seconds=30) == 120
    assert allowance_seconds([900.0] * 20, finality_seconds=30) == 3_600


@pytest.mark.parametrize(
    ("took", "allowance"),
    [
        ([1.0] * 19 + [50.0], 200),
        ([1.0] * 197 + [50.0, 60.0, 70.0], 200),
        ([1.0] * 198 + [50.0, 60.0], 4),
        ([10.1] * 20, 41),
    ],
    ids=["the slowest of twenty", "the 198th of 200", "two of 200 are out", "rounded up"],
)
def test_four_times_the_99th_percentile(took: list[float], allowance: int) -> None:
    assert allowance_seconds(took, finality_seconds=30) == allowance


@pytest.mark.django_db
def test_only_proofs_of_the_same_way_count() -> None:
    _proven(20, seconds=40)
    _proven(3, seconds=500, destination_id=903)
    _proven(3, seconds=500, origin_id=903, destination_id=901)
    order_row(delivered_at=timezone.now())
    assert sorted(measured(901, 902)) == [pytest.approx(40.0)] * 20


@pytest.mark.django_db
def test_an_index_has_the_newest_proofs_of_a_way() -> None:
    plan = proof_times.proofs(901, 902).explain()
    if connection.vendor == "sqlite":
        assert "order_delivered" in plan
        assert "TEMP B-TREE" not in plan, "it would sort every delivery there ever was"
    for seconds in (40, 60, 50):
        _proven(1, seconds=seconds)
    assert list(proof_times.proofs(901, 902)) == list(Step.objects.order_by("-pk"))


@pytest.mark.chain
def test_a_quotes_expiry_leaves_room_for_slow_proofs(registered: Network) -> None:
    write_heads(registered)
    origin, destination = registered.manifest("alder"), registered.manifest("birch")
    fill_deadline, expires = _deadlines(origin, destination, is_slow=False)
    assert expires - fill_deadline == origin.limits.expires_seconds
    _proven(20, seconds=300)
    proof_times.forget()
    fill_deadline, expires = _deadlines(origin, destination, is_slow=False)
    assert expires - fill_deadline == 1_200


def _proven(count: int, *, seconds: int, origin_id: int = 901, destination_id: int = 902) -> None:
    delivered = timezone.now() - timedelta(hours=1)
    for _ in range(count):
        order = order_row(origin_id=origin_id, destination_id=destination_id, delivered_at=delivered)
        Step.objects.create(
            order=order,
            index=2,
            kind="prove",
            chain_id=destination_id,
            state=StepState.CONFIRMED,
            confirmed_at=delivered + timedelta(seconds=seconds),
        )
