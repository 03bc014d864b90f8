"""Every transaction of ours for an order, with what it asked, what it cost and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from intents.amounts import divide_up
from intents.lifecycle import AttemptState
from intents.models import Attempt, ChainHead, ChainLog, Step
from intents.selectors.amounts import shown_amount
from intents.selectors.network import chain_name, connected_chains, explorer_url
from intents.selectors.sentences import PURPOSES, STEPS, words
from intents.selectors.steps import step_params, waiting_words

from .calldata import Argument, DecodedCall, Reader, known_as
from .coins import CoinPrices
from .dossier import Dossier, wall
from .eyes import Eyes
from .reverts import revert_words
from .words import choice_words, fact_words

GWEI_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Named:
    """An address as it may be read, with what it is."""

    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Depth:
    """`have` of `need` blocks contain or follow a block; None while no block of the chain is known."""

    have: int | None
    need: int | None

    @property
    def is_final(self) -> bool:
        """Whether the manifest calls it final."""
        return self.have is not None and self.need is not None and self.have >= self.need


@dataclass(frozen=True, slots=True)
class LogView:
    """One log of a contract that we watch."""

    kind: str
    words: str
    chain: str
    contract: Named
    block: int
    block_hash: str
    block_time: int
    index: int
    tx_hash: str
    explorer_url: str
    depth: Depth
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One transaction. Prices are in gwei, amounts in whole coins, `fee_usd_e8` at today's price of the coin."""

    tx_hash: str
    title: str
    state: str
    state_words: str
    chain: str
    sender: Named
    nonce: int
    target: Named
    value: str
    gas_limit: int
    gas_used: int | None
    gas_share: int | None
    price_gwei: str
    most_gwei: str
    tip_gwei: str
    fee: str
    fee_usd_e8: int | None
    block: int | None
    block_hash: str
    depth: Depth | None
    created_at: datetime
    broadcast_at: datetime | None
    broadcast_block: int | None
    confirmed_at: datetime | None
    endpoint: str
    replaces: str
    replaced_by: str
    revert: str
    call: DecodedCall | None
    calldata: str
    logs: tuple[LogView, ...]
    serves: tuple[str, ...]
    explorer_url: str


@dataclass(frozen=True, slots=True)
class StepEvidence:
    """One step with its transactions, oldest first."""

    index: int
    kind: str
    title: str
    chain: str
    state: str
    state_words: str
    waiting: str
    started_at: datetime | None
    confirmed_at: datetime | None
    final_at: datetime | None
    attempts: tuple[AttemptView, ...]


def step_evidence(case: Dossier, eyes: Eyes, prices: CoinPrices) -> tuple[StepEvidence, ...]:
    """Every step of the order."""
    logs: dict[str, list[ChainLog]] = {}
    for log in case.logs:
        logs.setdefault(log.tx_hash, []).append(log)
    serves = _others(case)
    successors = {row.replaces_id: row.tx_hash for row in case.attempts if row.replaces_id}
    hashes = {row.pk: row.tx_hash for row in case.attempts}

    def view(row: Attempt) -> AttemptView:
        return _attempt(
            case,
            row,
            eyes,
            prices,
            logs=tuple(log_view(log, case.heads, eyes) for log in logs.get(row.tx_hash, ())),
            serves=serves.get(row.pk, ()),
            links=(hashes.get(row.replaces_id or 0, ""), successors.get(row.pk, "")),
        )

    return tuple(
        StepEvidence(
            index=step.index,
            kind=step.kind,
            title=eyes.text(words(STEPS, step.kind, step_params(case.order, step))),
            chain=chain_name(step.chain_id),
            state=step.state,
            state_words=choice_words(step.state),
            waiting=eyes.text(waiting_words(case.order, step)),
            started_at=step.started_at,
            confirmed_at=step.confirmed_at,
            final_at=step.final_at,
            attempts=tuple(view(row) for row in case.tries(step)),
        )
        for step in case.steps
    )


def other_logs(case: Dossier, eyes: Eyes) -> tuple[LogView, ...]:
    """Logs about the order in transactions that we did not send: the person's, strangers', validators' relayers'."""
    ours = {row.tx_hash for row in case.attempts}
    return tuple(log_view(log, case.heads, eyes) for log in case.logs if log.tx_hash not in ours)


