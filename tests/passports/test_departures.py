"""Drain and leave: nothing new begins, what is open ends, pages say why, old transfers keep their pages."""

import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from intents.chains import node_reports, registry
from intents.chains.endpoints import NodeHealth
from intents.devnet.network import Network
from intents.engine.brakes import refuse_braked_order
from intents.engine.departures import sweep_departures
from intents.engine.rebalancing import targets
from intents.lifecycle import OrderState
from intents.models import (
    Alert,
    AuditEntry,
    Chain,
    ChainHead,
    Departure,
    NodeReport,
    Order,
    StaffRequest,
    Stock,
    StockMove,
)
from intents.services.staff import pauses, requests
from intents.services.staff.errors import ActRefused
from intents.services.words import text
from tests.console.actors import actor, form, staff_user
from tests.web import rows
from tests.web.conftest import Browser, alice_browser, chains, nothing_from_before

__all__ = ["alice_browser", "chains", "nothing_from_before"]
pytestmark = pytest.mark.django_db
WHY = "its operator moves to another stack"


def said(order: Order) -> str:
    found = refuse_braked_order(order)
    return text(found.code, found.params) if found else ""


def chain(*words: str) -> str:
    out = StringIO()
    call_command("chain", *words, stdout=out)
    return out.getvalue()


def test_a_drained_chain_takes_nothing_new_and_its_open_transfers_end(chains: None) -> None:
    order = rows.order(state=OrderState.FILLING)
    assert "1 open ones end" in chain("drain", "birch", "--reason", WHY)
    assert WHY in said(order) and "takes no new transfers" in said(order)
    assert Chain.objects.get(pk=902).paused_reason == "", "deliveries are not stopped"
    sweep_departures()
    assert Departure.objects.get().drained_at is None
    order.state = OrderState.SETTLED
    order.save()
    sweep_departures()
    assert Departure.objects.get().drained_at is not None
    assert Chain.objects.get(pk=902).is_connected
    assert AuditEntry.objects.filter(subject_id="birch", action="pause", reason=WHY).exists()


def test_letting_go_of_a_drain_begins_transfers_again(chains: None) -> None:
    order = rows.order()
    chain("drain", "birch", "--reason", WHY)
    assert [brake.subject for brake, _ in pauses.pulled()] == ["birch"]
    chain("drain", "birch", "--reason", "it stays after all", "--end")
    assert said(order) == "" and pauses.pulled() == []


def test_a_chain_leaves_only_after_its_last_transfer_and_may_join_again(client: Client, chains: None) -> None:
    order = rows.order(state=OrderState.PROVING)
    chain("leave", "birch", "--reason", WHY)
    for _ in range(2):
        sweep_departures()
    assert Chain.objects.get(pk=902).is_connected
    Order.objects.filter(pk=order.pk).update(state=OrderState.REFUNDED)
    assert sweep_departures() == 1
    assert not Chain.objects.get(pk=902).is_connected and 902 not in registry.all_chains()
    for page in ("/network", "/network/birch"):
        assert WHY in client.get(page).content.decode()
    rows.connect(rows.manifest(902, "birch"))
    sweep_departures()
    assert said(order) == "" and WHY not in client.get("/network").content.decode()


def test_no_stranger_keeps_a_chain_for_years(chains: None) -> None:
    for_years = rows.order(state=OrderState.OPENED, expires=int(time.time()) + 10**8)
    soon_over = rows.order(state=OrderState.OPENED)
    chain("leave", "birch", "--reason", WHY)
    assert sweep_departures() == 0
    Order.objects.filter(pk=soon_over.pk).update(state=OrderState.REFUNDED)
    assert sweep_departures() == 1
    assert Order.objects.get(pk=for_years.pk).state == OrderState.OPENED, "of which nobody says that it ended"


def test_pages_of_old_transfers_outlive_the_chain(alice_browser: Browser, chains: None) -> None:
    order = rows.order(state=OrderState.SETTLED, seen_by=alice_browser.key, quote=rows.quote())
    chain("leave", "birch", "--reason", WHY)
    sweep_departures()
    assert 902 not in registry.all_chains()
    for page in (f"/t/{order.order_id}", "/history", "/network", "/"):
        answer = alice_browser.get(page)
        assert answer.status_code == 200, page
        if page != "/":
            assert "Birch" in answer.content.decode() and "#902" not in answer.content.decode(), page


