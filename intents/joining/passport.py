"""What is measured of the chain before anything is spent on it: its passport, which pages show afterwards."""

from datetime import UTC, datetime
from typing import Final

from intents.models import ChainPassport
from intents.passports.chain_probe import probe_chain
from intents.passports.passport import Finding, findings_to_json

from .errors import NotAsDescribed
from .work import Joining, Look, Note

NAME: Final = "passport"


def look(joining: Joining) -> Look:
    """Measure. Raises NotAsDescribed when something that was found keeps transfers away."""
    joining.passport = probe_chain(joining.manifest)
    bad = [finding for finding in joining.passport.findings if finding.is_bad]
    if bad:
        raise NotAsDescribed(joining.manifest.name, [_shown(finding) for finding in bad])
    others = [Note(finding.code, finding.params) for finding in joining.passport.findings]
    return Look(joining.manifest, (), tuple(others))


def finish(joining: Joining) -> None:
    """Write the passport down."""
    passport = joining.passport
    if passport is None:
        return
    ChainPassport.objects.update_or_create(
        chain_id=passport.chain_id,
        defaults={
            "facts": passport.to_json(),
            "findings": findings_to_json(passport.findings),
            "is_good": passport.is_good,
            "probed_at": datetime.fromtimestamp(passport.probed_at, UTC),
        },
    )


def _shown(finding: Finding) -> str:
    told = ", ".join(f"{name} {value}" for name, value in finding.params.items())
    return f"{finding.code} ({told})" if told else finding.code
