"""First the chain is asked whether it is what its manifest says, and has what every chain needs."""

from typing import Final

from intents.chains.check import check_chain
from intents.contracts.addresses import CREATE2_DEPLOYER

from .errors import ContractMissing, NotAsDescribed
from .named import before, require_named
from .work import Joining, Look, with_contracts

NAME: Final = "probes"
# One address on every chain that has them; others are the operator's to vouch for.
CANONICAL: Final = {
    "permit2": "0x000000000022D473030F116dDEE9F6B43aC78BA3",
    "multicall3": "0xcA11bde05977b3631167028862bE2a173976CA11",
}


def look(joining: Joining) -> Look:
    """The manifest with Permit2 and Multicall3. Raises NotAsDescribed, ContractMissing, NotOurs."""
    # One of somebody's own could show us, and the settler, whatever its owner likes.
    for name, address in CANONICAL.items():
        require_named(joining, name, ours=address, also=before(joining, name))
    problems = check_chain(joining.asked)
    if problems:
        raise NotAsDescribed(joining.asked.name, [f"{key}: {text}" for key, text in problems])
    manifest = with_contracts(joining.asked, CANONICAL)
    wanted = {name: manifest.address(name) for name in CANONICAL} | {"create2_deployer": CREATE2_DEPLOYER}
    there = joining.has_code(list(wanted.values()))
    for name, address in wanted.items():
        if not there[address]:
            raise ContractMissing(
                f"{name} is not at {address}", contract=name, address=address, chain=manifest.name
            )
    return Look(manifest)
