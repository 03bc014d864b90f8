"""How long a rollup's block can still be taken back, from its stack and where its data lie. Pure.

What a chain calls final by a number of its own blocks is its sequencer's word. Until its data are final where
they were posted, the sequencer, or a reorganisation there, may still change it.

Sources, as of 2026-11:

- Ethereum: a block is final after two epochs, about 13 minutes (ethereum.org, proof-of-stake, "Finality";
  64 slots of 12 s).
- OP Stack: "finalized when their data is included in a finalized Ethereum block, typically around 20–30 minutes
  after submission"; withdrawals take 7 days (docs.optimism.io, "Transaction finality").
- Arbitrum Nitro: a batch is posted after at most `batch-poster.max-delay`, an hour by default; the node's
  `finalized` is the batch in a final block of the parent; withdrawals take about 6.4 days (docs.arbitrum.io,
  "Finality and chain reorganizations", "Configure Batch Poster and Assertion Control").
- ZKsync: a batch is final once it is committed, proven and executed on Ethereum, which takes about a day
  (docs.zksync.io, "Finality", "Transaction lifecycle").
- Polygon CDK: sequences are posted within minutes, and consolidated by a proof within about an hour
  (docs.polygon.technology, "Transaction lifecycle").
- Celestia: a block is final at once, about 12 s, and Blobstream brings its root to Ethereum within about an hour
  (docs.celestia.org, "Blobstream"). EigenDA: certificates are confirmed on Ethereum, whose finality they then
  have (docs.eigencloud.xyz, "EigenDA").
- Anything else: nobody knows, so nothing is assumed.
"""

from dataclasses import dataclass
from typing import Final

STACKS: Final = ("opstack", "arbitrumnitro", "zksync", "polygoncdk", "other")
DATA_LAYERS: Final = ("ethereum", "celestia", "eigenda", "other")

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
ETHEREUM_SECONDS: Final = 13 * _MINUTE

# Until a block's data are posted, and until its outcome is settled on the parent.
_POSTED: Final = {
    "opstack": 12 * _MINUTE,
    "arbitrumnitro": _HOUR,
    "zksync": _DAY - ETHEREUM_SECONDS,
    "polygoncdk": _HOUR,
}
_SETTLED: Final = {
    "opstack": 7 * _DAY,
    "arbitrumnitro": 64 * _DAY // 10,
    "zksync": _DAY,
    "polygoncdk": _HOUR + ETHEREUM_SECONDS,
}
# What another place for the data adds to Ethereum's own finality.
_ADDED: Final = {"ethereum": 0, "celestia": _HOUR, "eigenda": 10 * _MINUTE}


@dataclass(frozen=True, slots=True)
class Finality:
    """`ordered_seconds` until a block cannot be taken back, `settled_seconds` until it is settled on the parent.

    None where nobody knows.
    """

    stack: str
    data_layer: str
    ordered_seconds: int | None
    settled_seconds: int | None

    @property
    def is_known(self) -> bool:
        """Whether the table has a figure."""
        return self.ordered_seconds is not None


def finality_of(stack: str, data_layer: str) -> Finality:
    """What the table says of such a chain; a name it does not have counts as other."""
    stack = stack if stack in STACKS else "other"
    data_layer = data_layer if data_layer in DATA_LAYERS else "other"
    posted, added = _POSTED.get(stack), _ADDED.get(data_layer)
    if posted is None or added is None:
        return Finality(stack, data_layer, None, None)
    ordered = posted + added + ETHEREUM_SECONDS
    return Finality(stack, data_layer, ordered, max(ordered, _SETTLED[stack]))
