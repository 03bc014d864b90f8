"""What serves local test chains by default refuses to serve chains that hold value."""

from dataclasses import replace

import pytest
from django.conf import LazySettings
from eth_account import Account

from intents.chains import registry
from intents.chains.accounts import LOCAL_KEYS, OPERATOR, PublicKeyRefused, address
from intents.chains.manifest import Endpoint
from intents.devnet.network import Network
from intents.engine.chain_world import chain_world_calls
from intents.services.start import VALIDATOR_KEY, UnsafeStart, refuse_unsafe_start

pytestmark = pytest.mark.chain
OWN_KEYS = {"WAYMEET_OPERATOR_KEY": "0x" + "21" * 32, "WAYMEET_RELAYER_KEY": "0x" + "22" * 32}


@pytest.fixture
def real_chain(registered: Network, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alder counts as real, and everything that is asked for then is right."""
    endpoints = (Endpoint("https://node.example"), Endpoint("https://other.example"))
    local = registered.manifest("alder")
    validators = tuple(replace(each, url="https://validator.example") for each in local.validators)
    registry.load([replace(local, is_local=False, endpoints=endpoints, validators=validators)])
    settings.SECRET_KEY = "our own"
    settings.DEBUG = False
    monkeypatch.delenv(VALIDATOR_KEY, raising=False)
    for name, key in OWN_KEYS.items():
        monkeypatch.setenv(name, key)


def test_local_chains_are_served_as_they_come(registered: Network, settings: LazySettings) -> None:
    settings.SECRET_KEY = settings.INSECURE_SECRET_KEY
    settings.DEBUG = True
    refuse_unsafe_start()


def test_a_real_chain_is_served_with_real_settings(real_chain: None) -> None:
    refuse_unsafe_start()


def test_debug_is_refused_with_a_real_chain(real_chain: None, settings: LazySettings) -> None:
    settings.DEBUG = True
    with pytest.raises(UnsafeStart, match="DEBUG"):
        refuse_unsafe_start()


def test_the_public_secret_is_refused(real_chain: None, settings: LazySettings) -> None:
    settings.SECRET_KEY = settings.INSECURE_SECRET_KEY
    with pytest.raises(UnsafeStart, match="SECRET_KEY"):
        refuse_unsafe_start()


def test_pages_are_served_over_https_only(real_chain: None, settings: LazySettings) -> None:
    with pytest.raises(UnsafeStart, match="HTTPS_ONLY"):
        refuse_unsafe_start(serves_pages=True)
    settings.HTTPS_ONLY = True
    refuse_unsafe_start(serves_pages=True)


@pytest.mark.parametrize("name", OWN_KEYS)
def test_a_public_test_key_is_refused(real_chain: None, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(PublicKeyRefused):
        refuse_unsafe_start()


def test_a_validators_key_has_no_place_here(real_chain: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VALIDATOR_KEY, "0x" + "23" * 32)
    with pytest.raises(UnsafeStart, match=VALIDATOR_KEY):
        refuse_unsafe_start()


def test_who_never_sends_needs_no_key_and_knows_whose_accounts_they_are(
    real_chain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, relayer = (Account.from_key(key).address for key in OWN_KEYS.values())
    for name in OWN_KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WAYMEET_OPERATOR_ADDRESS", operator.lower())
    monkeypatch.setenv("WAYMEET_RELAYER_ADDRESS", relayer)
    refuse_unsafe_start()
    assert address(OPERATOR) == operator
    chain = registry.all_chains()[901]
    assert any(operator[2:].lower() in data.hex() for _, data in chain_world_calls(chain)), (
        "its gas is watched"
    )
    with pytest.raises(PublicKeyRefused):
        refuse_unsafe_start(sends=True)


def test_the_address_of_a_public_test_key_is_refused_too(
    real_chain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WAYMEET_OPERATOR_KEY")
    monkeypatch.setenv("WAYMEET_OPERATOR_ADDRESS", Account.from_key(LOCAL_KEYS[OPERATOR]).address)
    with pytest.raises(PublicKeyRefused):
        refuse_unsafe_start()
