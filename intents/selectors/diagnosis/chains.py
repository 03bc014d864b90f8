"""Causes that lie with a chain, its nodes, or whoever reads them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from intents.lifecycle import BEFORE_OPEN, DELIVERED, RETURNING, OrderState
from intents.selectors.pauses import paused_words

from .acts import PAUSE
from .facts import Facts
from .finding import Cause, Numbers, Severity
from .scene import ChainFacts

NODES_AWAY: Final = "nodes_away"
DEEP_REORG: Final = "deep_reorg"
GAS_LOW: Final = "gas_low"
STALLED: Final = "stalled"
AUTOMATIC: Final = (NODES_AWAY, DEEP_REORG, GAS_LOW, STALLED)
LAGGING, DISAGREES = "lagging", "disagrees"
# So many blocks may lie between what a node has and what is written down: they are on their way.
BEHIND_BLOCKS: Final = 8
DISPUTE_SECONDS: Final = 15.0
_BRAKED: Final = ("token_paused", "route_paused")
_UNREACHED: Final = frozenset(
    {"chain_unreachable", "node_unreachable", "rpc_error", "node_refused", "clock_unknown"}
)


def _ill(chain: ChainFacts, now: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    report = chain.fresh_report(now)
    nodes = list(report.nodes) if report else []
    return [node for node in nodes if node.get("ill")], nodes


def _short(facts: Facts) -> Iterator[tuple[ChainFacts, list[dict[str, Any]], list[dict[str, Any]], int]]:
    """Chains with fewer well nodes than must agree: its ill ones, all, and how many are needed."""
    for chain in facts.chains:
        ill, nodes = _ill(chain, facts.scene.now)
        needed = chain.report.quorum if chain.report else 1
        if nodes and len(nodes) - len(ill) < needed:
            yield chain, ill, nodes, needed


def _of_nodes(
    chain: ChainFacts, ill: Sequence[dict[str, Any]], nodes: Sequence[dict[str, Any]], needed: int
) -> Numbers:
    heights = [int(node["height"]) for node in nodes if node.get("height") is not None]
    low = [int(node["height"]) for node in ill if node.get("height") is not None]
    return {
        "chain": chain.name,
        "well": len(nodes) - len(ill),
        "all": len(nodes),
        "needed": needed,
        "hosts": ", ".join(str(node.get("host")) for node in ill),
        "ills": ", ".join(sorted({str(node.get("ill")) for node in ill})),
        "blocks": max(heights, default=0) - min(low, default=0) if low else 0,
        "since": chain.report.changed_at if chain.report else None,
        "key": str(chain.chain_id),
    }


def _lag(facts: Facts) -> Numbers | None:
    for found in _short(facts):
        if any(node["ill"] == LAGGING for node in found[1]):
            return _of_nodes(*found)
    return None


def _disagree(facts: Facts) -> Numbers | None:
    for chain in facts.chains:
        ill, nodes = _ill(chain, facts.scene.now)
        if {node["ill"] for node in ill} == {LAGGING}:
            # Who has not got a block yet does not contradict those who have.
            continue
        report = chain.report
        disputed = report.disputed_at if report else None
        is_now = disputed is not None and facts.scene.now - disputed < DISPUTE_SECONDS
        needed = report.quorum if report else 1
        is_short = len(nodes) - len(ill) < needed and any(node["ill"] == DISAGREES for node in ill)
        if is_short or (is_now and chain.is_still(facts.scene.now)) or facts.code == "nodes_disagree":
            since = {"since": disputed} if disputed else {}
            return {**_of_nodes(chain, ill, nodes, needed), **since}
    return None


def _away(facts: Facts) -> Numbers | None:
    for found in _short(facts):
        return _of_nodes(*found)
    for chain in facts.chains:
        is_paused = chain.pause_code == NODES_AWAY and facts.state in BEFORE_OPEN
        if is_paused or facts.code in _UNREACHED:
            ill, nodes = _ill(chain, facts.scene.now)
            return _of_nodes(chain, ill, nodes, chain.report.quorum if chain.report else 1)
    return None


def _one_ill(facts: Facts) -> Numbers | None:
    for chain in facts.chains:
        ill, nodes = _ill(chain, facts.scene.now)
        if ill:
            return _of_nodes(chain, ill, nodes, chain.report.quorum if chain.report else 1)
    return None


def _height(chain: ChainFacts, now: float) -> int | None:
    """The newest block that a well node told of lately."""
    report = chain.fresh_report(now)
    if report is None:
        return None
    heights = [int(n["height"]) for n in report.nodes if not n.get("ill") and n.get("height") is not None]
    return max(heights, default=None)


def _is_empty(chain: ChainFacts, now: float) -> bool:
    """Whether its nodes were asked when a block was long due, and had none that is not written down.

    A look from before that says nothing: whoever looks at the nodes also writes the blocks.
    """
    height, report = _height(chain, now), chain.fresh_report(now)
    if chain.head is None or height is None or report is None or not chain.is_still(now):
        return False
    return height <= chain.head + 1 and chain.is_still(report.seen_at)


def _stalled(facts: Facts) -> Numbers | None:
    now = facts.scene.now
    for chain in facts.chains:
        if _is_empty(chain, now):
            return {
                "chain": chain.name,
                "block": chain.head,
                "seconds": chain.age(now),
                "usual": f"{chain.block_seconds:g}",
                "key": str(chain.chain_id),
            }
    return None


def _behind(facts: Facts) -> Numbers | None:
    now = facts.scene.now
    for chain in facts.chains:
        height = _height(chain, now)
        head = chain.head or 0
        is_behind = height is not None and height > head + BEHIND_BLOCKS
        is_unwritten = chain.is_still(now) and not _is_empty(chain, now) and not _ill(chain, now)[0]
        if is_behind or is_unwritten:
            return {
                "chain": chain.name,
                "block": head,
                "seconds": chain.age(now),
                "blocks": max(0, (height or head) - head),
                "key": str(chain.chain_id),
            }
    return None


def _holds(facts: Facts) -> Iterator[ChainFacts]:
    """Chains whose pause holds this order up: proofs, settling and refunds go on in spite of it."""
    is_asked = facts.code == "chain_paused" or facts.state in BEFORE_OPEN
    if is_asked and facts.state not in DELIVERED | RETURNING and not facts.is_ended:
        yield from (chain for chain in (facts.destination, facts.origin) if chain.paused_reason)


def _paused(facts: Facts) -> Numbers | None:
    for chain in _holds(facts):
        if chain.pause_code in AUTOMATIC:
            continue
        slug = chain.manifest.slug if chain.manifest else ""
        who = facts.scene.paused_by("chain", str(chain.chain_id)) or facts.scene.paused_by("chain", slug)
        return {
            "chain": chain.name,
            "reason": paused_words(chain.paused_reason),
            "who": who or "?",
            "key": str(chain.chain_id),
        }
    return None


def _deep_reorg(facts: Facts) -> Numbers | None:
    for chain in _holds(facts):
        if chain.pause_code == DEEP_REORG:
            blocks, until, *_rest = [*chain.paused_reason.split(" ")[1:], "?", "?"]
            return {
                "chain": chain.name,
                "blocks": blocks,
                "until": until,
                "block": chain.head,
                "key": str(chain.chain_id),
            }
    return None


def _token_or_route(facts: Facts) -> Numbers | None:
    order = facts.order
    if order.state == OrderState.REJECTED and order.reason.get("code") in _BRAKED:
        return _turned_down(facts)
    if facts.state not in BEFORE_OPEN and facts.code not in _BRAKED:
        return None
    ends = {(order.origin_id, order.input_token.lower()), (order.destination_id, order.output_token.lower())}
    for pause in facts.scene.pauses:
        is_token = pause.kind == "token" and (pause.origin_id, pause.token.lower()) in ends
        is_route = pause.kind == "route" and (pause.origin_id, pause.destination_id) == (
            order.origin_id,
            order.destination_id,
        )
        if is_token or is_route:
            what = facts.scene.chain(pause.origin_id).name
            if is_route:
                what = f"{what} → {facts.scene.chain(pause.destination_id).name}"
            else:
                what = f"{_symbol(facts, pause.origin_id, pause.token)} ({what})"
            return {
                "what": what,
                "reason": paused_words(pause.reason),
                "who": pause.created_by.get_username() if pause.created_by else "?",
                "since": pause.created_at.timestamp(),
                "key": str(pause.pk),
            }
    return None


def _turned_down(facts: Facts) -> Numbers:
    """What was braked when it should have begun, as it was told then."""
    told = facts.order.reason.get("params") or {}
    what = f"{told.get('token', '?')} ({told.get('chain', '?')})"
    if facts.order.reason.get("code") == "route_paused":
        what = f"{told.get('origin', '?')} → {told.get('destination', '?')}"
    return {
        "what": what,
        "reason": str(told.get("reason") or "–"),
        "who": "?",
        "since": facts.order.ended_at.timestamp() if facts.order.ended_at else None,
        "key": what,
    }


def _symbol(facts: Facts, chain_id: int, token: str) -> str:
    manifest = facts.scene.chain(chain_id).manifest
    found = (
        (each.symbol for each in manifest.assets if each.address.lower() == token.lower()) if manifest else ()
    )
    return next(iter(found), token)


CAUSES: Final = (
    Cause(
        code="nodes_lag",
        weight=910,
        severity=Severity.TROUBLE,
        title=_("Nodes of %(chain)s lag behind"),
        words=_(
            "%(hosts)s lags %(blocks)s blocks behind the others since %(since)s: only %(well)s of "
            "%(all)s nodes of "
            "%(chain)s are in use, and %(needed)s must agree."
        ),
        person="chain_slow",
        find=_lag,
    ),
    Cause(
        code="nodes_disagree",
        weight=915,
        severity=Severity.TROUBLE,
        title=_("Nodes of %(chain)s contradict each other"),
        words=_(
            "Fewer than %(needed)s of %(all)s nodes of %(chain)s say the same since %(since)s. No "
            "evidence is "
            "believed until they do, so nothing is paid on it."
        ),
        person="chain_slow",
        find=_disagree,
        act=PAUSE,
    ),
    Cause(
        code="nodes_away",
        weight=905,
        severity=Severity.TROUBLE,
        title=_("Too few nodes of %(chain)s answer"),
        words=_(
            "%(well)s of %(all)s nodes of %(chain)s answer well since %(since)s, and %(needed)s must agree. "
            "Ill: %(hosts)s (%(ills)s)."
        ),
        person="chain_slow",
        find=_away,
    ),
    Cause(
        code="chain_stalled",
        weight=880,
        severity=Severity.TROUBLE,
        title=_("%(chain)s makes no blocks"),
        words=_(
            "The newest block of %(chain)s is %(block)s, %(seconds)s old; a block usually takes "
            "%(usual)s s. Its nodes "
            "answer and have none newer."
        ),
        person="chain_slow",
        find=_stalled,
    ),
    Cause(
        code="follower_behind",
        weight=890,
        severity=Severity.TROUBLE,
        title=_("Our follower is behind on %(chain)s"),
        words=_(
            "Block %(block)s of %(chain)s was the last one written down, %(seconds)s ago; its nodes "
            "are %(blocks)s blocks "
            "further. The process that follows the chains has stopped or cannot keep up."
        ),
        person="our_side",
        find=_behind,
    ),
    Cause(
        code="chain_paused",
        weight=860,
        severity=Severity.TROUBLE,
        title=_("%(chain)s is paused"),
        words=_("%(who)s paused %(chain)s: %(reason)s"),
        person="paused",
        find=_paused,
    ),
    Cause(
        code="token_or_route_paused",
        weight=855,
        severity=Severity.TROUBLE,
        title=_("%(what)s is paused"),
        words=_("%(who)s paused %(what)s at %(since)s: %(reason)s"),
        person="paused",
        find=_token_or_route,
        is_of_ended=True,
    ),
    Cause(
        code="deep_reorg",
        weight=870,
        severity=Severity.TROUBLE,
        title=_("%(chain)s took back more blocks than any order waits for"),
        words=_(
            "%(chain)s took back %(blocks)s blocks and takes no new transfers until block %(until)s; "
            "it is at %(block)s."
        ),
        person="chain_slow",
        find=_deep_reorg,
    ),
    Cause(
        code="node_ill",
        weight=5,
        severity=Severity.FINE,
        title=_("A node of %(chain)s is ill; the others carry on"),
        words=_(
            "%(hosts)s: %(ills)s since %(since)s. %(well)s of %(all)s are well, and %(needed)s must agree."
        ),
        person="fine",
        find=_one_ill,
    ),
)
