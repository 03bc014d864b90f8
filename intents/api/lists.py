"""`GET /api/v1/lists/…` and `/api/v1/icons/…`: the network for other programs, to be fetched and kept a while."""

import hashlib
import json
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from intents.selectors.icons import chain_icon
from intents.selectors.lists import app_list, chain_list, public_manifest
from intents.selectors.network import connected_chains
from intents.selectors.wallet_chains import wallet_chain, wallet_chains
from intents.services.published import token_list

from .errors import NotFound

LIST_SECONDS: Final = 60
ICON_SECONDS: Final = 86_400


def chains(request: HttpRequest) -> HttpResponse:
    """The connected chains in the schema of ethereum-lists/chains."""
    return _kept_json(request, chain_list(site=_site(request)))


def tokens(request: HttpRequest) -> HttpResponse:
    """The listed tokens in the schema of Uniswap's token lists; 404 while there are none."""
    found = token_list(site=_site(request))
    if not found["tokens"]:
        raise NotFound()
    return _kept_json(request, found)


def apps(request: HttpRequest) -> HttpResponse:
    """The app registry."""
    return _kept_json(request, app_list(site=_site(request)))


def wallets(request: HttpRequest) -> HttpResponse:
    """What a wallet adds each chain with (EIP-3085)."""
    return _kept_json(request, wallet_chains(site=_site(request)))


def wallet(request: HttpRequest, *, chain_id: int) -> HttpResponse:
    """What a wallet adds one chain with; 404 unless it is connected and has a public node."""
    manifest = connected_chains().get(chain_id)
    found = wallet_chain(manifest, site=_site(request)) if manifest else None
    if found is None or not found["rpcUrls"]:
        raise NotFound()
    return _kept_json(request, found)


def manifest(request: HttpRequest, *, chain_id: int) -> HttpResponse:
    """A connected chain's manifest as TOML, with its public nodes alone: what fillers and `chain check` read."""
    found = connected_chains().get(chain_id)
    if found is None:
        raise NotFound()
    response = HttpResponse(public_manifest(found), content_type="application/toml; charset=utf-8")
    return _kept(request, response, seconds=LIST_SECONDS)


def icon(request: HttpRequest, *, chain_id: int) -> HttpResponse:
    """A connected chain's icon; it never changes."""
    if chain_id not in connected_chains():
        raise NotFound()
    response = HttpResponse(chain_icon(chain_id), content_type="image/svg+xml")
    return _kept(request, response, seconds=ICON_SECONDS)


def _kept_json(request: HttpRequest, value: Any) -> HttpResponse:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _kept(request, HttpResponse(body, content_type="application/json"), seconds=LIST_SECONDS)


def _kept(request: HttpRequest, response: HttpResponse, *, seconds: int) -> HttpResponse:
    """Tell whoever asks how long to keep it, and 304 to those who have it."""
    etag = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={seconds}"
    return get_conditional_response(request, etag=etag, response=response) or response


def _site(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")
