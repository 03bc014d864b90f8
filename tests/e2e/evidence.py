"""What the chains themselves say in the end, read past the system: its events are counted, not its rows."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from intents.chains.events import KINDS
from intents.devnet.network import Network
from intents.devnet.rpc import Rpc

SETTLERS = ("input_settler", "output_settler")
TOPICS = {
    kind.topic: kind.name for kind in KINDS if kind.name in ("Open", "Finalised", "Refunded", "OutputFilled")
}


@dataclass(slots=True)
class Facts:
    """By order id how often each event happened, and the block time of its refund."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    refunded_at: dict[str, int] = field(default_factory=dict)

    def doubled(self) -> list[str]:
        """Orders of which anything happened twice, or that were both paid out and given back."""
        return [
            order_id
            for order_id, found in self.counts.items()
            if max(found.values()) > 1
            or (found["Finalised"] and found["Refunded"])
            or (found["OutputFilled"] and found["Refunded"])
        ]


def facts(chains: Network) -> Facts:
    """Every such event of our settlers on every chain."""
    found = Facts()
    for slug, manifest in chains.manifests.items():
        rpc = chains.rpc(slug)
        for contract in SETTLERS:
            query = {"fromBlock": "0x0", "toBlock": "latest", "address": manifest.address(contract)}
            for entry in rpc.request("eth_getLogs", query):
                name = TOPICS.get(entry["topics"][0])
                if name is None:
                    continue
                order_id = entry["topics"][1]
                found.counts[order_id][name] += 1
                if name == "Refunded":
                    found.refunded_at[order_id] = _timestamp(rpc, entry["blockNumber"])
    return found


def escrowed(chains: Network) -> dict[str, int]:
    """What the escrow of each chain still holds, without zeros."""
    return {
        f"{slug} {token.symbol}": held
        for slug, manifest in chains.manifests.items()
        for token in manifest.tokens
        if int(token.address, 16)
        and (held := chains.balance(slug, token.symbol, manifest.address("input_settler")))
    }


def _timestamp(rpc: Rpc, number: str) -> int:
    return int(rpc.request("eth_getBlockByNumber", number, False)["timestamp"], 16)
