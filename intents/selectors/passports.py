"""Passports of chains and tokens as lines for people: what was measured, each with its value."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intents.models import ChainPassport, TokenPassport
from intents.passports.passport import PRESENT, WELL_KNOWN, Passport, passport_from_json
from intents.passports.tokens import BRIDGED, SYNTHETIC, WRAPPED

from .amounts import grouped
from .known import STACKS
from .passport_words import finding_figures, finding_words

Line = tuple[str, str]
_LAYERS: Final = {"ethereum": "Ethereum", "celestia": "Celestia", "eigenda": "EigenDA"}
_NAMES: Final = {
    "create2_deployer": "CREATE2 deployer",
    "permit2": "Permit2",
    "multicall3": "Multicall3",
    "entry_point_v6": "EntryPoint 0.6",
    "entry_point_v7": "EntryPoint 0.7",
    "entry_point_v8": "EntryPoint 0.8",
}


@dataclass(frozen=True, slots=True)
class FindingView:
    """Something that was found; `figures` are for those who run the chain."""

    words: str
    figures: str
    is_bad: bool


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token as it was measured."""

    symbol: str
    address: str
    traits: str
    findings: tuple[FindingView, ...]

    @property
    def is_good(self) -> bool:
        return not any(finding.is_bad for finding in self.findings)


@dataclass(frozen=True, slots=True)
class EndpointView:
    """One node as it was measured; only for those who run the chain."""

    host: str
    ill: str
    height: int | None
    lag_blocks: int | None
    answer_ms: int | None
    log_blocks: int | None


@dataclass(frozen=True, slots=True)
class PassportView:
    """What was last measured of a chain."""

    probed_at: datetime
    lines: tuple[Line, ...]
    findings: tuple[FindingView, ...]
    endpoints: tuple[EndpointView, ...]
    tokens: tuple[TokenView, ...]


def passport_view(chain_id: int) -> PassportView | None:
    """The chain's passport, None before it was measured."""
    row = ChainPassport.objects.filter(chain_id=chain_id).first()
    if row is None or row.probed_at is None or not row.facts:
        return None
    passport = passport_from_json(row.facts)
    return PassportView(
        probed_at=row.probed_at,
        lines=tuple(_lines(passport, deepest=max(row.deepest_reorg, passport.reorg_blocks))),
        findings=_findings(row.findings),
        endpoints=tuple(
            EndpointView(each.host, each.ill, each.height, each.lag_blocks, each.answer_ms, each.log_blocks)
            for each in passport.endpoints
        ),
        tokens=token_views(chain_id),
    )


def token_views(chain_id: int) -> tuple[TokenView, ...]:
    """The chain's tokens as they were last measured."""
    return tuple(
        TokenView(row.symbol, row.token, _("; ").join(_traits(row.facts)), _findings(row.findings))
        for row in TokenPassport.objects.filter(chain_id=chain_id)
    )


def passport_json(chain_id: int) -> dict[str, Any]:
    """The same for programs, without the hosts of nodes; `chain` is None before it was measured."""
    row = ChainPassport.objects.filter(chain_id=chain_id).first()
    hidden = ("endpoints", "findings")
    tokens = TokenPassport.objects.filter(chain_id=chain_id)
    return {
        "chain": None
        if row is None or row.probed_at is None
        else {name: value for name, value in row.facts.items() if name not in hidden}
        | {
            "is_good": row.is_good,
            "probed_at": row.probed_at.isoformat(),
            "findings": [_without_host(each) for each in row.findings],
        },
        "tokens": [
            {
                "address": each.token,
                "symbol": each.symbol,
                "is_good": each.is_good,
                "facts": {
                    name: value for name, value in each.facts.items() if name not in ("holder", "slot")
                },
                "findings": each.findings,
            }
            for each in tokens
        ],
    }


def _without_host(finding: dict[str, Any]) -> dict[str, Any]:
    params = {name: value for name, value in finding["params"].items() if name not in ("host", "why")}
    return {**finding, "params": params}


def passport_lines(chain_id: int) -> list[str]:
    """The chain's passport for a terminal."""
    view = passport_view(chain_id)
    if view is None:
        return [_("This chain was not measured yet.")]
    found = [f"{label:<28} {value}" for label, value in view.lines]
    found += [
        f"{_('Node'):<28} {each.host} {each.ill or 'well'}, {each.height}, {each.answer_ms} ms"
        for each in view.endpoints
    ]
    return found + _terminal(view.findings)


def token_lines(chain_id: int) -> list[str]:
    """The chain's tokens for a terminal."""
    found = []
    for token in token_views(chain_id):
        found += [f"{token.symbol:<28} {token.traits}", *_terminal(token.findings)]
    return found


