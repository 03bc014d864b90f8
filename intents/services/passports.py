"""Full probes of chains and their tokens: when they are due, one by one, and what they found written down."""

from datetime import timedelta
from typing import Final

import structlog
from django.utils import timezone

from intents import wake
from intents.chains import registry
from intents.chains.manifest import ChainManifest
from intents.chains.node_errors import RpcUnavailable
from intents.models import ChainPassport, TokenPassport
from intents.passports import records
from intents.passports.chain_probe import probe_chain
from intents.passports.fork import forked
from intents.passports.passport import Passport
from intents.passports.token_probe import probe_tokens
from intents.passports.tokens import TokenReport

log = structlog.get_logger(__name__)

GOOD_SECONDS: Final = 3600
# One that was found wanting is looked at sooner, so that it comes back soon.
BAD_SECONDS: Final = 60
MOST_AT_ONCE: Final = 8


def chain_probe(
    manifest: ChainManifest, *, peers: tuple[str, ...] = (), is_forked: bool = False
) -> tuple[Passport, list[TokenReport]]:
    """Measure a chain and its tokens now and keep what was found; the tokens on a local fork if so wanted.

    Raises RpcUnavailable when no endpoint answers for the tokens, NoFork.
    """
    passport = probe_chain(manifest, peers=peers)
    records.write_chain(passport)
    if is_forked:
        with forked(manifest.endpoints[0].url, chain_id=manifest.chain_id) as url:
            reports = probe_tokens(manifest, url=url)
    else:
        reports = probe_tokens(manifest)
    records.write_tokens(manifest.chain_id, reports)
    return passport, reports


def chain_probe_due(chain_id: int) -> None:
    """Probe a connected chain; run zero, one or many times."""
    manifest = registry.all_chains().get(chain_id)
    if manifest is None:
        return
    try:
        chain_probe(manifest)
    except RpcUnavailable as error:
        log.info("probe.later", chain=manifest.slug, error=str(error))


def probes_sweep() -> int:
    """Have the chains probed whose last full probe is too old, those first that were never probed; how many."""
    now = timezone.now()
    probed = dict(ChainPassport.objects.values_list("chain_id", "probed_at"))
    bad = set(ChainPassport.objects.filter(is_good=False).values_list("chain_id", flat=True))
    # A chain that just joined was measured before it had anything of ours, and its tokens not at all.
    with_tokens = set(TokenPassport.objects.values_list("chain_id", flat=True))
    due = []
    for chain_id, manifest in registry.all_chains().items():
        at = probed.get(chain_id)
        age = timedelta(seconds=BAD_SECONDS if chain_id in bad else GOOD_SECONDS)
        if at is None or now - at > age or (manifest.tokens and chain_id not in with_tokens):
            due.append((at.timestamp() if at else 0.0, chain_id))
    chosen = [chain_id for _, chain_id in sorted(due)[:MOST_AT_ONCE]]
    for chain_id in chosen:
        wake.probe(chain_id)
    return len(chosen)
