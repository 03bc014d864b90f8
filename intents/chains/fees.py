"""What a transaction offers for gas: EIP-1559 fees within the manifest's cap."""

import time
from typing import NamedTuple

from intents.errors import WaymeetError
from intents.models import ChainHead

from . import registry
from .client import client

HEADROOM = 2
HEAD_FRESH_SECONDS = 15.0
# Nodes take a replacement from +10 % on; 12.5 % of both fees satisfies every known one.
BUMP_NUMERATOR = 1125
BUMP_DENOMINATOR = 1000
# How far above the manifest's cap we go for what would otherwise lose us a delivered order.
URGENT_CAP_FACTOR = 4


class FeeAboveCap(WaymeetError):
    """The chain asks more for gas than its manifest allows us to pay: wait."""

    code = "gas_price_too_high"
    retry = True
    status = 503


class Fees(NamedTuple):
    """Fees per unit of gas, in wei."""

    max_fee_wei: int
    priority_fee_wei: int


def fees(chain_id: int, *, is_urgent: bool = False) -> Fees:
    """Fees that outlast five full blocks; raises FeeAboveCap when the cap is below the base fee.

    What is urgent may cost URGENT_CAP_FACTOR times the manifest's cap, never more.
    """
    manifest = registry.chain(chain_id)
    base_fee = base_fee_wei(chain_id)
    priority = manifest.priority_fee_wei
    cap = cap_wei(chain_id, is_urgent=is_urgent)
    if base_fee + priority > cap:
        raise FeeAboveCap(
            f"{manifest.slug}: base fee {base_fee} wei is above the cap {cap}", chain=manifest.name
        )
    return Fees(min(HEADROOM * base_fee + priority, cap), priority)


def cap_wei(chain_id: int, *, is_urgent: bool = False) -> int:
    """The most we offer for a unit of gas."""
    return registry.chain(chain_id).max_fee_wei * (URGENT_CAP_FACTOR if is_urgent else 1)


def bumped(old: Fees, chain_id: int, *, is_urgent: bool = False) -> Fees:
    """Fees that may replace `old`: both at least +12.5 % rounded up, and no less than the market asks.

    Raises FeeAboveCap when the cap does not leave room.
    """
    cap = cap_wei(chain_id, is_urgent=is_urgent)
    market = fees(chain_id, is_urgent=is_urgent)
    needed = Fees(_raised(old.max_fee_wei), _raised(old.priority_fee_wei))
    if needed.max_fee_wei > cap:
        raise FeeAboveCap(f"chain {chain_id}: a replacement needs {needed.max_fee_wei} wei, cap {cap}")
    max_fee = max(needed.max_fee_wei, market.max_fee_wei)
    return Fees(max_fee, min(max(needed.priority_fee_wei, market.priority_fee_wei), max_fee))


def base_fee_wei(chain_id: int) -> int:
    """The newest block's base fee: the follower's while it is fresh, else the node's."""
    seen = ChainHead.objects.filter(chain_id=chain_id).values_list("base_fee_wei", "seen_at").first()
    if seen is not None and time.time() - seen[1] < HEAD_FRESH_SECONDS:
        return int(seen[0])
    return client(chain_id).head().base_fee_wei


def _raised(fee_wei: int) -> int:
    return -(-fee_wei * BUMP_NUMERATOR // BUMP_DENOMINATOR)
