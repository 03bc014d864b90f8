"""What the solver's world takes from a chain's manifest, gathered once per manifest."""

from dataclasses import dataclass

from intents.chains.manifest import ChainManifest
from intents.solver.world import Bridge, Tier, Token

from .data_fees import data_calls


@dataclass(frozen=True, slots=True)
class Listed:
    """One chain's tokens and bridges as the solver knows them.

    `bridged` are tokens that only bridges of ours hand out; `worth` names each of those with what it is redeemed for.
    """

    manifest: ChainManifest
    solver_account: str
    tokens: dict[str, Token]
    bridged: dict[str, Token]
    handled: dict[str, Token]
    bridges: tuple[Bridge, ...]
    worth: tuple[tuple[str, str], ...]
    tiers: tuple[Tier, ...]
    fill_seconds: int
    is_charged_for_data: bool


_listed: dict[int, Listed] = {}


def listings(manifests: dict[int, ChainManifest]) -> dict[int, Listed]:
    """By chain; what is known of a manifest stands for as long as the registry hands out this very one."""
    found = {}
    for chain_id, manifest in manifests.items():
        known = _listed.get(chain_id)
        if known is None or known.manifest is not manifest:
            known = _listed[chain_id] = _read(manifest)
        found[chain_id] = known
    return found


def forget() -> None:
    """Drop what this process remembers."""
    _listed.clear()


def fill_seconds(manifest: ChainManifest) -> int:
    """How long an order that starts here has to be filled, chain time, as its quote fixes it."""
    return manifest.limits.fill_seconds + (manifest.finality_seconds if manifest.is_local else 0)


def _read(manifest: ChainManifest) -> Listed:
    tokens, bridged = _tokens(manifest)
    return Listed(
        manifest=manifest,
        solver_account=manifest.address("solver_account"),
        tokens=tokens,
        bridged=bridged,
        handled={**tokens, **bridged},
        bridges=tuple(Bridge(end.route, end.token) for end in manifest.bridges),
        worth=tuple((manifest.token(end.token).canonical_id, end.worth) for end in manifest.bridges),
        tiers=tuple(Tier(max_usd_e8=tier.max_usd_e8, depth=tier.depth) for tier in manifest.value_tiers),
        fill_seconds=fill_seconds(manifest),
        is_charged_for_data=bool(data_calls(manifest)),
    )


def _tokens(manifest: ChainManifest) -> tuple[dict[str, Token], dict[str, Token]]:
    """What orders may name, and what only bridges of ours hand out, by address."""
    tokens = {
        token.address: Token(token.address, token.symbol, token.decimals, token.canonical_id)
        for token in manifest.assets
        if not token.is_synthetic and not token.is_transfer_taxed
    }
    ends = {end.token for end in manifest.bridges}
    bridged = {
        token.address: Token(token.address, token.symbol, token.decimals, token.canonical_id)
        for token in manifest.tokens
        if token.address in ends and token.address not in tokens
    }
    return tokens, bridged
