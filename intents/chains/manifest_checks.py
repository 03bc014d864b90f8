"""What the values of a manifest must be to each other."""

from typing import TYPE_CHECKING, Final

from .calls import ZERO_ADDRESS
from .manifest_reader import Reader, unique

if TYPE_CHECKING:
    from .manifest import ChainManifest

# The venue that only changes the form of the chain's own coin.
WRAPPED_NATIVE: Final = "wrapped_native"
# The stack whose chains take a fee for data besides gas, and the predeploy that says how much.
OPSTACK: Final = "opstack"
GAS_PRICE_ORACLE: Final = "0x420000000000000000000000000000000000000F"
MINIMUM_THRESHOLD: Final = 2
# Hyperlane's domains, which equal chain ids, have 32 bits.
MOST_CHAIN_ID: Final = 2**32 - 1
MOST_NAME: Final = 64
MOST_DEPTH: Final = 1_000_000
MOST_LIMIT_SECONDS: Final = 30 * 86_400
# “any:USDC” is no chain, and /network/known no chain's page.
RESERVED: Final = ("any", "known")
# All are asked at once.
MOST_ENDPOINTS: Final = 32


def check(top: Reader, manifest: "ChainManifest") -> None:
    """Hold the manifest's values against each other; raises ManifestError naming the key."""
    _check_sizes(top, manifest)
    if manifest.domain != manifest.chain_id:
        raise top.fail("domain", "must equal chain_id: proofs name chains by their Hyperlane domain")
    if not manifest.endpoints:
        raise top.fail("endpoints", "must name at least one node")
    if manifest.quorum > len(manifest.endpoints):
        raise top.fail("quorum", f"is {manifest.quorum}, with {len(manifest.endpoints)} endpoints")
    if manifest.priority_fee_wei > manifest.max_fee_wei:
        raise top.fail("priority_fee_wei", "must not be above max_fee_wei")
    if manifest.validators and manifest.validator_threshold < MINIMUM_THRESHOLD:
        raise top.fail("validator_threshold", f"must be at least {MINIMUM_THRESHOLD}: one signer is no proof")
    if manifest.validator_threshold > len(manifest.validators):
        raise top.fail("validator_threshold", "is above the number of validators")
    unique(top, "endpoints", [endpoint.url for endpoint in manifest.endpoints])
    unique(top, "validators", [validator.address for validator in manifest.validators])
    unique(top, "venues", [venue.address for venue in manifest.venues])
    unique(top, "bridges", [bridge.route for bridge in manifest.bridges])
    unique(top, "tokens", [token.address for token in manifest.tokens])
    unique(top, "tokens", [asset.symbol.lower() for asset in manifest.assets])
    unique(top, "apps", [app.slug for app in manifest.apps])
    _check_tiers(top, manifest)
    _check_venues(top, manifest)
    listed = {token.address for token in manifest.tokens}
    used = {
        "apps": [app.token for app in manifest.apps],
        "bridges": [bridge.token for bridge in manifest.bridges],
    }
    for name, tokens in used.items():
        for index, token in enumerate(tokens):
            if token not in listed:
                raise top.fail(f"{name}.{index}.token", "is not one of tokens")


def _check_sizes(top: Reader, manifest: "ChainManifest") -> None:
    limits = manifest.limits
    for key, value, most in (
        ("chain_id", manifest.chain_id, MOST_CHAIN_ID),
        ("depth", manifest.depth, MOST_DEPTH),
        ("limits.fill_seconds", limits.fill_seconds, MOST_LIMIT_SECONDS),
        ("limits.expires_seconds", limits.expires_seconds, MOST_LIMIT_SECONDS),
        ("limits.min_left_seconds", limits.min_left_seconds, MOST_LIMIT_SECONDS),
    ):
        if value > most:
            raise top.fail(key, f"must be at most {most}")
    if len(manifest.endpoints) > MOST_ENDPOINTS:
        raise top.fail("endpoints", f"must name at most {MOST_ENDPOINTS} nodes")
    if manifest.slug in RESERVED:
        raise top.fail("slug", "has a meaning of its own: choose another")
    if len(manifest.name) > MOST_NAME:
        raise top.fail("name", f"must have at most {MOST_NAME} letters")


def _check_tiers(top: Reader, manifest: "ChainManifest") -> None:
    most, depth = 0, 0
    for index, tier in enumerate(manifest.value_tiers):
        if tier.max_usd_e8 <= most or tier.depth < depth:
            raise top.fail(
                f"value_tiers.{index}", "must have a larger value and no smaller depth than before"
            )
        if tier.depth > manifest.depth:
            raise top.fail(f"value_tiers.{index}.depth", "must not be above depth")
        most, depth = tier.max_usd_e8, tier.depth


def _check_venues(top: Reader, manifest: "ChainManifest") -> None:
    listed = {token.address for token in manifest.tokens}
    for index, venue in enumerate(manifest.venues):
        for name, token in (("token0", venue.token0), ("token1", venue.token1)):
            is_coin = token == ZERO_ADDRESS and venue.kind == WRAPPED_NATIVE
            if token not in listed and not is_coin:
                raise top.fail(f"venues.{index}.{name}", "is not one of tokens")
        if int(venue.token0, 16) >= int(venue.token1, 16):
            raise top.fail(f"venues.{index}.token0", "must be the lower address, as in the pool")
        if venue.kind == WRAPPED_NATIVE and (venue.fee_pips or venue.token0 != ZERO_ADDRESS):
            raise top.fail(f"venues.{index}", "must wrap the chain's own coin without a fee")
