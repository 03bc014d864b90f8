"""What a chain that joined can cost for good: of each token so much is taken in beyond what goes out, and no more."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
from django.test import Client
from django.utils import timezone

from intents.chains import registry
from intents.chains.client import Log
from intents.engine import exchanging, holdings, ledger, rebalancing, receipts
from intents.engine.case import Case
from intents.engine.cold_start import is_full, refuse_new_chain
from intents.engine.exposure import unfinal_usd_e8
from intents.lifecycle import OrderState, StepState
from intents.models import ChainLog, LedgerEntry, Order, Reservation, Stock, StockMove
from intents.selectors.overview.kept import forget
from intents.services.words import text
from intents.settlement.order import address_to_bytes32
from intents.solver.rebalance import Shift
from tests.passports.measured import joined
from tests.web import rows
from tests.web.conftest import chains, nothing_from_before

__all__ = ["chains", "nothing_from_before"]
pytestmark = pytest.mark.django_db
USD: Final = 10**6
USD_E8: Final = 10**8
Account = LedgerEntry.Account


@pytest.fixture(autouse=True)
def known_chain(chains: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Birch joined forty days ago and was used so much that nothing else is capped."""
    forget()
    joined(40 * 24)
    order(36_000, state=OrderState.SETTLED, input_amount=1)


def token() -> str:
    return registry.chain(902).token("USDC").address


def order(usd: int, **changes: Any) -> Order:
    values: dict[str, Any] = {"origin_id": 902, "destination_id": 901, "input_token": token()}
    return rows.order(**{**values, "value_usd_e8": usd * USD_E8, "input_amount": usd * USD, **changes})


def settled(usd: int) -> Order:
    made = order(usd, state=OrderState.SETTLED)
    ledger.book_finalise(made)
    return made


def refused(usd: int, of: str = "") -> str:
    found = refuse_new_chain(registry.chain(902), of or token(), amount=usd * USD, value_usd_e8=usd * USD_E8)
    return found.code if found else ""


def move(usd: int, *, came: bool) -> StockMove:
    """Stock that goes home over a bridge."""
    made = StockMove.objects.create(
        kind="bridge", source_id=902, source_token=token(), destination_id=901, amount=usd * USD,
        destination_token=rows.USDC[901], state="done" if came else "in_transit",
        arrived_amount=usd * USD if came else None,
    )  # fmt: skip
    ledger.book_move_departure(made)
    if came:
        ledger.book_move_arrival(made)
    return made


def test_days_go_by_and_a_token_that_is_worth_nothing_costs_no_more_than_its_bound(client: Client) -> None:
    """Whoever can make it settles as often as they like, and nothing is under way for long."""
    for _day in range(9):
        assert refused(10_000) == ""
        settled(10_000)
    # Days later it is still held.
    LedgerEntry.objects.update(created_at=timezone.now() - timedelta(days=2))
    holdings._kept.clear()
    order(4_000, state=OrderState.PROVING)
    found = refuse_new_chain(registry.chain(902), token(), amount=6_001 * USD, value_usd_e8=6_001 * USD_E8)
    assert found is not None and found.code == "cold_start_held"
    assert "take at most 6,000 USDC more" in text(found.code, found.params)
    assert refused(6_000) == ""
    settled(10_000)
    assert refused(1) == "cold_start_held"
    # Another token of the chain is another's.
    other = registry.chain(902).token("WETH").address
    assert refuse_new_chain(registry.chain(902), other, amount=1, value_usd_e8=1_000 * USD_E8) is None


