"""How a transfer of the matrix ends: what is done to it, and what must then be true on the chains."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from intents.amounts import bps_up
from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.devnet.accounts import OUTSIDER, OWNER, address
from intents.engine import ledger
from intents.engine.audit import ledger_check
from intents.engine.repricing import rules_for
from intents.lifecycle import OrderState, StepKind
from intents.models import Attempt, LedgerEntry, Order, Reservation, Stock, StockMove
from intents.settlement.order import (
    MandateOutput,
    address_to_bytes32,
    bytes32_to_address,
    order_from_json,
    output_to_abi,
)

from ..engine import strangers
from .transfer import Transfer

SECONDS: Final = 60
TICK_SECONDS: Final = 0.1
# The first messages of a young chain open branches of the Mailbox's tree, one for each doubling of their number.
NEW_BRANCHES_GAS: Final = 4 * 20_000
# The first fill of an hour opens the hour's count of each token that leaves; prices are those of all others.
FIRST_OF_HOUR_GAS: Final = 17_100
# A pool's first swap opens its count of fees, or of both its prices.
NEW_POOL_GAS: Final = 2 * 17_100
# So does the first deposit of a token, which finds the escrow without any.
FIRST_BALANCE_GAS: Final = 17_100
REFUSES_COINS: Final = "0x5f5ffd"
PRICED: Final = ("open", "finalise", "refund", "dispatch", "process", "bridge", "arrive")
LOCKED: Final = (OrderState.OPENED, OrderState.FILLING, OrderState.REFUND_DUE)


def settled(transfer: Transfer, settings: Any) -> None:
    """At least what was signed is there, and the escrow has paid for it."""
    before = transfer.held()
    order = transfer.begin()
    transfer.pay()
    with _ticking(transfer):
        order = transfer.driver.drive(order, OrderState.SETTLED, seconds=SECONDS)
        transfer.driver.work_until(lambda: not _moves_under_way(order), seconds=SECONDS)
    assert_received(transfer)
    assert order.delivered_amount == transfer.received()
    assert_gas_was_priced(transfer)
    _assert_paid(transfer, before)


def returned(transfer: Transfer, settings: Any) -> None:
    """Our stock is gone by the time it is paid: all of the input is back after the deadline."""
    order = transfer.begin()
    _empty_stocks(transfer)
    is_to_address = transfer.row.way == "deposit"
    paid = _left_at_address(transfer) if is_to_address else _locked(transfer, transfer.held())
    with _ticking(transfer):
        pass_deadline(transfer)
        order = transfer.driver.drive(order, OrderState.REFUNDED, seconds=SECONDS)
    assert order.payout == "sent"
    assert transfer.held() - paid == order.input_amount
    assert transfer.received() == 0


def cancelled(transfer: Transfer, settings: Any) -> None:
    """The signature is taken back before it is used: nothing moved at all."""
    before = transfer.held()
    order = transfer.begin()
    transfer.cancel()
    order = transfer.driver.drive(order, OrderState.REJECTED, seconds=SECONDS)
    assert order.reason["code"] == ("permit_void" if transfer.row.way == "permit" else "cancelled")
    assert (transfer.held(), transfer.received()) == (before, 0)
    assert not Attempt.objects.filter(step__order=order).exists()


def outsider(transfer: Transfer, settings: Any) -> None:
    """Somebody else delivers first: the person has it, and it costs us none of our stock."""
    before = transfer.held()
    settings.FILL_ENABLED = False
    order = transfer.begin()
    _locked(transfer, before)
    ours = _our_stocks(transfer)
    _fill_as_outsider(transfer)
    settings.FILL_ENABLED = True
    with _ticking(transfer):
        order = transfer.driver.drive(order, OrderState.FILLED, seconds=SECONDS)
    assert_received(transfer)
    assert _our_stocks(transfer) == ours
    assert not Attempt.objects.filter(step__order=order, purpose="fill").exists()
    assert order.steps.get(kind=StepKind.PROVE).state == "skipped"


def claimable(transfer: Transfer, settings: Any) -> None:
    """Neither can the recipient be paid nor the user be refunded: the money waits for its user, and is
    pushed once they can take it."""
    before = transfer.held()
    settings.FILL_ENABLED = False
    order = transfer.begin()
    paid = _locked(transfer, before)
    _block_recipient(transfer)
    settings.FILL_ENABLED = True
    with _refusing_user(transfer), _ticking(transfer):
        Order.objects.filter(pk=order.pk).update(wake_at=1)
        transfer.driver.work()
        pass_deadline(transfer)
        order = transfer.driver.drive(order, OrderState.REFUNDED, seconds=SECONDS)
        assert order.payout == "claimable"
        assert (transfer.held(), _waiting(transfer)) == (paid, order.input_amount)
        transfer.driver.work_until(lambda: order.steps.get(kind=StepKind.REFUND).waiting)
        assert ledger_check() == []
    Order.objects.filter(pk=order.pk).update(wake_at=1)
    transfer.driver.work_until(lambda: Order.objects.get(pk=order.pk).payout == "sent", seconds=SECONDS)
    assert (transfer.held() - paid, _waiting(transfer)) == (order.input_amount, 0)
    assert transfer.received() == 0


def short(transfer: Transfer, settings: Any) -> None:
    """Less than was asked for reaches the address: just that comes back to the user."""
    order = transfer.begin()
    part = order.input_amount * 2 // 3
    with _ticking(transfer):
        transfer.pay_to_address(part)
        opening = order.steps.filter(kind=StepKind.OPEN, waiting__code="deposit_short")
        transfer.driver.work_until(opening.exists, seconds=SECONDS)
        pass_deadline(transfer)
        order = transfer.driver.drive(order, OrderState.REFUNDED, seconds=SECONDS)
    assert transfer.held() == part
    assert transfer.received() == 0


ENDINGS: Final[dict[str, Callable[[Transfer, Any], None]]] = {
    "settled": settled,
    "returned": returned,
    "cancelled": cancelled,
    "outsider": outsider,
    "claimable": claimable,
    "short": short,
}


def assert_received(transfer: Transfer) -> None:
    """Every output of the signed order, at least, is the recipient's."""
    signed = order_from_json(transfer.order.terms).outputs
    assert transfer.received() >= signed[0].amount > 0
    for besides in signed[1:]:
        coins = transfer.place.network.balance(transfer.route.destination, "ETH", transfer.recipient)
        assert coins == besides.amount > 0


