"""The passport of a chain: what a probe measured, and what of it is wrong. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

# Contracts that are found the same on most chains, with what needs them.
CREATE2_DEPLOYER: Final = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
PERMIT2: Final = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
MULTICALL3: Final = "0xcA11bde05977b3631167028862bE2a173976CA11"
ENTRY_POINTS: Final = {
    "entry_point_v6": "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789",
    "entry_point_v7": "0x0000000071727De22E5E9d8BAf0edAc6f37da032",
    "entry_point_v8": "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108",
}
WELL_KNOWN: Final = {
    "create2_deployer": CREATE2_DEPLOYER,
    "permit2": PERMIT2,
    "multicall3": MULTICALL3,
    **ENTRY_POINTS,
}

PRESENT: Final = "present"
ABSENT: Final = "absent"
DIFFERS: Final = "differs"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that differs from what should be; one that is bad keeps new transfers away."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)
    is_bad: bool = True


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """One endpoint by its host. `lag_blocks` is how far it is behind the best, `log_blocks` the widest range of
    logs that it serves, of those that were tried."""

    host: str
    ill: str = ""
    chain_id: int | None = None
    height: int | None = None
    lag_blocks: int | None = None
    answer_ms: int | None = None
    log_blocks: int | None = None
    is_peer: bool = False


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """A contract as it was found: `state` is present, absent or differs, the hash that of its runtime code."""

    address: str
    state: str
    code_hash: str = ""


@dataclass(frozen=True, slots=True)
class Passport:
    """What was measured of a chain at `probed_at`, wall time in seconds. None is what could not be measured."""

    chain_id: int
    slug: str
    probed_at: float
    endpoints: tuple[EndpointFacts, ...] = ()
    head: int | None = None
    block_seconds: float | None = None
    block_seconds_low: float | None = None
    block_seconds_high: float | None = None
    reorg_blocks: int = 0
    reorg_blocks_allowed: int = 0
    has_eip1559: bool | None = None
    has_eip7702: bool | None = None
    has_overrides: bool | None = None
    contracts: dict[str, ContractFacts] = field(default_factory=dict)
    explorer: str = ""
    stack: str = "other"
    data_layer: str = "other"
    ordered_seconds: int | None = None
    settled_seconds: int | None = None
    waited_seconds: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether nothing that was found keeps the chain from new transfers."""
        return not any(finding.is_bad for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """As JSON values, findings included."""
        return asdict(self) | {"findings": findings_to_json(self.findings)}


def passport_from_json(values: Mapping[str, Any]) -> Passport:
    """The passport that `to_json` wrote; fields of another version are left out."""
    known = {name: value for name, value in values.items() if name in Passport.__dataclass_fields__}
    known["endpoints"] = tuple(EndpointFacts(**each) for each in values.get("endpoints", ()))
    known["contracts"] = {
        name: ContractFacts(**each) for name, each in dict(values.get("contracts", {})).items()
    }
    known["findings"] = findings_from_json(values.get("findings", ()))
    return Passport(**known)


def findings_to_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in findings]


def findings_from_json(values: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    return tuple(Finding(str(each["code"]), dict(each["params"]), bool(each["is_bad"])) for each in values)
