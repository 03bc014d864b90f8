"""A transfer's page for staff: the person's words beside the evidence, for those who may read addresses and not."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.contracts.reverts import vocabulary
from intents.lifecycle import AttemptState, OrderState
from intents.models import Attempt, AuditEntry, Event, Handling, LedgerEntry, Order, StaffNote, Ticket
from intents.selectors.evidence.reverts import REVERTS, revert_words
from tests.console.people import browser_of, member
from tests.engine.driver import Driver
from tests.web import rows
from tests.web.conftest import chains, nothing_from_before  # noqa: F401

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}(?![0-9a-fA-F])")
HIDDEN = re.compile(r"0{24}[0-9a-fA-F]{40}")


def url(order: Order) -> str:
    return reverse("console:transfer", args=[order.order_id])


def read(staff: Client, path: str, **headers: str) -> str:
    answer = staff.get(path, headers=headers)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def attempt(order: Order, kind: str = "open", **changes: Any) -> Attempt:
    """A transaction of one of the order's steps."""
    step = order.steps.get(kind=kind)
    nonce = Attempt.objects.count() + 40
    values: dict[str, Any] = {
        "step": step,
        "purpose": kind,
        "chain_id": step.chain_id,
        "sender": rows.BOB,
        "nonce": nonce,
        "tx_hash": f"0x7{nonce:063x}",
        "raw": b"",
        "target": rows.ESCROW,
        "calldata": "0x",
        "gas_limit": 200_000,
        "max_fee_wei": 3 * 10**9,
        "priority_fee_wei": 10**9,
        "state": AttemptState.CONFIRMED,
        "block_number": 98,
        "block_hash": "0x" + "cd" * 32,
        "gas_used": 100_000,
        "gas_price_wei": 2 * 10**9,
        "broadcast_at": time.time(),
        "broadcast_block": 97,
        "endpoint": "node.example:8545",
        "confirmed_at": timezone.now(),
    }
    return Attempt.objects.create(**{**values, **changes})


@pytest.fixture
def support(chains: None) -> Client:  # noqa: F811
    return browser_of("support")


@pytest.fixture
def viewer(chains: None) -> Client:  # noqa: F811
    return browser_of("viewer")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("way", ["eip3009", "native", "deposit", "onchain"])
def test_every_state_of_every_kind_has_a_page(
    support: Client, state: OrderState, way: str, language: str
) -> None:
    order = rows.order(state=state, confirm_way=way, resume_state="filling" if "needs" in state else "")
    page = read(support, url(order), **{"accept-language": language})
    assert order.order_id in page
    assert f'data-state="{state.value}"' in page


def test_nobody_reads_it_without_a_role(chains: None, client: Client) -> None:  # noqa: F811
    order = rows.order()
    assert client.get(url(order)).status_code == 302
    assert client.get(url(order) + "chains/").status_code == 302
    assert client.get(url(order) + "person/").status_code == 302


def test_what_is_not_there_is_not_found(support: Client) -> None:
    assert support.get(reverse("console:transfer", args=["0x12"])).status_code == 404


def test_reading_is_recorded_and_sliding_is_not(support: Client) -> None:
    order = rows.order()
    read(support, url(order))
    assert AuditEntry.objects.filter(action="view", subject_id=order.order_id).count() == 1
    part = read(support, url(order) + f"?at={time.time() - 5:.3f}", **{"HX-Request": "true"})
    assert "<html" not in part and "data-previous" in part
    read(support, url(order) + "person/?seq=0", **{"HX-Request": "true"})
    assert AuditEntry.objects.count() == 1


def test_a_transaction_shows_all_that_is_known_of_it(support: Client) -> None:
    order = rows.order(state=OrderState.OPENED)
    first = attempt(order, state=AttemptState.REPLACED, block_number=None, gas_used=None)
    attempt(order, replaces=first, nonce=first.nonce)
    page = " ".join(read(support, url(order)).split())
    for expected in (
        "nonce 40",
        "100000 / 200000 (50 %)",
        "2 gwei",
        "at most 3, tip 1 gwei",
        "0.0002 ETH",
        "node.example:8545",
        "3 of 3",
        "at block 97",
        "Replaces",
        "Replaced by",
    ):
        assert expected in page, expected


