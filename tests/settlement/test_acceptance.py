"""The gate, rule by rule: what we fill and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_utils import to_checksum_address

from intents.chains.manifest import ChainManifest, from_json
from intents.settlement import acceptance
from intents.settlement.destination_call import MAX_CALL_GAS, DestinationCall, encode_destination_call
from intents.settlement.order import (
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    address_to_int,
)

ALICE = "0xA11cE00000000000000000000000000000000001"
BOB = "0xB0b0000000000000000000000000000000000002"


# Nobody is paid there, and no call on arrival touches them.
CONTRACTS = (
    "input_settler",
    "output_settler",
    "hyperlane_oracle",
    "solver_account",
    "call_executor",
    "deposit_implementation",
    "permit2",
    "mailbox",
    "merkle_tree_hook",
)


def contract(number: int) -> str:
    return "0x" + f"{number:02x}" * 20


def manifest(chain_id: int, *, block_seconds: float = 1.0, depth: int = 5) -> ChainManifest:
    base = 1 if chain_id == 1001 else 33
    token = {
        "symbol": "USDC",
        "name": "USD Coin",
        "decimals": 6,
        "canonical_id": "usdc",
        "address": contract(base + 10),
    }
    return from_json(
        {
            "chain_id": chain_id,
            "domain": chain_id,
            "slug": f"chain-{chain_id}",
            "name": f"Chain {chain_id}",
            "is_local": True,
            "native": {"symbol": "ETH", "name": "Ether", "decimals": 18, "canonical_id": "eth"},
            "endpoints": [{"url": "http://127.0.0.1:1"}],
            "block_seconds": block_seconds,
            "depth": depth,
            "value_tiers": [],
            "max_fee_wei": 10**9,
            "priority_fee_wei": 1,
            "contracts": {name: {"address": contract(base + i)} for i, name in enumerate(CONTRACTS)},
            "tokens": [
                token,
                {**token, "symbol": "TAX", "address": contract(base + 11), "is_transfer_taxed": True},
                {**token, "symbol": "SYN", "address": contract(base + 12), "is_synthetic": True},
            ],
            "venues": [],
            "feeds": {},
        }
    )


ORIGIN = manifest(1001)
DESTINATION = manifest(1002, block_seconds=2.0, depth=10)
OUTPUT = MandateOutput(
    oracle=address_to_bytes32(DESTINATION.address("hyperlane_oracle")),
    settler=address_to_bytes32(DESTINATION.address("output_settler")),
    chain_id=DESTINATION.chain_id,
    token=address_to_bytes32(DESTINATION.token("USDC").address),
    amount=99_000_000,
    recipient=address_to_bytes32(BOB),
)
ORDER = StandardOrder(
    user=ALICE,
    nonce=1,
    origin_chain_id=ORIGIN.chain_id,
    expires=1_240,
    fill_deadline=1_120,
    input_oracle=ORIGIN.address("hyperlane_oracle"),
    inputs=((address_to_int(ORIGIN.token("USDC").address), 100_000_000),),
    outputs=(OUTPUT,),
)


def refused(order: StandardOrder, **changes: Any) -> str:
    found = acceptance.refuse_terms(
        order, **{"origin": ORIGIN, "destination": DESTINATION, "blocked": (), **changes}
    )
    return found.code if found else ""


def with_output(**changes: Any) -> StandardOrder:
    return replace(ORDER, outputs=(replace(OUTPUT, **changes),))


def test_an_order_of_ours_passes() -> None:
    assert refused(ORDER) == ""


def chains_own(name: str, chain: ChainManifest = DESTINATION) -> bytes:
    return address_to_bytes32(chain.address(name))


NOBODY = "0x" + "00" * 20
TOKEN = DESTINATION.token("USDC").address


def token_of(symbol: str) -> bytes:
    return address_to_bytes32(DESTINATION.token(symbol).address)


VAULT = contract(97)
CALL = DestinationCall(recipient=to_checksum_address(BOB), target=VAULT, data=bytes(68), gas=200_000)


def calling(**changes: Any) -> StandardOrder:
    """The order with a call on arrival, through the executor."""
    return with_output(
        recipient=chains_own("call_executor"), callback_data=encode_destination_call(replace(CALL, **changes))
    )


BROKEN: dict[str, tuple[Callable[[], StandardOrder], str]] = {
    "another origin": (lambda: replace(ORDER, origin_chain_id=7), "chain_not_supported"),
    "no user": (lambda: replace(ORDER, user="0x" + "00" * 20), "field_differs"),
    "a strange input oracle": (lambda: replace(ORDER, input_oracle=contract(99)), "oracle_not_ours"),
    "the other chain's oracle": (
        lambda: with_output(oracle=chains_own("hyperlane_oracle", ORIGIN)),
        "oracle_not_ours",
    ),
    "a strange output oracle": (
        lambda: with_output(oracle=address_to_bytes32(contract(99))),
        "oracle_not_ours",
    ),
    "a strange output settler": (
        lambda: with_output(settler=address_to_bytes32(contract(99))),
        "settler_not_ours",
    ),
    "dirty bits in the settler": (
        lambda: with_output(settler=b"\x01" + OUTPUT.settler[1:]),
        "settler_not_ours",
    ),
    "expiry before the fill deadline": (lambda: replace(ORDER, expires=1_119), "deadlines_reversed"),
    "no input": (lambda: replace(ORDER, inputs=()), "inputs_not_one"),
    "two inputs": (lambda: replace(ORDER, inputs=ORDER.inputs * 2), "inputs_not_one"),
    "an input of nothing": (lambda: replace(ORDER, inputs=((ORDER.inputs[0][0], 0),)), "zero_amount"),
    "a dirty input token": (
        lambda: replace(ORDER, inputs=((ORDER.inputs[0][0] | 1 << 200, 1),)),
        "token_not_supported",
    ),
    "an unknown input token": (
        lambda: replace(ORDER, inputs=((address_to_int(contract(98)), 1),)),
        "token_not_supported",
    ),
    "a taxed input token": (
        lambda: replace(ORDER, inputs=((address_to_int(ORIGIN.token("TAX").address), 1),)),
        "token_not_supported",
    ),
    "no output": (lambda: replace(ORDER, outputs=()), "outputs_not_supported"),
    "two outputs": (
        lambda: replace(ORDER, outputs=(OUTPUT, replace(OUTPUT, amount=1))),
        "outputs_not_supported",
    ),
    "equal outputs": (lambda: replace(ORDER, outputs=(OUTPUT, OUTPUT)), "outputs_equal"),
    "an output elsewhere": (lambda: with_output(chain_id=7), "outputs_on_two_chains"),
    "an output of nothing": (lambda: with_output(amount=0), "zero_amount"),
    "a context": (lambda: with_output(context=b"\x00"), "context_not_supported"),
    "a callback to somebody": (
        lambda: with_output(callback_data=encode_destination_call(CALL)),
        "callback_not_supported",
    ),
    "the executor without a call": (
        lambda: with_output(recipient=chains_own("call_executor")),
        "call_malformed",
    ),
    "the executor with something that is no call": (
        lambda: with_output(recipient=chains_own("call_executor"), callback_data=b"\x01" * 40),
        "call_malformed",
    ),
    "a call for nobody": (lambda: calling(recipient=NOBODY), "recipient_not_allowed"),
    "a call for the token": (lambda: calling(recipient=TOKEN), "recipient_not_allowed"),
    "a call for a contract of ours": (
        lambda: calling(recipient=DESTINATION.address("solver_account")),
        "recipient_not_allowed",
    ),
    "a call for the executor": (
        lambda: calling(recipient=DESTINATION.address("call_executor")),
        "recipient_not_allowed",
    ),
    "a call of the token": (lambda: calling(target=TOKEN), "call_not_allowed"),
    "a call of our settler": (
        lambda: calling(target=DESTINATION.address("output_settler")),
        "call_not_allowed",
    ),
    "a call that gives an allowance": (
        lambda: calling(data=bytes.fromhex("095ea7b3") + bytes(64)),
        "call_not_allowed",
    ),
    "a call with coins that do not arrive": (lambda: calling(value_wei=1), "call_not_allowed"),
    "a call without gas": (lambda: calling(gas=0), "call_not_allowed"),
    "a call with more gas than we pay for": (lambda: calling(gas=MAX_CALL_GAS + 1), "call_not_allowed"),
    "an unknown output token": (
        lambda: with_output(token=address_to_bytes32(contract(98))),
        "token_not_supported",
    ),
    "a look-alike output token": (lambda: with_output(token=token_of("SYN")), "token_not_supported"),
    "a taxed output token": (lambda: with_output(token=token_of("TAX")), "token_not_supported"),
    "a dirty output token": (lambda: with_output(token=b"\x01" + OUTPUT.token[1:]), "field_differs"),
    "nobody as recipient": (lambda: with_output(recipient=bytes(32)), "recipient_not_allowed"),
    "the token as recipient": (lambda: with_output(recipient=OUTPUT.token), "recipient_not_allowed"),
    "the settler as recipient": (lambda: with_output(recipient=OUTPUT.settler), "recipient_not_allowed"),
    "our account as recipient": (
        lambda: with_output(recipient=chains_own("solver_account")),
        "recipient_not_allowed",
    ),
    "a dirty recipient": (lambda: with_output(recipient=b"\x01" + OUTPUT.recipient[1:]), "field_differs"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_every_rule_of_the_terms(rule: str) -> None:
    broken, code = BROKEN[rule]
    assert refused(broken()) == code


def test_a_call_through_the_executor_passes() -> None:
    assert refused(calling()) == ""


@pytest.mark.parametrize("name", CONTRACTS)
def test_no_contract_of_the_network_is_paid_or_called(name: str) -> None:
    there = DESTINATION.address(name)
    expected = "call_malformed" if name == "call_executor" else "recipient_not_allowed"
    assert refused(with_output(recipient=address_to_bytes32(there))) == expected
    assert refused(calling(recipient=there)) == "recipient_not_allowed"
    assert refused(calling(target=there)) == "call_not_allowed"


def test_the_one_a_call_is_for_must_not_be_blocked() -> None:
    assert refused(calling(), blocked=[BOB]) == "blocked_address"


def with_gas(**changes: Any) -> StandardOrder:
    """The order with some of the destination's coin besides."""
    gas = replace(OUTPUT, token=address_to_bytes32(NOBODY), amount=10**14)
    return replace(ORDER, outputs=(OUTPUT, replace(gas, **changes)))


