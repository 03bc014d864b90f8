"""What a dry run adds up: transactions, gas and its price, by chain."""

from collections.abc import Iterator

from intents.chains.client import client
from intents.chains.endpoints import RpcUnavailable

from .prices import usd_e8, value_of
from .work import Deed, Joining

GWEI = 10**9


class Costs:
    """Gas and value of deeds; an upper bound, because what cannot be estimated yet counts with its limit."""

    def __init__(self) -> None:
        self._gas: dict[int, int] = {}
        self._count: dict[int, int] = {}
        self._value: dict[int, int] = {}

    def add(self, deeds: tuple[Deed, ...]) -> None:
        """Count these."""
        for deed in deeds:
            for sums, amount in ((self._gas, deed.gas), (self._count, 1), (self._value, deed.call.value_wei)):
                sums[deed.chain_id] = sums.get(deed.chain_id, 0) + amount

    def lines(self, joining: Joining) -> Iterator[str]:
        """One line a chain."""
        if not self._count:
            yield "nothing is missing: it has joined already"
        for chain_id, count in self._count.items():
            manifest = joining.peers.get(chain_id, joining.manifest)
            try:
                chain = joining.chain if chain_id == joining.manifest.chain_id else client(chain_id)
                price = chain.head().base_fee_wei + manifest.priority_fee_wei
            except RpcUnavailable:
                yield f"{manifest.name}: {count} transactions, at most {self._gas[chain_id]:,} gas"
                continue
            cost = self._gas[chain_id] * price
            worth = usd_e8(manifest, manifest.native_token)
            usd = f", ${value_of(cost, manifest.native_token, worth) / 10**8:,.2f}" if worth else ""
            yield (
                f"{manifest.name}: {count} transactions, at most {self._gas[chain_id]:,} gas at "
                f"{price / GWEI:.4g} gwei = {cost / 10**manifest.native.decimals:.6g} "
                f"{manifest.native.symbol}{usd}, and {self._value[chain_id] / 10**manifest.native.decimals:.6g} "
                f"{manifest.native.symbol} to be sent along"
            )
