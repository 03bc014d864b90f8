"""What is measured of the chain before anything is spent on it: its passport, which pages show afterwards."""

from typing import Final

from intents.passports.chain_probe import probe_chain
from intents.passports.passport import Finding
from intents.passports.records import write_chain

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
    """Write the passport down; a chain that is connected already is let go of by it."""
    if joining.passport is not None:
        write_chain(joining.passport)


def _shown(finding: Finding) -> str:
    told = ", ".join(f"{name} {value}" for name, value in finding.params.items())
    return f"{finding.code} ({told})" if told else finding.code
