"""What is going to happen to a running system, decided by a seed: transfers, kills, reorgs, sick endpoints."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from intents.client.transfer import Asked
from intents.devnet.faults.modes import Fault, Mode

# Slug: endpoints, quorum.
ENDPOINTS = {"summit": (2, 1), "alder": (3, 2), "birch": (2, 1), "cedar": (2, 1)}
DEPTHS = {"summit": 8, "alder": 3, "birch": 5, "cedar": 10}
PROFILE = {
    "WAYMEET_BLOCK_SECONDS": "0.25",
    "WAYMEET_FILL_SECONDS": "45",
    "WAYMEET_EXPIRES_SECONDS": "45",
    "WAYMEET_MIN_LEFT_SECONDS": "15",
    "WAYMEET_ENDPOINTS": " ".join(f"{slug}={count}:{quorum}" for slug, (count, quorum) in ENDPOINTS.items()),
    "WAYMEET_ENGINE_PROCESSES": "2",
    "WAYMEET_SOLVE_PROCESSES": "1",
}

IN_STOCK, SWAP, PERMIT2, UNDELIVERABLE = "in stock", "swap + fill", "permit2", "undeliverable"
SHARES = {IN_STOCK: 40, SWAP: 25, PERMIT2: 25, UNDELIVERABLE: 10}
WISHES = {
    IN_STOCK: (("birch:USDC", "cedar:USDC"), ("alder:USDC", "birch:USDC"), ("summit:USDC", "alder:USDC")),
    SWAP: (("alder:USDC", "birch:WETH"), ("birch:USDC", "cedar:WBTC"), ("summit:USDC", "birch:WETH")),
    PERMIT2: (("cedar:USDC", "alder:USDC"), ("alder:USDT", "birch:USDC"), ("cedar:USDC", "birch:WETH")),
    UNDELIVERABLE: (("alder:USDC", "birch:USDC"), ("birch:USDC", "alder:USDC")),
}
VICTIMS = (
    "worker-engine",
    "worker-settle",
    "worker-solve",
    "follow",
    "redis",
    "validator-0",
    "validator-1",
    "validator-2",
    "web",
    "beat",
    *(f"endpoint-{slug}-{index}" for slug, (count, _) in ENDPOINTS.items() for index in range(count)),
)
# A node that lies is found out by a quorum only; without one it is believed.
SICK_ALONE = tuple(mode for mode in Mode if mode is not Mode.DISAGREE)


@dataclass(frozen=True, slots=True)
class Storm:
    """How much happens within `seconds`, and how long the system then has to finish."""

    transfers: int
    kills: int
    reorgs: int
    seconds: float
    drain_seconds: float
    seed: int = 1

    @property
    def dice(self) -> random.Random:
        """The same numbers for the same storm."""
        return random.Random(self.seed)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One person's wish, at `at` seconds."""

    at: float
    kind: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class Episode:
    """An endpoint of a chain is sick from `at` on for `seconds`; all of them when `index` is None."""

    at: float
    seconds: float
    slug: str
    index: int | None
    fault: Fault


def transfers(storm: Storm) -> list[Transfer]:
    """Wishes over the first nine tenths of the storm, each kind in its share."""
    dice = random.Random(f"transfers {storm.seed}")
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(storm.transfers * share / 100))]
    dice.shuffle(kinds)
    found = []
    for place, kind in enumerate(kinds[: storm.transfers]):
        source, target = dice.choice(WISHES[kind])
        confirm = "permit2" if kind == PERMIT2 else "auto"
        # Below this the gas of both chains would eat too much, and no offer is made.
        amount = dice.randint(200, 400) if source.startswith("summit") else dice.randint(60, 120)
        asked = Asked(amount=str(amount), source=source, target=target, confirm=confirm)
        found.append(Transfer(0.9 * storm.seconds * place / storm.transfers, kind, asked))
    return found


def kills(storm: Storm) -> list[tuple[float, list[str]]]:
    """When, and whom in order of preference: one that is just being restarted cannot be killed."""
    dice = random.Random(f"kills {storm.seed}")
    return [
        (storm.seconds * (place + dice.random()) / storm.kills, dice.sample(VICTIMS, len(VICTIMS)))
        for place in range(storm.kills)
    ]


def reorgs(storm: Storm) -> list[tuple[float, str, int]]:
    """When, on which chain, how many blocks: never more than are final, often more than small orders wait."""
    dice = random.Random(f"reorgs {storm.seed}")
    found = []
    for place in range(storm.reorgs):
        slug = dice.choice(sorted(DEPTHS))
        found.append(
            (storm.seconds * (place + dice.random()) / storm.reorgs, slug, dice.randint(1, DEPTHS[slug]))
        )
    return found


def episodes(storm: Storm) -> Iterator[Episode]:
    """Each chain has one sick endpoint most of the time, and now and then all of them are."""
    for slug, (count, quorum) in ENDPOINTS.items():
        dice = random.Random(f"faults {storm.seed} {slug}")
        at = dice.uniform(0.5, 2.0)
        while at < storm.seconds - 1:
            seconds = dice.uniform(3.0, 8.0)
            is_blackout = dice.random() < 0.1
            mode = dice.choice(tuple(Mode) if quorum > 1 else SICK_ALONE)
            fault = Fault(mode, share=dice.choice((1.0, 0.5)), seconds=1.5, blocks=dice.randint(5, 40))
            index = None if is_blackout else dice.randrange(count)
            if is_blackout:
                seconds, fault = 3.0, Fault(Mode.CUT)
            yield Episode(at, min(seconds, storm.seconds - at), slug, index, fault)
            at += seconds + dice.uniform(0.5, 2.0)
