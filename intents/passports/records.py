"""Writes down what probes found, and pulls and releases the brakes that follow from it."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from intents.chains import pauses
from intents.models import ChainPassport, Pause, TokenPassport

from .passport import Finding, Passport, findings_to_json
from .tokens import TokenReport, judge

log = structlog.get_logger(__name__)

# The reason of a brake that a probe pulled: this word and the codes of what was found.
TOKEN: Final = "token"
MOST_REASON: Final = 200
REBASES: Final = "rebases"
# A token that was seen to rebase is taken for one that does until it has not for so long.
REMEMBERED_SECONDS: Final = 30 * 86_400


def write_chain(passport: Passport) -> None:
    """Keep a chain's passport; one that is not good keeps new transfers away until the next that is.

    What was wrong before stays so after a probe that could not measure.
    """
    findings = findings_to_json(passport.findings)
    if passport.head is None:
        known = ChainPassport.objects.filter(chain_id=passport.chain_id).first()
        findings += [
            each
            for each in (known.findings if known is not None else ())
            if each["is_bad"] and each["code"] not in pauses.OF_NODES and each not in findings
        ]
    ChainPassport.objects.update_or_create(
        chain_id=passport.chain_id,
        defaults={
            "facts": passport.to_json(),
            "findings": findings,
            "is_good": passport.is_good,
            "probed_at": datetime.fromtimestamp(passport.probed_at, UTC),
        },
    )
    pauses.note_passport(passport.chain_id)


def write_tokens(chain_id: int, reports: Sequence[TokenReport]) -> None:
    """Keep the passports of a chain's tokens; those that are not good take no new transfers until they are.

    What was wrong before stays so after a probe that could not move the token.
    """
    known = dict(TokenPassport.objects.filter(chain_id=chain_id).values_list("token", "facts"))
    for report in (_remembering(each, known.get(each.token.address, {})) for each in reports):
        if report.is_good and report.facts.transfers is None and held_codes(chain_id, report.token.address):
            continue
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


def note_rebase(chain_id: int, token: str, *, at: float) -> None:
    """Balances of the token changed by themselves: it takes no new transfers for REMEMBERED_SECONDS, at least."""
    row = TokenPassport.objects.filter(chain_id=chain_id, token=token).first()
    if row is None:
        return
    findings = [each for each in row.findings if each["code"] != REBASES]
    row.facts = {**row.facts, "rebases": True, "rebased_at": at}
    row.findings = [*findings, *findings_to_json([Finding(REBASES)])]
    row.is_good = False
    row.save(update_fields=["facts", "findings", "is_good"])
    hold_token(chain_id, token, held_codes(chain_id, token) | {REBASES})


def _remembering(report: TokenReport, known: Mapping[str, Any]) -> TokenReport:
    """The report with what only watching shows, while that is not long ago."""
    rebased_at = known.get("rebased_at")
    if rebased_at is None or time.time() - rebased_at > REMEMBERED_SECONDS:
        return report
    facts = replace(report.facts, rebases=True, rebased_at=rebased_at)
    return TokenReport(report.token, facts, judge(report.token, facts))


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
