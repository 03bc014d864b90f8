"""One meaning of depth for everything: a log in the head block has depth 1."""

from intents.chains.manifest import ChainManifest


def depth_of(block_number: int, *, head: int) -> int:
    """Blocks that contain or follow `block_number` on a chain whose newest block is `head`; 0 = not yet."""
    return max(0, head - block_number + 1)


def required_depth(manifest: ChainManifest, value_usd_e8: int) -> int:
    """Blocks the origin's deposit must have before we fill an order of this value."""
    return max(1, manifest.depth_for(value_usd_e8))


def final_depth(manifest: ChainManifest) -> int:
    """Depth at which a block of this chain counts as final."""
    return max(1, manifest.depth)


def block_at_depth(block_number: int, depth: int) -> int:
    """The head number at which `block_number` has `depth`."""
    return block_number + depth - 1


def exposure_cap_usd_e8(manifest: ChainManifest) -> int | None:
    """Most value we fill against deposits of this origin that are not final; None without tiers.

    The cap is ten times the largest tier: one order of a tier is what a reorg of that depth may cost
    us, and a burst of small ones may not add up to much more.
    """
    tiers = [tier.max_usd_e8 for tier in manifest.value_tiers]
    return 10 * max(tiers) if tiers else None
