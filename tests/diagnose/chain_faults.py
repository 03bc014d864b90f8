"""What chains, nodes, validators and our own processes do wrong."""

import contextlib
from dataclasses import replace
from typing import Any, Final

from intents.chains import accounts, registry
from intents.devnet.accounts import named_wallet
from intents.devnet.faults.modes import Fault, Mode
from intents.engine.actions import fill as fill_action
from intents.lifecycle import OrderState, StepKind
from intents.models import Attempt, Chain, ChainLog, Order

from ..engine import strangers
from .injection import Injection, wish
from .system import Dice, System, waiting_of

ALICE: Final = named_wallet("alice")
RETURNED_BLOCKS: Final = 12


def _depth(system: System, dice: Dice) -> Order:
    """The origin makes its blocks slowly, and the order is worth many of them."""
    origin = dice.choice(["summit", "cedar"])
    system.miner.pace[origin] = 2.5
    wanted = {"give": f"{origin}:USDC", "get": "birch:USDC", "amount": str(dice.randint(2_000, 4_000))}
    units = 5_000 * 10 ** system.network.manifest(origin).token("USDC").decimals
    return system.drive(system.transfer(system.rich(origin, "USDC", units), **wanted), OrderState.OPENED)


def _still(system: System, dice: Dice) -> Order:
    wanted = wish(dice)
    order = system.opened(ALICE, **wanted.as_asked())
    system.stop_mining(dice.choice([wanted.origin, wanted.destination]))
    system.let_go(order)
    return order


def _follower(system: System, dice: Dice) -> Order:
    order = system.opened(ALICE, **wish(dice).as_asked())
    system.close()
    system.let_go(order)
    return order


def _ill(system: System, dice: Dice, fault: Fault) -> Order:
    wanted = wish(dice)
    order = system.opened(ALICE, **wanted.as_asked())
    slug = wanted.destination if wanted.destination in system.proxies else wanted.origin
    system.suffer(slug, fault)
    system.let_go(order)
    return order


def _lag(system: System, dice: Dice) -> Order:
    return _ill(system, dice, Fault(Mode.STALE_HEAD, blocks=dice.choice([20, 30, 40])))


def _disagree(system: System, dice: Dice) -> Order:
    return _ill(system, dice, Fault(Mode.DISAGREE))


def _away(system: System, dice: Dice) -> Order:
    mode = dice.choice([Mode.CUT, Mode.SERVER_ERROR, Mode.TOO_MANY, Mode.WRONG_CHAIN])
    return _ill(system, dice, Fault(mode))


def _dear(system: System, dice: Dice) -> Order:
    """The base fee is far above what the manifest lets us pay."""
    wanted = wish(dice)
    order = system.opened(ALICE, **wanted.as_asked())
    cap = system.network.manifest(wanted.destination).max_fee_wei
    system.miner.base_fees[wanted.destination] = cap * dice.choice([2, 20])
    system.network.rpc(wanted.destination).request("evm_setBlockGasLimit", hex(30_000_000))
    system.wait_for(lambda: _base_fee(system, wanted.destination) > cap)
    system.let_go(order)
    return order


def _base_fee(system: System, slug: str) -> int:
    return int(system.network.rpc(slug).block()["baseFeePerGas"], 16)


def _queue(system: System, dice: Dice) -> Order:
    """An earlier transaction of ours was lost by the node, and nobody sends it again."""
    wanted = wish(dice)
    first = system.opened(ALICE, **wanted.as_asked())
    second = system.opened(ALICE, **wanted.as_asked())
    system.is_mending = False
    rpc = system.network.rpc(wanted.destination)
    rpc.request("evm_setAutomine", False)
    system.miner.pace[wanted.destination] = None
    system.only = {first.pk}
    system.let_go(first)
    lost = system.sent(first, "fill")
    rpc.request("anvil_dropTransaction", lost.tx_hash)
    system.only = {second.pk}
    system.look(second)
    system.sent(second, "fill")
    system.miner.pace[wanted.destination] = 0.4
    return second


def _stuck(system: System, dice: Dice) -> Order:
    """Blocks are made, but none takes our transaction."""
    wanted = wish(dice)
    order = system.opened(ALICE, **wanted.as_asked())
    system.is_mending = False
    system.network.rpc(wanted.destination).request("evm_setAutomine", False)
    system.miner.pace[wanted.destination] = None
    system.let_go(order)
    system.sent(order, "fill")
    system.hold_transactions(wanted.destination)
    system.miner.pace[wanted.destination] = 0.4
    return order


def _no_gas(system: System, dice: Dice) -> Order:
    wanted = wish(dice)
    order = system.opened(ALICE, **wanted.as_asked())
    sender = accounts.address(accounts.OPERATOR)
    system.network.rpc(wanted.destination).request("anvil_setBalance", sender, hex(10**13))
    chain_id = system.network.manifest(wanted.destination).chain_id
    system.work_until(lambda: Chain.objects.get(pk=chain_id).paused_reason == "gas_low")
    system.let_go(order)
    return order


def _deep(system: System, dice: Dice) -> Order:
    """The destination takes back more blocks than any order waits for."""
    wanted = wish(dice)
    slug = wanted.destination
    order = system.opened(ALICE, **wanted.as_asked())
    system.network.mine(slug, RETURNED_BLOCKS + 6)
    system.seen()
    rpc = system.network.rpc(slug)
    rpc.request("anvil_setCoinbase", named_wallet(f"miner {dice.random()}").address)
    rpc.request("anvil_reorg", RETURNED_BLOCKS, [])
    chain_id = system.network.manifest(slug).chain_id
    system.wait_for(lambda: Chain.objects.get(pk=chain_id).paused_reason.startswith("deep_reorg"))
    system.let_go(order)
    return order


