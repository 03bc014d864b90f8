"""What PostgreSQL itself refuses, whatever code asks; run on it by `test_guards`."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from intents.models import AuditEntry, StaffRequest
from tests.console.actors import actor

pytestmark = pytest.mark.django_db(transaction=True)
State = StaffRequest.State


def test_what_was_recorded_and_asked_for_stays() -> None:
    assert connection.vendor == "postgresql"
    who = actor("support")
    entry = AuditEntry.objects.create(actor=who.user, actor_name="x", action="view", subject_kind="order")
    request = StaffRequest.objects.create(
        kind="withdraw", params={}, reason="r", asked_by=who.user, idempotency_key=uuid.uuid4().hex
    )
    for change in (
        lambda: AuditEntry.objects.filter(pk=entry.pk).update(reason="other"),
        lambda: AuditEntry.objects.filter(pk=entry.pk).delete(),
        lambda: StaffRequest.objects.filter(pk=request.pk).update(params={"to": "elsewhere"}),
        lambda: StaffRequest.objects.filter(pk=request.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    StaffRequest.objects.filter(pk=request.pk).update(state=State.DECLINED)
    with pytest.raises(DatabaseError), transaction.atomic():
        StaffRequest.objects.filter(pk=request.pk).update(state=State.APPROVED)