def test_leaving_takes_two_people_in_the_console(chains: None) -> None:
    asker = actor("operator")
    wanted = requests.leave(chain="birch", stock="left")
    request = requests.ask(wanted, asker, form("birch", reason=WHY))
    assert not Departure.objects.exists()
    with pytest.raises(ActRefused):
        requests.decide(request.pk, asker, form(requests.to_type(request)), is_approved=True)
    with pytest.raises(ActRefused) as again:
        requests.leave(chain="birch", stock="left")
    assert again.value.code == "asked_already"
    requests.decide(request.pk, actor("operator"), form(requests.to_type(request)), is_approved=True)
    departure = Departure.objects.get()
    assert (departure.kind, departure.reason) == ("leave", WHY)
    assert StaffRequest.objects.get(pk=request.pk).state == StaffRequest.State.DONE


def stock(chain_id: int, token: str, amount: int) -> Stock:
    """Of ours, on a chain."""
    holder = registry.chain(chain_id).address("solver_account")
    return Stock.objects.create(chain_id=chain_id, token=token, holder=holder, balance=amount, block_number=1)


def test_stock_goes_home_to_the_treasury_before_the_chain_is_gone(chains: None) -> None:
    usdc = registry.chain(902).token("USDC").address
    held = stock(902, usdc, 70 * 10**6)
    member = actor("operator", "olga")
    chain("leave", "birch", "--reason", WHY, "--stock", "home", "--by", member.user.username)
    for _ in range(2):
        sweep_departures()
    asked = StaffRequest.objects.get()
    assert (asked.kind, asked.state) == ("withdraw", StaffRequest.State.APPROVED)
    assert (asked.params["token"], asked.params["amount"]) == (usdc, str(70 * 10**6))
    assert Chain.objects.get(pk=902).is_connected, "not before it is there"
    Stock.objects.filter(pk=held.pk).update(balance=0)
    sweep_departures()
    assert Chain.objects.get(pk=902).is_connected, "mined is not final"
    StaffRequest.objects.update(state=StaffRequest.State.DONE)
    sweep_departures()
    assert not Chain.objects.get(pk=902).is_connected


@pytest.mark.chain
def test_stock_of_a_bridge_goes_home_over_it(registered: Network) -> None:
    cedar, summit = registered.manifest("cedar"), registered.manifest("summit")
    end, home = cedar.bridges[0], summit.bridges[0]
    stock(cedar.chain_id, end.token, 500 * 10**6)
    chain("drain", "cedar", "--reason", WHY, "--stock", "home")
    for _ in range(2):
        sweep_departures()
    move = StockMove.objects.get()
    assert (move.source_id, move.destination_id, move.route) == (903, 900, home.route)
    assert move.amount == 500 * 10**6 and Departure.objects.get().drained_at is None
    assert (cedar.chain_id, end.token) not in targets()


def test_the_console_has_forms_for_both(client: Client, chains: None) -> None:
    client.force_login(staff_user("operator"))
    filled = {"reason": WHY, "typed": "birch", "token": "k" * 32, "stock": "home"}
    asking = "/console/requests/ask/leave/"
    assert "birch" in client.get(f"{asking}?subject=birch").content.decode()
    client.post(asking, {**filled, "subject": "birch"})
    assert StaffRequest.objects.get().params["stock"] == "home"
    shown = client.get(f"/console/requests/{StaffRequest.objects.get().pk}/").content.decode()
    assert "Have Birch leave the network" in shown and "goes home" in shown
    pausing = "/console/network/pause/"
    assert "settled" in client.get(f"{pausing}?kind=drain&subject=birch").content.decode()
    client.post(pausing, {**filled, "kind": "drain", "subject": "birch"})
    assert Departure.objects.get().stock == "home"


def test_on_real_networks_a_shell_only_asks(chains: None) -> None:
    row = Chain.objects.get(pk=901)
    row.manifest["is_local"] = False
    row.manifest["endpoints"] = [{"url": "https://node.example/rpc", "ws_url": ""}]
    row.manifest_hash = "0xother"
    row.save()
    registry.forget()
    with pytest.raises(Exception, match="--by"):
        chain("leave", "birch", "--reason", WHY)
    member = actor("operator", "olga")
    assert "second person" in chain("leave", "birch", "--reason", WHY, "--by", member.user.username)
    assert not Departure.objects.exists() and StaffRequest.objects.get().kind == "leave"


