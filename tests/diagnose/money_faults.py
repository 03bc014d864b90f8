"""What prices, stock, limits, tokens and people do wrong."""

from dataclasses import replace
from typing import Final

from intents.chains.calls import Call, encode_call
from intents.chains.manifest import ValueTier
from intents.devnet.accounts import OUTSIDER, OWNER, address, named_wallet
from intents.devnet.market import post_prices, read_prices
from intents.lifecycle import OrderState, StepKind
from intents.models import Deposit, Order
from intents.services.staff import pauses as brakes
from intents.settlement.cancelling import cancel_authorization, cancel_typed_data, invalidate_nonce
from intents.settlement.order import order_from_json

from ..console.actors import actor, form
from ..engine import strangers
from ..engine.senders import send_own
from .injection import Injection, Wish, wish
from .system import Dice, System, waiting_of

ALICE: Final = named_wallet("alice")
REFUSES_COINS: Final = "0x5f5ffd"


def _empty(system: System, dice: Dice) -> Order:
    """Our stock is gone, and everything that could buy the output."""
    wanted = wish(dice, get=":USDC")
    order = system.opened(ALICE, **wanted.as_asked())
    for slug, manifest in system.network.manifests.items():
        for token in manifest.assets:
            if slug == wanted.destination or token.is_synthetic or manifest.bridges:
                _withdraw_all(system, slug, token.symbol)
    system.network.mine_all()
    system.seen()
    system.let_go(order)
    return order


def _withdraw_all(system: System, slug: str, symbol: str) -> None:
    account = system.network.manifest(slug).address("solver_account")
    if system.network.balance(slug, symbol, account):
        strangers.leave_in_stock(system.network, slug, symbol, 0)


