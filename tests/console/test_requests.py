"""What takes two people is asked by one, decided by another and done once."""

from html import unescape
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from intents.chains import registry
from intents.engine import treasury
from intents.models import AuditEntry, Chain, StaffRequest
from intents.services.staff import pauses, requests
from intents.services.staff.audit import Actor
from intents.services.staff.errors import (
    ActRefused,
    AlreadyDecided,
    AskerGone,
    NotPermitted,
    SamePerson,
)
from tests.console.actors import actor, form
from tests.console.asking import asked, decide, in_threads

chain = pytest.mark.chain
pytestmark = pytest.mark.django_db(transaction=True)
State = StaffRequest.State


@pytest.fixture
def brake(registered: Any) -> Actor:
    """Somebody has paused Birch."""
    operator = actor("operator")
    pauses.pause("chain", "birch", operator, form("birch", reason="an upgrade of the chain"))
    return operator


@chain
def test_what_was_approved_is_looked_at_until_it_ends(brake: Actor) -> None:
    def approved(chain_id: str) -> StaffRequest:
        return StaffRequest.objects.create(
            kind=StaffRequest.Kind.WITHDRAW,
            state=State.APPROVED,
            params={"chain_id": chain_id},
            reason="r",
            asked_by=brake.user,
            idempotency_key=chain_id,
        )

    here = approved(str(next(iter(registry.all_chains()))))
    approved("999999")
    assert treasury.sweep_requests() == [here.pk]


def test_nobody_decides_what_they_asked_for(brake: Actor) -> None:
    assert Chain.objects.get(pk=902).paused_reason == "an upgrade of the chain"
    request = asked(requests.unpause(kind="chain", subject="birch"), brake)
    with pytest.raises(SamePerson):
        decide(request, brake)
    with pytest.raises(NotPermitted):
        decide(request, actor("support"))
    assert Chain.objects.get(pk=902).paused_reason
    with pytest.raises(DatabaseError), transaction.atomic():
        StaffRequest.objects.filter(pk=request.pk).update(decided_by=brake.user)
    decide(request, actor("operator"))
    assert Chain.objects.get(pk=902).paused_reason == ""
    request.refresh_from_db()
    assert request.state == State.DONE


@chain
def test_what_was_paused_anew_is_not_let_go_by_what_was_asked_before(brake: Actor) -> None:
    old, used = (asked(requests.unpause(kind="chain", subject="birch"), brake) for _ in range(2))
    decide(used, actor("operator"))
    pauses.pause("chain", "birch", actor("operator"), form("birch", reason="its bridge was robbed"))
    with pytest.raises(ActRefused) as refused:
        decide(old, actor("admin"))
    assert refused.value.code == "paused_anew"
    assert Chain.objects.get(pk=902).paused_reason == "its bridge was robbed"
    decide(old, actor("admin"), is_approved=False)


@chain
@pytest.mark.parametrize("deed", [("dismiss",), ("role", "viewer")], ids=["dismissed", "another_role"])
def test_what_somebody_asked_for_who_may_not_any_more_is_not_approved(
    brake: Actor, client: Client, deed: tuple[str, str]
) -> None:
    asker, operator = actor("support"), actor("operator")
    request = asked(requests.unpause(kind="chain", subject="birch"), asker)
    call_command("staff", deed[0], asker.name, *deed[1:])
    with pytest.raises(AskerGone) as refused:
        decide(request, operator)
    assert Chain.objects.get(pk=902).paused_reason
    client.force_login(operator.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("console:request", args=[request.pk])).content.decode()
    assert refused.value.words() in unescape(page) and 'value="approve"' not in page
    assert decide(request, operator, is_approved=False)


@chain
def test_a_declined_request_stays_declined(brake: Actor) -> None:
    request = asked(requests.unpause(kind="chain", subject="birch"), brake)
    decide(request, actor("operator"), is_approved=False)
    with pytest.raises(AlreadyDecided):
        decide(request, actor("admin"))
    assert Chain.objects.get(pk=902).paused_reason


@chain
def test_of_two_who_approve_at_once_one_does(brake: Actor) -> None:
    request = asked(requests.unpause(kind="chain", subject="birch"), brake)
    deciders = [actor("operator"), actor("admin")]
    outcomes: list[object] = []

    def approve(who: Actor) -> None:
        try:
            outcomes.append(decide(request, who))
        except AlreadyDecided:
            outcomes.append("late")

    in_threads(*(lambda who=who: approve(who) for who in deciders))
    assert sorted(map(str, outcomes)) == ["True", "late"]
    assert AuditEntry.objects.filter(action="approve").count() == 1
