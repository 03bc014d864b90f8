"""Orders paid to an address of their own to which something odd was paid."""

import time
from typing import Any

from intents.lifecycle import OrderState
from intents.models import Deposit, Order
from tests.web import rows


def deposit_of(
    held: dict[str, int], state: OrderState = OrderState.AWAITING_DEPOSIT, **changes: Any
) -> Order:
    made = rows.order(state=state, confirm_way="deposit", wake_at=time.time() + 5, **changes)
    Deposit.objects.create(
        order=made,
        chain_id=901,
        address="0x" + "aa" * 20,
        token=made.input_token,
        held={token: str(amount) for token, amount in held.items()},
        watched_until=time.time() + 1e6,
    )
    return made


def deposit_short() -> Order:
    return deposit_of({rows.to_checksum_address(rows.USDC[901]): 96_800_000})


def deposit_wrong() -> Order:
    return deposit_of({rows.to_checksum_address(rows.WETH[901]): 10**18})


def deposit_gone_back() -> Order:
    made = deposit_of({})
    rows.event(made, "recovered", token=rows.to_checksum_address(rows.WETH[901]), amount=str(10**18))
    return made


def deposit_late() -> Order:
    return deposit_of({}, OrderState.REFUND_DUE, reason={"code": "deposit_not_used", "params": {}})


def deposit_unused() -> Order:
    made = deposit_of({}, OrderState.REFUND_DUE, reason={"code": "deposit_not_used", "params": {}})
    rows.event(made, "deposit_seen", amount="100")
    return made