def test_gas_on_arrival_passes_after_the_valuable_output() -> None:
    assert refused(with_gas()) == ""
    assert refused(replace(calling(), outputs=(*calling().outputs, with_gas().outputs[1]))) == ""
    turned = replace(ORDER, outputs=with_gas().outputs[::-1])
    assert refused(turned) == "outputs_not_supported"
    coins = replace(with_gas().outputs[1], amount=5)
    assert refused(replace(ORDER, outputs=(coins, with_gas().outputs[1]))) == "outputs_not_supported"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipient": address_to_bytes32(ALICE)}, "outputs_not_supported"),
        ({"token": OUTPUT.token, "amount": 1}, "outputs_not_supported"),
        ({"callback_data": b"\x01"}, "callback_not_supported"),
        ({"chain_id": 7}, "outputs_on_two_chains"),
        ({"amount": 0}, "zero_amount"),
        ({"settler": OUTPUT.oracle}, "settler_not_ours"),
    ],
)
def test_a_second_output_is_gas_for_the_same_person(changes: dict[str, Any], code: str) -> None:
    assert refused(with_gas(**changes)) == code


def test_one_chain_alone_is_no_transfer() -> None:
    assert refused(ORDER, destination=ORIGIN) == "same_chain"


@pytest.mark.parametrize("address", [ALICE, ALICE.lower(), BOB])
def test_nobody_who_is_blocked_is_served(address: str) -> None:
    assert refused(ORDER, blocked=[address]) == "blocked_address"


