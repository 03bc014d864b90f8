"""Writes down what probes found, and pulls and releases the brakes that follow from it."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from intents.chains import pauses
from intents.models import ChainPassport, Pause, TokenPassport

from .passport import Finding, Passport, findings_to_json
from .tokens import TokenReport

log = structlog.get_logger(__name__)

# The reason of a brake that a probe pulled: this word and the codes of what was found.
TOKEN: Final = "token"
MOST_REASON: Final = 200


def write_chain(passport: Passport) -> None:
    """Keep a chain's passport; one that is not good keeps new transfers away until the next that is."""
    ChainPassport.objects.update_or_create(
        chain_id=passport.chain_id,
        defaults={
            "facts": passport.to_json(),
            "findings": findings_to_json(passport.findings),
            "is_good": passport.is_good,
            "probed_at": datetime.fromtimestamp(passport.probed_at, UTC),
        },
    )
    # Nodes that are away are the light look's affair: it pauses sooner, and lets go sooner.
    codes = bad_codes(passport.findings) - {"too_few_endpoints", "probe_broken_off"}
    pauses.note_passport(passport.chain_id, sorted(codes))


def write_tokens(chain_id: int, reports: Sequence[TokenReport]) -> None:
    """Keep the passports of a chain's tokens; those that are not good take no new transfers until they are."""
    for report in reports:
        TokenPassport.objects.update_or_create(
            chain_id=chain_id,
            token=report.token.address,
            defaults={
                "symbol": report.token.symbol[:32],
                "facts": report.facts.to_json(),
                "findings": findings_to_json(report.findings),
                "is_good": report.is_good,
                "probed_at": timezone.now(),
            },
        )
        hold_token(chain_id, report.token.address, bad_codes(report.findings))
    gone = TokenPassport.objects.filter(chain_id=chain_id).exclude(
        token__in=[report.token.address for report in reports]
    )
    for token in gone.values_list("token", flat=True):
        hold_token(chain_id, token, ())
    gone.delete()


def held_codes(chain_id: int, token: str) -> set[str]:
    """What a probe holds the token for now."""
    row = _held(chain_id, token).filter(is_automatic=True).first()
    return set(row.reason.partition(" ")[2].split(",")) if row is not None else set()


def hold_token(chain_id: int, token: str, codes: Collection[str]) -> None:
    """Hold the token for exactly these findings, or let it go for none; what a person holds is left alone."""
    reason = f"{TOKEN} {','.join(sorted(codes))}"[:MOST_REASON]
    held = _held(chain_id, token).first()
    if held is not None and not held.is_automatic:
        return
    if held is not None and codes:
        _held(chain_id, token).filter(is_automatic=True).update(reason=reason)
        return
    if held is not None:
        _held(chain_id, token).filter(is_automatic=True).update(ended_at=timezone.now())
        log.warning("token.resumed", chain=chain_id, token=token)
        return
    if codes:
        try:
            with transaction.atomic():
                Pause.objects.create(
                    kind=Pause.Kind.TOKEN, origin_id=chain_id, token=token, reason=reason, is_automatic=True
                )
        except IntegrityError:
            # Somebody was first, a person or another worker: the next look sees what holds.
            return
        log.warning("token.quarantined", chain=chain_id, token=token, reason=reason)


def bad_codes(findings: Sequence[Finding]) -> set[str]:
    """The codes of what keeps new transfers away."""
    return {finding.code for finding in findings if finding.is_bad}


def _held(chain_id: int, token: str) -> QuerySet[Pause]:
    return Pause.objects.filter(kind=Pause.Kind.TOKEN, origin_id=chain_id, token=token, ended_at=None)
