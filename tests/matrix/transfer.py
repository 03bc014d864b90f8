"""One transfer of the matrix: its people, what they pay with, and what the chains say they have."""

from dataclasses import dataclass, field
from typing import Final

from eth_account.signers.local import LocalAccount

from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.chains.client import client
from intents.chains.manifest import TokenManifest
from intents.client.opening import open_together
from intents.devnet.accounts import OUTSIDER, address, named_wallet
from intents.devnet.funding import fund_wallets
from intents.devnet.profiles import ETHER
from intents.engine.deposits import address_of
from intents.engine.world import load_world
from intents.models import ChainHead, Deposit, Order, Quote
from intents.services.orders import order_submit
from intents.services.ways import UNSIGNED
from intents.settlement.cancelling import (
    cancel_authorization,
    cancel_typed_data,
    invalidate_nonce,
    permit_count,
    void_permit,
    void_permit_data,
)
from intents.settlement.order import order_from_json
from intents.settlement.typed_data import TypedData

from ..engine import strangers
from ..engine.driver import Driver
from ..engine.senders import open_own, send_own
from ..engine.teams import OWNERS, signed_by, team_wallet
from ..engine.test_batches import wish_on
from .places import Place, Route, plan_of
from .rows import TEAM, Row

WEALTH_BPS: Final = 13_000
EXECUTIVE: Final = ("propose", "execute")


