"""Gas of every money path with real USDC, equal to the committed figures and under the project's ceilings.

`WRITE_GAS=1 pytest tests/contracts/test_gas.py` rewrites the figures after a wanted change.
"""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from intents.settlement.destination_call import encode_destination_call
from intents.settlement.order import (
    StandardOrder,
    address_to_bytes32,
    fill_payload,
    output_to_abi,
    to_abi,
)

from .arrivals import calling
from .deposits import AMOUNT, open_deposit, permit, recover, send_in
from .world import World, alice, filler, message_body, operator, owner, relayer, sign

SNAPSHOT = Path(__file__).with_name("gas.json")
FILLER = address_to_bytes32(filler.address)
BATCH = 10
TOGETHER = (1, 2, 4, 8, 16)
# Zero bytes of calldata are cheaper: times are fixed, so that the figures are equal on every day, and nonces are
# without zeros, as random ones are.
MOMENT = 0x78010101
FIRST_NONCE = int.from_bytes(b"\xab" * 31 + b"\x01", "big")
CEILINGS = {
    "open": 97_000,
    "openFor permit2": 141_500,
    "openFor eip3009": 132_500,
    "finalise": 78_000,
    "openDeposit": 140_000,
    "openDeposit by permit": 190_000,
    "refund": 63_500,
    "fill": 107_000,
    "fillMany of 10, each": 69_000,
    "finaliseMany of 10, each": 36_000,
}

Measure = Callable[[World], int]
MEASURES: dict[str, Measure] = {}


def measure(name: str) -> Callable[[Measure], Measure]:
    def register(function: Measure) -> Measure:
        MEASURES[name] = function
        return function

    return register


def orders(world: World, count: int = 1) -> list[StandardOrder]:
    deadline = MOMENT + 0x20101
    recipients = [bytes(12) + b"\x11" * 18 + (0x0101 + i).to_bytes(2, "big") for i in range(count)]
    return [
        world.order(
            nonce=FIRST_NONCE + i,
            fill_deadline=deadline,
            expires=deadline + 0x010101,
            outputs=(world.output(world, recipient=recipients[i]),),
        )
        for i in range(count)
    ]


def opened(world: World, count: int = 1) -> list[StandardOrder]:
    batch = orders(world, count)
    for order in batch:
        world.open(order)
    return batch


def proven(world: World, count: int = 1, solver: str = filler.address) -> list[StandardOrder]:
    batch = opened(world, count)
    for order in batch:
        world.prove_fill(order, solver=solver, timestamp=order.fill_deadline)
    return batch


def items(world: World, batch: list[StandardOrder]) -> list[tuple[Any, ...]]:
    return [(world.id(order), output_to_abi(order.outputs[0]), order.fill_deadline) for order in batch]


def open_for(world: World, kind: bytes) -> int:
    (order,) = orders(world)
    # The first use of a nonce word costs a new slot, as it does for a person's first order.
    data = world.permit2_data(order) if kind == b"\x00" else world.eip3009_data(order)
    signature = kind + sign(alice, data)
    receipt = world.input_settler.send(
        "openFor", to_abi(order), alice.address, signature, sender=relayer.address
    )
    return receipt.gas_used


@measure("open")
def _open(world: World) -> int:
    (order,) = orders(world)
    return world.input_settler.send("open", to_abi(order), sender=alice.address).gas_used


@measure("openFor permit2")
def _open_for_permit2(world: World) -> int:
    return open_for(world, b"\x00")


@measure("openFor eip3009")
def _open_for_eip3009(world: World) -> int:
    return open_for(world, b"\x01")


@measure("openDeposit")
def _open_deposit(world: World) -> int:
    (order,) = orders(world)
    send_in(world, order)
    return open_deposit(world, order).gas_used


@measure("openDeposit with a surplus")
def _open_deposit_surplus(world: World) -> int:
    (order,) = orders(world)
    send_in(world, order, AMOUNT + 1)
    return open_deposit(world, order).gas_used


