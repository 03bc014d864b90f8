"""Pools of a running network, read as the program reads them, and asked as their own quoters answer."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eth_abi import decode as abi_decode

from intents.chains.manifest import ChainManifest, VenueManifest
from intents.devnet.network import Network
from intents.devnet.rpc import Rpc, RpcError, hex_data
from intents.solver.markets import Market, market_from_json
from intents.venues.swaps import KINDS

QUOTE_IN = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
QUOTE_OUT = "quoteExactOutputSingle((address,address,uint256,uint24,uint160))"
MOST_ROUNDS = 6


@dataclass(frozen=True)
class LivePool:
    """One pool with the chain it is on."""

    manifest: ChainManifest
    index: int
    rpc: Rpc

    @property
    def venue(self) -> VenueManifest:
        return self.manifest.venues[self.index]

    def state(self, known: dict[str, Any] | None = None) -> dict[str, Any]:
        """Its state, in as many rounds as it needs."""
        kind = KINDS[self.venue.kind]
        for _ in range(MOST_ROUNDS):
            answers = [_call(self.rpc, to, data) for to, data in kind.world_calls(self.venue, known)]
            known = kind.read(self.venue, self.index, known, answers)
            if known is not None and kind.is_complete(known):
                return known
        raise AssertionError(f"never complete: {known}")

    def market(self) -> Market:
        return market_from_json(self.state())

    def real_output(self, token_in: str, amount_in: int) -> int | None:
        """What the pool's own contracts say; None when they revert."""
        token_out = self._other(token_in)
        if self.venue.kind == "uniswap_v2":
            return self._v2("getAmountsOut(uint256,address[])", amount_in, [token_in, token_out], -1)
        return self._v3(QUOTE_IN, token_in, token_out, amount_in)

    def real_input(self, token_out: str, amount_out: int) -> int | None:
        """What the pool's own contracts ask; None when they revert."""
        token_in = self._other(token_out)
        if self.venue.kind == "uniswap_v2":
            return self._v2("getAmountsIn(uint256,address[])", amount_out, [token_in, token_out], 0)
        return self._v3(QUOTE_OUT, token_in, token_out, amount_out)

    def amounts(self, token: str, count: int, seed: int) -> Iterator[int]:
        """Amounts from one base unit to a multiple of what the pool holds, log-uniform."""
        held = int(self.rpc.call(token, "balanceOf(address)", self.venue.address))
        dice = random.Random(f"{self.venue.address} {token} {seed}")
        yield 1
        for _ in range(count):
            yield int(10 ** dice.uniform(0, len(str(held)) + 0.3)) or 1

    def _v2(self, signature: str, amount: int, path: list[str], at: int) -> int | None:
        router = self.manifest.address("uniswap_v2_router")
        try:
            return int(self.rpc.call(router, signature, amount, path, returns="uint256[]")[at])
        except RpcError:
            return None

    def _v3(self, signature: str, token_in: str, token_out: str, amount: int) -> int | None:
        quoter = self.manifest.address("uniswap_v3_quoter")
        data = hex_data(signature, (token_in, token_out, amount, self.venue.fee_pips, 0))
        try:
            raw = self.rpc.request("eth_call", {"to": quoter, "data": data}, "latest")
        except RpcError:
            return None
        return int(abi_decode(["uint256"], bytes.fromhex(raw[2:66]))[0])

    def _other(self, token: str) -> str:
        return self.venue.token1 if token == self.venue.token0 else self.venue.token0


def live_pools(network: Network) -> list[LivePool]:
    """Every pool of the network."""
    return [
        LivePool(manifest, index, network.rpc(slug))
        for slug, manifest in network.manifests.items()
        for index in range(len(manifest.venues))
    ]


def _call(rpc: Rpc, to: str, data: bytes) -> bytes | None:
    try:
        answer = rpc.request("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")
    except RpcError:
        return None
    return bytes.fromhex(answer[2:])
