"""What is written down about one chain: the parsed form of its TOML manifest.

Pure. `parse` and `from_json` raise ManifestError naming the key at fault. TOML and JSON have the
same shape; `from_json(to_json(m)) == m`.
"""

import json
import tomllib
from dataclasses import asdict, dataclass, field
from typing import Any

from eth_utils.crypto import keccak

from intents.errors import WaymeetError

from .app import App, AppNotListed, read_app
from .bridge import BridgeManifest, read_bridge
from .calls import ZERO_ADDRESS
from .limits import LOCAL_LIMITS, Limits, read_limits
from .manifest_checks import WRAPPED_NATIVE, check
from .manifest_reader import ManifestError, Reader

EIP3009_KINDS = ("none", "bytes", "vrs")
PERMIT_KINDS = ("none", "eip2612")
VENUE_KINDS = ("uniswap_v2", "uniswap_v3", WRAPPED_NATIVE)
ONE_WAY_FEE_PIPS = 1_000_000
MESSAGING = ("", "own", "shared")


class MissingContract(WaymeetError):
    """The chain's manifest does not name this contract."""

    code = "contract_not_listed"


class TokenNotSupported(WaymeetError):
    """The token is not in the chain's manifest."""

    code = "token_not_supported"


@dataclass(frozen=True, slots=True)
class NativeCoin:
    """The coin gas is paid in."""

    symbol: str
    name: str
    decimals: int
    canonical_id: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One node: JSON-RPC over HTTP, and a WebSocket for heads where it has one (else empty).

    A public one holds no key of ours in its address: pages may hand it on.
    """

    url: str
    ws_url: str = ""
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class ValueTier:
    """Orders worth up to `max_usd_e8` need `depth` blocks on this chain before they are filled."""

    max_usd_e8: int
    depth: int


@dataclass(frozen=True, slots=True)
class Contract:
    """A deployed contract; an empty `code_hash` (keccak of the runtime code) is not checked."""

    address: str
    code_hash: str = ""


@dataclass(frozen=True, slots=True)
class TokenManifest:
    """A token's passport: what was probed about it, not what it claims.

    `stock_target` is how many base units of it our account should hold; 0 is no wish for any.
    """

    address: str
    symbol: str
    name: str
    decimals: int
    canonical_id: str
    eip3009: str = "none"
    permit: str = "none"
    version: str = ""
    is_transfer_taxed: bool = False
    is_pausable: bool = False
    is_synthetic: bool = False
    stock_target: int = 0


@dataclass(frozen=True, slots=True)
class VenueManifest:
    """A pool. `fee_pips` is in millionths; `extra` belongs to the venue's own module."""

    kind: str
    address: str
    router: str
    token0: str
    token1: str
    fee_pips: int
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """A price feed with the AggregatorV3 interface; older than its heartbeat + 10 % is stale."""

    address: str
    heartbeat_seconds: int
    decimals: int


@dataclass(frozen=True, slots=True)
class Validator:
    """A checkpoint signer and the read-only place where it publishes."""

    address: str
    url: str


