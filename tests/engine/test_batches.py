"""One atomic batch by an account that borrows code (EIP-7702): exact approval and open, or neither."""

import pytest

from intents.chains.calls import ZERO_ADDRESS, encode_call
from intents.client.api import ChainInfo, Token
from intents.client.chain_reader import ChainReader
from intents.client.opening import open_together
from intents.client.signing import Wish
from intents.devnet.accounts import wallet
from intents.devnet.rpc import RpcError
from intents.lifecycle import OrderState
from intents.settlement.order import order_from_json
from tests.engine.driver import Driver

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

WEALTH = 50 * 10**6


def wish_on(driver: Driver, slug: str, user: str) -> Wish:
    """What the client knows of a chain; the batch asks for no more."""
    chain = driver.network.manifest(slug)
    origin = ChainInfo(
        chain_id=chain.chain_id,
        slug=chain.slug,
        name=chain.name,
        is_local=True,
        rpc_url=chain.endpoints[0].url,
        depth=chain.depth,
        block_seconds=chain.block_seconds,
        contracts={name: contract.address for name, contract in chain.contracts.items()},
        tokens=(),
    )
    token = Token(ZERO_ADDRESS, "", "", 0, "", "none", "")
    return Wish(
        user=user, recipient=user, origin=origin, destination=origin, input_token=token, output_token=token
    )


def code_of(driver: Driver, slug: str, address: str) -> str:
    return str(driver.network.rpc(slug).request("eth_getCode", address, "latest"))


def test_a_key_without_any_allowance_pays_in_one_transaction(driver: Driver) -> None:
    user = wallet(951)
    driver.network.fund("alder", [user.address], {"USDT": WEALTH})
    order = driver.transfer(
        user, give="alder:USDT", get="birch:USDC", amount="20", confirm="batch", can_batch=True
    )
    assert order.state == OrderState.AWAITING_DEPOSIT
    key = "0x" + bytes(user.key).hex()
    open_together(wish_on(driver, "alder", user.address), order_from_json(order.terms), key=key)
    with driver.network.ticking():
        order = driver.drive(order, OrderState.SETTLED)
    assert driver.network.balance("birch", "USDC", user.address) == order.output_amount
    settler = driver.network.manifest("alder").address("input_settler")
    token = driver.network.token("alder", "USDT")
    assert driver.network.rpc("alder").call(token, "allowance(address,address)", user.address, settler) == 0
    assert code_of(driver, "alder", user.address).startswith("0xef0100")


def test_afterwards_the_account_still_signs_and_batches(driver: Driver) -> None:
    """Its key answers for it by the borrowed code: USDC asks that code, and so do we."""
    user = wallet(952)
    driver.network.fund("alder", [user.address], {"USDT": WEALTH, "USDC": WEALTH})
    key = "0x" + bytes(user.key).hex()
    for _ in range(2):
        order = driver.transfer(
            user, give="alder:USDT", get="birch:USDC", amount="20", confirm="batch", can_batch=True
        )
        open_together(wish_on(driver, "alder", user.address), order_from_json(order.terms), key=key)
        driver.drive(order, OrderState.OPENED, OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)
    quote = driver.quote(user, give="alder:USDC", get="birch:USDC", amount="20")
    assert quote.confirm_way == "eip3009"
    with driver.network.ticking():
        driver.drive(driver.submit(quote, user), OrderState.SETTLED)


def test_a_batch_that_cannot_open_leaves_no_approval(driver: Driver) -> None:
    user = wallet(953)
    driver.network.fund("alder", [user.address], {"USDT": WEALTH})
    order = driver.transfer(
        user, give="alder:USDT", get="birch:USDC", amount="20", confirm="batch", can_batch=True
    )
    now = int(driver.network.rpc("alder").block()["timestamp"], 16)
    driver.network.warp(order.fill_deadline - now + 2)
    key = "0x" + bytes(user.key).hex()
    sent = open_together(wish_on(driver, "alder", user.address), order_from_json(order.terms), key=key)
    reader = ChainReader(driver.network.manifest("alder").endpoints[0].url)
    receipt = driver.wait_for(lambda: reader.rpc("eth_getTransactionReceipt", sent))
    assert receipt["status"] == "0x0"
    settler = driver.network.manifest("alder").address("input_settler")
    token = driver.network.token("alder", "USDT")
    assert driver.network.rpc("alder").call(token, "allowance(address,address)", user.address, settler) == 0
    assert driver.network.balance("alder", "USDT", user.address) == WEALTH


def test_nobody_else_makes_a_delegated_account_act(driver: Driver) -> None:
    user, thief = wallet(954), wallet(955)
    driver.network.fund("alder", [user.address, thief.address], {"USDT": WEALTH})
    order = driver.transfer(
        user, give="alder:USDT", get="birch:USDC", amount="20", confirm="batch", can_batch=True
    )
    key = "0x" + bytes(user.key).hex()
    open_together(wish_on(driver, "alder", user.address), order_from_json(order.terms), key=key)
    driver.drive(order, OrderState.OPENED, OrderState.FILLED, OrderState.PROVING, OrderState.SETTLED)
    token = driver.network.token("alder", "USDT")
    rpc = driver.network.rpc("alder")
    executor = driver.network.manifest("alder").address("batch_executor")
    assert code_of(driver, "alder", user.address).lower() == "0xef0100" + executor[2:].lower()

    theft = encode_call("transfer(address,uint256)", (thief.address, 1))
    data = encode_call("execute((address,uint256,bytes)[])", [[(token, 0, theft)]])
    with pytest.raises(RpcError):
        rpc.request(
            "eth_call", {"from": thief.address, "to": user.address, "data": "0x" + data.hex()}, "latest"
        )
