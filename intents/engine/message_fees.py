"""What Mailboxes that are not ours ask for a message, read with everything else of their chain's block.

Ours ask nothing, and nothing is asked of them.
"""

from collections.abc import Sequence
from typing import Final

from intents.chains import registry
from intents.chains.manifest import ChainManifest
from intents.settlement import calls

# No fee that anybody means: nothing is offered over such a Mailbox.
MOST_WEI: Final = 2**96

Reading = tuple[str, bytes]


def fee_calls(manifest: ChainManifest) -> list[Reading]:
    """The views that say what a plain proof to each connected chain costs there besides gas."""
    if not manifest.has_shared_mailbox:
        return []
    others = (chain for chain in registry.all_chains().values() if chain.chain_id != manifest.chain_id)
    views = [
        calls.plain_dispatch_fee(origin=other, destination=manifest)
        for other in others
        if "hyperlane_oracle" in other.contracts
    ]
    return [(view.target, view.data) for view in views]


def fees_json(asked: Sequence[Reading], answers: Sequence[bytes | None]) -> dict[str, str]:
    """Wei by the chain that a message goes to; a chain whose view failed is left out."""
    fees = {
        str(calls.domain_of(data)): int.from_bytes(answer[:32], "big")
        for (_, data), answer in zip(asked, answers, strict=True)
        if answer and len(answer) >= 32
    }
    return {domain: str(wei) for domain, wei in fees.items() if wei <= MOST_WEI}
