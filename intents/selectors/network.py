"""The connected chains as pages and wallets see them: tokens to choose, heads, stock, and what the page may trust."""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from intents.chains import registry
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.models import Chain, ChainHead, Order, Stock
from intents.settlement.trust import trust_text as canonical_trust_text

from .pauses import braked_words, paused_words
from .wallet_chains import icon_path, wallet_chain

NATIVE = "0x0000000000000000000000000000000000000000"
HEAD_IS_STALE_BLOCKS = 15
HEAD_IS_STALE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class TokenName:
    """How a token on a chain is shown; an unlisted one keeps only its address."""

    chain_id: int
    chain_name: str
    symbol: str
    decimals: int
    address: str

    @property
    def is_known(self) -> bool:
        return bool(self.symbol)


@dataclass(frozen=True, slots=True)
class StockView:
    """One token we hold on a chain, in base units."""

    token: TokenName
    balance: int
    reserved: int

    @property
    def unreserved(self) -> int:
        return max(0, self.balance - self.reserved)


@dataclass(frozen=True, slots=True)
class ChainView:
    """A connected chain with its newest block as we know it."""

    manifest: ChainManifest
    paused_reason: str
    paused_words: str
    head_number: int | None
    head_age_seconds: float | None
    stock: tuple[StockView, ...]
    braked_words: tuple[str, ...] = ()

    @property
    def icon(self) -> str:
        """Where its icon is."""
        return icon_path(self.manifest.chain_id)

    @property
    def is_stale(self) -> bool:
        """No new block for so long that something is wrong."""
        return is_head_stale(self.manifest, self.head_age_seconds)


def is_head_stale(manifest: ChainManifest, age_seconds: float | None) -> bool:
    """Whether a newest block of this age means that the chain makes no new ones; None is no block at all."""
    if age_seconds is None:
        return True
    return age_seconds > max(HEAD_IS_STALE_SECONDS, HEAD_IS_STALE_BLOCKS * manifest.block_seconds)


def connected_chains() -> dict[int, ChainManifest]:
    """Manifests of all connected chains by chain id."""
    return registry.all_chains()


def is_local_network() -> bool:
    """Whether every connected chain is a local test chain; False when there is none."""
    chains = registry.all_chains().values()
    return bool(chains) and all(chain.is_local for chain in chains)


def chain_name(chain_id: int) -> str:
    """The chain's name, also when it left; the number of one that never was connected."""
    manifest = registry.once_connected(chain_id)
    return manifest.name if manifest else f"#{chain_id}"


def token_name(chain_id: int, address: str) -> TokenName:
    """The token's name for people; never raises."""
    manifest = registry.once_connected(chain_id)
    if manifest is None:
        return TokenName(chain_id, f"#{chain_id}", "", 0, address)
    if address.lower() == NATIVE:
        return TokenName(chain_id, manifest.name, manifest.native.symbol, manifest.native.decimals, NATIVE)
    token = _listed(manifest, address)
    if token is None:
        return TokenName(chain_id, manifest.name, "", 0, address)
    return TokenName(chain_id, manifest.name, token.symbol, token.decimals, token.address)


def contract_address(chain_id: int, contract: str) -> str:
    """Address of one of the chain's contracts, or "" where there is none."""
    manifest = registry.all_chains().get(chain_id)
    return manifest.contracts[contract].address if manifest and contract in manifest.contracts else ""


def address_url(chain_id: int, address: str) -> str:
    """The address's page in the chain's explorer, or "" where there is none."""
    manifest = connected_chains().get(chain_id)
    return f"{manifest.explorer.rstrip('/')}/address/{address}" if manifest and manifest.explorer else ""


def explorer_url(chain_id: int, tx_hash: str) -> str:
    """The transaction's page in the chain's explorer, or "" where there is none."""
    manifest = registry.once_connected(chain_id)
    return f"{manifest.explorer.rstrip('/')}/tx/{tx_hash}" if manifest and manifest.explorer else ""


def chain_views() -> list[ChainView]:
    """Every connected chain with head and stock, by chain id."""
    heads = {head.chain_id: head for head in ChainHead.objects.defer("world")}
    paused = dict(Chain.objects.exclude(paused_reason="").values_list("chain_id", "paused_reason"))
    stock: dict[int, list[StockView]] = {}
    # What the sending accounts hold pays gas, and nobody else.
    for row in Stock.objects.filter(holder__in=_solver_accounts()).order_by("chain_id", "token"):
        view = StockView(token_name(row.chain_id, row.token), row.balance or 0, row.reserved or 0)
        stock.setdefault(row.chain_id, []).append(view)
    now = time.time()
    braked = braked_words()
    views = []
    for chain_id, manifest in registry.all_chains().items():
        head = heads.get(chain_id)
        views.append(
            ChainView(
                manifest=manifest,
                paused_reason=paused.get(chain_id, ""),
                paused_words=paused_words(paused.get(chain_id, "")),
                head_number=head.number if head else None,
                head_age_seconds=max(0.0, now - head.seen_at) if head else None,
                stock=tuple(stock.get(chain_id, ())),
                braked_words=tuple(braked.get(chain_id, ())),
            )
        )
    return views


def _solver_accounts() -> set[str]:
    return {
        chain.contracts["solver_account"].address
        for chain in registry.all_chains().values()
        if "solver_account" in chain.contracts
    }


def destination_slug(order: Order) -> str:
    """The slug of the chain an order pays out on, or "" when it is not connected any more."""
    manifest = registry.all_chains().get(order.destination_id)
    return manifest.slug if manifest else ""


def local_endpoints() -> list[str]:
    """HTTP endpoints of local chains: a page may read those; real chains are read by the wallet."""
    return [chain.endpoints[0].url.rstrip("/") for chain in registry.all_chains().values() if chain.is_local]


def trust_text(manifest: ChainManifest) -> str:
    """What a page must know about a chain to check an order, as canonical JSON text."""
    return canonical_trust_text(
        chain_id=manifest.chain_id,
        slug=manifest.slug,
        name=manifest.name,
        contracts={name: contract.address for name, contract in manifest.contracts.items()},
        tokens=manifest.assets,
        apps=manifest.apps,
    )


def trust_hash(manifest: ChainManifest) -> str:
    """sha256 of `trust_text`, which page bundles have compiled in."""
    return hashlib.sha256(trust_text(manifest).encode()).hexdigest()


def network_json(*, site: str = "") -> dict[str, Any]:
    """What a page's wallet code needs: per chain the trust text, and how a wallet adds the chain.

    `site` is our own scheme and host, for the chains' icons.
    """
    return {
        str(chain_id): {
            "trust": trust_text(manifest),
            "wallet": {"blockExplorerUrls": [], **wallet_chain(manifest, site=site)},
        }
        for chain_id, manifest in registry.all_chains().items()
    }


def _listed(manifest: ChainManifest, address: str) -> TokenManifest | None:
    wanted = address.lower()
    return next((token for token in manifest.tokens if token.address.lower() == wanted), None)
