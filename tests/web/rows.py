"""Rows for page tests: two chains nobody runs, quotes and orders in any state."""

import secrets
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from eth_utils.address import to_checksum_address

from intents.chains import registry
from intents.chains.manifest import ChainManifest, from_json
from intents.lifecycle import OrderState, StepState
from intents.models import Chain, ChainHead, ChainLog, Event, Order, OrderAccess, Quote, QuoteState, Step

ALICE = "0x" + "A1" * 20
BOB = "0x" + "B0" * 20
ESCROW = "0x" + "E5" * 20
USDC = {901: "0x" + "c1" * 20, 902: "0x" + "c2" * 20}
WETH = {901: "0x" + "d1" * 20, 902: "0x" + "d2" * 20}


def manifest(chain_id: int, slug: str, *, symbol: str = "USDC", name: str = "") -> ChainManifest:
    """A local chain with two tokens; its endpoint answers nobody."""
    contract = {"address": to_checksum_address(ESCROW)}
    return from_json(
        {
            "chain_id": chain_id,
            "domain": chain_id,
            "slug": slug,
            "name": name or slug.title(),
            "is_local": True,
            "native": {"symbol": "ETH", "name": "Ether", "canonical_id": "weth"},
            "endpoints": [{"url": f"http://127.0.0.1:{chain_id + 40_000}"}],
            "block_seconds": 1,
            "depth": 3,
            "max_fee_wei": 10**12,
            "priority_fee_wei": 10**9,
            "contracts": dict.fromkeys(
                ("input_settler", "output_settler", "hyperlane_oracle", "permit2", "solver_account"), contract
            ),
            "tokens": [
                _token(USDC[chain_id], symbol, "usdc", decimals=6),
                _token(WETH[chain_id], "WETH", "weth", decimals=18),
            ],
        }
    )


def newcomer(**changes: Any) -> ChainManifest:
    """Dogwood as its operator describes it, before it joins."""
    fields: dict[str, Any] = {"chain_id": 904, "domain": 904, "stack": "anvil", "contracts": {}, **changes}
    return replace(manifest(901, "dogwood"), **fields)


def connect(*manifests: ChainManifest) -> None:
    """Put chains into the registry, with heads just seen."""
    registry.load(list(manifests))
    for each in manifests:
        ChainHead.objects.update_or_create(
            chain_id=each.chain_id,
            defaults={
                "number": 100,
                "block_hash": "0x" + "ab" * 32,
                "timestamp": int(time.time()),
                "seen_at": time.time(),
            },
        )


def quote(**changes: Any) -> Quote:
    """A ready quote of 100 USDC on Alder for WETH on Birch."""
    values: dict[str, Any] = {
        "state": QuoteState.READY,
        "browser_key": "",
        "intent": {
            "amount": str(100 * 10**6),
            "exact": "input",
            "recipient": "",
            "user": to_checksum_address(ALICE),
        },
        "routes": [{"kind": "swap_fill"}],
        "fees": [
            _fee("network_fee", 77_000, "7700000"),
            _fee("service_fee", 40_000, "4000000"),
            _fee("margin", 20_000, "2000000"),
        ],
        "plan": [
            {"index": 0, "kind": "open", "chain_id": 901},
            {"index": 1, "kind": "fill", "chain_id": 902},
        ],
        "origin_id": 901,
        "destination_id": 902,
        "input_token": to_checksum_address(USDC[901]),
        "output_token": to_checksum_address(WETH[902]),
        "input_amount": 100 * 10**6,
        "output_expected": 31 * 10**15,
        "output_minimum": 30 * 10**15,
        "eta_seconds": 3,
        "confirm_way": "eip3009",
        "user": to_checksum_address(ALICE),
        "recipient": to_checksum_address(ALICE),
        "order": {"user": to_checksum_address(ALICE)},
        "order_id": "0x" + secrets.token_hex(32),
        "solved_at": timezone.now(),
        "expires_at": timezone.now() + timedelta(seconds=30),
    }
    return Quote.objects.create(**{**values, **changes})


def order(*, state: OrderState = OrderState.SIGNED, seen_by: str = "", **changes: Any) -> Order:
    """An order of 100 USDC on Alder for WETH on Birch, with an open and a fill step."""
    now = int(time.time())
    values: dict[str, Any] = {
        "order_id": "0x" + secrets.token_hex(32),
        "state": state,
        "terms": {"outputs": [{"callbackData": "0x"}]},
        "confirm_way": "eip3009",
        "user": to_checksum_address(ALICE),
        "recipient": to_checksum_address(ALICE),
        "origin_id": 901,
        "destination_id": 902,
        "input_token": to_checksum_address(USDC[901]),
        "input_amount": 100 * 10**6,
        "output_token": to_checksum_address(WETH[902]),
        "output_amount": 30 * 10**15,
        "output_expected": 31 * 10**15,
        "required_depth": 3,
        "fill_deadline": now + 120,
        "expires": now + 240,
        "share_key": secrets.token_urlsafe(24),
        "received_at": time.time(),
    }
    made = Order.objects.create(**{**values, **changes})
    for index, kind in enumerate(("open", "fill", "prove", "finalise")):
        chain_id = 901 if kind in ("open", "finalise") else 902
        Step.objects.create(order=made, index=index, kind=kind, chain_id=chain_id, state=StepState.BLOCKED)
    if seen_by:
        OrderAccess.objects.create(order=made, browser_key=seen_by)
    return made


def log(made: Order, kind: str, *, block: int = 100) -> ChainLog:
    """Evidence of the order on its origin."""
    return ChainLog.objects.create(
        chain=Chain.objects.get(pk=made.origin_id),
        block_number=block,
        block_hash="0x" + secrets.token_hex(32),
        block_timestamp=int(time.time()),
        tx_hash="0x" + secrets.token_hex(32),
        log_index=0,
        address=to_checksum_address(ESCROW),
        kind=kind,
        order_id=made.order_id,
        data={},
    )


def event(made: Order, kind: str, **data: Any) -> Event:
    """The order's next event."""
    seq = made.events.count() + 1
    return Event.objects.create(order=made, seq=seq, kind=kind, data=data)


def _token(address: str, symbol: str, canonical_id: str, *, decimals: int) -> dict[str, Any]:
    return {
        "address": to_checksum_address(address),
        "symbol": symbol,
        "name": symbol,
        "decimals": decimals,
        "canonical_id": canonical_id,
        "eip3009": "bytes",
        "version": "2",
    }


def _fee(kind: str, amount: int, usd_e8: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "chain_id": 901,
        "token": to_checksum_address(USDC[901]),
        "amount": str(amount),
        "usd_e8": usd_e8,
        "is_gain": False,
    }
