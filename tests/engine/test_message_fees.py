"""A Mailbox that takes a fee for each message: it is read with the block, borne by the order, booked, and bounded."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import registry
from intents.chains.calls import encode_call
from intents.chains.fees import cap_wei
from intents.contracts.creations import artifact_code
from intents.devnet.accounts import OWNER, address
from intents.devnet.network import Network
from intents.engine import case as case_module
from intents.engine import courtesy, lease, ledger, world
from intents.engine.advance import advance
from intents.engine.audit import ledger_check
from intents.engine.chain_world import chain_world_calls, chain_world_json
from intents.engine.courtesy import carries_proof, is_message_worth
from intents.engine.world import load_prices
from intents.lifecycle import OrderState, StepKind
from intents.models import Attempt, Chain, LedgerEntry, Order, StockMove
from intents.solver.gas import GasRules
from intents.solver.prices import Unpriced
from intents.solver.world import ChainWorld
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

SUMMIT, ALDER, BIRCH, CEDAR = 900, 901, 902, 903
# Odd, so that two orders cannot bear the same of it.
FEE_WEI: Final = 10**14 + 1
COIN: Final = 10**18


class Paid:
    """A chain whose Mailbox asks for a fee, as if it were somebody else's, with engine and follower on it."""

    def __init__(self, network: Network, slug: str) -> None:
        self.manifest, self._rpc = network.manifest(slug), network.rpc(slug)
        code = artifact_code(
            "ProtocolFee",
            ["uint256", "uint256", "address", "address"],
            [COIN, FEE_WEI, *[address(OWNER)] * 2],
        )
        self.hook = self._sent(data="0x" + code.hex())["contractAddress"]
        self._call(self.manifest.address("mailbox"), "setRequiredHook(address)", self.hook)
        ends = tuple(replace(end, fee_bound_wei=2 * FEE_WEI) for end in self.manifest.bridges)
        registry.load([replace(self.manifest, messaging="shared", bridges=ends)])
        self.driver = Driver(network).start()

    def ask(self, fee_wei: int) -> None:
        """From now on it takes this much, and the follower has seen it."""
        self._call(self.hook, "setProtocolFee(uint256)", fee_wei)
        self.driver.wait_for(lambda: set((self.seen.message_fees or {}).values()) == {fee_wei})

    @property
    def seen(self) -> ChainWorld:
        return load_prices().chains[self.manifest.chain_id]

    def _call(self, to: str, signature: str, argument: Any) -> None:
        self._sent(to=to, data="0x" + encode_call(signature, [argument]).hex())

    def _sent(self, **transaction: str) -> dict[str, Any]:
        self._rpc.request("anvil_impersonateAccount", address(OWNER))
        sent = {"from": address(OWNER), "gas": hex(3_000_000), "gasPrice": hex(10**11), **transaction}
        tx_hash, receipt = self._rpc.request("eth_sendTransaction", sent), None
        while receipt is None:
            receipt = self._rpc.request("eth_getTransactionReceipt", tx_hash)
        assert receipt["status"] == "0x1"
        return dict(receipt)


@pytest.fixture
def pay(
    transactional_db: None, registered: Network, validators: object, settings: Any
) -> Iterator[Callable[[str], Paid]]:
    settings.SETTLE_TOGETHER_SECONDS = 0
    world.forget()
    begun: list[Paid] = []

    def begin(slug: str) -> Paid:
        begun.append(Paid(registered, slug))
        return begun[-1]

    yield begin
    for each in begun:
        each.driver.close()
    world.forget()


def booked(order: Order) -> list[int]:
    rows = LedgerEntry.objects.filter(order=order, memo__startswith="message:")
    return [entry.amount for entry in rows if entry.credit == LedgerEntry.Account.GAS]


def waits_for(order: Order) -> str:
    return str(order.steps.get(kind=StepKind.PROVE).waiting.get("code", ""))


