"""Chains on their way in, as pages show them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intents.chains.client import host_of
from intents.chains.manifest import from_json
from intents.joining.rows import DONE, FAILED, UNDER_WAY
from intents.models import Join
from intents.services.joining import note_words, problem_words
from intents.solver.cold_start import MOST_DAY_USD_E8

from .passport_words import are_known, finding_figures, finding_words

SHOWN_AFTERWARDS: Final = timedelta(hours=1)
SHOWN_STOPPED: Final = timedelta(days=1)
MOST: Final = 20
STEP_WORDS: Final = {
    "probes": gettext_lazy("Compare the chain with its manifest"),
    "passport": gettext_lazy("Measure it"),
    "contracts": gettext_lazy("Put the transfer contracts there"),
    "messaging": gettext_lazy("Set up messages to other chains"),
    "tokens": gettext_lazy("Bring the network's tokens there"),
    "inventory": gettext_lazy("Grant a starting inventory"),
    "routes": gettext_lazy("Introduce it to every chain"),
    "page": gettext_lazy("Show it to everybody"),
}


@dataclass(frozen=True, slots=True)
class StepView:
    """One step: `mark` is waiting, under_way, done or failed, `told` are the lines below it."""

    name: str
    words: str
    mark: str
    at: datetime | None
    told: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether it is what is being done, or what stands in the way."""
        return self.mark in (UNDER_WAY, FAILED)


@dataclass(frozen=True, slots=True)
class JoinView:
    """One chain's way in."""

    row: Join
    state: str
    steps: tuple[StepView, ...]

    @property
    def is_running(self) -> bool:
        """Whether more is to come by itself."""
        return self.row.state in (Join.State.ASKED, Join.State.RUNNING)

    @property
    def is_done(self) -> bool:
        """Whether the chain is connected."""
        return bool(self.row.state == Join.State.DONE)

    @property
    def done(self) -> int:
        """Steps that are done."""
        return sum(step.mark == DONE for step in self.steps)

    @property
    def target(self) -> str:
        """What may be sent to it, as the form names it."""
        tokens = [token["symbol"] for token in self.row.manifest.get("tokens", ())]
        known = next((symbol for symbol in tokens if symbol == "USDC"), tokens[0] if tokens else "")
        return f"{self.row.slug}:{known}"

    @property
    def problem(self) -> str:
        """What stands in the way, "" when nothing does."""
        return next((line for step in self.steps if step.mark == FAILED for line in step.told), "")

    @property
    def seconds(self) -> float | None:
        """How long it took, None before it is over."""
        return (self.row.ended_at - self.row.started_at).total_seconds() if self.row.ended_at else None


def joins_view() -> list[JoinView]:
    """For everybody: chains on their way in, and those that came in just now; the newest first.

    What stands in the way of a chain that is not local is not said: it may name nodes, whose addresses hold keys.
    """
    now = timezone.now()
    stopped = Q(state=Join.State.FAILED, started_at__lt=now - SHOWN_STOPPED)
    recent = Q(ended_at__gt=now - SHOWN_AFTERWARDS)
    rows = Join.objects.filter((~Q(state=Join.State.DONE) & ~stopped) | recent)[:MOST]
    return [join_view(row, says_why=bool(row.asked.get("is_local"))) for row in rows]


def all_joins() -> list[JoinView]:
    """For staff: every join, the newest first."""
    return [join_view(row) for row in Join.objects.select_related("asked_by")[: MOST * 5]]


def join_view(row: Join, *, says_why: bool = True) -> JoinView:
    """One join with words for every step."""
    return JoinView(row, _state(row), tuple(_step(entry, says_why=says_why) for entry in row.steps))


def asked_lines(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What the second person must know of a manifest that was handed in."""
    asked = from_json(manifest)
    yield _("Chain"), f"{asked.name} ({asked.chain_id})"
    yield _("Made of"), " · ".join(part for part in (asked.stack, asked.da, asked.proof_system) if part)
    yield _("Nodes"), ", ".join(host_of(endpoint.url) for endpoint in asked.endpoints)
    yield _("Final after"), f"{asked.depth} × {asked.block_seconds:g} s"
    for tier in asked.value_tiers:
        sooner = {"blocks": tier.depth, "usd": f"{tier.max_usd_e8 / 1e8:,.0f}"}
        yield _("Delivered after"), _("%(blocks)s blocks up to %(usd)s USD") % sooner
    yield _("Most for a unit of gas"), f"{asked.max_fee_wei / 1e9:g} gwei"
    counts_as = _("%(asset)s, which counts as %(canonical)s")
    yield (
        _("Its coin"),
        counts_as % {"asset": asked.native.symbol, "canonical": asked.native.canonical_id},
    )
    for token in asked.tokens:
        asset = f"{token.symbol} {token.address}"
        yield _("Token"), counts_as % {"asset": asset, "canonical": token.canonical_id}
    for end in asked.bridges:
        asset = f"{end.route} {end.router}"
        yield _("End of a bridge"), counts_as % {"asset": asset, "canonical": end.worth}
    for name, feed in asked.feeds.items():
        yield _("Price of"), f"{name} {feed.address}"
    yield _("Pools"), str(len(asked.venues))
    for name, contract in asked.contracts.items():
        yield _("Contract that is there"), f"{name} {contract.address}"
    for app in asked.apps:
        yield _("App"), f"{app.name} {app.target} {app.call}"
    yield _("Starting inventory and gas at most"), f"{settings.JOIN_GRANT_USD:,} USD"
    yield _("Most that leaves it in its first 24 hours"), f"{MOST_DAY_USD_E8 // 10**8:,} USD"
    most = _("Most of each of its tokens that we take in and do not pass on")
    yield most, f"{settings.JOIN_HELD_USD:,} USD"
    yield _("Fingerprint of the manifest"), asked.content_hash


def _state(row: Join) -> str:
    return {
        Join.State.ASKED: _("about to begin"),
        Join.State.RUNNING: _("joining"),
        Join.State.FAILED: _("stopped"),
        Join.State.DONE: _("connected"),
    }[Join.State(row.state)]


def _step(entry: dict[str, Any], *, says_why: bool) -> StepView:
    return StepView(
        name=entry["name"],
        words=str(STEP_WORDS.get(entry["name"], entry["name"])),
        mark=entry["state"],
        at=datetime.fromtimestamp(entry["at"], UTC) if entry["at"] else None,
        told=tuple(_told(entry, says_why=says_why)),
    )


def _told(entry: dict[str, Any], *, says_why: bool) -> Iterator[str]:
    params = entry["params"]
    if entry["state"] == FAILED:
        stands = _("It stands here for now. What was done stays done.")
        yield problem_words(entry["code"], params) if says_why else stands
        return
    if entry["code"]:
        yield note_words(entry["code"], params)
    for note in params.get("notes", ()):
        yield _note(note["code"], note["params"], says_why=says_why)


def _note(code: str, params: dict[str, Any], *, says_why: bool) -> str:
    """A note of a step; figures of what was measured name nodes, and are for those who run the chain."""
    if not are_known([code]):
        return note_words(code, params)
    figures = finding_figures(params) if says_why else ""
    return f"{finding_words(code)} ({figures})" if figures else finding_words(code)
