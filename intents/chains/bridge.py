"""A chain's end of a bridge for our own stock, as its manifest tells it."""

from dataclasses import dataclass

from .manifest_reader import Reader

BRIDGE_KINDS = ("hyperlane_warp",)


@dataclass(frozen=True, slots=True)
class BridgeManifest:
    """This chain's end of a bridge for our own stock.

    Ends with the same `route` reach each other, one base unit for one. `token` goes in and comes out, through
    `gate`, which our account calls; `worth` is the canonical id of what a token of the route can be redeemed
    for. `fee_bound_wei` is the most a message may cost besides gas.
    """

    kind: str
    route: str
    router: str
    gate: str
    token: str
    worth: str
    fee_bound_wei: int = 0


def read_bridge(reader: Reader) -> BridgeManifest:
    """Raises ManifestError naming the key at fault."""
    bridge = BridgeManifest(
        kind=reader.choice("kind", BRIDGE_KINDS),
        route=reader.filled("route"),
        router=reader.address("router"),
        gate=reader.address("gate"),
        token=reader.address("token"),
        worth=reader.filled("worth"),
        fee_bound_wei=reader.integer("fee_bound_wei", default=0),
    )
    reader.end()
    return bridge