@measure("openDeposit by permit")
def _open_deposit_permit(world: World) -> int:
    (order,) = orders(world)
    return open_deposit(world, order, permit(world, order)).gas_used


@measure("recover, first at the address")
def _recover(world: World) -> int:
    (order,) = orders(world)
    send_in(world, order)
    world.chain.warp_to(order.fill_deadline)
    return recover(world, order).gas_used


@measure("recover, after opening")
def _recover_again(world: World) -> int:
    (order,) = orders(world)
    send_in(world, order)
    open_deposit(world, order)
    send_in(world, order)
    return recover(world, order).gas_used


@measure("finalise")
def _finalise(world: World) -> int:
    (order,) = proven(world)
    params = [(order.fill_deadline, FILLER)]
    receipt = world.input_settler.send("finalise", to_abi(order), params, FILLER, b"", sender=filler.address)
    return receipt.gas_used


@measure("finaliseMany of 10, each")
def _finalise_many(world: World) -> int:
    return finalised(world, BATCH) // BATCH


@measure("refund")
def _refund(world: World) -> int:
    (order,) = opened(world)
    world.chain.warp_to(order.expires + 1)
    return world.input_settler.send("refund", to_abi(order), sender=relayer.address).gas_used


@measure("refundUnfilled")
def _refund_unfilled(world: World) -> int:
    (order,) = opened(world)
    world.prove_unfilled(order)
    return world.input_settler.send("refundUnfilled", to_abi(order), 0, sender=relayer.address).gas_used


@measure("fill")
def _fill(world: World) -> int:
    (item,) = items(world, orders(world))
    return world.output_settler.send("fill", *item, FILLER, sender=filler.address).gas_used


@measure("fill with a call that takes the tokens")
def _fill_with_call(world: World) -> int:
    pot = world.token("pot")
    who = "0x" + "11" * 20
    call = calling(pot.address, pot.data("give_back", world.usdc.address, AMOUNT - 1, 0), who)
    (order,) = orders(world)
    output = replace(
        order.outputs[0],
        recipient=address_to_bytes32(world.executor.address),
        amount=AMOUNT,
        callback_data=encode_destination_call(call),
    )
    return world.output_settler.send(
        "fill", world.id(order), output_to_abi(output), order.fill_deadline, FILLER, sender=filler.address
    ).gas_used


@measure("fillMany of 10, each")
def _fill_many(world: World) -> int:
    batch = items(world, orders(world, BATCH))
    receipt = world.output_settler.send("fillMany", batch, FILLER, sender=filler.address)
    return receipt.gas_used // BATCH


@measure("attestUnfilled")
def _attest_unfilled(world: World) -> int:
    (order,) = orders(world)
    world.chain.warp_to(order.fill_deadline + 1)
    (item,) = items(world, [order])
    return world.output_settler.send("attestUnfilled", *item, sender=relayer.address).gas_used


def submitted(world: World, count: int, *, before: int = 0) -> int:
    """Gas of a message of `count` payloads; the first message ever costs more than any after it."""
    for at in range(before):
        submit_fills(world, orders(world, count + before)[count + at :][:1])
    return submit_fills(world, orders(world, count + before)[:count])


def submit_fills(world: World, batch: list[StandardOrder]) -> int:
    payloads = []
    for order, item in zip(batch, items(world, batch), strict=True):
        receipt = world.output_settler.send("fill", *item, FILLER, sender=filler.address)
        payloads.append(fill_payload(world.id(order), order.outputs[0], FILLER, receipt.timestamp))
    receipt = world.oracle.send(
        "submit",
        world.chain_id,
        world.oracle.address,
        world.output_settler.address,
        payloads,
        sender=relayer.address,
    )
    return receipt.gas_used


@measure("oracle submit of 1")
def _submit(world: World) -> int:
    return submitted(world, 1)


@measure("oracle submit of 10, each")
def _submit_many(world: World) -> int:
    return submitted(world, BATCH) // BATCH


@measure("oracle handle of 10, each")
def _handle(world: World) -> int:
    return handled(world, BATCH) // BATCH