def test_orders_of_one_message_bear_its_fee_which_is_paid_up_to_what_the_message_brings(
    pay: Callable[[str], Paid], alice: LocalAccount, settings: Any
) -> None:
    paid = pay("birch")
    assert paid.seen.message_fees == {SUMMIT: FEE_WEI, ALDER: FEE_WEI, CEDAR: FEE_WEI}
    assert load_prices().chains[ALDER].message_fees is None, "of our own nothing is asked"
    # Company is worth waiting for, for the sake of the fee alone.
    settings.SETTLE_TOGETHER_SECONDS = 60
    driver = paid.driver
    orders = [driver.transfer(alice, amount=amount) for amount in ("60", "70")]
    with driver.network.ticking():
        driver.work_until(lambda: all(waits_for(order) == "company" for order in orders))
        settings.SETTLE_TOGETHER_SECONDS = 0
        paid.ask(COIN)
        Order.objects.update(wake_at=time.time())
        assert advance(orders[0].order_id)
        assert waits_for(orders[0]) == "fees_too_high", "more than both inputs are worth"
        assert not Attempt.objects.filter(purpose="dispatch").exists()
        paid.ask(FEE_WEI)
        for order in orders:
            driver.drive(order, OrderState.SETTLED)
    [sent] = Attempt.objects.filter(purpose="dispatch")
    assert sent.value_wei == FEE_WEI
    assert sorted(booked(orders[0]) + booked(orders[1])) == [FEE_WEI // 2, FEE_WEI // 2 + 1]
    assert set(ledger.sums().values()) <= {0}


def test_a_proof_that_nobody_filled_is_carried_while_its_message_is_cheap_for_the_input(
    pay: Callable[[str], Paid], alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = pay("birch")
    order = paid.driver.transfer(alice, amount="100")
    held = lease.take(order.order_id)
    assert held is not None
    case = case_module.load(held)
    assert carries_proof(case)
    # 32 USD: less than the input, more than its twentieth. The plain refund gives it back later.
    paid.ask(COIN // 100)
    assert not carries_proof(case)
    assert is_message_worth(COIN // 100, [case])
    assert not is_message_worth(COIN // 25, [case])
    assert is_message_worth(COIN // 25, [case, case])

    # Nobody can say what is at stake, and it is lost soon: still nobody else's word alone says what we pay.
    def unpriced(*_: Any) -> int:
        raise Unpriced("no_price", "usdc")

    monkeypatch.setattr(courtesy, "input_value_usd_e8", unpriced)
    most = GasRules().dispatch * cap_wei(BIRCH, is_urgent=True)
    assert not is_message_worth(1, [case])
    monkeypatch.setattr(courtesy, "is_expiring", lambda _: True)
    assert is_message_worth(most, [case])
    assert not is_message_worth(most + 1, [case])


def test_fees_are_told_apart_though_a_chain_joins_while_they_are_read(registered: Network) -> None:
    birch, *others = (registered.manifest(slug) for slug in ("birch", "alder", "summit", "cedar"))
    paying = replace(birch, messaging="shared")
    Chain.objects.exclude(chain_id__in=(BIRCH, SUMMIT, CEDAR)).update(is_connected=False)
    registry.forget()
    asked, plain = chain_world_calls(paying), chain_world_calls(birch)
    assert len(asked) == len(plain) + 2
    registry.load(others)
    answers: list[bytes | None] = [None] * len(plain)
    fees = [wei.to_bytes(32, "big") for wei in (7, 9)]
    read = chain_world_json(paying, [*answers, *fees], asked=asked)
    assert read["message_fees"] == {str(SUMMIT): "7", str(CEDAR): "9"}
    huge = (2**200).to_bytes(32, "big")
    assert chain_world_json(paying, [*answers, None, huge], asked=asked)["message_fees"] == {}
    assert "message_fees" not in chain_world_json(birch, answers)


def test_stock_that_leaves_by_such_a_mailbox_has_its_fee_in_the_books(
    pay: Callable[[str], Paid], alice: LocalAccount
) -> None:
    driver = pay("summit").driver
    order = driver.transfer(alice, get="cedar:WBTC", amount="200")
    with driver.network.ticking():
        left = StockMove.objects.filter(order=order, state=StockMove.State.IN_TRANSIT)
        driver.work_until(left.exists)
    departure = ledger.departure_memo(StockMove.objects.get(order=order))
    [fee] = LedgerEntry.objects.filter(memo=departure, credit=LedgerEntry.Account.GAS)
    assert (fee.chain_id, fee.debit, fee.amount) == (SUMMIT, LedgerEntry.Account.INVENTORY, FEE_WEI)
    assert ledger_check() == []
