"""When the chains held what: each fact with the seconds of wall time from which, and until which, it stood."""

from collections.abc import Iterator
from dataclasses import dataclass

from intents.lifecycle import StepKind
from intents.models import Event

from .dossier import Dossier

# The log behind an event that names a block, and the step whose reorg takes it back.
_LOG_OF: dict[str, tuple[str, str]] = {
    "opened": ("Open", StepKind.OPEN),
    "filled": ("OutputFilled", StepKind.FILL),
    "delivered": ("OutputFilled", StepKind.FILL),
    "refunded": ("Refunded", StepKind.REFUND),
    "settled": ("Finalised", StepKind.FINALISE),
}

Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """A log in a block. `since` and `until` are wall time; `until` is set once a reorg took the block back."""

    kind: str
    chain_id: int
    block: int
    block_hash: str
    block_time: int | None
    tx_hash: str
    log_index: int
    since: float
    until: float | None = None

    def stood_at(self, moment: float) -> bool:
        """Whether the chain held it then."""
        return self.since <= moment and (self.until is None or moment < self.until)


def facts_of(case: Dossier) -> list[Fact]:
    """Every fact about an order, those that a reorg took back included, oldest first.

    A block's own time counts, but no transaction is in a block before it was signed, and a chain whose clock
    runs ahead of ours held it at the latest when we first wrote down that it did.
    """
    lost = list(_lost(case))
    gone = {(fact.chain_id, fact.tx_hash): fact.until or 0.0 for fact in lost}
    told, signed = _told(case, gone), {row.tx_hash: row.created_at.timestamp() for row in case.attempts}
    standing = []
    for log in case.logs:
        place = (log.chain_id, log.tx_hash)
        since = max(float(log.block_timestamp), signed.get(log.tx_hash, 0.0))
        if place in gone:
            # Blocks may have the same second before and after: it was there again when we wrote that down.
            since = max(since, told.get(place, gone[place]))
        standing.append(
            Fact(
                kind=log.kind,
                chain_id=log.chain_id,
                block=log.block_number,
                block_hash=log.block_hash,
                block_time=log.block_timestamp,
                tx_hash=log.tx_hash,
                log_index=log.log_index,
                since=min(since, told.get(place, case.now)),
            )
        )
    return sorted([*standing, *lost], key=lambda fact: (fact.since, fact.log_index))


def _told(case: Dossier, gone: dict[Place, float]) -> dict[Place, float]:
    """When a transaction was first written down as being in a block that still stands."""
    found: dict[Place, float] = {}
    blocks = {(log.chain_id, log.tx_hash): log.block_number for log in case.logs}
    for event in case.events:
        place, moment = _place(event), event.at.timestamp()
        if event.data.get("block") is None or blocks.get(place) != event.data["block"]:
            continue
        if moment > gone.get(place, 0.0):
            found.setdefault(place, moment)
    for attempt in case.attempts:
        place = (attempt.chain_id, attempt.tx_hash)
        confirmed = attempt.confirmed_at.timestamp() if attempt.confirmed_at is not None else 0.0
        if place in blocks and confirmed > gone.get(place, 0.0):
            found[place] = min(found.get(place, case.now), confirmed)
    return found


def _lost(case: Dossier) -> Iterator[Fact]:
    """Facts that were written down and then taken back by a reorg, once each time."""
    known: set[tuple[Place, int]] = set()
    reorgs = [event for event in case.events if event.kind == "reorg"]
    for event in case.events if reorgs else ():
        kind, step = _LOG_OF.get(event.kind, ("", ""))
        if not kind or event.data.get("block") is None or not event.data.get("tx_hash"):
            continue
        after = (row for row in reorgs if row.seq > event.seq and row.data.get("step") == step)
        taken_back = next(after, None)
        if taken_back is None or (_place(event), taken_back.seq) in known:
            continue
        known.add((_place(event), taken_back.seq))
        chain_id, tx_hash = _place(event)
        yield Fact(
            kind=kind,
            chain_id=chain_id,
            block=int(event.data["block"]),
            block_hash="",
            block_time=None,
            tx_hash=tx_hash,
            log_index=0,
            since=event.at.timestamp(),
            until=taken_back.at.timestamp(),
        )


def _place(event: Event) -> Place:
    return int(event.data.get("chain_id") or 0), str(event.data.get("tx_hash") or "")
