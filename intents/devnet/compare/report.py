"""The comparison as lines of text."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from intents.amounts import format_units
from intents.devnet.bench.report import percentile
from intents.solver.prices import USD

from .executed import GAS_TOLERANCE_PERCENT, HERE_PROMPTS, HERE_SITES, TOLERANCE_BPS, Executed
from .hands import DELIVER
from .sides import SLACK_BPS, Compared

NO_WORSE_TARGET: Final = 0.95
BETTER_TARGET: Final = 0.80
SMALL_USD_E8: Final = 200 * USD
PAID_TRANSACTIONS: Final = 2
DIGITS: Final = 7
EXPLAINED: Final = (
    "prompts: connecting to each site, changing the network, every approval and transaction;",
    "seconds: blocks, finality and signatures alone, a person's reading and clicking comes on top;",
    "net received: after all gas, that of the bridge's delivery at cost",
)
NO_WORSE: Final = f"≥ by hand − shown service fee − {SLACK_BPS} bps"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The two shares that are held against their targets; only wishes possible by hand count."""

    possible: int
    no_worse: int
    small: int
    better: int

    @property
    def is_met(self) -> bool:
        """Both targets; nothing compared meets none."""
        return (
            self.possible > 0
            and self.no_worse >= NO_WORSE_TARGET * self.possible
            and self.better >= BETTER_TARGET * self.small
        )


def verdict(all_compared: Sequence[Compared]) -> Verdict:
    """Count."""
    possible = [each for each in all_compared if each.hand is not None]
    small = [
        each
        for each in possible
        if each.wish.value_usd_e8 < SMALL_USD_E8
        and each.hand
        and each.hand.confirmations >= PAID_TRANSACTIONS
    ]
    return Verdict(
        possible=len(possible),
        no_worse=sum(each.is_no_worse for each in possible),
        small=len(small),
        better=sum(each.is_better for each in small),
    )


def executed_lines(done: Sequence[Executed]) -> list[str]:
    """Side by side: what was asked of the person, how long it took, what was left."""
    width = max(len(each.compared.wish.label) for each in done)
    heads = f"{'prompts':>7} {'sites':>5} {'seconds':>7} {'net received':>14}"
    lines = [f"{'':{width}} │ {'by hand':^36} │ {'here':^36}", f"{'':{width}} │ {heads} │ {heads}"]
    for each in done:
        hand = each.compared.hand
        assert hand is not None
        alone = _cells(hand.prompts, len(hand.sites), each.hand_seconds, each.hand_net, each.compared)
        ours = _cells(HERE_PROMPTS, HERE_SITES, each.here_seconds, each.here_net, each.compared)
        lines.append(f"{each.compared.wish.label:{width}} │ {alone} │ {ours}")
    return [*lines, *EXPLAINED]


def check_lines(done: Sequence[Executed]) -> list[str]:
    """The executed against what was computed for them."""
    within = sum(each.is_as_computed for each in done)
    lines = [
        f"{within} of {len(done)} executed both ways end within {TOLERANCE_BPS} bps and "
        f"{GAS_TOLERANCE_PERCENT} % of the person's gas of what was computed"
    ]
    for each in done:
        lines.append(
            f"  {each.compared.wish.label}: "
            f"by hand {each.hand_off_bps:+.1f} bps, here {each.here_off_bps:+.1f} bps"
        )
    used = sum(spent.gas for each in done for spent in each.hand.spent if spent.kind != DELIVER)
    assumed = sum(step.gas for each in done if each.compared.hand for step in each.compared.hand.steps)
    lines.append(f"gas of all their steps by hand: {used:,} used, {assumed:,} computed")
    return lines


