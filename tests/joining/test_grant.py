"""What a chain starts with, gas for our senders and stock, is worth no more than the cap; a dry run says how much."""

from typing import Any, Final

import pytest

from intents.chains import accounts, registry
from intents.chains.calls import ZERO_ADDRESS
from intents.devnet.network import Network
from intents.joining import contracts, inventory, messaging, probes, tokens
from intents.joining.errors import GasAboveGrant
from intents.joining.runner import STEPS, carry_out, prepare
from intents.joining.work import Joining
from intents.services.joining import note_words, problem_words
from tests.engine.driver import Driver

from .conftest import Newcomer
from .test_join import Silent

pytestmark = [pytest.mark.chain]
BEFORE: Final = (probes.NAME, contracts.NAME, messaging.NAME, tokens.NAME)


@pytest.fixture
def run(newcomer: Newcomer, joined_by: Network, driver: Driver) -> Joining:
    """A dry run that has come as far as the grant."""
    report, owner = Silent(), accounts.account(accounts.OWNER)
    begun = prepare(newcomer.asked, peers=registry.all_chains(), signer=owner, report=report, is_dry=True)
    carry_out(begun, report, steps=[step for step in STEPS if step.name in BEFORE])
    return begun


def test_gas_for_our_senders_is_within_the_cap_and_comes_first(run: Joining, settings: Any) -> None:
    granted = {cap: worth_of(run, settings, cap) for cap in (25_000, 1_000, 200)}
    gas = {gas for gas, _stock, _told in granted.values()}
    assert len(gas) == 1 and 10 < min(gas) < 200, "gas is granted whole"
    for cap, (gas_usd, stock_usd, told) in granted.items():
        assert gas_usd + stock_usd <= cap
        said = (
            f"{told['all']} USD of at most {cap:,} USD, gas for our senders ({gas_usd:,.0f} USD) among them"
        )
        assert note_words("join_granted", told) == said
        assert abs(float(told["all"].replace(",", "")) - gas_usd - stock_usd) <= 2
    assert granted[25_000][1] > 16_000
    assert granted[1_000][1] > 900 - min(gas)
    settings.JOIN_GRANT_USD = int(min(gas)) - 1
    with pytest.raises(GasAboveGrant) as refused:
        inventory.look(run)
    assert "WAYMEET_JOIN_GRANT_USD" in problem_words(refused.value.code, refused.value.params)


def worth_of(run: Joining, settings: Any, cap: int) -> tuple[float, float, dict[str, Any]]:
    """USD of gas and of stock that would be sent, and what is said of it."""
    settings.JOIN_GRANT_USD = cap
    found = inventory.look(run)
    gas, stock = 0.0, 0.0
    for deed in found.deeds:
        token = deed.call.target if deed.call.data else ZERO_ADDRESS
        units = int.from_bytes(deed.call.data[36:68], "big") if deed.call.data else deed.call.value_wei
        asset = run.manifest.token(token)
        price = inventory.usd_e8(run.manifest, asset)
        assert price is not None
        usd = inventory.value_of(units, asset, price) / 10**8
        gas, stock = (gas + usd, stock) if deed.what.startswith("gas for ") else (gas, stock + usd)
    told = next(note.params for note in found.notes if note.code == "join_granted")
    return gas, stock, told
