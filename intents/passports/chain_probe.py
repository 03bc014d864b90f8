"""Measures a chain: what its nodes answer now, beside what its manifest says. Believes nothing.

Reads only. A chain may be probed before it is connected.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import requests

from intents.chains.answers import bounded
from intents.chains.client import host_of
from intents.chains.follower import RANGE_BLOCKS
from intents.chains.manifest import ChainManifest
from intents.chains.node import AWAY, LAGGING, WRONG_CHAIN, Node
from intents.chains.node_errors import RpcError, RpcUnavailable, WrongChain
from intents.chains.pauses import deepest_tier
from intents.models import ChainPassport

from . import abilities
from .finality import finality_of
from .passport import ABSENT, DIFFERS, ContractFacts, EndpointFacts, Finding, Passport

EXPLORER_SECONDS: Final = 5.0
REACHABLE: Final = "reachable"
UNREACHABLE: Final = "unreachable"
LAG_SECONDS: Final = 6.0
LEAST_LAG_BLOCKS: Final = 2


@dataclass(frozen=True, slots=True)
class _Seen:
    node: Node
    facts: EndpointFacts


def probe_chain(manifest: ChainManifest, *, peers: Sequence[str] = ()) -> Passport:
    """Everything about a chain, measured now; `peers` are endpoints to compare with that are not the chain's own.

    Raises nothing: what could not be measured is None, and what is wrong stands in `findings`.
    """
    seen = _looked_at(manifest, peers)
    passport = replace(
        _bare(manifest), endpoints=tuple(each.facts for each in seen), explorer=_explorer(manifest.explorer)
    )
    well = [each for each in seen if not each.facts.ill and not each.facts.is_peer]
    best = max(well, key=lambda each: each.facts.height or 0, default=None)
    if best is not None:
        try:
            passport = _measured(passport, manifest, best)
        except (RpcUnavailable, RpcError, ValueError, TypeError, KeyError, AttributeError) as error:
            # A node may also answer what is no answer.
            lost = Finding("probe_broken_off", {"why": f"{type(error).__name__}: {error}"[:120]})
            return replace(passport, findings=(*_findings(passport, manifest), lost))
    return replace(passport, findings=tuple(_findings(passport, manifest)))


def _bare(manifest: ChainManifest) -> Passport:
    """What needs no node: the table's finality, and what the follower wrote of reorganisations."""
    finality = finality_of(manifest.stack, str(getattr(manifest, "da", "")))
    row = ChainPassport.objects.filter(chain_id=manifest.chain_id).first()
    return Passport(
        chain_id=manifest.chain_id,
        slug=manifest.slug,
        probed_at=time.time(),
        reorg_blocks=row.deepest_reorg if row is not None else 0,
        reorg_blocks_allowed=deepest_tier(manifest),
        stack=finality.stack,
        data_layer=finality.data_layer,
        ordered_seconds=finality.ordered_seconds,
        settled_seconds=finality.settled_seconds,
        waited_seconds=manifest.finality_seconds,
    )


def _looked_at(manifest: ChainManifest, peers: Sequence[str]) -> list[_Seen]:
    """Every endpoint at once, then how far each is behind the best of them."""
    own = [endpoint.url for endpoint in manifest.endpoints]
    urls = [(url, False) for url in own] + [(url, True) for url in peers if url not in own]
    with ThreadPoolExecutor(max(1, len(urls)), thread_name_prefix="probe") as pool:
        found = list(pool.map(lambda each: _look(manifest, *each), urls))
    best = max((each.facts.height for each in found if each.facts.height is not None), default=0)
    return [_Seen(each.node, _ranked(each.facts, manifest, best=best)) for each in found]


def _look(manifest: ChainManifest, url: str, is_peer: bool) -> _Seen:
    node = Node(url, manifest.chain_id)
    facts = EndpointFacts(host=host_of(url), is_peer=is_peer)
    began = time.monotonic()
    try:
        height = node.probe()
        answer_ms = round((time.monotonic() - began) * 1000)
        facts = replace(facts, chain_id=manifest.chain_id, height=height, answer_ms=answer_ms)
        return _Seen(node, replace(facts, log_blocks=abilities.log_blocks(node, height)))
    except WrongChain:
        return _Seen(node, replace(facts, ill=WRONG_CHAIN))
    except (RpcUnavailable, RpcError):
        return _Seen(node, replace(facts, ill=node.ill or AWAY))


