"""What a token does, and what of it its chain's manifest did not say. Pure."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from intents.chains.manifest import TokenManifest

from .passport import Finding

CANONICAL: Final = "canonical"
SYNTHETIC: Final = "synthetic"
BRIDGED: Final = "bridged"
WRAPPED: Final = "wrapped_native"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What was measured; None is what could not be. `holder` is whose balance the rehearsals moved; with a `slot`
    it is made up, by that word of the token's storage.

    `permit` is eip2612 or none; `eip3009` names the forms that work: bytes, vrs, both with a comma, or none.
    `rebased_at` is when balances were last seen to change by themselves, wall time in seconds.
    """

    decimals: int | None = None
    holder: str = ""
    slot: str = ""
    transfers: bool | None = None
    tax_bps: int | None = None
    answers: str = ""
    rebases: bool | None = None
    pausable: bool | None = None
    is_paused: bool | None = None
    blacklists: bool | None = None
    permit: str | None = None
    eip3009: str | None = None
    form: str = CANONICAL
    rebased_at: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TokenReport:
    """One token of a chain, measured."""

    token: TokenManifest
    facts: TokenFacts
    findings: tuple[Finding, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing that was found keeps the token from new transfers."""
        return not any(finding.is_bad for finding in self.findings)


def judge(token: TokenManifest, facts: TokenFacts) -> tuple[Finding, ...]:
    """What differs from the manifest's claim, the worst first; what could not be measured is no finding."""
    bad = _wrong(token, facts)
    notes = [
        Finding(code, {}, is_bad=False)
        for code, is_so in (
            ("pausable_unsaid", facts.pausable and not token.is_pausable),
            ("blacklists", facts.blacklists),
            ("bridged_form", facts.form == BRIDGED),
        )
        if is_so
    ]
    return (*bad, *notes)


def _wrong(token: TokenManifest, facts: TokenFacts) -> list[Finding]:
    found: list[Finding] = []
    if facts.decimals is not None and facts.decimals != token.decimals:
        found.append(Finding("decimals_differ", {"said": token.decimals, "found": facts.decimals}))
    if facts.is_paused:
        found.append(Finding("paused_by_issuer"))
    elif facts.transfers is False:
        found.append(Finding("transfers_fail"))
    if facts.tax_bps and not token.is_transfer_taxed:
        found.append(Finding("taxed", {"bps": facts.tax_bps}))
    if facts.answers == "false":
        found.append(Finding("answers_false"))
    if facts.rebases:
        found.append(Finding("rebases"))
    if token.permit == "eip2612" and facts.permit == "none":
        found.append(Finding("permit_missing"))
    if (
        token.eip3009 != "none"
        and facts.eip3009 is not None
        and token.eip3009 not in facts.eip3009.split(",")
    ):
        found.append(Finding("eip3009_missing"))
    if facts.form == SYNTHETIC and not token.is_synthetic:
        found.append(Finding("not_canonical"))
    return found
