"""The rescue page: one file that gets money back without us, with the network list written into it."""

import json
from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings

from intents.chains import registry
from intents.chains.manifest import ChainManifest
from intents.errors import WaymeetError

PLACE: Final = '{"chains":[]}'
CONTRACTS: Final = ("input_settler", "output_settler", "merkle_tree_hook", "hyperlane_oracle")


class RescuePageNotBuilt(WaymeetError):
    """The front end was not built, so there is no page to write the network into."""

    code = "rescue_page_not_built"
    status = 503


def rescue_page(manifests: Iterable[ChainManifest] | None = None) -> str:
    """The page's HTML for these chains, by default all that are connected; raises RescuePageNotBuilt."""
    file = settings.BASE_DIR / "static" / "dist" / "rescue.html"
    try:
        page = file.read_text("utf-8")
    except FileNotFoundError as error:
        raise RescuePageNotBuilt(f"{file} is missing: run `make setup`") from error
    chains = registry.all_chains().values() if manifests is None else manifests
    text = json.dumps(rescue_network(chains), ensure_ascii=True, separators=(",", ":"))
    # A data block ends at the first "</script": no text of a manifest may hold one.
    return page.replace(PLACE, text.replace("<", "\\u003c"), 1)


def rescue_network(manifests: Iterable[ChainManifest]) -> dict[str, Any]:
    """The network list as the page reads it. Endpoints of real chains only where their manifest calls them public."""
    return {"chains": [_chain(manifest) for manifest in manifests]}


def _chain(manifest: ChainManifest) -> dict[str, Any]:
    return {
        "chain_id": str(manifest.chain_id),
        "slug": manifest.slug,
        "name": manifest.name,
        "is_local": manifest.is_local,
        "native": {
            "name": manifest.native.name,
            "symbol": manifest.native.symbol,
            "decimals": manifest.native.decimals,
        },
        "rpc_urls": [endpoint.url for endpoint in manifest.endpoints if endpoint.is_public],
        "contracts": {
            name: manifest.contracts[name].address for name in CONTRACTS if name in manifest.contracts
        },
        "tokens": [
            {"address": token.address, "symbol": token.symbol, "decimals": token.decimals}
            for token in manifest.tokens
        ],
        "validators": [{"address": each.address, "url": each.url} for each in manifest.validators],
    }
