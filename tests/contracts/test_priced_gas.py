"""What prices count on for our contracts is what they use as committed in `gas.json`, and little more."""

import json
from typing import Final

import pytest

from intents.solver.gas import OPEN_GAS, GasRules

from .test_gas import SNAPSHOT, TOGETHER

GAS: Final = GasRules()
LITTLE_PERCENT: Final = 5
# The dearest of several wins: prices do not ask which it will be.
PRICED: Final = {
    "fill": (GAS.fill, ["solver_account fill"]),
    "open": (GAS.open, ["openFor permit2", "openDeposit"]),
    "open by eip3009": (OPEN_GAS["eip3009"], ["openFor eip3009"]),
    "open by permit": (OPEN_GAS["permit"], ["openDeposit by permit"]),
    "refund": (GAS.refund, ["refund", "refundUnfilled"]),
    "attest": (GAS.attest, ["attestUnfilled"]),
    **{
        f"finalise {count}": (
            GAS.finalise_fixed + count * GAS.finalise_each,
            [f"together: finaliseMany of {count}"],
        )
        for count in TOGETHER
        if count <= 8
    },
}


@pytest.mark.parametrize("name", PRICED)
def test_a_price_counts_on_what_is_used_and_little_more(name: str) -> None:
    figures = json.loads(SNAPSHOT.read_text())
    priced, measured = PRICED[name]
    used = max(figures[each] for each in measured)
    assert used <= priced <= used * (100 + LITTLE_PERCENT) // 100