def _terminal(findings: tuple[FindingView, ...]) -> list[str]:
    return [f"  {'!' if each.is_bad else '-'} {each.words} {each.figures}".rstrip() for each in findings]


def _findings(values: list[dict[str, Any]]) -> tuple[FindingView, ...]:
    return tuple(
        FindingView(finding_words(each["code"]), finding_figures(each["params"]), bool(each["is_bad"]))
        for each in values
    )


def _lines(passport: Passport, *, deepest: int) -> Iterator[Line]:
    own = [each for each in passport.endpoints if not each.is_peer]
    well = [each for each in own if not each.ill]
    yield _("Nodes that answer"), _("%(well)s of %(all)s") % {"well": len(well), "all": len(own)}
    lags = [each.lag_blocks for each in own if each.lag_blocks is not None]
    if lags:
        yield _("Furthest that a node is behind"), _blocks(max(lags))
    spans = [each.log_blocks or 0 for each in well]
    if spans:
        yield _("Logs answered at once"), _blocks(min(spans))
    yield from _pace(passport)
    yield (
        _("Deepest reorganisation seen"),
        _("%(n)s of at most %(most)s blocks") % {"n": deepest, "most": passport.reorg_blocks_allowed},
    )
    yield from _finality(passport)
    yield "EIP-1559", _yes_no(passport.has_eip1559)
    yield "EIP-7702", _yes_no(passport.has_eip7702)
    for name in WELL_KNOWN:
        facts = passport.contracts.get(name)
        if facts is not None:
            yield _NAMES[name], _("there") if facts.state == PRESENT else _("not there")
    ours = [facts for name, facts in passport.contracts.items() if name not in WELL_KNOWN]
    if ours:
        good = sum(facts.state == PRESENT for facts in ours)
        there = _("%(n)s of %(all)s as they should be") % {"n": good, "all": len(ours)}
        yield _("Contracts that transfers need"), there
    if passport.explorer:
        yield _("Explorer"), _("answers") if passport.explorer == "reachable" else _("does not answer")


def _blocks(count: int) -> str:
    return ngettext("%(n)s block", "%(n)s blocks", count) % {"n": grouped(str(count))}


def _pace(passport: Passport) -> Iterator[Line]:
    if passport.block_seconds is None:
        return
    yield (
        _("Time between blocks"),
        _("%(middle)s s, nine of ten between %(low)s and %(high)s s")
        % {
            "middle": f"{passport.block_seconds:g}",
            "low": f"{passport.block_seconds_low:g}",
            "high": f"{passport.block_seconds_high:g}",
        },
    )


def _finality(passport: Passport) -> Iterator[Line]:
    waited = _("%(seconds)s s") % {"seconds": passport.waited_seconds}
    yield _("We call a block final after"), waited
    if passport.ordered_seconds is None:
        yield _("Real finality"), _("not known for this kind of chain")
        return
    yield (
        _("Real finality"),
        _("%(minutes)s min (%(stack)s, data on %(layer)s); settled on its parent after %(hours)s h")
        % {
            "minutes": passport.ordered_seconds // 60,
            "stack": STACKS.get(passport.stack, passport.stack),
            "layer": _LAYERS.get(passport.data_layer, passport.data_layer),
            "hours": (passport.settled_seconds or 0) // 3600,
        },
    )


def _traits(facts: dict[str, Any]) -> Iterator[str]:
    if facts.get("decimals") is not None:
        yield _("%(n)s decimals") % {"n": facts["decimals"]}
    tax = facts.get("tax_bps")
    if tax is not None:
        yield _("tax %(percent)s %%") % {"percent": f"{tax / 100:g}"} if tax else _("no tax")
    if facts.get("permit") == "eip2612":
        yield "EIP-2612"
    if facts.get("eip3009") not in (None, "none"):
        yield "EIP-3009"
    if facts.get("answers") == "nothing":
        yield _("transfers answer nothing")
    for name, words in (
        ("rebases", _("balances change by themselves")),
        ("pausable", _("its issuer can pause it")),
        ("blacklists", _("its issuer can block accounts")),
    ):
        if facts.get(name):
            yield words
    forms = {
        SYNTHETIC: _("stand-in for a token elsewhere"),
        BRIDGED: _("bridged"),
        WRAPPED: _("the chain's coin, wrapped"),
    }
    yield forms.get(str(facts.get("form")), _("canonical"))


def _yes_no(value: bool | None) -> str:
    if value is None:
        return _("not known")
    return _("yes") if value else _("no")
