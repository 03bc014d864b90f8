"""The rows of a million orders, the same for a seed: each with two addresses and three transactions."""

import random
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .chains import SETTLER, SLUGS, TOKENS, token_address

YEAR_SECONDS = 365 * 24 * 3600
PEOPLE = 400_000
CROWDS = 20
# An exchange or an app is behind so many of all orders.
CROWD_SHARE = 0.02
KNOWN_AMOUNTS = (10, 25, 50, 100, 100, 250, 500, 1000)
PRICES_E8 = {"USDC": 10**8, "USDT": 10**8, "WETH": 3000 * 10**8, "WBTC": 90_000 * 10**8}
KINDS = ("in_stock", "swap_fill", "swap_fill", "bridge_swap_fill")
# What is under way now, of everybody.
UNDER_WAY = {
    "awaiting_deposit": 400, "signed": 40, "opening": 60, "opened": 500, "filling": 400, "filled": 100,
    "proving": 300, "needs_attention": 40, "refund_due": 60, "refunding": 30,
}  # fmt: skip
ENDED = (("settled", 0.97), ("refunded", 0.01), ("expired", 0.012), ("rejected", 0.008))


@dataclass(slots=True)
class Samples:
    """Some of what can be searched for, each with the order that must be found."""

    order: list[tuple[str, str]] = field(default_factory=list)
    transaction: list[tuple[str, str]] = field(default_factory=list)
    user: list[tuple[str, str]] = field(default_factory=list)
    recipient: list[tuple[str, str]] = field(default_factory=list)
    link: list[tuple[str, str]] = field(default_factory=list)
    amount: list[tuple[str, str]] = field(default_factory=list)


class Log:
    """What the logs of an order need of it: kept small, a million times."""

    __slots__ = ("chains", "hashes", "order_id", "seconds")

    def __init__(self, values: dict[str, Any], hashes: tuple[str, str, str]) -> None:
        self.order_id, self.hashes = values["order_id"], hashes
        self.chains = (values["origin_id"], values["destination_id"], values["origin_id"])
        self.seconds = values["expires"] - 240


@dataclass(slots=True)
class Made:
    """One order's texts, as its rows need them."""

    number: int
    values: dict[str, Any]
    hashes: tuple[str, str, str]


