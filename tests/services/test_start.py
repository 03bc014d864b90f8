"""What serves local test chains by default refuses to serve chains that hold value."""

from dataclasses import replace

import pytest
from django.conf import LazySettings

from intents.chains import registry
from intents.chains.accounts import PublicKeyRefused
from intents.chains.manifest import Endpoint
from intents.devnet.network import Network
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


def test_debug_is_refused(real_chain: None, settings: LazySettings) -> None:
    settings.DEBUG = True
    with pytest.raises(UnsafeStart, match="DEBUG"):
        refuse_unsafe_start()


def test_the_public_secret_is_refused(real_chain: None, settings: LazySettings) -> None:
    settings.SECRET_KEY = settings.INSECURE_SECRET_KEY
    with pytest.raises(UnsafeStart, match="SECRET_KEY"):
        refuse_unsafe_start()


@pytest.mark.parametrize("name", OWN_KEYS)
def test_a_public_test_key_is_refused(real_chain: None, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(PublicKeyRefused):
        refuse_unsafe_start()


def test_a_validators_key_has_no_place_here(real_chain: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VALIDATOR_KEY, "0x" + "23" * 32)
    with pytest.raises(UnsafeStart, match=VALIDATOR_KEY):
        refuse_unsafe_start()
