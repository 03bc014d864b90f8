"""Every page in every state that people see, from rows that nobody's chains stand behind."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from eth_utils.address import to_checksum_address

from intents.chains.app import App
from intents.lifecycle import OrderState, StepState
from intents.models import ChainHead, KnownChain, KnownRoute, KnownRouteEnd, Order, QuoteState, Stock
from intents.passports.passport import Finding
from intents.selectors.access import shown_key_of
from intents.settlement.destination_call import DestinationCall, encode_destination_call
from tests.joining.stories import dogwood, steps
from tests.passports.measured import joined, measured
from tests.web import rows
from tests.web.test_deposit_page import paid_to_address

Scene = Callable[[str], str]
DELIVERED = 31 * 10**15
VALUED = {"kind": "swap_fill", "value_usd_e8": "10000000000", "output_usd_e8": "9900000000"}
TOO_LITTLE = {
    "have": "5000000", "need": "9000000", "token": "USDC", "decimals": 6, "chain": "901", "elsewhere": "any:USDC",
}  # fmt: skip


def _transfer(key: str, state: OrderState, *kinds: str, **changes: Any) -> Order:
    made = rows.order(state=state, seen_by=key, quote=rows.quote(), value_usd_e8=100 * 10**8, **changes)
    for kind in kinds:
        rows.log(made, kind, block=99)
    for kind in ("accepted", "open_sent", *(("opened",) if kinds else ())):
        rows.event(made, kind, chain_id=901, tx_hash="0x" + "3c" * 32)
    return made


def _timeline(state: OrderState, *kinds: str, **changes: Any) -> Scene:
    return lambda key: f"/t/{_transfer(key, state, *kinds, **changes).order_id}"


def delivered(key: str, **changes: Any) -> Order:
    when = {"delivered_at": timezone.now(), "ended_at": timezone.now(), "received_at": time.time() - 4}
    made = _transfer(key, OrderState.SETTLED, "Open", **{"delivered_amount": DELIVERED, **when, **changes})
    made.steps.update(state=StepState.FINAL, started_at=timezone.now(), confirmed_at=timezone.now())
    for kind in ("fill_sent", "filled", "delivered"):
        rows.event(made, kind, chain_id=902, tx_hash="0x" + "9e" * 32)
    return made


def _slower(key: str) -> str:
    made = _transfer(key, OrderState.FILLING, "Open", received_at=time.time() - 130)
    made.steps.filter(kind="open").update(state=StepState.CONFIRMED)
    made.steps.filter(kind="fill").update(state=StepState.READY, waiting={"code": "no_stock", "params": {}})
    ChainHead.objects.filter(chain_id=901).update(number=140)
    return f"/t/{made.order_id}"


def _on_its_way(key: str) -> str:
    made = _transfer(key, OrderState.FILLING, "Open")
    made.steps.filter(kind="open").update(state=StepState.CONFIRMED)
    made.steps.filter(kind="fill").update(state=StepState.SUBMITTED, started_at=timezone.now())
    ChainHead.objects.filter(chain_id=901).update(number=140)
    return f"/t/{made.order_id}"


def _call_failed(key: str) -> str:
    target = to_checksum_address("0x" + "77" * 20)
    call = DestinationCall(recipient=to_checksum_address(rows.ALICE), target=target, data=b"", gas=100_000)
    terms = {"outputs": [{"callbackData": "0x" + encode_destination_call(call).hex()}]}
    made = delivered(key, terms=terms)
    rows.event(made, "call_failed", chain_id=902, target=target)
    return f"/t/{made.order_id}"


def _masked(key: str) -> str:
    made = delivered(key)
    return f"/t/{made.order_id}?s={shown_key_of(made)}"


def _offer(**changes: Any) -> Scene:
    return lambda key: f"/q/{rows.quote(browser_key=key, **changes).pk}"


def _history(key: str) -> str:
    delivered(key)
    for state, kinds in (
        (OrderState.OPENED, ("Open",)),
        (OrderState.REFUND_DUE, ("Open",)),
        (OrderState.REFUNDED, ("Refunded",)),
        (OrderState.EXPIRED, ()),
        (OrderState.NEEDS_ATTENTION, ("Open",)),
    ):
        _transfer(key, state, *kinds)
    for _ in range(17):
        rows.order(
            state=OrderState.SETTLED, delivered_amount=DELIVERED, delivered_at=timezone.now(), seen_by=key
        )
    return "/history"


def _found_nothing(key: str) -> str:
    delivered(key)
    return "/history?q=nothing+like+it&status=delivered"


def _network(key: str) -> str:
    for slug, chain_id in (("alder", 901), ("birch", 902)):
        holder = rows.manifest(chain_id, slug).address("solver_account")
        for token, balance in ((rows.USDC, 48_000 * 10**6), (rows.WETH, 12 * 10**18)):
            address = to_checksum_address(token[chain_id])
            Stock.objects.create(chain_id=chain_id, token=address, holder=holder, balance=balance)
    for hours in range(9):
        made = delivered(key)
        Order.objects.filter(pk=made.pk).update(
            created_at=timezone.now() - timedelta(hours=hours * hours / 3)
        )
    return "/network"


def _joining(**fields: Any) -> Scene:
    def scene(key: str) -> str:
        dogwood(**fields)
        return "/network"

    return scene


def _chain(key: str) -> str:
    _network(key)
    measured(findings=(Finding("finality_shorter", {"waited": 5, "real": 1500}, is_bad=False),))
    joined(2)
    return "/network/birch"


def _known(path: str) -> Scene:
    """Two chains with a bridge route between them, as the outside registry would name them."""

    def scene(key: str) -> str:
        node = {"url": "https://node.example/v1/", "ws_url": "", "needs_key": True}
        for name, stack, chain_id in (("base", "opstack", 8453), ("arbitrum", "arbitrumnitro", 42161)):
            KnownChain.objects.create(
                name=name, display_name=name.title(), protocol="ethereum", chain_id=chain_id, domain=chain_id,
                stack=stack, block_seconds=2, reorg_period="10", endpoints=[node], source="registry 1.0.0",
                native={"name": "Ether", "symbol": "ETH", "decimals": 18}, contracts={"mailbox": rows.ESCROW},
                explorers=[{"name": "Scan", "url": "https://scan.example", "family": "blockscout"}],
            )  # fmt: skip
        route = KnownRoute.objects.create(name="USDC/base-arbitrum", symbol="USDC", connections=2, source="r")
        for name, other in (("base", "arbitrum"), ("arbitrum", "base")):
            KnownRouteEnd.objects.create(
                route=route, chain_id=name, address=rows.ESCROW, symbol="USDC", token_name="USD Coin", decimals=6,
                standard="EvmHypCollateral", leads_to=[{"chain": other, "address": rows.ESCROW}],
            )  # fmt: skip
        return path

    return scene


def _apps(key: str) -> str:
    birch = rows.manifest(902, "birch")
    app = App(
        slug="vault", name="Demo vault", target=to_checksum_address(rows.ESCROW),
        token=birch.token("USDC").address, call="deposit(uint256,address)",
        arguments=("amount", "recipient"), gas=200_000, page="/apps/birch-vault",
    )  # fmt: skip
    rows.connect(replace(birch, apps=(app,)))
    return "/apps"


SCENES: dict[str, Scene] = {
    "form": lambda key: "/",
    "offer": _offer(routes=[VALUED]),
    "offer-solving": _offer(state=QuoteState.SOLVING),
    "offer-refused": _offer(
        state=QuoteState.REFUSED, refusal={"code": "no_stock", "params": {"token": "WETH"}}
    ),
    "offer-elsewhere": _offer(
        state=QuoteState.REFUSED, refusal={"code": "insufficient_balance", "params": TOO_LITTLE}
    ),
    "offer-without-wallet": _offer(order=None),
    "offer-used": _offer(state=QuoteState.USED),
    "transfer-awaiting": lambda key: f"/t/{paid_to_address(key, OrderState.AWAITING_DEPOSIT, 0).order_id}",
    "transfer-not-locked": _timeline(OrderState.SIGNED),
    "transfer-checking": _timeline(OrderState.OPENED, "Open"),
    "transfer-on-its-way": _on_its_way,
    "transfer-slower": _slower,
    "transfer-delivered": lambda key: f"/t/{delivered(key).order_id}",
    "transfer-call-failed": _call_failed,
    "transfer-returning": _timeline(OrderState.REFUND_DUE, "Open"),
    "transfer-returned": _timeline(OrderState.REFUNDED, "Open", "Refunded", payout="sent"),
    "transfer-waiting-for-you": _timeline(OrderState.REFUNDED, "Refunded", payout="claimable"),
    "transfer-not-started": _timeline(OrderState.EXPIRED),
    "transfer-staff": _timeline(OrderState.NEEDS_ATTENTION, "Open", resume_state=OrderState.FILLING),
    "transfer-shown": _masked,
    "receipt": lambda key: f"/t/{delivered(key).order_id}/receipt",
    "receipt-running": lambda key: f"{_timeline(OrderState.OPENED, 'Open')(key)}/receipt",
    "help": lambda key: f"{_timeline(OrderState.OPENED, 'Open')(key)}/help",
    "help-page": lambda key: "/help",
    "history": _history,
    "history-empty": lambda key: "/history",
    "history-found-nothing": _found_nothing,
    "network": _network,
    "chain": _chain,
    "network-joining": _joining(),
    "network-join-stopped": _joining(
        state="failed", steps=steps(done=5, then="failed", code="join_no_prices", coin="ETH")
    ),
    "network-empty": lambda key: "/network",
    "known": _known("/network/known"),
    "known-chain": _known("/network/known/base"),
    "apps": _apps,
    "pay": lambda key: "/pay?to=birch:USDC&amount=25&recipient=0x" + "ab" * 20,
    "pay-nowhere": lambda key: "/pay",
    "developers": lambda key: "/developers",
    "not-found": lambda key: "/nothing-here",
    "rescue": lambda key: "/rescue",
}
