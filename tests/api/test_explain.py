"""`manage.py explain` tells a transfer's life under each of its names, from rows alone."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from intents.lifecycle import AttemptState, OrderState, StepKind, StepState
from intents.models import Attempt, Chain, ChainLog, Event, LedgerEntry, Order, Step

pytestmark = pytest.mark.django_db
OPEN_TX = "0x" + "aa" * 32
FILL_TX = "0x" + "bb" * 32
USER = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
TOKEN = "0x" + "01" * 20


def told(reference: str, *, lang: str = "en") -> str:
    out = StringIO()
    call_command("explain", reference, lang=lang, stdout=out)
    return out.getvalue()


@pytest.fixture
def make_order() -> Callable[[int], Order]:
    def make(number: int) -> Order:
        return Order.objects.create(
            order_id="0x" + f"{number:064x}",
            state=OrderState.SETTLED,
            terms={},
            confirm_way="eip3009",
            user=USER,
            recipient=USER,
            origin_id=901,
            destination_id=902,
            input_token=TOKEN,
            input_amount=100_000_000,
            output_token=TOKEN,
            output_amount=99_000_000,
            output_expected=99_500_000,
            delivered_amount=99_500_000,
            fill_deadline=1_700_000_000,
            expires=1_700_000_120,
            share_key=f"key{number}",
        )

    return make


@pytest.fixture
def order(make_order: Callable[[int], Order]) -> Order:
    order = make_order(1)
    Event.objects.create(order=order, seq=1, kind="accepted", data={})
    Event.objects.create(
        order=order, seq=2, kind="opened", data={"chain_id": 901, "block": 7, "tx_hash": OPEN_TX}
    )
    step = Step.objects.create(order=order, index=0, kind=StepKind.OPEN, chain_id=901, state=StepState.FINAL)
    Attempt.objects.create(
        step=step,
        purpose="open",
        chain_id=901,
        sender=USER,
        nonce=3,
        tx_hash=OPEN_TX,
        raw=b"",
        target=USER,
        calldata="0x",
        gas_limit=1,
        max_fee_wei=1,
        priority_fee_wei=1,
        state=AttemptState.CONFIRMED,
        block_number=7,
        gas_used=97_000,
    )
    chain = Chain.objects.create(
        chain_id=902,
        slug="birch",
        name="Birch",
        manifest={
            "tokens": [{"address": TOKEN, "symbol": "USDC", "decimals": 6}],
            "native": {"symbol": "ETH", "decimals": 18},
        },
        manifest_hash="0x",
        is_connected=False,
    )
    ChainLog.objects.create(
        chain=chain,
        block_number=9,
        block_hash="0x1",
        block_timestamp=1_700_000_000,
        tx_hash=FILL_TX,
        log_index=0,
        address=USER,
        kind="OutputFilled",
        order_id=order.order_id,
        data={},
    )
    LedgerEntry.objects.create(
        order=order, chain_id=902, token=TOKEN, debit="inventory", credit="user", amount=5, memo="fill"
    )
    return order


def test_order_id_either_transaction_and_the_address_lead_to_the_same_life(order: Order) -> None:
    life = told(order.order_id)
    assert told(OPEN_TX) == told(FILL_TX) == told(USER.lower()) == life


def test_the_life_names_amounts_events_evidence_and_money(order: Order) -> None:
    life = told(order.order_id)
    assert "99 USDC (Birch)" in life
    assert "the input is locked in the escrow contract" in life
    assert "OutputFilled" in life
    assert FILL_TX in life
    assert "gas 97000" in life
    assert "inventory → user" in life


def test_it_is_told_in_chinese(order: Order) -> None:
    assert "已到账" in told(order.order_id, lang="zh-hans")


def test_an_address_with_several_transfers_lists_them(
    order: Order, make_order: Callable[[int], Order]
) -> None:
    other = make_order(2)
    lines = told(USER).splitlines()
    assert {line.split()[0] for line in lines} == {order.order_id, other.order_id}


@pytest.mark.parametrize("reference", ["0x" + "99" * 32, "0x12", "", "'; drop table", "0x" + "9" * 5000])
def test_an_unknown_name_is_an_error(reference: str) -> None:
    with pytest.raises(CommandError):
        told(reference)
