"""A passport as a probe would have written it, for pages."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from intents.models import Join, TokenPassport
from intents.passports.passport import ContractFacts, EndpointFacts, Passport
from intents.passports.records import write_chain

HOST = "secret-host.example"


def measured(**changes: Any) -> None:
    """Birch was measured just now."""
    values: dict[str, Any] = {
        "chain_id": 902,
        "slug": "birch",
        "probed_at": timezone.now().timestamp(),
        "endpoints": (EndpointFacts(HOST, height=7, lag_blocks=0, answer_ms=3, log_blocks=500),),
        "block_seconds": 1.0,
        "block_seconds_low": 1.0,
        "block_seconds_high": 2.0,
        "reorg_blocks_allowed": 5,
        "has_eip1559": True,
        "has_eip7702": True,
        "contracts": {"permit2": ContractFacts("0x" + "11" * 20, "present")},
        "stack": "opstack",
        "data_layer": "ethereum",
        "ordered_seconds": 1500,
        "settled_seconds": 604_800,
        "waited_seconds": 5,
    }
    write_chain(Passport(**(values | changes)))
    facts = {"decimals": 6, "tax_bps": 0, "permit": "eip2612", "form": "canonical"}
    TokenPassport.objects.create(
        chain_id=902, token="0x1", symbol="USDC", facts=facts, probed_at=timezone.now()
    )


def joined(hours: float) -> None:
    """Birch joined so many hours ago."""
    at = timezone.now() - timedelta(hours=hours)
    Join.objects.create(
        chain_id=902, slug="birch", name="Birch", asked={}, state=Join.State.DONE, ended_at=at
    )