def test_a_chain_without_our_contracts_accepts_nothing() -> None:
    bare = replace(DESTINATION, contracts={})
    assert refused(ORDER, destination=bare) == "oracle_not_ours"


@pytest.mark.parametrize(("left", "code"), [(45, ""), (44, "too_late"), (-5, "too_late")])
def test_an_order_needs_time_to_be_opened_by_both_clocks(left: int, code: str) -> None:
    for early, late in ((left + 500, left), (left, left + 500)):
        found = acceptance.refuse_opening(
            ORDER,
            origin=ORIGIN,
            origin_time=ORDER.fill_deadline - early,
            destination_time=ORDER.fill_deadline - late,
        )
        assert (found.code if found else "") == code


def test_no_fill_is_sent_that_might_land_after_its_deadline() -> None:
    margin = acceptance.fill_margin_seconds(DESTINATION)
    assert margin >= 2 * DESTINATION.block_seconds
    assert filling(ORDER.fill_deadline - margin - 1) == ""
    assert filling(ORDER.fill_deadline - margin) == "fill_deadline_near"


def test_no_fill_is_sent_that_cannot_be_paid_before_expiry() -> None:
    proof = DESTINATION.finality_seconds + acceptance.PROOF_SECONDS
    assert filling(1_000, origin_time=ORDER.expires - proof - 1) == ""
    assert filling(1_000, origin_time=ORDER.expires - proof) == "cannot_finalise_in_time"


def filling(destination_time: int, *, origin_time: int = 1_000) -> str:
    found = acceptance.refuse_filling(
        ORDER, destination=DESTINATION, origin_time=origin_time, destination_time=destination_time
    )
    return found.code if found else ""


@pytest.mark.parametrize(
    ("paid", "limit_bps", "code"),
    [(99, 0, ""), (100, 0, "not_profitable"), (103, 500, ""), (105, 500, "not_profitable")],
)
def test_what_we_receive_covers_what_we_pay(paid: int, limit_bps: int, code: str) -> None:
    found = acceptance.refuse_value(
        input_usd_e8=100, output_usd_e8=paid, cost_usd_e8=1, loss_limit_bps=limit_bps
    )
    assert (found.code if found else "") == code
