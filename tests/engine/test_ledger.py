"""Every fact is booked once and the books sum to zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from intents.engine import ledger
from intents.models import LedgerEntry
from tests.engine.rows import TOKEN, order_row

FACTS = ("open", "fill", "swap", "finalise", "refund", "claimable", "loss", "gas")


def tell(order: object, fact: str) -> None:
    actions = {
        "open": lambda: ledger.book_open(order),
        "fill": lambda: ledger.book_fill(order, amount=99),
        "swap": lambda: ledger.book_swap(order, token_in=TOKEN, amount_in=98, amount_out=101),
        "finalise": lambda: ledger.book_finalise(order),
        "refund": lambda: ledger.book_refund(order, payout="sent"),
        "claimable": lambda: ledger.book_refund(order, payout="claimable"),
        "loss": lambda: ledger.book_loss(order),
        "gas": lambda: ledger.book_gas(order, chain_id=901, cost_wei=21_000, tx_hash="0x" + "ab" * 32),
    }
    actions[fact]()


class Books(TestCase):
    @given(facts=st.lists(st.sampled_from(FACTS), max_size=20))
    def test_any_facts_in_any_order_sum_to_zero(self, facts: list[str]) -> None:
        order = order_row()
        for fact in facts:
            tell(order, fact)
        assert set(ledger.sums().values()) <= {0}
        assert LedgerEntry.objects.count() <= len(set(facts)) + 1


@pytest.mark.django_db
def test_a_settled_transfer_leaves_nothing_in_escrow() -> None:
    order = order_row()
    for fact in ("open", "open", "fill", "finalise", "finalise"):
        tell(order, fact)
    books = ledger.balances([order.order_id])
    assert (901, TOKEN, "escrow") not in books
    assert books[901, TOKEN, "inventory"] == 100
    assert books[902, TOKEN, "inventory"] == -99
    assert books[902, TOKEN, "user"] == 99


@pytest.mark.django_db
def test_a_fact_that_a_reorg_undid_never_happened() -> None:
    order = order_row()
    tell(order, "open")
    tell(order, "fill")
    tell(order, "swap")
    ledger.unbook(order, memo="fill")
    assert {key[2] for key in ledger.balances([order.order_id])} == {"user", "escrow"}


@pytest.mark.django_db
def test_differences_name_what_the_chain_says_otherwise() -> None:
    tell(order_row(), "open")
    held = {(901, TOKEN, "escrow"): 99}
    assert ledger.compared(ledger.balances(), held) == [
        ledger.Difference(chain_id=901, token=TOKEN, account="escrow", booked=100, held=99)
    ]