@dataclass(slots=True)
class Transfer:
    """Who pays what by which way; `order` and `quote` are there once `begin` has been called."""

    driver: Driver
    place: Place
    row: Row
    slug: str = ""
    symbol: str = ""
    user: str = ""
    key: LocalAccount = field(init=False)
    recipient: str = ""
    quote: Quote = field(init=False)
    order: Order = field(init=False)

    def __post_init__(self) -> None:
        self.key = named_wallet(f"matrix {self.row}")
        self.recipient = named_wallet(f"matrix recipient {self.row}").address
        self.slug, self.symbol = self._input()
        self.user = self._rich_user()

    @property
    def route(self) -> Route:
        """Where it leads."""
        return self.place.routes[self.row.route]

    @property
    def token(self) -> TokenManifest:
        """What is paid."""
        return self.place.network.manifest(self.slug).token(self.symbol)

    @property
    def owners(self) -> tuple[LocalAccount, ...]:
        """Whose keys sign."""
        return OWNERS if self.row.way == TEAM else (self.key,)

    @property
    def is_native(self) -> bool:
        """Whether the chain's own coin is paid."""
        return self.token.address == ZERO_ADDRESS

    def held(self) -> int:
        """Base units of the input that the user has."""
        return self.place.network.balance(self.slug, self.symbol, self.user)

    def received(self) -> int:
        """Base units of the output that the recipient has, or of the app's shares."""
        network, slug = self.place.network, self.route.destination
        if self.row.route != "call":
            return network.balance(slug, self.route.symbol, self.recipient)
        vault = network.manifest(slug).app("vault").target
        return int(network.rpc(slug).call(vault, "balanceOf(address)", self.recipient))

    def begin(self) -> Order:
        """Quote and hand in; nothing is paid by the ways without a signature."""
        self.driver.wait_for(self._knows_every_pool)
        wish = {
            "amount": self.place.amount(self.slug, self.symbol, self.route.usd),
            "confirm": _confirm(self.row.way, self.token),
            "can_batch": self.row.way == "batch",
            **self.route.wish,
        }
        self.quote = self.driver.quote(
            _Account(self.user),  # type: ignore[arg-type]
            give=f"{self.slug}:{self.symbol}",
            get=self.route.get,
            recipient=self.recipient,
            **wish,
        )
        assert self.route.shows(plan_of(self.quote)), self.quote.plan
        is_unsigned = self.quote.confirm_way in UNSIGNED
        assert is_unsigned == (self.row.way in UNSIGNED), self.quote.confirm_way
        signature = "" if is_unsigned else signed_by(self.quote, *self.owners)
        self.order = order_submit(
            quote_id=self.quote.pk, terms=self.quote.order, signature=signature, browser_key="browser-1"
        )
        return self.order

    def pay(self) -> None:
        """The user's own transaction, or the transfer to the order's address; nothing for a signature."""
        if self.row.way == "batch":
            self._send_batch()
        elif self.row.way == "native":
            open_own(self.place.network, self.slug, self.key, self.order)
        elif self.row.way == "deposit":
            self.pay_to_address(self.order.input_amount)

    def pay_to_address(self, amount: int) -> None:
        """By somebody whom nobody knows, such as an exchange."""
        network, payer = self.place.network, address(OUTSIDER)
        network.fund(self.slug, [payer], {self.symbol: amount})
        place = Deposit.objects.get(order=self.order).address
        data = encode_call("transfer(address,uint256)", [place, amount])
        strangers.send(network, self.slug, Call(self.token.address, data))

    def cancel(self) -> None:
        """Take the signature back with the wallet's own transaction."""
        network, call = self.place.network, self._cancelling()
        if self.row.way != TEAM:
            send_own(network, self.slug, self.key, [call])
            return
        fund_wallets(network.manifest(self.slug), [owner.address for owner in OWNERS], amounts={})
        for owner, act in zip(OWNERS, EXECUTIVE, strict=True):
            arguments = [call.target, call.value_wei, call.data]
            proposal = encode_call(f"{act}(address,uint256,bytes)", arguments)
            send_own(network, self.slug, owner, [Call(self.user, proposal)])

    def _cancelling(self) -> Call:
        terms, order_id = order_from_json(self.order.terms), bytes.fromhex(self.order.order_id[2:])
        origin = self.place.network.manifest(self.slug)
        if self.order.confirm_way == "permit2":
            return invalidate_nonce(terms, origin=origin)
        if self.order.confirm_way == "permit":
            place, view = address_of(order_id, origin=origin), permit_count(terms)
            count = int.from_bytes(client(origin.chain_id).call(view.target, view.data), "big")
            data = void_permit_data(terms, deposit_address=place, count=count, origin=origin)
            return void_permit(terms, deposit_address=place, signature=self._signed(data))
        data = cancel_typed_data(terms, order_id=order_id, origin=origin)
        return cancel_authorization(terms, order_id=order_id, signature=self._signed(data))

    def _signed(self, data: TypedData) -> bytes:
        return bytes(self.key.sign_typed_data(full_message=data).signature)

    def _knows_every_pool(self) -> bool:
        manifest = self.place.network.manifest(self.route.destination)
        seen = load_world().chains[manifest.chain_id].markets
        if len(seen) == len(manifest.venues):
            return True
        # A node forgets old state: blocks made faster than they are read would never be read.
        head = ChainHead.objects.get(chain_id=manifest.chain_id)
        if head.number >= int(self.place.network.rpc(manifest.slug).block()["number"], 16):
            self.place.network.mine(manifest.slug)
        return False

    def _send_batch(self) -> None:
        """One transaction of a key that borrows code (EIP-7702)."""
        key = "0x" + bytes(self.key.key).hex()
        wish = wish_on(self.driver, self.slug, self.user)
        sent = open_together(wish, order_from_json(self.order.terms), key=key)
        rpc = self.place.network.rpc(self.slug)
        receipt = self.driver.wait_for(lambda: rpc.request("eth_getTransactionReceipt", sent))
        assert receipt["status"] == "0x1", "the batch failed"

    def _input(self) -> tuple[str, str]:
        """The first origin with a token for this way; one that can refuse its owner, where that is needed."""
        for slug in self._origins():
            manifest = self.place.network.manifest(slug)
            tokens = [each for each in manifest.assets if not each.is_synthetic]
            # A batch is for what nothing else can move: the plainest tokens are listed last.
            for token in reversed(tokens) if self.row.way == "batch" else tokens:
                if self._serves(token):
                    return slug, token.symbol
        raise LookupError(f"nothing to pay {self.row} with")

    def _origins(self) -> tuple[str, ...]:
        origins = self.route.origins
        # The dollar of the last one knows EIP-2612 and nothing else.
        return origins[::-1] if self.row.way == "permit" else origins

    def _serves(self, token: TokenManifest) -> bool:
        return _SERVES[self.row.way](token) and (
            self.row.outcome != "claimable" or token.is_pausable or token.address == ZERO_ADDRESS
        )

    def _rich_user(self) -> str:
        """The user with a third more than is paid; by a deposit they pay with nothing of their own."""
        manifest = self.place.network.manifest(self.slug)
        if self.row.way == "deposit":
            return self.key.address
        text = self.place.amount(self.slug, self.symbol, self.route.usd)
        worth = int(float(text) * 10**6) * 10**self.token.decimals // 10**6 * WEALTH_BPS // 10_000
        amounts = {} if self.is_native else {self.symbol: worth}
        wei = ETHER + (worth if self.is_native else 0)
        permit2 = (self.symbol,) if self.row.way in ("permit2", TEAM) else ()
        if self.row.way == TEAM:
            return team_wallet(self.place.network, self.slug, amounts, permit2=permit2, wei=wei)
        fund_wallets(manifest, [self.key.address], amounts=amounts, wei=wei, permit2=permit2)
        return self.key.address


@dataclass(frozen=True, slots=True)
class _Account:
    """Who asks; a contract's account has no key."""

    address: str


def _confirm(way: str, token: TokenManifest) -> str:
    if way != TEAM:
        return way
    return "eip3009" if token.eip3009 == "bytes" else "permit2"


def _is_token(token: TokenManifest) -> bool:
    return token.address != ZERO_ADDRESS


_SERVES: Final = {
    "eip3009": lambda token: token.eip3009 != "none",
    "permit2": _is_token,
    "permit": lambda token: token.permit == "eip2612",
    "batch": _is_token,
    "native": lambda token: token.address == ZERO_ADDRESS,
    "deposit": lambda token: _is_token(token) and token.canonical_id != "weth",
    TEAM: _is_token,
}
