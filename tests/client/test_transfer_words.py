"""What is typed at the command line is understood exactly or refused by name, before anything is asked."""

from dataclasses import replace

import pytest

from intents.client.transfer import DEMO_KEY, Asked, CannotStart, event_line, understood

from .wishes import KEY, NETWORK, USER, address

GOOD = Asked(amount="100.25", source="alder:USDC", target="Birch:weth", key=KEY)


def test_places_amounts_and_the_default_recipient() -> None:
    wish, key = understood(GOOD, NETWORK)
    assert (wish.origin.slug, wish.destination.slug) == ("alder", "birch")
    assert (wish.input_amount, wish.output_amount) == (100_250_000, None)
    assert wish.recipient == wish.user == USER
    assert key == KEY


def test_exact_output_fixes_the_other_side() -> None:
    wish, _ = understood(replace(GOOD, amount="0.5", exact="output"), NETWORK)
    assert (wish.input_amount, wish.output_amount) == (None, 5 * 10**17)


def test_without_a_key_the_demo_wallet_serves_on_local_chains_only() -> None:
    assert understood(replace(GOOD, key=""), NETWORK)[1] == DEMO_KEY
    with pytest.raises(CannotStart) as refusal:
        understood(replace(GOOD, key=""), replace(NETWORK, is_local=False))
    assert refusal.value.code == "key_required"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (replace(GOOD, source="alder"), "place_malformed"),
        (replace(GOOD, source="alder:"), "place_malformed"),
        (replace(GOOD, source="elm:USDC"), "unknown_name"),
        (replace(GOOD, target="birch:DOGE"), "unknown_name"),
        (replace(GOOD, key="0x12"), "key_malformed"),
        (replace(GOOD, to="0x12"), "recipient_malformed"),
        (replace(GOOD, amount="0"), "amount_not_positive"),
        (replace(GOOD, amount="-5"), "amount_not_positive"),
        (replace(GOOD, amount="ten"), "amount_not_a_number"),
        (replace(GOOD, amount="0.0000001"), "amount_too_precise"),
        (replace(GOOD, amount="1e80"), "amount_too_large"),
    ],
)
def test_nonsense_is_refused_by_name(asked: Asked, code: str) -> None:
    with pytest.raises(CannotStart) as refusal:
        understood(asked, NETWORK)
    assert refusal.value.code == code


def test_an_event_is_one_line() -> None:
    event = {"kind": "fill_sent", "data": {"chain_id": 902, "block": 12, "tx_hash": "0xab"}}
    assert event_line(event, {902: "Birch"}).split() == ["fill", "sent", "Birch", "block", "12", "0xab"]
    assert address(1) not in event_line(event, {})