def _ranked(facts: EndpointFacts, manifest: ChainManifest, *, best: int) -> EndpointFacts:
    if facts.height is None:
        return facts
    lag = best - facts.height
    most = max(LEAST_LAG_BLOCKS, round(LAG_SECONDS / manifest.block_seconds))
    return replace(facts, lag_blocks=lag, ill=facts.ill or (LAGGING if lag > most else ""))


def _measured(passport: Passport, manifest: ChainManifest, best: _Seen) -> Passport:
    node, head = best.node, best.facts.height or 0
    blocks = abilities.headers(node, head)
    pace = abilities.pace(blocks)
    newest = node.request("eth_getBlockByNumber", ["latest", False])
    has_overrides = abilities.has_overrides(node)
    wanted = {name: (each.address, each.code_hash) for name, each in manifest.contracts.items()}
    return replace(
        passport,
        head=head,
        block_seconds=pace.middle if pace else None,
        block_seconds_low=pace.low if pace else None,
        block_seconds_high=pace.high if pace else None,
        has_eip1559=bool(isinstance(newest, dict) and newest.get("baseFeePerGas") is not None),
        has_overrides=has_overrides,
        has_eip7702=abilities.has_eip7702(node) if has_overrides else None,
        contracts=abilities.contracts(node, wanted),
    )


def _explorer(url: str) -> str:
    """Whether the explorer's page answers; "" where the manifest names none."""
    if not url:
        return ""
    try:
        with requests.Session() as session:
            session.trust_env = False
            for scheme in ("http://", "https://"):
                session.mount(scheme, bounded())
            answer = session.get(url, timeout=EXPLORER_SECONDS, allow_redirects=False, stream=True)
    except requests.RequestException:
        return UNREACHABLE
    return REACHABLE if answer.status_code < 500 else UNREACHABLE


def _findings(passport: Passport, manifest: ChainManifest) -> Iterator[Finding]:
    own = [each for each in passport.endpoints if not each.is_peer]
    well = [each for each in own if not each.ill]
    for each in own:
        if each.ill:
            yield Finding("endpoint_ill", {"host": each.host, "ill": each.ill}, is_bad=False)
    if len(well) < manifest.quorum:
        yield Finding("too_few_endpoints", {"well": len(well), "needed": manifest.quorum})
    if not well:
        return
    yield from _of_nodes(well)
    yield from _of_contracts(passport.contracts, manifest)
    yield from _of_the_chain(passport, manifest)


def _of_nodes(well: Sequence[EndpointFacts]) -> Iterator[Finding]:
    for each in well:
        if each.log_blocks is None or each.log_blocks < RANGE_BLOCKS:
            params: dict[str, Any] = {
                "host": each.host,
                "blocks": each.log_blocks or 0,
                "needed": RANGE_BLOCKS,
            }
            yield Finding("log_range_small", params)


def _of_contracts(found: dict[str, ContractFacts], manifest: ChainManifest) -> Iterator[Finding]:
    for name in manifest.contracts:
        facts = found.get(name)
        if facts is not None and facts.state == ABSENT:
            yield Finding("contract_absent", {"name": name, "address": facts.address})
        if facts is not None and facts.state == DIFFERS:
            yield Finding("contract_differs", {"name": name, "address": facts.address})


def _of_the_chain(passport: Passport, manifest: ChainManifest) -> Iterator[Finding]:
    if passport.has_eip1559 is False:
        yield Finding("no_eip1559")
    if passport.explorer == UNREACHABLE:
        yield Finding("explorer_unreachable", {}, is_bad=False)
    if manifest.is_local:
        # Its blocks come when somebody wants one, and nobody posts its data anywhere.
        return
    measured = passport.block_seconds
    if measured is not None and not manifest.block_seconds / 2 <= measured <= manifest.block_seconds * 2:
        params = {"measured": measured, "said": manifest.block_seconds}
        yield Finding("block_time_differs", params, is_bad=False)
    if passport.ordered_seconds is None:
        yield Finding(
            "finality_unknown", {"stack": passport.stack, "layer": passport.data_layer}, is_bad=False
        )
    elif passport.waited_seconds < passport.ordered_seconds:
        params = {"waited": passport.waited_seconds, "real": passport.ordered_seconds}
        yield Finding("finality_shorter", params, is_bad=False)
