"""Orders in every kind of trouble, as rows: each case is what one cause explains best."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from intents.chains.accounts import OPERATOR, address
from intents.lifecycle import AttemptState, OrderState, StepKind, StepState
from intents.models import (
    Alert,
    Attempt,
    Belief,
    Chain,
    ChainHead,
    NodeReport,
    Order,
    Pause,
    Reservation,
    Stock,
    StockMove,
)  # fmt: skip
from tests.console.deposit_troubles import (
    deposit_gone_back,
    deposit_late,
    deposit_of,
    deposit_short,
    deposit_unused,
    deposit_wrong,
)
from tests.web import rows


def reported(
    chain_id: int, nodes: list[tuple[str, str, int | None]], *, quorum: int = 2, **more: Any
) -> None:
    values = {
        "nodes": [{"host": host, "ill": ill, "height": height} for host, ill, height in nodes],
        "quorum": quorum,
        "seen_at": time.time(),
        "changed_at": time.time() - 30,
        **more,
    }
    NodeReport.objects.update_or_create(chain_id=chain_id, defaults=values)


def order(state: OrderState = OrderState.OPENED, **changes: Any) -> Order:
    made = rows.order(state=state, **{"wake_at": time.time() + 5, "value_usd_e8": 100 * 10**8, **changes})
    after_open = state not in (
        OrderState.SIGNED,
        OrderState.OPENING,
        OrderState.AWAITING_DEPOSIT,
        OrderState.REJECTED,
    )
    if after_open:
        rows.log(made, "Open", block=90)
        made.steps.filter(kind=StepKind.OPEN).update(state=StepState.FINAL)
        rows.event(made, "opened")
    return made


def waiting(made: Order, kind: StepKind, code: str, **params: Any) -> Order:
    made.steps.filter(kind=kind).update(state=StepState.READY, waiting={"code": code, "params": params})
    step = made.steps.get(kind=kind)
    Belief.objects.create(
        order=made,
        at=timezone.now() - timedelta(seconds=40),
        step_index=step.index,
        state=StepState.READY,
        waiting={"code": code, "params": params},
    )
    return made


def sent(
    made: Order, kind: StepKind, *, nonce: int, age: float = 60, chain_id: int = 902, **more: Any
) -> Attempt:
    step = made.steps.filter(kind=kind).first()
    attempt = Attempt.objects.create(
        step=step,
        purpose=kind.value,
        chain_id=chain_id,
        sender=address(OPERATOR),
        nonce=nonce,
        tx_hash="0x" + f"{nonce:064x}",
        raw=b"",
        target=rows.ALICE,
        calldata="0x",
        gas_limit=100_000,
        max_fee_wei=10**9,
        priority_fee_wei=10**9,
        state=AttemptState.BROADCAST,
        broadcast_at=time.time() - age,
        broadcast_block=90,
        **more,
    )
    Attempt.objects.filter(pk=attempt.pk).update(created_at=timezone.now() - timedelta(seconds=age))
    if step is not None:
        made.steps.filter(pk=step.pk).update(
            state=StepState.SUBMITTED, waiting={"code": "in_block", "params": {}}
        )
    return attempt


def stale(chain_id: int, seconds: float) -> None:
    ChainHead.objects.filter(chain_id=chain_id).update(
        seen_at=time.time() - seconds, timestamp=int(time.time() - seconds)
    )


# Each makes an order that a cause explains best.


def depth() -> Order:
    return waiting(order(required_depth=40), StepKind.FILL, "depth", have=11, need=40)


def no_stock() -> Order:
    holder = rows.to_checksum_address(rows.ESCROW)
    weth = rows.to_checksum_address(rows.WETH[902])
    stock = Stock.objects.create(
        chain_id=902, token=weth, holder=holder, balance=5 * 10**18, reserved=5 * 10**18
    )
    Reservation.objects.create(order=order(), stock=stock, amount=5 * 10**18)
    return waiting(order(), StepKind.FILL, "no_stock", token=weth)


def price_moved() -> Order:
    return waiting(
        order(), StepKind.FILL, "not_profitable", missing_usd_e8=str(2 * 10**8), limit_usd_e8=str(5 * 10**7)
    )


def sender_stuck() -> Order:
    made = order(OrderState.FILLING)
    sent(order(OrderState.FILLING), StepKind.FILL, nonce=41, age=90)
    sent(made, StepKind.FILL, nonce=43, age=20)
    return made


def stuck_itself() -> Order:
    made = order(OrderState.FILLING)
    sent(made, StepKind.FILL, nonce=41, age=90)
    return made


def lagging() -> Order:
    reported(902, [("one", "", 100), ("two", "lagging", 70)])
    return order()


def disagreeing() -> Order:
    reported(902, [("one", "", 100), ("two", "", 100)], disputed_at=time.time() - 2)
    stale(902, 20)
    return order()


def away() -> Order:
    reported(902, [("one", "", 100), ("two", "silent", None)])
    Chain.objects.filter(pk=902).update(paused_reason="nodes_away 1 2 silent:1")
    return order()


def stalled() -> Order:
    stale(902, 40)
    return order(required_depth=1)


def behind() -> Order:
    stale(902, 40)
    reported(902, [("one", "", 140), ("two", "", 140)])
    return order(required_depth=1)


def follower_dead() -> Order:
    stale(901, 40)
    stale(902, 40)
    NodeReport.objects.update(seen_at=time.time() - 40)
    return order()


def validator() -> Order:
    made = order(OrderState.PROVING, delivered_amount=1, delivered_at=timezone.now())
    made.steps.filter(kind=StepKind.FILL).update(state=StepState.FINAL)
    return waiting(made, StepKind.PROVE, "waiting_for_validators", missing=[rows.BOB], need=2)


def finality() -> Order:
    made = order(OrderState.PROVING, delivered_amount=1, delivered_at=timezone.now())
    made.steps.filter(kind=StepKind.FILL).update(state=StepState.FINAL)
    return waiting(made, StepKind.PROVE, "waiting_for_blocks", have=1, need=3)


def expiring() -> Order:
    return order(
        OrderState.PROVING,
        delivered_amount=1,
        delivered_at=timezone.now(),
        expires=int(time.time()) + 30,
    )


def blacklisted() -> Order:
    return waiting(
        order(OrderState.FILLING),
        StepKind.FILL,
        "price_moved",
        revert="Blacklistable: account is blacklisted",
    )


def issuer_stopped() -> Order:
    return waiting(order(OrderState.FILLING), StepKind.FILL, "price_moved", revert="Pausable: paused")


def outflow() -> Order:
    return waiting(order(OrderState.FILLING), StepKind.FILL, "price_moved", revert="OutflowCapExceeded")


def deadline() -> Order:
    return waiting(
        order(fill_deadline=int(time.time()) + 40), StepKind.FILL, "fill_deadline_near", fill_deadline=1
    )


def fees() -> Order:
    ChainHead.objects.filter(chain_id=902).update(base_fee_wei=10**13)
    return waiting(order(), StepKind.FILL, "gas_price_too_high", chain="Birch")


def gas_low() -> Order:
    Chain.objects.filter(pk=902).update(paused_reason="gas_low")
    Alert.objects.create(
        kind="gas_low",
        key="gas:902",
        chain_id=902,
        data={"role": "operator", "held_wei": str(10**15), "wanted_wei": str(10**17)},
    )
    return waiting(order(), StepKind.FILL, "chain_paused", chain="Birch")


def paused() -> Order:
    Chain.objects.filter(pk=902).update(paused_reason="maintenance until noon")
    return waiting(order(), StepKind.FILL, "chain_paused", chain="Birch")


def route_paused() -> Order:
    Pause.objects.create(kind="route", origin_id=901, destination_id=902, reason="too many returns")
    return order(OrderState.SIGNED)


def deep_reorg() -> Order:
    Chain.objects.filter(pk=902).update(paused_reason="deep_reorg 9 140")
    return waiting(order(), StepKind.FILL, "chain_paused", chain="Birch")


def bridge_of(age: float) -> Order:
    made = order(OrderState.FILLING)
    move = StockMove.objects.create(
        order=made, kind="bridge", state="in_transit", route="hyperlane-usdc", source_id=901,
        source_token=rows.to_checksum_address(rows.USDC[901]), destination_id=902,
        destination_token=rows.to_checksum_address(rows.USDC[902]), amount=10**8,
    )  # fmt: skip
    StockMove.objects.filter(pk=move.pk).update(created_at=timezone.now() - timedelta(seconds=age))
    return made


def reorged(kind: str) -> Order:
    state = OrderState.OPENING if kind == "open" else OrderState.FILLING
    made = order(state)
    rows.event(made, "opened" if kind == "open" else "filled")
    rows.event(made, "reorg", step=kind, chain_id=901)
    return made


def rejected(code: str, **params: Any) -> Order:
    return order(OrderState.REJECTED, reason={"code": code, "params": params}, ended_at=timezone.now())


def other_filled() -> Order:
    made = order(OrderState.FILLED, delivered_amount=1, delivered_at=timezone.now(), wake_at=0)
    rows.event(made, "filled", is_ours=False)
    made.steps.filter(kind=StepKind.PROVE).update(state=StepState.SKIPPED)
    return made


def nobody() -> Order:
    return order(wake_at=time.time() - 45, lease_owner="gone", leased_until=time.time() - 40)


def parked(code: str) -> Order:
    return order(
        OrderState.NEEDS_ATTENTION,
        resume_state=OrderState.OPENED,
        reason={"code": code, "params": {"error": "KeyError", "code": "expired"}},
    )


def in_block() -> Order:
    made = order(OrderState.FILLING)
    sent(made, StepKind.FILL, nonce=5, age=1)
    return made


def refunded(**changes: Any) -> Order:
    return order(OrderState.REFUNDED, ended_at=timezone.now(), wake_at=time.time() + 3600, **changes)


CASES: dict[str, Callable[[], Order]] = {
    "depth": depth,
    "no_stock": no_stock,
    "price_moved": price_moved,
    "sender_stuck": sender_stuck,
    "transaction_stuck": stuck_itself,
    "nodes_lag": lagging,
    "nodes_disagree": disagreeing,
    "nodes_away": away,
    "chain_stalled": stalled,
    "follower_behind": behind,
    "follower_behind (dead)": follower_dead,
    "validator_missing": validator,
    "finality": finality,
    "expires_soon": expiring,
    "recipient_refuses": blacklisted,
    "token_stopped": issuer_stopped,
    "token_stopped (pool)": lambda: waiting(
        order(OrderState.FILLING), StepKind.FILL, "price_moved", revert="UniswapV2: TRANSFER_FAILED"
    ),
    "outflow_cap": outflow,
    "deadline_near": deadline,
    "deposit_short": deposit_short,
    "deposit_wrong_token": deposit_wrong,
    "deposit_wrong_token (back)": deposit_gone_back,
    "deposit_late": deposit_late,
    "deposit_late (found)": lambda: deposit_of(
        {rows.to_checksum_address(rows.USDC[901]): 10**8}, OrderState.EXPIRED, ended_at=timezone.now()
    ),
    "deposit_not_used": deposit_unused,
    "deposit_awaited": lambda: deposit_of({}),
    "wallet_awaited": lambda: rows.order(state=OrderState.AWAITING_DEPOSIT, confirm_way="native"),
    "never_paid": lambda: deposit_of({}, OrderState.EXPIRED, ended_at=timezone.now()),
    "fees_above_cap": fees,
    "gas_low": gas_low,
    "chain_paused": paused,
    "token_or_route_paused": route_paused,
    "deep_reorg": deep_reorg,
    "exposure_full": lambda: waiting(order(), StepKind.FILL, "exposure_full", chain="Alder"),
    "no_price": lambda: waiting(order(), StepKind.FILL, "stale_price", asset="weth"),
    "fill_switched_off": lambda: waiting(order(), StepKind.FILL, "fill_switched_off"),
    "recipient_burns_gas": lambda: waiting(order(), StepKind.FILL, "too_much_gas"),
    "blocked_address": lambda: waiting(order(), StepKind.FILL, "blocked_address", address=rows.BOB),
    "bridge_late": lambda: bridge_of(4_000),
    "bridge_under_way": lambda: bridge_of(1),
    "not_taken": lambda: waiting(order(), StepKind.FILL, "not_taken", because="not_profitable"),
    "reorg_took_deposit": lambda: reorged("open"),
    "reorg_took_fill": lambda: reorged("fill"),
    "signature_refused": lambda: rejected("open_failed", revert="FiatTokenV2: invalid signature"),
    "funds_gone": lambda: rejected("open_failed", revert="ERC20: transfer amount exceeds balance"),
    "cancelled": lambda: rejected("cancelled"),
    "turned_down": lambda: rejected("no_stock", token="0x1"),
    "filled_by_other": other_filled,
    "nobody_advances": nobody,
    "internal_error": lambda: parked("internal_error"),
    "deposit_lost": lambda: parked("deposit_lost"),
    "chain_gone": lambda: parked("chain_gone"),
    "parked": lambda: parked("something_else"),
    "failing": lambda: order(failures=3),
    "in_block": in_block,
    "paying": lambda: order(required_depth=1),
    "opening": lambda: order(OrderState.SIGNED),
    "proving": lambda: order(OrderState.PROVING, delivered_amount=1, delivered_at=timezone.now()),
    "not_collected": lambda: waiting(
        order(OrderState.PROVING, delivered_amount=1), StepKind.PROVE, "not_processed", revert="NotProven"
    ),
    "returning": lambda: order(OrderState.REFUND_DUE, reason={"code": "fill_deadline_passed", "params": {}}),
    "waits_for_expiry": lambda: waiting(
        order(OrderState.REFUND_DUE), StepKind.OPEN, "waiting_for_expiry", after=1
    ),
    "not_returned": lambda: waiting(order(OrderState.REFUND_DUE), StepKind.OPEN, "too_little_to_return"),
    "payout_refused": lambda: refunded(payout="claimable"),
    "paid_twice": lambda: refunded(payout="sent", reason={"code": "refunded_after_fill", "params": {}}),
    "over": lambda: refunded(payout="sent"),
}
