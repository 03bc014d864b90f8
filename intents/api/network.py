"""`GET /api/v1/network`: what a client needs to ask, check, sign and read for itself."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from intents.models import Chain
from intents.selectors.connectivity import connectivity_json
from intents.selectors.network import NATIVE
from intents.selectors.passports import passport_json
from intents.selectors.pauses import braked_words, paused_words

from .errors import NotFound


def show(request: HttpRequest) -> HttpResponse:
    """The connected chains."""
    held = braked_words()
    chains = [
        _chain_json(chain) | {"held": held.get(chain.chain_id, [])}
        for chain in Chain.objects.filter(is_connected=True)
    ]
    return JsonResponse(
        {"is_local": bool(chains) and all(chain["is_local"] for chain in chains), "chains": chains}
    )


def passport(request: HttpRequest, slug: str) -> HttpResponse:
    """What was last measured of a connected chain and its tokens, findings by their codes."""
    chain = Chain.objects.filter(slug=slug, is_connected=True).first()
    if chain is None:
        raise NotFound()
    return JsonResponse(passport_json(chain.chain_id))


def connectivity(request: HttpRequest) -> HttpResponse:
    """The share of pairs that one confirmation serves now, and why the rest is not served."""
    return JsonResponse(connectivity_json())


def absent(request: HttpRequest) -> HttpResponse:
    """Any address under the API that does not exist."""
    raise NotFound()


def _chain_json(chain: Chain) -> dict[str, Any]:
    manifest = chain.manifest
    return {
        "chain_id": chain.chain_id,
        "slug": chain.slug,
        "name": chain.name,
        "label": manifest["label"],
        "is_local": manifest["is_local"],
        "is_testnet": manifest["is_testnet"],
        "paused_reason": chain.paused_reason,
        "paused_words": paused_words(chain.paused_reason),
        # The others may carry our keys: where none is public, people bring their own.
        "rpc_url": next((each["url"] for each in manifest["endpoints"] if each.get("is_public")), ""),
        "explorer": manifest["explorer"],
        "block_seconds": manifest["block_seconds"],
        "depth": manifest["depth"],
        "native": manifest["native"],
        "contracts": {name: entry["address"] for name, entry in manifest["contracts"].items()},
        "tokens": [_token_json(token) for token in (*manifest["tokens"], _coin(manifest["native"]))],
        "apps": [_app_json(app) for app in manifest.get("apps", ())],
    }


def _app_json(app: dict[str, Any]) -> dict[str, Any]:
    return {**app, "gas": str(app["gas"])}


def _coin(native: dict[str, Any]) -> dict[str, Any]:
    return {**native, "address": NATIVE, "eip3009": "none", "permit": "none", "version": ""}


def _token_json(token: dict[str, Any]) -> dict[str, Any]:
    names = ("address", "symbol", "name", "decimals", "canonical_id", "eip3009", "permit", "version")
    return {name: token[name] for name in names}
