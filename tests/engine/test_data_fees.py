"""On an OP Stack chain each transaction costs its data besides its gas: in prices before, in the books after."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from eth_account.signers.local import LocalAccount

from intents.chains import accounts, outcomes, registry
from intents.chains.check import notes_on
from intents.chains.client import Receipt, parse_receipt
from intents.chains.manifest_checks import GAS_PRICE_ORACLE
from intents.client.chain_reader import ChainReader
from intents.client.receipt_check import check
from intents.devnet.network import Network
from intents.engine import case as case_module
from intents.engine import gas, lease, ledger, world
from intents.engine.actions import recover
from intents.engine.chain_world import chain_world_calls
from intents.engine.world import load_prices
from intents.lifecycle import AttemptState, OrderState
from intents.models import Attempt, LedgerEntry
from intents.selectors.receipt import receipt_json
from intents.solver.data_fees import DATA, data_wei
from intents.solver.gas import GasRules, message_usd
from intents.solver.prices import native_usd_up
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

BIRCH: Final = 902
RATE_WEI: Final = 10**10
# Answers the length of its bytes times what is in its first slot.
RATED: Final = "0x6024356000540260005260206000f3"
REFUSES: Final = "0x60006000fd"
DATA_FEE: Final = 123_456_789_012_345


class Rollup:
    """Birch as an OP Stack chain, with engine and follower on it."""

    def __init__(self, network: Network) -> None:
        self.rpc = network.rpc("birch")
        registry.load([replace(network.manifest("birch"), stack="opstack")])
        self.driver = Driver(network).start()

    @property
    def fees(self) -> Any:
        """What the follower has seen of them."""
        return load_prices().chains[BIRCH].data_fees

    def install(self, code: str, rate_wei: int = 0) -> None:
        self.rpc.request("anvil_setCode", GAS_PRICE_ORACLE, code)
        self.rpc.request(
            "anvil_setStorageAt", GAS_PRICE_ORACLE, "0x0", "0x" + rate_wei.to_bytes(32, "big").hex()
        )
        # What is in no block is seen with the next.
        self.rpc.request("evm_mine")


@pytest.fixture
def rollup(
    transactional_db: None, registered: Network, validators: object, settings: Any
) -> Iterator[Rollup]:
    settings.SETTLE_TOGETHER_SECONDS = 0
    world.forget()
    running = Rollup(registered)
    yield running
    running.driver.close()
    running.install("0x")
    world.forget()


def test_the_fee_is_read_with_the_block_and_priced_and_what_does_not_answer_is_not_free(
    rollup: Rollup, alice: LocalAccount
) -> None:
    driver = rollup.driver
    driver.wait_for(lambda: BIRCH in load_prices().chains and rollup.fees is None)
    driver.quote(alice)
    assert ["no price counts a fee for data" in note for note in notes_on(registry.chain(BIRCH))] == [True]
    held = lease.take(driver.transfer(alice, give="birch:USDC", get="alder:USDC").order_id)
    assert held is not None
    paid_in = case_module.load(held)
    usdc = paid_in.order.input_token
    assert recover._is_worth_it(paid_in, usdc, 10 * 10**6, again=0)
    reserves = wanted()
    rollup.install(RATED, RATE_WEI)
    driver.wait_for(lambda: rollup.fees)
    assert notes_on(registry.chain(BIRCH)) == []
    assert rollup.fees == {266: 192 * RATE_WEI, 1_124: 1_024 * RATE_WEI}
    seen = load_prices()
    origin, destination = seen.chains[901], seen.chains[BIRCH]
    more = message_usd(seen, origin, destination, GasRules())
    more -= message_usd(seen, origin, replace(destination, data_fees=None), GasRules())
    dispatched = data_wei(rollup.fees, DATA.dispatch_fixed + DATA.dispatch_each)
    # Both of its parts are rounded up to a unit of gas.
    units = native_usd_up(seen, destination, 2 * destination.gas_price_wei)
    assert -1 <= more - native_usd_up(seen, destination, dispatched) <= units + 2
    driver.quote(alice)

    rollup.install(REFUSES)
    driver.wait_for(lambda: rollup.fees == {})
    with pytest.raises(AssertionError, match="no_data_fee"):
        driver.quote(alice)
    # So much that no other price matters.
    rollup.install(RATED, 10**15)
    driver.wait_for(lambda: rollup.fees)
    filled, dispatched = (data_wei(rollup.fees, size) for size in (DATA.fill, DATA.dispatch_fixed))
    grown = {role: wei - reserves[role] for role, wei in wanted().items()}
    assert grown[accounts.OPERATOR] > gas.RESERVE_ORDERS * filled
    assert grown[accounts.RELAYER] > gas.RESERVE_ORDERS * dispatched
    assert not recover._is_worth_it(paid_in, usdc, 10 * 10**6, again=0), "it would cost more than it is"
    plain = replace(registry.chain(BIRCH), stack="other")
    assert len(chain_world_calls(registry.chain(BIRCH))) == len(chain_world_calls(plain)) + 2


def wanted() -> dict[str, int]:
    return {each.role: each.wanted_wei for each in gas._reserves() if each.chain_id == BIRCH}


class Reader(ChainReader):
    """As Birch's node would answer."""

    def rpc(self, method: str, *params: Any) -> Any:
        return with_fee(super().rpc(method, *params))


def with_fee(answer: Any) -> Any:
    return {**answer, "l1Fee": hex(DATA_FEE)} if isinstance(answer, dict) and "gasUsed" in answer else answer


def test_what_a_receipt_says_was_taken_for_data_is_booked_and_told(
    rollup: Rollup, alice: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parsed(value: dict[str, Any]) -> Receipt:
        is_at_birch = Attempt.objects.filter(tx_hash=value["transactionHash"], chain_id=BIRCH).exists()
        return parse_receipt(with_fee(value) if is_at_birch else value)

    monkeypatch.setattr(outcomes, "parse_receipt", parsed)
    driver = rollup.driver
    with driver.network.ticking():
        order = driver.drive(driver.transfer(alice), OrderState.SETTLED)
        mined = Attempt.objects.filter(step__order=order, state=AttemptState.CONFIRMED)
        driver.work_until(lambda: not mined.filter(gas_used=None).exists())
        gases = LedgerEntry.objects.filter(order=order, memo__startswith="gas:")
        driver.work_until(lambda: gases.count() == mined.count())
    booked = dict(gases.values_list("memo", "amount"))
    assert {attempt.chain_id for attempt in mined} == {901, BIRCH}
    for attempt in mined:
        fee = DATA_FEE if attempt.chain_id == BIRCH else 0
        assert attempt.data_fee_wei == fee
        cost = (attempt.gas_used or 0) * (attempt.gas_price_wei or 0) + fee
        assert booked[f"gas:{attempt.tx_hash[2:34]}"] == attempt.cost_wei == cost
    assert set(ledger.sums().values()) <= {0}

    document = json.loads(json.dumps(receipt_json(order)))
    chains = driver.network.manifests.values()
    urls = {chain.chain_id: chain.endpoints[0].url for chain in chains}
    known = {
        chain.chain_id: {name: each.address for name, each in chain.contracts.items()} for chain in chains
    }
    readers = {
        chain_id: (Reader if chain_id == BIRCH else ChainReader)(url) for chain_id, url in urls.items()
    }
    assert [found.said for found in check(document, readers, known) if not found.is_held] == []
    plain = {chain_id: ChainReader(url) for chain_id, url in urls.items()}
    assert any("fee for data" in found.said for found in check(document, plain, known))