def _post(system: System, name: str, bps: int) -> None:
    """A price on every chain's feed, and seen."""
    for slug, manifest in system.network.manifests.items():
        rpc = system.network.rpc(slug)
        prices = read_prices(manifest, rpc)
        post_prices(
            manifest, rpc, {key: value * bps // 10_000 for key, value in prices.items() if key == name}
        )
    system.network.mine_all()
    system.seen()


def _price_moved(system: System, dice: Dice) -> Order:
    order = system.opened(ALICE, **wish(dice, give=":WETH", get=":USDC").as_asked())
    _post(system, "weth", dice.choice([9_000, 9_300, 9_500]))
    system.let_go(order)
    return order


def _no_price(system: System, dice: Dice) -> Order:
    """Nobody posts prices for longer than they may be believed."""
    order = system.opened(ALICE, **wish(dice).as_asked())
    for slug in system.network.manifests:
        system.network.rpc(slug).request("evm_increaseTime", dice.randint(70, 80))
    system.network.mine_all()
    system.seen()
    system.let_go(order)
    return order


def _switched_off(system: System, dice: Dice) -> Order:
    return system.opened(ALICE, **wish(dice).as_asked())


def _exposed(system: System, dice: Dice) -> Order:
    """Many orders stand against deposits of one block, which is not final: more than the origin's limit allows."""
    system.load(summit={"value_tiers": (ValueTier(60 * 10**8, 1),)})
    units = 200 * 10 ** system.network.manifest("summit").token("USDC").decimals
    system.miner.pace["summit"] = None
    wallets = [system.rich("summit", "USDC", units, who=str(each)) for each in range(5)]
    system.network.rpc("summit").request("evm_setAutomine", False)
    orders = [
        system.transfer(wallet, give="summit:USDC", get="birch:USDC", amount=str(dice.randint(54, 58)))
        for wallet in wallets
        for _ in range(3)
    ]
    for order in orders:
        system.sent(order, "open")
    system.network.mine("summit")

    def kept_back() -> Order | None:
        return next((each for each in orders if waiting_of(each, StepKind.FILL) == "exposure_full"), None)

    return system.work_until(kept_back)


def _listed(system: System, dice: Dice) -> Order:
    """The token's issuer puts the recipient on its list."""
    wanted = wish(dice, get=":USDC")
    recipient = named_wallet(f"listed {dice.random()}").address
    order = system.opened(ALICE, **wanted.as_asked(), recipient=recipient)
    token = system.network.token(wanted.destination, "USDC")
    call = Call(token, encode_call("blacklist(address)", [recipient]))
    system.send(wanted.destination, call, sender=address(OWNER))
    system.let_go(order)
    return order


def _refuses_coins(system: System, dice: Dice) -> Order:
    """The recipient's code throws coins back."""
    recipient = named_wallet(f"refuses {dice.random()}").address
    amount = str(dice.randint(80, 120))
    order = system.opened(ALICE, give="alder:USDC", get="birch:ETH", amount=amount, recipient=recipient)
    system.network.rpc("birch").request("anvil_setCode", recipient, REFUSES_COINS)
    system.let_go(order)
    return order


def _stopped(system: System, dice: Dice) -> Order:
    """The token's issuer stops every payment."""
    wanted = wish(dice, get=":USDC")
    order = system.opened(ALICE, **wanted.as_asked())
    token = system.network.token(wanted.destination, "USDC")
    system.send(wanted.destination, Call(token, encode_call("pause()", [])), sender=address(OWNER))
    system.let_go(order)
    return order


def _blocked(system: System, dice: Dice) -> Order:
    recipient = named_wallet(f"blocked {dice.random()}").address
    order = system.opened(ALICE, **wish(dice).as_asked(), recipient=recipient)
    system.settings.BLOCKED_ADDRESSES = [recipient.lower()]
    system.let_go(order)
    return order


def _near(system: System, dice: Dice) -> Order:
    """Nobody worked until it was too late to pay safely."""
    order = system.opened(ALICE, **wish(dice).as_asked())
    system.is_working = False
    system.warp_to(order, 3)
    system.is_working = True
    system.let_go(order)
    system.work()
    return order


def _braked_chain(system: System, dice: Dice) -> Order:
    wanted = wish(dice)
    order = system.opened(ALICE, **wanted.as_asked())
    slug = wanted.destination
    brakes.pause(brakes.CHAIN, slug, actor("operator"), form(slug, reason="something is odd there"))
    system.let_go(order)
    return order


def _braked_route(system: System, dice: Dice) -> Order:
    """A brake is pulled between the signature and the lock."""
    wanted = wish(dice)
    order = system.transfer(ALICE, **wanted.as_asked())
    kind, subject = dice.choice(
        [
            (brakes.TOKEN, wanted.get),
            (brakes.ROUTE, f"{wanted.origin}>{wanted.destination}"),
        ]
    )
    brakes.pause(kind, subject, actor("operator"), form(subject, reason="too many returns"))
    return order


def _deposit(system: System, dice: Dice) -> tuple[Order, Wish]:
    wanted = wish(dice, give=":USDC")
    return system.transfer(ALICE, **wanted.as_asked(), confirm="deposit"), wanted


def _pay(system: System, order: Order, slug: str, symbol: str, units: int) -> None:
    """Somebody sends to the order's own address."""
    payer = address(OUTSIDER)
    system.network.fund(slug, [payer], {symbol: units})
    place = Deposit.objects.get(order=order).address
    data = encode_call("transfer(address,uint256)", [place, units])
    system.send(slug, Call(system.network.token(slug, symbol), data))


def _awaited(system: System, dice: Dice) -> Order:
    return _deposit(system, dice)[0]


def _short(system: System, dice: Dice) -> Order:
    order, wanted = _deposit(system, dice)
    _pay(system, order, wanted.origin, "USDC", order.input_amount - dice.randint(1, 5 * 10**6))
    return order


def _wrong(system: System, dice: Dice) -> Order:
    order, wanted = _deposit(system, dice)
    symbol = dice.choice(["WETH", "USDT"])
    units = 10**16 if symbol == "WETH" else 30 * 10**6
    _pay(system, order, wanted.origin, symbol, units)
    return order


def _late(system: System, dice: Dice) -> Order:
    order, wanted = _deposit(system, dice)
    system.work()
    system.warp_to(order, -5)
    _pay(system, order, wanted.origin, "USDC", order.input_amount)
    return order


def _never(system: System, dice: Dice) -> Order:
    order, _ = _deposit(system, dice)
    system.work()
    system.warp_to(order, -5)
    return system.drive(order, OrderState.EXPIRED)


def _spent(system: System, dice: Dice) -> Order:
    """The wallet pays somebody else between its signature and the lock."""
    wanted = wish(dice, give=":USDC")
    wallet = system.rich(wanted.origin, "USDC", (int(wanted.amount) + 1) * 10**6)
    order = system.transfer(wallet, **wanted.as_asked(), confirm=dice.choice(["eip3009", "permit2"]))
    data = encode_call("transfer(address,uint256)", [address(OUTSIDER), 10 * 10**6])
    token = system.network.token(wanted.origin, "USDC")
    send_own(system.network, wanted.origin, wallet, [Call(token, data)])
    return order


def _false(system: System, dice: Dice) -> Order:
    """The signature that was kept is not the one that was given."""
    order = system.transfer(
        ALICE, **wish(dice, give=":USDC").as_asked(), confirm=dice.choice(["eip3009", "permit2"])
    )
    flipped = order.signature[:20] + ("0" if order.signature[20] != "0" else "1") + order.signature[21:]
    Order.objects.filter(pk=order.pk).update(signature=flipped)
    return order


def _cancelled(system: System, dice: Dice) -> Order:
    wanted = wish(dice, give=":USDC")
    order = system.transfer(ALICE, **wanted.as_asked(), confirm=dice.choice(["eip3009", "permit2"]))
    terms, origin = order_from_json(order.terms), system.network.manifest(wanted.origin)
    order_id = bytes.fromhex(order.pk[2:])
    if order.confirm_way == "permit2":
        call = invalidate_nonce(terms, origin=origin)
    else:
        data = cancel_typed_data(terms, order_id=order_id, origin=origin)
        raw = bytes(ALICE.sign_typed_data(full_message=data).signature)
        call = cancel_authorization(terms, order_id=order_id, signature=raw)
    send_own(system.network, wanted.origin, ALICE, [call])
    return order


def _kept(system: System, dice: Dice) -> Order:
    """Neither can it be paid out nor given back: the token refuses its own user."""
    wanted = wish(dice, give=":USDC")
    wallet = system.rich(wanted.origin, "USDC", (int(wanted.amount) + 1) * 10**6)
    order = system.opened(wallet, **wanted.as_asked())
    token = system.network.token(wanted.origin, "USDC")
    call = Call(token, encode_call("blacklist(address)", [wallet.address]))
    system.send(wanted.origin, call, sender=address(OWNER))
    system.warp_to(order, -3)
    return system.drive(order, OrderState.REFUNDED)


def _expiring(system: System, dice: Dice) -> Order:
    """Delivered, and the proof cannot be brought: the validators are away until it is nearly too late."""
    wanted = wish(dice)
    manifest = system.network.manifest(wanted.destination)
    away = tuple(replace(each, url="http://127.0.0.1:9") for each in manifest.validators)
    system.load(**{wanted.destination: {"validators": away}})
    order = system.delivered(ALICE, **wanted.as_asked())
    system.warp_to(order, order.fill_deadline - order.expires + dice.randint(20, 40))
    return order


INJECTIONS: Final = (
    Injection("no_stock", _empty, after=3),
    Injection("price_moved", _price_moved, after=2),
    Injection("no_price", _no_price, after=2),
    Injection("fill_switched_off", _switched_off, after=0.5),
    Injection("exposure_full", _exposed, after=0.2),
    Injection("recipient_refuses", _listed, after=2),
    Injection("recipient_refuses", _refuses_coins, after=2),
    Injection("token_stopped", _stopped, after=2),
    Injection("blocked_address", _blocked, after=1),
    Injection("deadline_near", _near, after=0),
    Injection("chain_paused", _braked_chain, after=2),
    Injection("token_or_route_paused", _braked_route, after=2),
    Injection("deposit_awaited", _awaited, after=1),
    Injection("deposit_short", _short, after=3),
    Injection("deposit_wrong_token", _wrong, after=8),
    Injection("deposit_late", _late, after=8),
    Injection("never_paid", _never, after=0.5),
    Injection("funds_gone", _spent, after=2),
    Injection("signature_refused", _false, after=2),
    Injection("cancelled", _cancelled, after=2),
    Injection("payout_refused", _kept, after=0.5),
    Injection("expires_soon", _expiring, after=0.5),
)
