"""What coins and tokens are worth now, from the prices that quotes are made of."""

from intents.engine.world import load_prices
from intents.errors import WaymeetError
from intents.selectors.network import connected_chains
from intents.solver.prices import Unpriced, price_of, usd_up
from intents.solver.world import Token, World


class CoinPrices:
    """The newest prices, read once; without one there is no figure, never a zero."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._is_read = False

    def usd_e8(self, chain_id: int, address: str, amount: int | None) -> int | None:
        """USD × 10^8 of an amount in base units, rounded up; None without a price."""
        manifest = connected_chains().get(chain_id)
        world = self._loaded()
        if amount is None or manifest is None or world is None:
            return None
        listed = next((each for each in manifest.assets if each.address.lower() == address.lower()), None)
        if listed is None:
            return None
        token = Token(listed.address, listed.symbol, listed.decimals, listed.canonical_id)
        try:
            return usd_up(amount, token, price_of(world, token.canonical_id).high_e8)
        except Unpriced:
            return None

    def coins_usd_e8(self, chain_id: int, wei: int | None) -> int | None:
        """The same of a chain's own coin."""
        manifest = connected_chains().get(chain_id)
        return None if manifest is None else self.usd_e8(chain_id, manifest.native_token.address, wei)

    def _loaded(self) -> World | None:
        if not self._is_read:
            self._is_read = True
            try:
                self._world = load_prices()
            except (WaymeetError, KeyError, ValueError):
                self._world = None
        return self._world
