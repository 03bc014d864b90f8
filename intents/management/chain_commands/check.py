"""`manage.py chain check <slug>`: proves to anybody that a joined chain behaves, against public contracts only."""

import os
from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandError
from eth_account import Account

from intents.chains import registry
from intents.chains.manifest import ChainManifest, TokenManifest
from intents.client.chain_account import ChainAccount
from intents.client.chain_reader import ChainUnreachable
from intents.client.conformance.preflight import preflight
from intents.client.conformance.run import try_chain
from intents.client.conformance.stage import Finding, Stage, Terms

HELP = "try a joined chain with real orders of dust: open, fill, prove, finalise, refund, unfilled proof"
KEY_VARIABLE: Final = "WAYMEET_CHECK_KEY"
# A millionth of a whole coin, a thousandth of a whole token; a coarse one gives ten base units.
SHARE_OF_COIN, SHARE_OF_TOKEN, LEAST_UNITS = 10**6, 10**3, 10
LEAST_SOON, SOON_BLOCKS = 30, 6
NOT_TRIED: Final = 2


def add_arguments(parser: ArgumentParser) -> None:
    """The chain, who pays, and how long to wait."""
    parser.add_argument("chain", help="slug of the chain that is tried")
    parser.add_argument(
        "--with", dest="peer", default="", help="slug of the chain beside it; the quickest else"
    )
    parser.add_argument(
        "--network", type=Path, default=settings.NETWORK_DIR, help="directory of the manifests"
    )
    parser.add_argument("--key", default="", help=f"hex key with some coins on both; or {KEY_VARIABLE}")
    parser.add_argument(
        "--token", default="", help="symbol of a token that the key has on both; the coins else"
    )
    parser.add_argument("--amount", default="", help="whole tokens of each trial; dust else")
    parser.add_argument(
        "--deadline", type=int, default=0, help="seconds after which a trial's deadline passes"
    )
    parser.add_argument(
        "--timeout", type=int, default=1_800, help="seconds after which what still waits has failed"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="look at contracts, validators and funds; send nothing"
    )


def handle(
    *, stdout: Any, chain: str, peer: str, network: Path, dry_run: bool, timeout: int, **options: Any
) -> None:
    """Print what held with its transaction; exit code 1 when something did not, 2 when nothing could be tried."""
    stage = _stage(registry.read_directory(network), chain, peer, say=stdout.write, **options)
    key = stage.here.address
    stdout.write(f"{stage.here.chain.name} beside {stage.there.chain.name}, paid by {key}")
    try:
        preflight(stage)
        missing = [finding for finding in stage.findings if not finding.held]
        if missing:
            raise CommandError(_sum(stage.findings), returncode=1 if dry_run else NOT_TRIED)
        if not dry_run:
            try_chain(stage, timeout_seconds=timeout)
    except ChainUnreachable as error:
        raise CommandError(f"nothing can be tried: {error}", returncode=NOT_TRIED) from error
    if not all(finding.held for finding in stage.findings):
        raise CommandError(_sum(stage.findings))
    stdout.write(_sum(stage.findings) + ("; nothing was sent" if dry_run else ""))


def _stage(manifests: list[ChainManifest], slug: str, peer: str, *, say: Any, **options: Any) -> Stage:
    chains = {manifest.slug: manifest for manifest in manifests}
    here = _named(chains, slug)
    others = [manifest for manifest in manifests if manifest.slug != here.slug]
    if not others:
        raise CommandError("a chain is tried beside another one; there is none", returncode=NOT_TRIED)
    there = _named(chains, peer) if peer else min(others, key=lambda manifest: manifest.finality_seconds)
    key = options["key"] or os.environ.get(KEY_VARIABLE, "")
    try:
        Account.from_key(key)
    except Exception as error:  # eth_account raises the classes of several libraries for a malformed key
        raise CommandError(f"give a hex key: --key or {KEY_VARIABLE}", returncode=NOT_TRIED) from error
    tokens = _tokens(here, there, options["token"])
    blocks = max(here.block_seconds, there.block_seconds) * SOON_BLOCKS
    soon = options["deadline"] or max(LEAST_SOON, int(blocks) + 1)
    amount = _amount(tokens, here, options["amount"])
    return Stage(
        here=ChainAccount(here, key),
        there=ChainAccount(there, key),
        tokens=tokens,
        terms=Terms(amount=amount, soon=soon),
        key=key,
        tell=lambda finding: say(_line(finding)),
    )


def _named(chains: dict[str, ChainManifest], slug: str) -> ChainManifest:
    if slug.lower() not in chains:
        raise CommandError(f"no manifest of {slug}; there are {', '.join(chains)}", returncode=NOT_TRIED)
    return chains[slug.lower()]


def _tokens(here: ChainManifest, there: ChainManifest, symbol: str) -> dict[int, TokenManifest]:
    if not symbol:
        return {here.chain_id: here.native_token, there.chain_id: there.native_token}
    token = here.token(symbol)
    same = [
        each for each in there.tokens if each.canonical_id == token.canonical_id and not each.is_synthetic
    ]
    if not same:
        raise CommandError(f"{there.name} has no {token.symbol}", returncode=NOT_TRIED)
    return {here.chain_id: token, there.chain_id: same[0]}


def _amount(tokens: dict[int, TokenManifest], here: ChainManifest, text: str) -> int:
    """Base units, of the coarser of the two tokens; the same number of units on both chains."""
    decimals = min(token.decimals for token in tokens.values())
    if not text:
        share = SHARE_OF_COIN if tokens[here.chain_id] == here.native_token else SHARE_OF_TOKEN
        return max(LEAST_UNITS, int(10**decimals) // share)
    try:
        amount = int(Decimal(text) * 10**decimals)
    except InvalidOperation as error:
        raise CommandError(f"{text!r} is no amount", returncode=NOT_TRIED) from error
    if amount < 1:
        raise CommandError(f"{text!r} is less than one base unit", returncode=NOT_TRIED)
    return amount


def _line(finding: Finding) -> str:
    mark = "held  " if finding.held else "FAILED"
    shown = [
        mark,
        f"{finding.chain}:",
        finding.what,
        finding.tx_hash,
        f"({finding.detail})" if finding.detail else "",
    ]
    return " ".join(part for part in shown if part)


def _sum(findings: list[Finding]) -> str:
    held = sum(finding.held for finding in findings)
    return f"{held} of {len(findings)} held"