@dataclass(frozen=True, slots=True)
class ChainManifest:
    """Everything the program knows about one chain. `depth` blocks make a block final.

    `da` is where its data goes, `proof_system` what its parent demands. `messaging` says whose Hyperlane it has:
    `own` is deployed by us and signed for by our validators, `shared` was there before us.
    """

    chain_id: int
    domain: int
    slug: str
    name: str
    label: str
    stack: str
    parent_id: int | None
    is_local: bool
    is_testnet: bool
    native: NativeCoin
    endpoints: tuple[Endpoint, ...]
    quorum: int
    block_seconds: float
    depth: int
    value_tiers: tuple[ValueTier, ...]
    max_fee_wei: int
    priority_fee_wei: int
    contracts: dict[str, Contract]
    tokens: tuple[TokenManifest, ...]
    venues: tuple[VenueManifest, ...]
    feeds: dict[str, Feed]
    bridges: tuple[BridgeManifest, ...] = ()
    explorer: str = ""
    validators: tuple[Validator, ...] = ()
    validator_threshold: int = 0
    limits: Limits = LOCAL_LIMITS
    apps: tuple[App, ...] = ()
    gas_on_arrival_usd_e8: int = 0
    da: str = ""
    proof_system: str = ""
    messaging: str = ""

    @property
    def has_shared_mailbox(self) -> bool:
        """Whether its messages leave by somebody else's Mailbox, which may take a fee for each."""
        return self.messaging == "shared"

    @property
    def finality_seconds(self) -> int:
        """Time until a block is final, rounded up."""
        return -int(-(self.depth * self.block_seconds) // 1)

    def address(self, contract: str) -> str:
        """Checksummed address of a contract; raises MissingContract."""
        if contract not in self.contracts:
            raise MissingContract(f"{self.slug}: contracts.{contract} is missing", contract=contract)
        return self.contracts[contract].address

    @property
    def native_token(self) -> TokenManifest:
        """The chain's own coin as a token: the zero address, which knows neither signatures nor approvals."""
        return TokenManifest(
            address=ZERO_ADDRESS,
            symbol=self.native.symbol,
            name=self.native.name,
            decimals=self.native.decimals,
            canonical_id=self.native.canonical_id,
        )

    @property
    def assets(self) -> tuple[TokenManifest, ...]:
        """Everything that can be sent here: the tokens, then the chain's own coin."""
        return (*self.tokens, self.native_token)

    def token(self, symbol_or_address: str) -> TokenManifest:
        """The token or coin with this symbol or address, in any letter case; raises TokenNotSupported."""
        wanted = symbol_or_address.strip().lower()
        for token in self.assets:
            if wanted in (token.symbol.lower(), token.address.lower()):
                return token
        raise TokenNotSupported(f"{self.slug}: {wanted[:60]}", token=wanted[:60], chain=self.name)

    def bridge(self, route: str) -> BridgeManifest | None:
        """This chain's end of a bridge, if it has one."""
        return next((end for end in self.bridges if end.route == route), None)

    def app(self, slug: str) -> App:
        """The app with this slug, in any letter case; raises AppNotListed."""
        wanted = slug.strip().lower()
        for app in self.apps:
            if app.slug == wanted:
                return app
        raise AppNotListed(f"{self.slug}: {wanted[:60]}", app=wanted[:60], chain=self.name)

    def depth_for(self, value_usd_e8: int) -> int:
        """Blocks an order of this value needs: its tier's, above the highest tier the final depth."""
        for tier in self.value_tiers:
            if value_usd_e8 <= tier.max_usd_e8:
                return tier.depth
        return self.depth

    @property
    def content_hash(self) -> str:
        """Hash by which a changed manifest is noticed."""
        return "0x" + keccak(text=json.dumps(to_json(self), sort_keys=True)).hex()


def parse(text: str) -> ChainManifest:
    """Read a TOML manifest; raises ManifestError naming the key."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Also a number of thousands of digits, and tables within tables without end.
        raise ManifestError("toml", str(error)) from error
    return from_json(values)


def to_json(manifest: ChainManifest) -> dict[str, Any]:
    """The manifest as JSON values, in the shape that `from_json` reads."""
    values = asdict(manifest)
    for name in ("endpoints", "value_tiers", "tokens", "venues", "bridges", "validators", "apps"):
        values[name] = list(values[name])
    return values


def from_json(values: Any) -> ChainManifest:
    """Read and check a manifest; raises ManifestError naming the key."""
    top = Reader(values)
    is_local = top.flag("is_local", default=False)
    manifest = ChainManifest(
        chain_id=top.integer("chain_id", minimum=1),
        domain=top.integer("domain", minimum=1),
        slug=top.slug("slug"),
        name=top.filled("name"),
        label=top.text("label", default=""),
        stack=top.text("stack", default=""),
        parent_id=top.optional_integer("parent_id"),
        is_local=is_local,
        is_testnet=top.flag("is_testnet", default=is_local),
        native=_native(top.table("native")),
        endpoints=tuple(_endpoint(item, is_local=is_local) for item in top.tables("endpoints")),
        quorum=top.integer("quorum", minimum=1, default=1),
        block_seconds=top.seconds("block_seconds"),
        depth=top.integer("depth", minimum=1),
        value_tiers=tuple(_tier(item) for item in top.tables("value_tiers")),
        max_fee_wei=top.integer("max_fee_wei", minimum=1),
        priority_fee_wei=top.integer("priority_fee_wei"),
        contracts={name: _contract(item) for name, item in top.named_tables("contracts").items()},
        tokens=tuple(_token(item) for item in top.tables("tokens")),
        venues=tuple(_venue(item) for item in top.tables("venues")),
        bridges=tuple(read_bridge(item) for item in top.tables("bridges")),
        feeds={name: _feed(item) for name, item in top.named_tables("feeds").items()},
        explorer=top.url("explorer", ("https", "http"), default=""),
        validators=tuple(_validator(item) for item in top.tables("validators")),
        validator_threshold=top.integer("validator_threshold", default=0),
        limits=read_limits(top.table("limits", default={}), is_local=is_local),
        apps=tuple(read_app(item) for item in top.tables("apps")),
        gas_on_arrival_usd_e8=top.integer("gas_on_arrival_usd_e8", default=0),
        da=top.text("da", default=""),
        proof_system=top.text("proof_system", default=""),
        messaging=top.choice("messaging", MESSAGING, default=""),
    )
    top.end()
    check(top, manifest)
    return manifest


def _native(reader: Reader) -> NativeCoin:
    native = NativeCoin(
        symbol=reader.symbol("symbol"),
        name=reader.filled("name"),
        decimals=reader.decimals("decimals", default=18),
        canonical_id=reader.filled("canonical_id"),
    )
    reader.end()
    return native


def _endpoint(reader: Reader, *, is_local: bool) -> Endpoint:
    endpoint = Endpoint(
        url=reader.url("url", ("http", "https") if is_local else ("https",)),
        ws_url=reader.url("ws_url", ("ws", "wss") if is_local else ("wss",), default=""),
        is_public=reader.flag("is_public", default=is_local),
    )
    reader.end()
    return endpoint


def _tier(reader: Reader) -> ValueTier:
    tier = ValueTier(max_usd_e8=reader.integer("max_usd_e8", minimum=1), depth=reader.integer("depth"))
    reader.end()
    return tier


def _contract(reader: Reader) -> Contract:
    contract = Contract(address=reader.address("address"), code_hash=reader.code_hash("code_hash"))
    reader.end()
    return contract


def _token(reader: Reader) -> TokenManifest:
    token = TokenManifest(
        address=reader.address("address"),
        symbol=reader.symbol("symbol"),
        name=reader.filled("name"),
        decimals=reader.decimals("decimals"),
        canonical_id=reader.filled("canonical_id"),
        eip3009=reader.choice("eip3009", EIP3009_KINDS, default="none"),
        permit=reader.choice("permit", PERMIT_KINDS, default="none"),
        version=reader.text("version", default=""),
        is_transfer_taxed=reader.flag("is_transfer_taxed", default=False),
        is_pausable=reader.flag("is_pausable", default=False),
        is_synthetic=reader.flag("is_synthetic", default=False),
        stock_target=reader.integer("stock_target", default=0),
    )
    if token.eip3009 != "none" and not token.version:
        raise reader.fail("version", "is missing: EIP-3009 signatures name it")
    reader.end()
    return token


def _venue(reader: Reader) -> VenueManifest:
    venue = VenueManifest(
        kind=reader.choice("kind", VENUE_KINDS),
        address=reader.address("address"),
        router=reader.address("router"),
        token0=reader.address("token0"),
        token1=reader.address("token1"),
        fee_pips=reader.integer("fee_pips"),
        extra=reader.mapping("extra"),
    )
    if venue.fee_pips >= ONE_WAY_FEE_PIPS:
        raise reader.fail("fee_pips", "must be below 1000000, which is everything")
    reader.end()
    return venue


def _feed(reader: Reader) -> Feed:
    feed = Feed(
        address=reader.address("address"),
        heartbeat_seconds=reader.integer("heartbeat_seconds", minimum=1),
        decimals=reader.decimals("decimals", default=8),
    )
    reader.end()
    return feed


def _validator(reader: Reader) -> Validator:
    validator = Validator(address=reader.address("address"), url=reader.url("url", ("http", "https")))
    reader.end()
    return validator