def test_the_chains_page_says_how_much_is_left(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intents.engine.cold_start.price_of", lambda *_: SimpleNamespace(high_e8=USD_E8))
    world = SimpleNamespace(
        chains={902: SimpleNamespace(handled=lambda _: SimpleNamespace(decimals=6, canonical_id="usdc"))}
    )
    for module in ("engine.cold_start", "selectors.chain_page"):
        monkeypatch.setattr(f"intents.{module}.load_prices", lambda: world)
    settled(97_500)
    page = client.get("/network/birch").content.decode()
    said = "Of each token of Birch we keep at most 100,000 USD that we took in and did not pass on; 2,500 USD of it is"
    assert said in page and "left for USDC" in page
    page = client.get("/network/birch", headers={"accept-language": "zh-hans"}).content.decode()
    assert "Birch 的每种代币" in page and "2,500 美元" in page
    assert not is_full(902, token())
    settled(2_500)
    assert is_full(902, token())


def test_what_goes_out_again_makes_room_and_honest_use_never_ends() -> None:
    for way in range(60):
        assert refused(10_000) == "", way
        settled(10_000)
        if way % 3 == 0:
            move(10_000, came=True)
        elif way % 3 == 1:
            back = rows.order(state=OrderState.SETTLED, output_token=token(), destination_id=902)
            ledger.book_fill(back, amount=10_000 * USD)
        else:
            ledger.book(
                None, chain_id=902, token=token(), debit=Account.INVENTORY, credit=Account.WITHDRAWAL,
                amount=10_000 * USD, memo=f"request:{way}",
            )  # fmt: skip


def test_what_is_on_its_way_home_or_lost_makes_none_and_what_was_granted_takes_none() -> None:
    ledger.book_baseline(902, {token(): 500_000 * USD})
    ledger.book(
        None, chain_id=902, token=token(), debit=Account.MARKET, credit=Account.INVENTORY,
        amount=500_000 * USD, memo=ledger.outside_memo("0x" + "ab" * 32),
    )  # fmt: skip
    assert refused(100_000) == ""
    settled(50_000)
    move(50_000, came=False)
    lost = order(50_000, state=OrderState.REFUNDED)
    ledger.book_fill(lost, amount=1)
    ledger.book_loss(lost)
    assert refused(1) == "cold_start_held"
    # What the token itself says that we hold is nothing to go by: its issuer may take it back at any time.
    Stock.objects.create(chain_id=902, token=token(), holder=rows.ESCROW, balance=0)
    assert refused(1) == "cold_start_held"


def test_delivered_transfers_that_wait_for_a_person_are_still_out() -> None:
    order(100_000, state=OrderState.NEEDS_ATTENTION, resume_state=OrderState.PROVING)
    assert refused(1) == "cold_start_held"


def test_no_more_of_a_full_token_is_bought(monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer who takes ours back and sells us new ones would be paid as often as we notice that some is missing."""
    begun: list[Shift] = []
    there = Shift(source=(901, rows.USDC[901]), destination=(902, token()), amount=1)
    home = Shift(source=(902, token()), destination=(901, rows.USDC[901]), amount=1)
    monkeypatch.setattr(rebalancing, "load_world", lambda: None)
    monkeypatch.setattr(rebalancing, "shifts", lambda *_asked, **_named: [there, home])

    def begin(shift: Shift) -> bool:
        begun.append(shift)
        return True

    monkeypatch.setattr(rebalancing, "begin_move", begin)
    monkeypatch.setattr("intents.engine.cold_start._held_usd_e8", lambda *_asked, **_named: 10**5 * USD_E8)
    assert rebalancing.rebalance() == 1
    assert begun == [home]


@pytest.mark.parametrize("way", ["onchain", "deposit"])
def test_what_somebody_opens_and_nobody_takes_keeps_nobody_from_leaving(way: str) -> None:
    """Strangers set their own deadlines: it would block the chain for years, for the price of one transaction."""
    weth = registry.chain(902).token("WETH").address
    theirs = order(10_000, state=OrderState.OPENED, confirm_way=way, input_token=weth)
    assert refused(10_000, weth) == ""
    stock = Stock.objects.create(chain_id=901, token=rows.USDC[901], holder=rows.ESCROW)
    held = Reservation.objects.create(order=theirs, stock=stock, amount=1)
    assert refused(1, weth) == "cold_start_cap", "it is about to be delivered"
    Reservation.objects.filter(pk=held.pk).update(state=Reservation.State.RELEASED)
    assert refused(10_000, weth) == ""
    Order.objects.filter(pk=theirs.pk).update(confirm_way="permit2")
    assert refused(1, weth) == "cold_start_cap", "it was signed for an offer of ours"


def test_what_others_delivered_takes_nothing_of_what_a_reorganisation_may_cost_us() -> None:
    made = [order(1_000, state=state) for state in (OrderState.FILLED, OrderState.PROVING)]
    assert unfinal_usd_e8(902) == 2_000 * USD_E8
    for each in made:
        each.steps.filter(kind="prove").update(state=StepState.SKIPPED)
    assert unfinal_usd_e8(902) == 0
    ledger.book_fill(made[0], amount=1)
    assert unfinal_usd_e8(902) == 1_000 * USD_E8, "we paid, and do not fetch what it is not worth"


def shown(token: str, amount: int, *, of: str, to: str) -> Log:
    """A transfer as a token writes it, whatever it did."""
    topics = [receipts.TRANSFER, *("0x" + address_to_bytes32(each).hex() for each in (of, to))]
    return cast(Log, SimpleNamespace(address=token, topics=tuple(topics), data=amount.to_bytes(32, "big")))


@pytest.mark.parametrize("lie", [0, 10**30])
def test_a_token_that_lies_in_its_logs_makes_itself_no_room(
    lie: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to have spent a million of it, or to have bought none, the books would let as much in again."""
    account, pool = rows.ESCROW, rows.BOB
    sold, bought = rows.USDC[902], rows.WETH[902]
    logs = (shown(sold, lie, of=account, to=pool), shown(bought, lie, of=pool, to=account))
    receipt = SimpleNamespace(receipt=lambda _hash: SimpleNamespace(logs=logs))
    for module in (receipts, exchanging):
        monkeypatch.setattr(module, "client", lambda _chain: receipt)
    traded = StockMove(
        source_id=902, source_token=sold, destination_token=bought, amount=100, details={"least": "90"}
    )
    spent, gained = exchanging.amounts_of(traded, cast(Any, SimpleNamespace(chain_id=902, tx_hash="")))
    assert spent <= 100 and gained >= 90

    swap = {"input_token": sold, "venues": []}
    fill = SimpleNamespace(details={"swap": swap, "stock_amount": "100"})
    output = SimpleNamespace(
        amount=90, token=address_to_bytes32(bought), recipient=address_to_bytes32(pool), callback_data=b""
    )
    case = SimpleNamespace(
        terms=SimpleNamespace(outputs=[output]),
        step=lambda _kind: fill,
        destination=SimpleNamespace(address=lambda _name: account, venues=[]),
        order=SimpleNamespace(output_expected=95),
    )
    log = cast(ChainLog, SimpleNamespace(chain_id=902, tx_hash=""))
    paid = receipts.delivery_of(cast(Case, case), log, is_ours=True)
    assert paid.amount_in <= 100 and 90 <= paid.delivered <= 95 and paid.amount_out >= paid.delivered
