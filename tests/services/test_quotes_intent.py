"""Every bad wish is refused with its code and its field, before anything is written."""

from typing import Any

import pytest

from intents.chains.calls import ZERO_ADDRESS
from intents.devnet.network import Network
from intents.errors import WaymeetError
from intents.models import Quote
from intents.services.quotes import Intent

GOOD = {
    "origin": "alder",
    "destination": "birch",
    "input_token": "USDC",
    "output_token": "WETH",
    "amount": "100.25",
}
STRANGER = "0x00000000000000000000000000000000000000A1"


def refused(**changes: Any) -> tuple[str, str]:
    with pytest.raises(WaymeetError) as error:
        Intent.parse(GOOD | changes)
    assert Quote.objects.count() == 0
    assert 400 <= error.value.status < 500
    return error.value.code, error.value.params["field"]


def test_names_and_symbols_in_any_case_and_ids_and_addresses(registered: Network) -> None:
    intent = Intent.parse(GOOD)
    assert (intent.origin, intent.destination, intent.amount) == (901, 902, 100_250_000)
    assert intent.input_token == registered.token("alder", "USDC")
    again = {
        "origin": 901,
        "destination": "902",
        "input_token": intent.input_token.lower(),
        "output_token": "weth",
        "amount": " 1,000.5 ",
    }
    other = Intent.parse(GOOD | {"origin": "ALDER"} | again)
    assert (other.input_token, other.amount) == (intent.input_token, 1_000_500_000)


def test_exact_output_reads_the_amount_in_the_output(registered: Network) -> None:
    assert Intent.parse(GOOD | {"exact": "output", "amount": "0.03"}).amount == 3 * 10**16


def test_an_intent_is_the_same_after_json(registered: Network) -> None:
    intent = Intent.parse(GOOD | {"user": STRANGER.lower(), "confirm": "permit2"})
    assert intent.user == STRANGER
    assert Intent.from_json(intent.to_json()) == intent


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "amount_not_positive"),
        ("0.000", "amount_not_positive"),
        ("-5", "amount_not_positive"),
        ("1e80", "amount_too_large"),
        ("9" * 150, "amount_too_large"),
        ("1" + "0" * 75, "amount_too_large"),
        ("abc", "amount_not_a_number"),
        ("NaN", "amount_not_a_number"),
        ("Infinity", "amount_not_a_number"),
        ("1_000", "amount_not_a_number"),
        ("0,25", "amount_not_a_number"),
        ("0,250", "amount_not_a_number"),
        ("1,5", "amount_not_a_number"),
        ("1,0000", "amount_not_a_number"),
        ("١٠٠", "amount_not_a_number"),
        ("0x10", "amount_not_a_number"),
        ("1.2.3", "amount_not_a_number"),
        ("1e99999", "amount_not_a_number"),
        ("0.0000001", "amount_too_precise"),
        ("1e-70", "amount_too_precise"),
        ("", "field_missing"),
        (None, "field_missing"),
        (["1"], "field_invalid"),
        (True, "field_invalid"),
        (1.5, "field_invalid"),
        ("1" * 500, "field_invalid"),
    ],
)
def test_an_amount_that_is_none_is_refused_by_its_reason(registered: Network, amount: Any, code: str) -> None:
    assert refused(amount=amount) == (code, "amount")


@pytest.mark.parametrize("field", ["origin", "destination"])
@pytest.mark.parametrize("value", ["nowhere", "1", 10**30, "901 ", ""])
def test_a_chain_that_is_not_connected_is_refused_by_its_field(
    registered: Network, field: str, value: Any
) -> None:
    if value == "901 ":
        value = "９０１"
    code, named = refused(**{field: value})
    assert named == field
    assert code == ("field_missing" if value == "" else "chain_not_supported")


@pytest.mark.parametrize("field", ["input_token", "output_token"])
@pytest.mark.parametrize("value", ["DOGE", STRANGER, "hypUSDC"])
def test_tokens_unlisted_or_not_canonical(registered: Network, field: str, value: str) -> None:
    assert refused(**{field: value}) == ("token_not_supported", field)


def test_the_chains_own_coin_is_the_zero_address(registered: Network) -> None:
    for name in ("ETH", "eth", ZERO_ADDRESS):
        intent = Intent.parse(GOOD | {"input_token": name, "output_token": name, "amount": "0.1"})
        assert (intent.input_token, intent.output_token, intent.amount) == (
            ZERO_ADDRESS,
            ZERO_ADDRESS,
            10**17,
        )


def test_the_same_thing_and_the_same_chain(registered: Network) -> None:
    assert refused(destination="alder", output_token="USDC") == ("same_token", "output_token")
    assert refused(destination="alder") == ("same_chain", "output_token")


@pytest.mark.parametrize("field", ["user", "recipient"])
@pytest.mark.parametrize(
    "value", ["0x12", "12" * 20, "zzz", STRANGER + "00", "0x52908400098527886E0F7030069857D2E4169Ee7"]
)
def test_an_address_that_is_none_is_refused_by_its_field(registered: Network, field: str, value: str) -> None:
    assert refused(**{field: value}) == ("address_malformed", field)


def test_nothing_may_be_sent_to_the_network_itself(registered: Network) -> None:
    assert refused(recipient="0x" + "00" * 20) == ("recipient_not_allowed", "recipient")
    for slug in ("alder", "birch"):
        manifest = registered.manifest(slug)
        ours = [manifest.address(name) for name in ("input_settler", "output_settler", "hyperlane_oracle")]
        ours += [manifest.address("solver_account"), manifest.address("permit2")]
        ours += [manifest.tokens[0].address, manifest.venues[0].address, manifest.venues[0].router]
        for address in ours:
            assert refused(recipient=address) == ("recipient_not_allowed", "recipient")
            assert refused(user=address) == ("recipient_not_allowed", "user")


def test_values_that_a_field_does_not_know_are_refused_by_its_name(registered: Network) -> None:
    assert refused(exact="both") == ("field_invalid", "exact")
    assert refused(confirm="magic") == ("way_not_known", "confirm")
    for field in GOOD:
        assert refused(**{field: None}) == ("field_missing", field)