def assert_gas_was_priced(transfer: Transfer) -> None:
    """What a quote takes for each of our transactions, with its margin, covers what it used."""
    outputs, fill = (
        order_from_json(transfer.order.terms).outputs,
        transfer.order.steps.get(kind=StepKind.FILL),
    )
    whole = rules_for(outputs, way=transfer.order.confirm_way)
    rules, margin_bps = whole.gas, whole.gas_margin_bps
    swap = fill.details.get("swap") or {}
    pools = len(swap.get("venues", ())) + len((swap.get("beside") or {}).get("venues", ()))
    priced = {
        **{name: getattr(rules, name) for name in PRICED},
        "fill": rules.fill + pools * (rules.pool + NEW_POOL_GAS) + len(outputs) * FIRST_OF_HOUR_GAS,
        "dispatch": rules.dispatch + NEW_BRANCHES_GAS,
        "bridge": rules.bridge + NEW_BRANCHES_GAS + FIRST_OF_HOUR_GAS,
        "open": rules.open + FIRST_BALANCE_GAS,
    }
    used = Attempt.objects.filter(step__order=transfer.order, state="confirmed", gas_used__gt=0)
    for purpose, gas in used.values_list("purpose", "gas_used"):
        name = purpose.partition(":")[0]
        most = bps_up(priced.get(name, gas), 10_000 + margin_bps)
        assert gas <= most, f"{name} used {gas}, priced {most}"


def assert_balanced(transfer: Transfer) -> None:
    """The books sum to zero and equal the chains, and no stock is promised any more."""
    assert set(ledger.sums().values()) <= {0}
    assert not Reservation.objects.filter(state=Reservation.State.HELD).exists()
    assert set(Stock.objects.values_list("reserved", flat=True)) <= {0}
    transfer.driver.wait_for(lambda: not ledger_check())


def pass_deadline(transfer: Transfer) -> None:
    """All chains are a little past the time an order may be filled."""
    order, network = transfer.order, transfer.place.network
    slugs = (transfer.slug, transfer.route.destination)
    now = min(int(network.rpc(slug).block()["timestamp"], 16) for slug in slugs)
    network.warp(max(order.fill_deadline - now + 2, 1))


def _ticking(transfer: Transfer) -> Any:
    return transfer.place.network.ticking(TICK_SECONDS)


def _locked(transfer: Transfer, before: int) -> int:
    """Pay, and have the input locked; what is left to the user then."""
    transfer.driver.work()
    transfer.pay()
    transfer.driver.drive(transfer.order, *LOCKED, seconds=SECONDS)
    _assert_paid(transfer, before)
    return transfer.held()


def _left_at_address(transfer: Transfer) -> int:
    """Pay to the address; where we know of no stock, it is not even opened. What the user has then."""
    transfer.pay()
    opening = transfer.order.steps.filter(kind=StepKind.OPEN, waiting__code="no_stock")
    locked = Order.objects.filter(pk=transfer.order.pk, state__in=LOCKED)
    with _ticking(transfer):
        transfer.driver.work_until(lambda: opening.exists() or locked.exists(), seconds=SECONDS)
    return transfer.held()