def study_lines(all_compared: Sequence[Compared]) -> list[str]:
    """The seeded ones: how many are possible at all, the two shares, and the spread."""
    found = verdict(all_compared)
    refused = Counter(each.refusal.code for each in all_compared if each.hand and each.refusal)
    reasons = ", ".join(f"{count} {code}" for code, count in refused.most_common())
    better = f"≥ by hand outright, under $200 and ≥ {PAID_TRANSACTIONS} paid transactions"
    lines = [
        f"{len(all_compared)} transfers, {found.possible} possible by hand, "
        f"{len(all_compared) - found.possible} not",
        f"refused here though possible by hand, counted as worse: {reasons or 'none'}",
        _share(NO_WORSE, found.no_worse, found.possible, NO_WORSE_TARGET),
        _share(better, found.better, found.small, BETTER_TARGET),
        *_group_lines(all_compared),
    ]
    served = [each.difference_bps for each in all_compared if each.hand and each.route]
    if served:
        lines.append(
            f"received here against by hand: median {percentile(served, 0.5):+.1f} bps, "
            f"p5 {percentile(served, 0.05):+.1f} bps, worst {min(served):+.1f} bps"
        )
    return lines


def loss_lines(all_compared: Sequence[Compared]) -> list[str]:
    """Where what is worse than by hand is lost: by way, with the medians of what is charged there."""
    worse: dict[tuple[str, str], list[Compared]] = defaultdict(list)
    for each in all_compared:
        if each.hand and not each.is_no_worse:
            worse[each.wish.origin.name, each.wish.destination.name].append(each)
    lines = ["worse than by hand, by way (medians of USD charged here, and of all gas by hand)"]
    for (origin, destination), group in sorted(worse.items(), key=lambda item: -len(item[1])):
        served = [each for each in group if each.route]
        said = [f"  {origin} → {destination}: {len(group)}, {len(group) - len(served)} of them refused"]
        charged: dict[str, list[float]] = defaultdict(list)
        for each in served:
            assert each.route is not None and each.hand is not None
            for line in each.route.fees:
                charged[line.kind].append((-1 if line.is_gain else 1) * line.usd_e8 / USD)
            charged["gas of their own"].append(each.own_gas_usd_e8 / USD)
            charged["by hand"].append(each.hand.gas_usd_e8 / USD)
        said += [f"{kind} {percentile(values, 0.5):.2f}" for kind, values in charged.items() if any(values)]
        kinds = Counter(each.route.kind for each in served if each.route)
        said += [f"{count} {kind}" for kind, count in kinds.most_common()]
        lines.append("; ".join(said))
    return lines


def _group_lines(all_compared: Sequence[Compared]) -> list[str]:
    """The same shares apart: gas on the parent chain is what most of the differences come from."""
    lines = []
    for name, has_parent in (("between rollups", False), ("from or to the parent chain", True)):
        group = [
            each
            for each in all_compared
            if (None in (each.wish.origin.parent_id, each.wish.destination.parent_id)) is has_parent
        ]
        found = verdict(group)
        lines.append(
            f"  {name}: {found.no_worse} of {found.possible} no worse, "
            f"{found.better} of the {found.small} small ones better outright{_gas_words(group)}"
        )
    return lines


def _gas_words(group: Sequence[Compared]) -> str:
    """What gas takes on both sides, ours with everything that we charge for it."""
    both = [(each.hand.gas_usd_e8, each.gas_usd_e8) for each in group if each.hand and each.route]
    if not both:
        return ""
    alone, ours = (percentile([pair[side] / USD for pair in both], 0.5) for side in (0, 1))
    return f"; gas takes ${alone:.2f} by hand and ${ours:.2f} here (medians)"


def _share(what: str, count: int, of: int, target: float) -> str:
    share = count / of if of else 0.0
    word = "met" if of and share >= target else "MISSED"
    return f"{what}: {count} of {of} = {share:.1%} (wanted {target:.0%}, {word})"


def _cells(prompts: int, sites: int, seconds: float, net: int, each: Compared) -> str:
    token = each.wish.asked
    amount = f"{float(format_units(max(net, 0), token.decimals)):.{DIGITS}g} {token.symbol}"
    return f"{prompts:7d} {sites:5d} {seconds:7.1f} {amount:>14}"