def test_a_refusal_is_said_in_words(support: Client) -> None:
    order = rows.order(state=OrderState.OPENED)
    attempt(order, "fill", state=AttemptState.REVERTED, revert={"name": "AlreadyFilled", "args": []})
    assert "the output was filled before, so nothing was moved" in read(support, url(order))


def test_every_refusal_of_our_contracts_has_words() -> None:
    assert REVERTS.keys() == vocabulary().keys()
    assert {name: str(words) for name, words in REVERTS.items()} == {
        name: revert.meaning for name, revert in vocabulary().items()
    }
    assert revert_words({"name": "Odd", "args": [1]}) == "Odd(1)"
    assert revert_words(None) == ""


def test_the_offer_with_routes_taken_and_not(support: Client) -> None:
    quote = rows.quote(
        world={"901": [77, "0x" + "ee" * 32]},
        routes=[{"kind": "swap_fill", "output_minimum": str(30 * 10**15), "eta_seconds": 3}],
        rejected=[
            {
                "kind": "in_stock",
                "path": [rows.WETH[902]],
                "reason": {"code": "no_stock", "params": {"token": "WETH"}},
            }
        ],
    )
    page = read(support, url(rows.order(quote=quote)))
    for expected in ("Alder 77", "0.03 WETH", "There is not enough WETH", "(no_stock)", str(quote.pk)):
        assert expected in page, expected


def test_books_come_to_zero(support: Client) -> None:
    order = rows.order(state=OrderState.OPENED)
    LedgerEntry.objects.create(
        order=order, chain_id=901, token=order.input_token, debit="user", credit="escrow",
        amount=order.input_amount, memo="open",
    )  # fmt: skip
    page = read(support, url(order))
    assert "User → Escrow" in page and "together zero" in page and "100 USDC" in page


def test_viewers_never_read_an_address(viewer: Client, support: Client) -> None:
    order = rows.order(
        state=OrderState.OPENED,
        reason={"code": "wrong_signer", "params": {"signer": rows.BOB}},
        signature="0x" + "11" * 65,
    )
    attempt(order, calldata="0x" + "ab" * 4 + "00" * 12 + "a1" * 20)
    log = rows.log(order, "Open", block=98)
    log.data = {"order": {"user": rows.ALICE, "outputs": [{"recipient": "0x" + "00" * 12 + "a1" * 20}]}}
    log.save()
    rows.event(order, "called", chain_id=902, target=rows.BOB)
    assert ADDRESS.search(read(support, url(order)))
    for path in (url(order), url(order) + f"?at={time.time() - 1}", url(order) + "person/"):
        page = read(viewer, path)
        assert not ADDRESS.search(page), ADDRESS.search(page)
        assert not HIDDEN.search(page.replace(order.order_id, "")), path
        assert order.signature not in page
        assert order.share_key not in page
    assert "masked" in read(viewer, url(order))


def test_a_story_of_ten_thousand_events_is_read_in_bounded_queries(
    support: Client, django_assert_max_num_queries: Any
) -> None:
    order = rows.order(state=OrderState.OPENED, quote=rows.quote())
    Event.objects.bulk_create(
        Event(order=order, seq=index, kind="depth", data={"have": 1, "need": 3, "chain_id": 901})
        for index in range(1, 10_001)
    )
    for index in range(30):
        attempt(order, "fill", tx_hash=f"0x9{index:063x}")
    with django_assert_max_num_queries(110):
        page = read(support, url(order))
    assert page.count('<tr><td class="number">') == 300 and "9700 left out" in page
    assert len(page) < 1_000_000


def test_a_long_story_is_shown_whole_when_asked_for(support: Client) -> None:
    order = rows.order(state=OrderState.OPENED)
    Event.objects.bulk_create(Event(order=order, seq=seq, kind="depth") for seq in range(1, 402))
    line = '<tr><td class="number">'
    assert read(support, url(order)).count(line) == 300
    assert read(support, url(order) + "?events=all").count(line) == 401


