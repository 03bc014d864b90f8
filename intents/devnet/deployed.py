"""What was deployed on one chain, as it is kept beside the chain's saved state."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool on chain; tokens are addresses in the pool's own order, symbols likewise."""

    kind: str
    address: str
    router: str
    token0: str
    token1: str
    symbol0: str
    symbol1: str
    fee_pips: int


@dataclass(slots=True)
class Deployed:
    """Addresses by their manifest names; tokens by symbol, feeds by canonical id.

    `bridged_supply` is in base units what the chain has of the synthetic token from the start.
    """

    chain_id: int
    slug: str
    contracts: dict[str, str] = field(default_factory=dict)
    code_hashes: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    pools: list[Pool] = field(default_factory=list)
    feeds: dict[str, str] = field(default_factory=dict)
    bridged_supply: int = 0

    def save(self, path: Path) -> None:
        """Write as JSON, replacing the file in one step."""
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self), indent=1), "utf-8")
        partial.replace(path)


def load(path: Path) -> Deployed:
    """Read what `Deployed.save` wrote; raises FileNotFoundError."""
    values: dict[str, Any] = json.loads(path.read_text("utf-8"))
    values["pools"] = [Pool(**pool) for pool in values["pools"]]
    return Deployed(**values)