class Maker:
    """Makes orders one after the other."""

    def __init__(self, *, seed: int, count: int, full: int, now: datetime) -> None:
        self.random = random.Random(seed)
        self.count = count
        self.full = full
        self.now = now
        self.people = [self.address() for _ in range(min(PEOPLE, count))]
        self.crowds = self.people[:CROWDS]
        self.samples = Samples()
        self.logs: list[Log] = []
        self.every = max(1, count // 5000)
        self.states = [state for state, count in UNDER_WAY.items() for _ in range(count)]
        self.random.shuffle(self.states)

    def hex(self, size: int) -> str:
        """So many random bytes as 0x…"""
        return "0x" + self.random.randbytes(size).hex()

    def address(self) -> str:
        """In mixed case, as checksums make them; whose they are does not matter here."""
        digits = self.random.randbytes(20).hex()
        return f"0x{digits[:11].upper()}{digits[11:24]}{digits[24:31].upper()}{digits[31:]}"

    def orders(self) -> Iterator[Made]:
        """All of them, oldest first."""
        for number in range(self.count):
            yield self._order(number)

    def _order(self, number: int) -> Made:
        pick = self.random
        state, created = self._moment(number)
        origin, destination = pick.sample(tuple(SLUGS), 2)
        paid, received = pick.choice(tuple(TOKENS)), pick.choice(("USDC", "USDC", "USDT", "WETH", "WBTC"))
        shown, amount = self._amount(paid)
        value = amount * PRICES_E8[paid] // 10 ** TOKENS[paid]
        expected = value * 10 ** TOKENS[received] // PRICES_E8[received] * 998 // 1000
        user = pick.choice(self.crowds) if pick.random() < CROWD_SHARE else pick.choice(self.people)
        order_id, hashes = self.hex(32), (self.hex(32), self.hex(32), self.hex(32))
        is_delivered = state in ("filled", "proving", "settled")
        seconds = int(created.timestamp())
        values = {
            "order_id": order_id,
            "state": state,
            "signature": self.hex(65),
            "user": user,
            "recipient": self.address(),
            "origin_id": origin,
            "destination_id": destination,
            "input_token": token_address(origin, paid),
            "input_amount": amount,
            "output_token": token_address(destination, received),
            "output_amount": expected * 995 // 1000,
            "output_expected": expected,
            "delivered_amount": expected if is_delivered else "\\N",
            "value_usd_e8": value,
            "fill_deadline": seconds + 120,
            "expires": seconds + 240,
            "share_key": urlsafe_b64encode(pick.randbytes(32)).decode().rstrip("="),
            "client_key": f"{pick.randrange(50_000):064x}",
            "created_at": created.isoformat(),
            "received_at": created.timestamp(),
            "delivered_at": (created + timedelta(seconds=4)).isoformat() if is_delivered else "\\N",
            "route_kind": KINDS[number % 4],
            "quote_id": "\\N",
        }
        values["terms"] = _terms(values)
        self._remember(number, values, hashes, f"{shown} {paid}")
        self.logs.append(Log(values, hashes))
        return Made(number, values, hashes)

    def _moment(self, number: int) -> tuple[str, datetime]:
        """State and time: the last ones are under way, begun within minutes."""
        left = self.count - number
        if left <= len(self.states):
            return self.states[left - 1], self.now - timedelta(seconds=left * 0.5)
        back = left / self.count * YEAR_SECONDS + 3600
        (state,) = self.random.choices([name for name, _ in ENDED], [share for _, share in ENDED])
        return state, self.now - timedelta(seconds=back)

    def _amount(self, symbol: str) -> tuple[str, int]:
        """As typed, and in base units; every fourth is one that many choose."""
        decimals = TOKENS[symbol]
        whole = 1.0 if decimals == 6 else 1 / (PRICES_E8[symbol] / 10**8)
        if self.random.random() < 0.25 and decimals == 6:
            known = self.random.choice(KNOWN_AMOUNTS)
            return str(known), known * 10**decimals
        amount = round(self.random.lognormvariate(5, 1.6) * whole, 5 if decimals > 6 else 2) or whole
        shown = f"{amount:.8f}".rstrip("0").rstrip(".")
        whole_part, _, fraction = shown.partition(".")
        return shown, int(whole_part + fraction[:decimals].ljust(decimals, "0"))

    def _remember(self, number: int, values: dict[str, Any], hashes: tuple[str, ...], amount: str) -> None:
        if number % self.every and self.count - number > self.full:
            return
        known, order_id = self.samples, values["order_id"]
        known.order.append((order_id, order_id))
        known.transaction.append((hashes[number % 3], order_id))
        if values["user"] not in self.crowds:
            known.user.append((values["user"], order_id))
        known.recipient.append((values["recipient"], order_id))
        known.link.append((values["share_key"], order_id))
        known.amount.append((amount, order_id))


def _terms(values: dict[str, Any]) -> str:
    """The signed order as JSON, as long as a real one."""
    token = int(values["input_token"], 16)
    bytes32 = "0x" + "0" * 24
    return (
        f'{{"user":"{values["user"]}","nonce":"{int(values["signature"][2:34], 16)}",'
        f'"originChainId":"{values["origin_id"]}","expires":"{values["expires"]}",'
        f'"fillDeadline":"{values["fill_deadline"]}","inputOracle":"{SETTLER}",'
        f'"inputs":[["{token}","{values["input_amount"]}"]],"outputs":[{{"oracle":"{bytes32}{SETTLER[2:]}",'
        f'"settler":"{bytes32}{SETTLER[2:]}","chainId":"{values["destination_id"]}",'
        f'"token":"{bytes32}{values["output_token"][2:]}","amount":"{values["output_amount"]}",'
        f'"recipient":"{bytes32}{values["recipient"][2:]}","callbackData":"0x","context":"0x"}}]}}'
    )


def utc_now() -> datetime:
    """The present, for a whole run."""
    return datetime.now(UTC)