def test_no_node_is_asked_until_somebody_wants_it(support: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from intents.chains import endpoints

    asked: list[str] = []
    monkeypatch.setattr(endpoints.Nodes, "request", lambda self, method, params: asked.append(method))
    monkeypatch.setattr(endpoints.Nodes, "batch", lambda self, requests: asked.append("batch"))
    order = rows.order(state=OrderState.OPENED)
    attempt(order)
    read(support, url(order))
    read(support, url(order) + "person/")
    assert asked == []


def test_nodes_that_do_not_answer_leave_it_unknown(support: Client) -> None:
    order = rows.order(state=OrderState.OPENED)
    began = time.monotonic()
    page = read(support, url(order) + "chains/", **{"HX-Request": "true"})
    assert time.monotonic() - began < 10
    assert "unknown: the nodes did not answer" in page and "<html" not in page
    assert AuditEntry.objects.filter(action="look_at_chains").count() == 1
    assert "<html" in read(support, url(order) + "chains/")


@pytest.mark.parametrize("moment", ["", "x", "nan", "-1", "1e400", "now", "99999999999999999999999"])
def test_a_moment_that_is_none_is_the_present(support: Client, moment: str) -> None:
    assert "· now" in read(support, url(rows.order()) + f"?at={moment}")


def test_the_slider_works_without_scripts(support: Client) -> None:
    order = rows.order(state=OrderState.SETTLED, delivered_amount=31 * 10**15, delivered_at=timezone.now())
    for index, kind in enumerate(("accepted", "opened", "filled")):
        made = rows.event(order, kind)
        Event.objects.filter(pk=made.pk).update(at=timezone.now() - timedelta(seconds=30 - 10 * index))
    page, shown = read(support, url(order)), []
    for _ in range(20):
        shown.append(re.search(r'<span class="tag" data-state="(\w+)">', page)[1])  # type: ignore[index]
        before = re.search(r'href="([^"]*at=[\d.]+)#replay">← ', page)
        if before is None:
            break
        page = read(support, before[1])
    assert shown[0] == "settled" and {"filled", "opened"} <= set(shown)


@pytest.mark.chain
@pytest.mark.django_db(transaction=True)
def test_a_real_transfer_in_evidence(driver: Driver, alice: LocalAccount) -> None:
    with driver.network.ticking():
        order = driver.drive(driver.transfer(alice, get="birch:WETH"), OrderState.SETTLED)
        driver.work_until(
            lambda: not Attempt.objects.filter(gas_used=None).exclude(state="replaced").exists()
        )
    page = " ".join(read(browser_of("support"), url(order)).split())
    assert "✓ The key of the order" in page and "✓ The transfer" in page
    for expected in (
        "openFor(order, sponsor, signature)",
        "swapAndFill(outputSettler, orderId, outputs, fillDeadline, swaps, minOutput,",
        "an output was paid to its recipient",
        "100 USDC",
        "solver_account",
        "together zero",
        "Gas was quoted at",
    ):
        assert expected in page, expected
    sent = Attempt.objects.filter(step__order=order)
    assert set(sent.values_list("endpoint", flat=True)) == {
        registry.chain(901).endpoints[0].url.removeprefix("http://"),
        registry.chain(902).endpoints[0].url.removeprefix("http://"),
    }
    masked = read(browser_of("viewer"), url(order))
    assert not ADDRESS.search(masked), ADDRESS.search(masked)
    assert not HIDDEN.search(masked)
    look = read(browser_of("support", name="second"), url(order) + "chains/", **{"HX-Request": "true"})
    assert "paid to the filler" in look and "there is a record of it" in look and "unknown:" not in look


def test_what_staff_left_with_it(support: Client, viewer: Client) -> None:
    order = rows.order(state=OrderState.OPENED)
    author = member("operator", name="opal")
    StaffNote.objects.create(order=order, author=author, text=f"asked {rows.BOB} for patience")
    Handling.objects.create(order=order, assignee=author)
    page = read(support, url(order))
    assert "opal looks after it." in page and f"asked {rows.BOB}" in page
    assert "asked 0xB0B0…B0B0 for patience" in read(viewer, url(order))


def test_its_acts_diagnosis_and_questions_are_on_it(support: Client) -> None:
    order = rows.order(state=OrderState.OPENED)
    Ticket.objects.create(order=order, code_word="amber heron", language="en")
    page = read(support, url(order))
    assert 'id="acts-title"' in page and 'id="diagnosis-title"' in page and "amber heron" in page