def _taken_back(system: System, order: Order, kind: str, slug: str) -> None:
    """The block with the order's log is gone, and its transaction is in none."""
    chain_id = system.network.manifest(slug).chain_id
    log = ChainLog.objects.get(order_id=order.pk, kind=kind, chain_id=chain_id)
    rpc = system.network.rpc(slug)
    system.miner.pace[slug] = None
    rpc.request("evm_setAutomine", False)
    rpc.request("anvil_setCoinbase", named_wallet(f"miner of {order.pk}").address)
    head = int(rpc.request("eth_blockNumber"), 16)
    rpc.request("anvil_reorg", head - log.block_number + 1, [])
    rpc.request("anvil_dropAllTransactions")
    system.hold_transactions(slug)
    system.miner.pace[slug] = 0.4
    system.work_until(lambda: not ChainLog.objects.filter(pk=log.pk).exists())


def _reorg_deposit(system: System, dice: Dice) -> Order:
    wanted = wish(dice)
    order = system.opened(ALICE, **wanted.as_asked())
    _taken_back(system, order, "Open", wanted.origin)
    return order


def _reorg_fill(system: System, dice: Dice) -> Order:
    wanted = wish(dice)
    order = system.delivered(ALICE, **wanted.as_asked())
    _taken_back(system, order, "OutputFilled", wanted.destination)
    return order


def _validators(system: System, dice: Dice) -> Order:
    """Two of three validators cannot be reached."""
    wanted = wish(dice)
    manifest = system.network.manifest(wanted.destination)
    gone = dice.sample(range(3), 2)
    validators = tuple(
        replace(each, url="http://127.0.0.1:9") if index in gone else each
        for index, each in enumerate(manifest.validators)
    )
    system.load(**{wanted.destination: {"validators": validators}})
    order = system.delivered(ALICE, **wanted.as_asked())
    system.work_until(lambda: waiting_of(order, StepKind.PROVE) == "waiting_for_validators", seconds=60)
    return order


def _finality(system: System, dice: Dice) -> Order:
    """The destination makes its blocks slowly."""
    wanted = wish(dice)
    order = system.opened(ALICE, **wanted.as_asked())
    system.miner.pace[wanted.destination] = 3.0
    system.let_go(order)
    system.drive(order, OrderState.FILLED, OrderState.PROVING)
    system.work_until(lambda: waiting_of(order, StepKind.PROVE) == "waiting_for_blocks")
    return order


def _bridge(system: System, dice: Dice) -> Order:
    """The chain that our stock comes from makes its blocks far more slowly than it should."""
    system.load(summit={"block_seconds": 0.5}, alder={"block_seconds": 0.5})
    wanted = {"give": "alder:USDC", "get": "cedar:WBTC", "amount": str(dice.randint(150, 250))}
    order = system.drive(system.transfer(ALICE, **wanted), OrderState.FILLING)
    move = system.work_until(lambda: order.moves.filter(state__in=["sent", "in_transit"]).first())
    source = registry.chain(move.source_id).slug
    system.miner.pace[source] = 5.0
    return order


def _dead_workers(system: System, dice: Dice) -> Order:
    order = system.opened(ALICE, **wish(dice).as_asked())
    system.let_go(order)
    system.is_working = False
    return order


def _stumble(system: System, dice: Dice) -> Order:
    """The engine's own code fails, again and again."""
    order = system.opened(ALICE, **wish(dice).as_asked())
    error = dice.choice([KeyError, ZeroDivisionError, TypeError])

    def broken(*_: Any) -> bool:
        raise error("broken on purpose")

    system.patch(fill_action, "run", broken)
    system.let_go(order)
    for _ in range(12):
        system.look(order)
        system.work()
        with contextlib.suppress(Order.DoesNotExist):
            order.refresh_from_db()
    assert order.state == OrderState.NEEDS_ATTENTION
    return order


def _other(system: System, dice: Dice) -> Order:
    """Somebody else is first."""
    wanted = wish(dice)
    order = system.opened(ALICE, **wanted.as_asked())
    strangers_order = strangers_terms(order)
    strangers.fill_as_outsider(system.network, wanted.destination, strangers_order, order.pk)
    system.let_go(order)
    system.drive(order, OrderState.FILLED)
    assert not Attempt.objects.filter(step__order=order, purpose="fill").exists()
    return order


def strangers_terms(order: Order) -> Any:
    """The terms that were signed."""
    from intents.settlement.order import order_from_json

    return order_from_json(order.terms)


INJECTIONS: Final = (
    Injection("depth", _depth, after=0.5),
    Injection("chain_stalled", _still, after=13),
    Injection("follower_behind", _follower, after=9),
    Injection("nodes_lag", _lag, after=7, is_proxied=True),
    Injection("nodes_disagree", _disagree, after=12, is_proxied=True),
    Injection("nodes_away", _away, after=7, is_proxied=True),
    Injection("fees_above_cap", _dear, after=2),
    Injection("sender_stuck", _queue, after=8),
    Injection("transaction_stuck", _stuck, after=8),
    Injection("gas_low", _no_gas, after=2),
    Injection("deep_reorg", _deep, after=2),
    Injection("reorg_took_deposit", _reorg_deposit, after=2),
    Injection("reorg_took_fill", _reorg_fill, after=2),
    Injection("validator_missing", _validators, after=1),
    Injection("finality", _finality, after=0.2),
    Injection("bridge_late", _bridge, after=20),
    Injection("nobody_advances", _dead_workers, after=11),
    Injection("internal_error", _stumble, after=0.2),
    Injection("filled_by_other", _other, after=0.2),
)
