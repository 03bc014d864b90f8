"""All books against all chains: what is under way is told from what nobody can explain."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from eth_account.signers.local import LocalAccount

from intents.chains.client import ChainClient
from intents.chains.endpoints import RpcUnavailable
from intents.engine.audit import ChainAudit, audit
from intents.lifecycle import OrderState
from intents.models import AuditEntry, ChainHead, LedgerEntry, Order
from tests.engine import strangers
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


def test_what_is_on_the_chains_and_not_booked_yet_is_named_and_adds_up(
    driver: Driver, alice: LocalAccount
) -> None:
    order = driver.transfer(alice, get="birch:WETH")
    with driver.network.ticking():
        driver.drive(order, OrderState.SETTLED)
    driver.wait_for(lambda: all(each.is_in_order for each in audit()))
    with _without(order, "open", wake_at=1.0):
        [alder] = _telling(["alder"])
        [line] = [line for line in alder.lines if line.under_way]
        # It was paid in and collected: of the two facts only the first has no entry.
        assert [each.what for each in line.under_way] == ["open"]
        assert (line.held - line.booked, line.unexplained) == (order.input_amount, 0)
        assert alder.is_in_order
    with _without(order, "fill", "fill:swap", wake_at=1.0):
        [birch] = _telling(["birch"])
        named = {(line.token, each.subject) for line in birch.lines for each in line.under_way}
        assert named == {(driver.network.token("birch", "USDC"), order.pk)}
        assert birch.is_in_order
    with _without(order, "finalise", wake_at=0.0):
        [alder] = _telling(["alder"])
        places = {line.account: line.unexplained for line in alder.unexplained}
        assert places == {"escrow": -order.input_amount, "inventory": order.input_amount}
        assert all(not each.is_awaited for line in alder.unexplained for each in line.under_way)


def test_the_command_tells_differences_and_what_is_unknown_by_its_exit_code(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.wait_for(lambda: all(each.is_in_order for each in audit()))
    said = _said()
    assert "4 of 4 chains in order" in said

    def silent(self: ChainClient, *args: Any) -> Any:
        raise RpcUnavailable("none of its nodes answers")

    with monkeypatch.context() as away:
        real = ChainClient.batch
        away.setattr(
            ChainClient, "batch", lambda self, asked: (silent if self.chain_id == 903 else real)(self, asked)
        )
        with pytest.raises(CommandError, match="unknown: cedar") as unknown:
            _said()
    assert unknown.value.returncode == 2

    account = driver.network.manifest("birch").address("solver_account")
    held = driver.network.balance("birch", "USDC", account)
    strangers.leave_in_stock(driver.network, "birch", "USDC", 1_000)
    driver.wait_for(lambda: driver.network.balance("birch", "USDC", account) == 1_000)
    gone_in = int(driver.network.rpc("birch").request("eth_blockNumber"), 16)
    driver.wait_for(lambda: ChainHead.objects.get(chain_id=902).number >= gone_in)
    text = io.StringIO()
    with pytest.raises(CommandError, match="birch") as differs:
        call_command("books", patience=0, stdout=text)
    assert differs.value.returncode == 1
    [birch] = _telling(["birch"])
    [line] = birch.unexplained
    assert (line.account, line.unexplained) == ("inventory", 1_000 - held)
    assert line.strange[0].amount == 1_000 - held, "the newest first"
    tx_hash = line.strange[0].tx_hash
    assert "UNEXPLAINED" in text.getvalue() and tx_hash in text.getvalue()

    book = {"book": ["birch", tx_hash], "reason": "taken home", "patience": 0, "stdout": text}
    with pytest.raises(CommandError, match="final"):
        call_command("books", **book)
    driver.network.mine("birch", driver.network.manifest("birch").depth)
    driver.wait_for(lambda: ChainHead.objects.get(chain_id=902).number >= gone_in + 5)
    call_command("books", **book)
    [entry] = AuditEntry.objects.filter(action="book_transfer")
    assert (entry.reason, entry.after["moved"][0]["amount"]) == ("taken home", str(1_000 - held))
    with pytest.raises(CommandError, match="already"):
        call_command("books", **book)


def _said() -> str:
    text = io.StringIO()
    call_command("books", patience=0, stdout=text)
    return text.getvalue()


def _telling(slugs: list[str]) -> list[ChainAudit]:
    return [each for each in audit() if each.chain.slug in slugs]


@contextmanager
def _without(order: Order, *memos: str, wake_at: float) -> Iterator[None]:
    """The entries of these facts are not written, and a worker looks at the order at `wake_at`, 0 for never."""
    rows = LedgerEntry.objects.filter(order=order, memo__in=memos)
    kept = list(rows)
    assert kept
    with transaction.atomic():
        rows.delete()
        Order.objects.filter(pk=order.pk).update(
            wake_at=wake_at, leased_until=0, wait_chain_id=None, wait_block=None
        )
    try:
        yield
    finally:
        LedgerEntry.objects.bulk_create(kept)