def handled(world: World, count: int) -> int:
    batch = orders(world, count)
    payloads = [fill_payload(world.id(o), o.outputs[0], FILLER, o.fill_deadline) for o in batch]
    output = batch[0].outputs[0]
    world.chain.fund(world.mailbox.address)
    receipt = world.oracle.send(
        "handle",
        output.chain_id,
        output.oracle,
        message_body(output.settler, payloads),
        sender=world.mailbox.address,
    )
    return receipt.gas_used


def finalised(world: World, count: int) -> int:
    batch = proven(world, count)
    params = [[(order.fill_deadline, FILLER)] for order in batch]
    receipt = world.input_settler.send(
        "finaliseMany", [to_abi(order) for order in batch], params, sender=relayer.address
    )
    return receipt.gas_used


for _count in TOGETHER:
    measure(f"together: submit of {_count}")(partial(submitted, count=_count, before=2))
    measure(f"together: handle of {_count}")(partial(handled, count=_count))
    if _count <= BATCH:
        measure(f"together: finaliseMany of {_count}")(partial(finalised, count=_count))


def account_fill(world: World, order: StandardOrder) -> int:
    (item,) = items(world, [order])
    receipt = world.account.send(
        "fill", world.output_settler.address, item[0], [item[1]], item[2], sender=operator.address
    )
    return receipt.gas_used


@measure("solver_account fill, first of the hour")
def _account_fill_first(world: World) -> int:
    return account_fill(world, orders(world)[0])


@measure("solver_account fill")
def _account_fill(world: World) -> int:
    first, second = orders(world, 2)
    account_fill(world, first)
    return account_fill(world, second)


@measure("solver_account fillMany of 10, each")
def _account_fill_many(world: World) -> int:
    first, *rest = orders(world, BATCH + 1)
    account_fill(world, first)
    receipt = world.account.send(
        "fillMany",
        world.output_settler.address,
        world.usdc.address,
        items(world, rest),
        sender=operator.address,
    )
    return receipt.gas_used // BATCH


@measure("solver_account swapAndFill at a mock venue")
def _account_swap_and_fill(world: World) -> int:
    place = world.token("venue")
    world.usdc.send("mint", place.address, 10**12, sender=owner.address)
    world.account.send("setVenues", [place.address], True, sender=owner.address)
    first, second = orders(world, 2)
    account_fill(world, first)
    data = place.data("trade", world.weth.address, 10**15, world.usdc.address, 100 * 10**6)
    (item,) = items(world, [second])
    receipt = world.account.send(
        "swapAndFill",
        world.output_settler.address,
        item[0],
        [item[1]],
        item[2],
        [(place.address, world.weth.address, 10**15, 0, data)],
        99 * 10**6,
        100 * 10**6,
        "0x" + second.outputs[0].recipient[12:].hex(),
        sender=operator.address,
    )
    return receipt.gas_used


@measure("solver_account finalise")
def _account_finalise(world: World) -> int:
    (order,) = proven(world, solver=world.account.address)
    params = [(order.fill_deadline, address_to_bytes32(world.account.address))]
    receipt = world.account.send(
        "finalise", world.input_settler.address, to_abi(order), params, sender=operator.address
    )
    return receipt.gas_used


@pytest.mark.parametrize("name", MEASURES)
def test_gas_is_the_committed_figure(world: World, name: str) -> None:
    world.chain.warp_to(MOMENT)
    used = MEASURES[name](world)
    if os.environ.get("WRITE_GAS"):
        figures = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.is_file() else {}
        figures[name] = used
        SNAPSHOT.write_text(
            json.dumps({key: figures[key] for key in MEASURES if key in figures}, indent=1) + "\n"
        )
    assert used == json.loads(SNAPSHOT.read_text())[name]


@pytest.mark.parametrize("name", CEILINGS)
def test_the_committed_figure_is_under_its_ceiling(name: str) -> None:
    assert json.loads(SNAPSHOT.read_text())[name] <= CEILINGS[name]


def test_every_measure_is_committed_and_nothing_else() -> None:
    assert list(json.loads(SNAPSHOT.read_text())) == list(MEASURES)