def silence(seconds: float, *, chain_id: int = 902) -> None:
    """No node of the chain has told of it for so long, as the follower sees it."""
    now = time.time()
    values = {"nodes": [{"host": "node", "ill": "away", "height": None}], "seen_at": now, "changed_at": now}
    NodeReport.objects.update_or_create(
        chain_id=chain_id, defaults={**values, "silent_since": now - seconds if seconds else None}
    )
    ChainHead.objects.filter(pk=chain_id).update(seen_at=now - seconds)


def test_a_chain_is_declared_gone_by_two_people_and_only_while_nobody_answers_for_it(
    client: Client, chains: None, settings: Any
) -> None:
    order = rows.order(state=OrderState.OPENED)
    silence(0)
    with pytest.raises(ActRefused) as refused:
        requests.declare_gone(chain="birch")
    assert refused.value.code == "still_answers"
    silence(30)
    with pytest.raises(ActRefused) as refused:
        requests.declare_gone(chain="birch")
    assert refused.value.code == "silent_too_short"

    silence(2 * 86_400)
    asking = "/console/requests/ask/gone/"
    client.force_login(staff_user("viewer"))
    assert client.get(f"{asking}?subject=birch").status_code == 403
    client.force_login(staff_user("operator"))
    shown = client.get(f"{asking}?subject=birch").content.decode()
    assert "No node has answered since" in shown and "Go back to their users" in shown
    client.post(asking, {"reason": WHY, "typed": "birch", "token": "k" * 32, "subject": "birch"})
    request = StaffRequest.objects.get()
    told = client.get(f"/console/requests/{request.pk}/").content.decode()
    assert "Declare Birch gone" in told and "100 USDC" in told
    assert (request.params["orders"], request.params["block"]) == ({"returned": 1}, 100)

    silence(0)
    second = actor("operator")
    with pytest.raises(ActRefused):
        requests.decide(request.pk, second, form(requests.to_type(request)), is_approved=True)
    assert not Departure.objects.exists() and StaffRequest.objects.get().state == StaffRequest.State.ASKED
    silence(2 * 86_400)
    requests.decide(request.pk, second, form(requests.to_type(request)), is_approved=True)
    assert Departure.objects.get().kind == Departure.Kind.GONE
    entry = AuditEntry.objects.get(action="ask_gone")
    assert entry.after["params"]["money"] == {"returned": {f"901:{order.input_token}": str(100 * 10**6)}}
    page = client.get("/network/birch").content.decode()
    assert "None of its nodes answers any more" in page and WHY in page


def test_what_was_silent_between_two_looks_that_nobody_made_counts_from_the_second(chains: None) -> None:
    birch = registry.chain(902)
    dead = [NodeHealth("http://node", "silent")]
    node_reports.write(birch, dead, disputed_at=None)
    long_ago = time.time() - 7_200
    NodeReport.objects.update(silent_since=long_ago, seen_at=time.time() - 10)
    node_reports.write(birch, dead, disputed_at=None)
    assert NodeReport.objects.get().silent_since == long_ago
    NodeReport.objects.update(seen_at=time.time() - 3_600)
    node_reports.write(birch, dead, disputed_at=None)
    assert (NodeReport.objects.get().silent_since or 0) > time.time() - 60
    node_reports.write(birch, [*dead, NodeHealth("http://other", "", 7)], disputed_at=None)
    assert NodeReport.objects.get().silent_since is None


def test_one_that_makes_a_block_before_it_left_only_drains_and_its_transfers_go_on(chains: None) -> None:
    order = rows.order(state=OrderState.OPENED)
    silence(86_400, chain_id=901)
    chain("gone", "alder", "--reason", WHY)
    reason = {"code": "chain_gone", "params": {"chain": "Alder"}}
    parked = {"state": OrderState.NEEDS_ATTENTION, "resume_state": OrderState.OPENED, "reason": reason}
    still_open = rows.order(state=OrderState.REFUND_DUE)
    Order.objects.filter(pk=order.pk).update(**parked, wake_at=0)
    sweep_departures()
    assert Chain.objects.get(pk=901).is_connected, "one transfer may still end"
    ChainHead.objects.filter(pk=901).update(seen_at=time.time() + 1)
    assert sweep_departures() == 1
    departure = Departure.objects.get()
    assert (departure.kind, departure.left_at) == (Departure.Kind.DRAIN, None)
    assert Order.objects.get(pk=order.pk).wake_at > 0 and said(still_open)
    assert not Alert.objects.filter(ended_at=None).exists()
