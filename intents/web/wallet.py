"""What pages with a wallet carry: the network to check orders against, words for scripts, the demo wallet."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from intents.selectors.network import (
    connected_chains,
    contract_address,
    is_local_network,
    local_endpoints,
    network_json,
)

from .script_words import script_words

# Account 3 of the mnemonic every anvil node starts with: public knowledge, worth nothing elsewhere.
DEMO_WALLET_KEY = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"


def wallet_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page that may talk to a wallet, and let it reach the endpoints of local chains."""
    is_local = is_local_network()
    page = {
        **context,
        "network": network_json(site=request.build_absolute_uri("/").rstrip("/")),
        "script_words": script_words(),
        "demo_wallet": {"key": DEMO_WALLET_KEY, "executors": _executors()} if is_local else None,
    }
    response = render(request, template, page, status=status)
    endpoints = local_endpoints()
    if endpoints:
        response._csp_update = {"connect-src": endpoints}  # type: ignore[attr-defined]
    return response


def _executors() -> dict[str, str]:
    """Per chain the code that the demo wallet's account delegates to for its batches (EIP-7702)."""
    found = {str(chain_id): contract_address(chain_id, "batch_executor") for chain_id in connected_chains()}
    return {chain_id: address for chain_id, address in found.items() if address}