def _assert_paid(transfer: Transfer, before: int) -> None:
    paid = before - transfer.held()
    if transfer.row.way == "deposit":
        assert paid == 0, "a stranger paid"
    elif transfer.is_native:
        assert 0 <= paid - transfer.order.input_amount < 10**16, "the input and its gas"
    else:
        assert paid == transfer.order.input_amount


def _moves_under_way(order: Order) -> bool:
    done = (StockMove.State.DONE, StockMove.State.GIVEN_UP)
    return StockMove.objects.filter(order=order).exclude(state__in=done).exists()


def _our_stocks(transfer: Transfer) -> dict[str, int]:
    manifest = transfer.place.network.manifest(transfer.route.destination)
    account = manifest.address("solver_account")
    return {
        each.symbol: transfer.place.network.balance(manifest.slug, each.symbol, account)
        for each in manifest.assets
    }


def _empty_stocks(transfer: Transfer) -> None:
    """The owner takes out all that could pay for the output, and the books know it."""
    network = transfer.place.network
    for slug, manifest in network.manifests.items():
        if slug != transfer.route.destination and not manifest.bridges:
            continue
        account = manifest.address("solver_account")
        for asset in manifest.assets:
            held = network.balance(slug, asset.symbol, account)
            if not held:
                continue
            data = encode_call("withdraw(address,address,uint256)", [asset.address, address(OWNER), held])
            strangers.send(network, slug, Call(account, data), sender=address(OWNER))
            ledger.book(
                None,
                chain_id=manifest.chain_id,
                token=asset.address,
                debit=LedgerEntry.Account.INVENTORY,
                credit=LedgerEntry.Account.MARKET,
                amount=held,
                memo="owner:withdrawal",
            )


def _fill_as_outsider(transfer: Transfer) -> None:
    """With somebody else's money, for somebody else's id: every output, the coin's along with it."""
    network, slug = transfer.place.network, transfer.route.destination
    filler = address_to_bytes32(address(OUTSIDER))
    for output in order_from_json(transfer.order.terms).outputs:
        settler, value = bytes32_to_address(output.settler), _approved(transfer, output)
        arguments = [
            bytes.fromhex(transfer.order.order_id[2:]),
            output_to_abi(output),
            transfer.order.fill_deadline,
            filler,
        ]
        strangers.send(network, slug, Call(settler, encode_call(strangers.FILL, arguments), value_wei=value))


def _approved(transfer: Transfer, output: MandateOutput) -> int:
    """The wei to send along; a token is allowed instead."""
    network, slug = transfer.place.network, transfer.route.destination
    token = bytes32_to_address(output.token)
    if token == ZERO_ADDRESS:
        return output.amount
    network.fund(slug, [address(OUTSIDER)], {network.manifest(slug).token(token).symbol: output.amount})
    approval = encode_call("approve(address,uint256)", [bytes32_to_address(output.settler), output.amount])
    strangers.send(network, slug, Call(token, approval))
    return 0


def _block_recipient(transfer: Transfer) -> None:
    """By the token where it keeps a list, by refusing coins; else there is nothing left to deliver from."""
    network, slug = transfer.place.network, transfer.route.destination
    token = network.manifest(slug).token(transfer.route.symbol)
    if token.address == ZERO_ADDRESS:
        network.rpc(slug).request("anvil_setCode", transfer.recipient, REFUSES_COINS)
    elif token.is_pausable and transfer.row.route != "call":
        _set_listed(transfer, slug, token.address, transfer.recipient, is_listed=True)
    else:
        _empty_stocks(transfer)


@contextmanager
def _refusing_user(transfer: Transfer) -> Iterator[None]:
    """Meanwhile the user can take no refund."""
    rpc = transfer.place.network.rpc(transfer.slug)
    if transfer.is_native:
        code = rpc.request("eth_getCode", transfer.user, "latest")
        rpc.request("anvil_setCode", transfer.user, REFUSES_COINS)
        yield
        rpc.request("anvil_setCode", transfer.user, code)
        return
    _set_listed(transfer, transfer.slug, transfer.token.address, transfer.user, is_listed=True)
    yield
    _set_listed(transfer, transfer.slug, transfer.token.address, transfer.user, is_listed=False)


def _set_listed(transfer: Transfer, slug: str, token: str, who: str, *, is_listed: bool) -> None:
    name = "blacklist(address)" if is_listed else "unBlacklist(address)"
    call = Call(token, encode_call(name, [who]))
    strangers.send(transfer.place.network, slug, call, sender=address(OWNER))


def _waiting(transfer: Transfer) -> int:
    """What the escrow keeps for the user of their input token."""
    settler = transfer.place.network.manifest(transfer.slug).address("input_settler")
    rpc = transfer.place.network.rpc(transfer.slug)
    return int(rpc.call(settler, "claimable(address,address)", transfer.token.address, transfer.user))
