"""How high each chain was at a moment, between the blocks that were written down then."""

from bisect import bisect_right
from collections.abc import Sequence

from .dossier import Dossier
from .facts import Fact

Anchor = tuple[float, float]


class Heights:
    """Block numbers and chain times by wall time. Exact where something was written down, else in between."""

    def __init__(self, case: Dossier, facts: Sequence[Fact]) -> None:
        self._numbers: dict[int, list[Anchor]] = {}
        self._times: dict[int, list[Anchor]] = {}
        for fact in facts:
            if fact.until is None:
                self._note(self._numbers, fact.chain_id, fact.since, fact.block)
                self._note(self._times, fact.chain_id, fact.since, fact.block_time)
        self._note_offer(case)
        self._note_sent(case)
        self._note_depths(case, facts)
        for chain_id, head in case.heads.items():
            self._numbers[chain_id] = _rising(self._numbers.get(chain_id, []), (head.seen_at, head.number))
            self._times[chain_id] = _rising(self._times.get(chain_id, []), (head.seen_at, head.timestamp))

    def number(self, chain_id: int, moment: float) -> int | None:
        """Number of the newest block then; None before anything is known."""
        anchors = self._numbers.get(chain_id, [])
        index = bisect_right(anchors, (moment, float("inf"))) - 1
        if index < 0:
            return None
        since, number = anchors[index]
        if index + 1 == len(anchors):
            return int(number)
        until, higher = anchors[index + 1]
        passed = (moment - since) / (until - since) if until > since else 0.0
        return int(number + passed * (higher - number))

    def time(self, chain_id: int, moment: float) -> float:
        """Chain time then, seconds; 0 where nothing is known of the chain."""
        anchors = self._times.get(chain_id, [])
        if not anchors:
            return 0.0
        index = max(0, bisect_right(anchors, (moment, float("inf"))) - 1)
        since, seconds = anchors[index]
        return seconds + (moment - since)

    def is_exact(self, chain_id: int, moment: float) -> bool:
        """Whether the number of that very moment was written down."""
        return any(since == moment for since, _ in self._numbers.get(chain_id, []))

    @staticmethod
    def _note(
        anchors: dict[int, list[Anchor]], chain_id: int, since: float | None, value: int | None
    ) -> None:
        if since is not None and value is not None:
            anchors.setdefault(chain_id, []).append((since, float(value)))

    def _note_offer(self, case: Dossier) -> None:
        if case.quote is None or case.quote.solved_at is None:
            return
        for chain_id, seen in case.quote.world.items():
            self._note(self._numbers, int(chain_id), case.quote.solved_at.timestamp(), int(seen[0]))

    def _note_sent(self, case: Dossier) -> None:
        for attempt in case.attempts:
            self._note(self._numbers, attempt.chain_id, attempt.broadcast_at, attempt.broadcast_block)

    def _note_depths(self, case: Dossier, facts: Sequence[Fact]) -> None:
        opened = next((fact for fact in facts if fact.kind == "Open" and fact.until is None), None)
        if opened is None:
            return
        for event in case.events:
            moment = event.at.timestamp()
            if event.kind == "depth" and event.data.get("have") and moment >= opened.since:
                number = opened.block + int(event.data["have"]) - 1
                self._note(self._numbers, opened.chain_id, moment, number)


def _rising(anchors: list[Anchor], head: Anchor) -> list[Anchor]:
    """Anchors up to the newest block, none lower than one before it: what says otherwise was read late."""
    found: list[Anchor] = []
    for since, value in sorted(anchors):
        if since >= head[0] or value > head[1]:
            continue
        found.append((since, max(value, found[-1][1]) if found else value))
    return [*found, head]
