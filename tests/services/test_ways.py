"""Which way a wallet confirms by: each rule says why not, and the choice is the best of those that work."""

from dataclasses import replace

import pytest

from intents.chains.calls import ZERO_ADDRESS
from intents.chains.manifest import TokenManifest
from intents.services.wallets import AccountKind, WalletFacts
from intents.services.ways import Asking, choose

USDC = TokenManifest(
    address="0x" + "11" * 20,
    symbol="USDC",
    name="USD Coin",
    decimals=6,
    canonical_id="usdc",
    eip3009="bytes",
    version="2",
)
ETHER = replace(USDC, address=ZERO_ADDRESS, symbol="ETH", decimals=18, eip3009="none", canonical_id="weth")
PERMITTED = replace(USDC, eip3009="none", permit="eip2612")
RICH = WalletFacts(
    balance=100,
    permit2_allowance=100,
    is_user_contract=False,
    is_recipient_absent=False,
    native_balance=1_000,
)
ASKING = Asking(token=USDC, amount=100, facts=RICH, can_batch=True, gas_wei=10)


def asking(*, token: TokenManifest = USDC, can_batch: bool = True, **facts: object) -> Asking:
    return replace(ASKING, token=token, can_batch=can_batch, facts=replace(RICH, **facts))  # type: ignore[arg-type]


def reasons(asked: Asking) -> dict[str, str]:
    return {entry["way"]: entry["reason"] for entry in choose(asked).ways}


def test_a_signature_that_costs_nothing_is_best() -> None:
    choice = choose(ASKING)
    assert (choice.way, choice.reason) == ("eip3009", "")
    offered = {entry["way"]: entry["gas_paid_by"] for entry in choice.ways if entry["is_offered"]}
    assert offered["eip3009"] == offered["permit2"] == "us"
    assert offered["batch"] == "user"


@pytest.mark.parametrize("way", ["eip3009", "permit2", "batch"])
def test_what_works_can_be_chosen(way: str) -> None:
    assert choose(ASKING, confirm=way).way == way


@pytest.mark.parametrize(
    ("way", "asked", "reason"),
    [
        ("eip3009", asking(token=replace(USDC, eip3009="none")), "no_eip3009"),
        ("permit2", asking(permit2_allowance=99), "no_allowance"),
        ("batch", asking(can_batch=False), "wallet_cannot_batch"),
        ("batch", asking(native_balance=9), "insufficient_gas"),
        ("native", asking(), "not_native"),
        ("eip3009", asking(is_token_moving=False), "token_refuses"),
        ("permit2", asking(is_token_moving=False), "token_refuses"),
        ("batch", asking(is_token_moving=False), "token_refuses"),
        ("permit2", asking(balance=99), "insufficient_balance"),
        ("permit2", asking(token=ETHER), "native_has_no_signature"),
        ("permit", asking(), "no_permit"),
        ("permit", asking(token=PERMITTED, kind=AccountKind.CONTRACT), "token_asks_for_a_key"),
        ("permit", asking(token=PERMITTED, balance=99), "insufficient_balance"),
        ("deposit", asking(token=ETHER), "native_has_no_address"),
        ("deposit", replace(ASKING, has_addresses=False), "no_addresses"),
        ("permit", replace(asking(token=PERMITTED), has_addresses=False), "no_addresses"),
        ("batch", asking(token=ETHER), "native_needs_no_approval"),
    ],
)
def test_what_does_not_work_says_why(way: str, asked: Asking, reason: str) -> None:
    assert reasons(asked)[way] == reason
    choice = choose(asked, confirm=way)
    assert (choice.way, choice.reason) == ("", reason)


def test_a_permit_comes_before_what_costs_gas() -> None:
    assert choose(asking(token=PERMITTED, permit2_allowance=0)).way == "permit"


def test_any_token_can_be_paid_to_an_address_from_anywhere() -> None:
    bare = asking(token=replace(USDC, eip3009="none"), permit2_allowance=0, can_batch=False)
    assert choose(bare).way == "deposit"
    assert choose(replace(bare, facts=replace(bare.facts, balance=0)), confirm="deposit").way == "deposit"


def test_nobody_is_led_to_an_address_because_the_wallet_holds_too_little_or_may_not_move_it() -> None:
    assert choose(asking(is_token_moving=False)).reason == "token_refuses"
    assert choose(asking(balance=99)).reason == "insufficient_balance"


def test_the_coin_is_paid_with_gas_to_spare() -> None:
    coin = asking(token=ETHER, balance=1_000)
    assert choose(coin).way == "native"
    poor = replace(coin, amount=995)
    assert choose(poor).reason == "insufficient_gas"


def test_code_that_cannot_check_a_signature_signs_nothing() -> None:
    delegated = asking(kind=AccountKind.DELEGATED, can_check_signatures=False)
    assert reasons(delegated)["eip3009"] == "account_cannot_check_signatures"
    assert reasons(delegated)["permit2"] == "account_cannot_check_signatures"
    assert choose(delegated).way == "batch"


def test_a_contract_signs_where_the_token_asks_it() -> None:
    contract = asking(kind=AccountKind.CONTRACT)
    assert choose(contract, confirm="permit2").way == "permit2"
    assert choose(contract, confirm="eip3009").way == "eip3009"
    by_key = replace(contract, token=replace(USDC, eip3009="vrs"))
    assert choose(by_key, confirm="eip3009").reason == "token_asks_for_a_key"


def test_too_little_is_said_before_anything_else() -> None:
    choice = choose(asking(balance=1))
    assert (choice.way, choice.reason) == ("", "insufficient_balance")


def test_whoever_has_a_contract_act_pays_its_gas() -> None:
    contract = asking(token=ETHER, kind=AccountKind.CONTRACT, balance=100, native_balance=100)
    assert choose(contract).way == "native"
    assert (
        choose(replace(contract, facts=replace(contract.facts, kind=AccountKind.KEY))).reason
        == "insufficient_gas"
    )