def log_view(log: ChainLog, heads: Mapping[int, ChainHead], eyes: Eyes) -> LogView:
    """One stored log for these eyes."""
    return LogView(
        kind=log.kind,
        words=fact_words(log.kind),
        chain=chain_name(log.chain_id),
        contract=_named(log.chain_id, log.address, eyes),
        block=log.block_number,
        block_hash=log.block_hash,
        block_time=log.block_timestamp,
        index=log.log_index,
        tx_hash=log.tx_hash,
        explorer_url=explorer_url(log.chain_id, log.tx_hash),
        depth=depth_of(log.chain_id, log.block_number, heads),
        arguments=Reader(log.chain_id, eyes).log(log.data),
    )


def depth_of(chain_id: int, block: int, heads: Mapping[int, ChainHead]) -> Depth:
    """How deep a block is now; never more than is needed to be final."""
    manifest = connected_chains().get(chain_id)
    need = manifest.depth if manifest else None
    head = heads.get(chain_id)
    have = None if head is None else max(0, head.number - block + 1)
    return Depth(have if have is None or need is None else min(have, need), need)


def _attempt(
    case: Dossier,
    row: Attempt,
    eyes: Eyes,
    prices: CoinPrices,
    *,
    logs: tuple[LogView, ...],
    serves: tuple[str, ...],
    links: tuple[str, str],
) -> AttemptView:
    manifest = connected_chains().get(row.chain_id)
    symbol, decimals = (manifest.native.symbol, manifest.native.decimals) if manifest else ("", 18)
    fee = row.cost_wei
    return AttemptView(
        tx_hash=row.tx_hash,
        title=words(PURPOSES, row.purpose.partition(":")[0]),
        state=row.state,
        state_words=choice_words(row.state),
        chain=chain_name(row.chain_id),
        sender=_named(row.chain_id, row.sender, eyes),
        nonce=row.nonce,
        target=_named(row.chain_id, row.target, eyes),
        value=f"{shown_amount(row.value_wei, decimals)} {symbol}" if row.value_wei else "",
        gas_limit=row.gas_limit,
        gas_used=row.gas_used,
        gas_share=None if row.gas_used is None else divide_up(row.gas_used * 100, max(1, row.gas_limit)),
        price_gwei="" if row.gas_price_wei is None else shown_amount(row.gas_price_wei, GWEI_DECIMALS),
        most_gwei=shown_amount(row.max_fee_wei, GWEI_DECIMALS),
        tip_gwei=shown_amount(row.priority_fee_wei, GWEI_DECIMALS),
        fee="" if fee is None else f"{shown_amount(fee, decimals)} {symbol}",
        fee_usd_e8=prices.coins_usd_e8(row.chain_id, fee),
        block=row.block_number,
        block_hash=row.block_hash or next((log.block_hash for log in logs), ""),
        depth=None if row.block_number is None else depth_of(row.chain_id, row.block_number, case.heads),
        created_at=row.created_at,
        broadcast_at=None if row.broadcast_at is None else datetime.fromtimestamp(row.broadcast_at, UTC),
        broadcast_block=row.broadcast_block,
        confirmed_at=row.confirmed_at if wall(row.confirmed_at) else None,
        endpoint=row.endpoint,
        replaces=links[0],
        replaced_by=links[1],
        revert=eyes.text(revert_words(row.revert)) if row.state == AttemptState.REVERTED else "",
        call=Reader(row.chain_id, eyes).call(row.calldata),
        calldata=row.calldata if eyes.may_see else "",
        logs=logs,
        serves=serves,
        explorer_url=explorer_url(row.chain_id, row.tx_hash),
    )


def _named(chain_id: int, address: str, eyes: Eyes) -> Named:
    return Named(eyes.address(address), known_as(chain_id, address))


def _others(case: Dossier) -> dict[int, tuple[str, ...]]:
    """Orders besides this one that a transaction serves."""
    pks = [row.pk for row in case.attempts]
    found: dict[int, dict[str, Any]] = {}
    rows = Step.objects.filter(shared_attempts__in=pks) if pks else Step.objects.none()
    own = Step.objects.filter(pk__in={row.step_id for row in case.attempts if row.step_id})
    owners = dict(own.values_list("pk", "order_id"))
    for row in case.attempts:
        if row.step_id in owners:
            found.setdefault(row.pk, {})[owners[row.step_id]] = None
    for pk, order_id in rows.values_list("shared_attempts__pk", "order_id"):
        found.setdefault(pk, {})[order_id] = None
    return {
        pk: tuple(order_id for order_id in orders if order_id != case.order.order_id)
        for pk, orders in found.items()
    }
