"""From `any:USDC` the server picks the chain; the client signs only for the asset that was typed."""

from typing import Any

import pytest

from intents.client.anywhere import is_from_anywhere, settled
from intents.client.asked import Asked
from intents.client.signing import RefusedToSign
from intents.client.transfer import understood

from .wishes import KEY, NETWORK, USER

GOOD = Asked(amount="100", source="any:usdc", target="birch:WETH", key=KEY)
ALDER = NETWORK.chain("alder")


class Server:
    """Answers every wish with an offer from Alder."""

    def __init__(self, symbol: str = "USDC") -> None:
        self.asked: dict[str, str] = {}
        self.token = ALDER.token(symbol)

    def quote(self, **fields: str) -> dict[str, Any]:
        self.asked = fields
        places = [
            {"chain_id": ALDER.chain_id, "code": "", "output_expected": "5", "eta_seconds": 3},
            {"chain_id": 7, "code": "not_enough_here", "output_expected": None, "eta_seconds": None},
        ]
        return {
            "input": {"chain_id": ALDER.chain_id, "token": self.token.address},
            "output": {"decimals": 18, "symbol": "WETH"},
            "anywhere": {"chosen": ALDER.chain_id, "why": "only", "places": places},
        }


def test_the_chain_is_settled_by_the_offer() -> None:
    server, said = Server(), list[str]()
    assert is_from_anywhere(GOOD)
    asked, _ = settled(GOOD, NETWORK, client=server, say=said.append)  # type: ignore[arg-type]
    assert (server.asked["origin"], server.asked["input_token"], server.asked["user"]) == (
        "any",
        "usdc",
        USER,
    )
    wish, _ = understood(asked, NETWORK)
    assert (wish.origin.slug, wish.input_token.symbol, wish.input_amount) == ("alder", "USDC", 100_000_000)
    assert "from Alder (only)" in said
    assert "not from 7: not_enough_here" in said


def test_another_asset_than_typed_is_not_signed() -> None:
    server = Server("WETH")
    with pytest.raises(RefusedToSign):
        settled(GOOD, NETWORK, client=server, say=lambda _: None)  # type: ignore[arg-type]
