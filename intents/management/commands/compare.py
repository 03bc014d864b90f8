"""`manage.py compare` (`make compare`): the same transfers by hand and here, on a fresh demo of its own."""

import shutil
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from intents.chains.manifest import parse
from intents.client.api import ApiError
from intents.client.signing import RefusedToSign
from intents.devnet.bench.demo_process import DemoFailed, DemoProcess
from intents.devnet.compare import report
from intents.devnet.compare.executed import Executed, NotDelivered, execute, funded
from intents.devnet.compare.hands import HandFailed
from intents.devnet.compare.pools import SLUGS, HandVenues, hand_world, open_pools
from intents.devnet.compare.quoters import disagreements
from intents.devnet.compare.sides import Compared, compared
from intents.devnet.compare.traffic import make_traffic
from intents.devnet.compare.wishes import Wish, named, seeded
from intents.devnet.compare.world import WorldUnknown, unshared, world_of
from intents.devnet.network import Network
from intents.solver.by_hand import HandRules

AT_ONCE = 5
MOST_TRIES = 8
SEED = 20261122


class Command(BaseCommand):
    """Exit code 1 when a target is missed, an executed transfer ends elsewhere than computed, or one fails."""

    help = "Start a demo of its own and make the same transfers by hand and through it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--transfers", type=int, default=500, help="seeded transfers, computed")
        parser.add_argument("--executed", type=int, default=10, help="how many are made for real, both ways")
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument(
            "--traffic",
            type=int,
            default=12,
            help="transfers of others on each way from and to the parent chain",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        run_dir = Path(tempfile.mkdtemp(prefix="waymeet-compare-"))
        try:
            with DemoProcess(run_dir) as demo:
                is_good = _Comparison(demo, self._say).run(**{name: options[name] for name in _OPTIONS})
        except (DemoFailed, HandFailed, NotDelivered, WorldUnknown, ApiError, RefusedToSign) as error:
            raise CommandError(f"{error} (logs are kept in {run_dir / 'logs'})") from error
        shutil.rmtree(run_dir, ignore_errors=True)
        if not is_good:
            raise CommandError("missed: see above")

    def _say(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.stdout.write(line)
        self.stdout.flush()


_OPTIONS = ("transfers", "executed", "seed", "traffic")


class _Comparison:
    def __init__(self, demo: DemoProcess, say: Any) -> None:
        self.demo, self.say = demo, say
        files = sorted((demo.run_dir / "network").glob("*.toml"))
        self.network = Network([parse(file.read_text("utf-8")) for file in files])
        self.venues: dict[int, HandVenues] = open_pools(self.network)

    def run(self, *, transfers: int, executed: int, seed: int, traffic: int) -> bool:
        if traffic:
            read = partial(world_of, self.demo.env)
            self.say(
                [*make_traffic(self.network, each_way=traffic, url=self.demo.url, read_world=read).lines, ""]
            )
        world = world_of(self.demo.env)
        wishes = seeded(self.network, world, count=transfers, seed=seed)
        done = self._executed([*named(self.network, world)[:executed], *wishes], executed)
        if done:
            self.say(report.executed_lines(done))
            self.say(["", *report.check_lines(done), ""])
        found, is_exact = self._computed(wishes)
        return report.verdict(found).is_met and is_exact and all(each.is_as_computed for each in done)

    def _executed(self, wishes: Sequence[Wish], count: int) -> list[Executed]:
        """The first `count` wishes that are possible both ways, a few at a time, each at fresh prices."""
        done: list[Executed] = []
        waiting = list(wishes)
        while len(done) < count and waiting:
            world = world_of(self.demo.env)
            hand = hand_world(world, self.venues)
            batch: list[Compared] = []
            while waiting and len(batch) < min(AT_ONCE, count - len(done)):
                each = compared(waiting.pop(0), world, hand)
                if each.hand is not None and each.route is not None:
                    batch.append(each)
            people = [funded(each.wish) for each in batch]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                tasks = [
                    pool.submit(execute, each, who, world, url=self.demo.url, venues=self.venues)
                    for each, who in zip(batch, people, strict=True)
                ]
                done += [task.result() for task in tasks]
        return done

    def _computed(self, wishes: Sequence[Wish]) -> tuple[list[Compared], bool]:
        """All wishes in one world, and whether the quoters say the same: a pool that traded meanwhile has it redone."""
        for _ in range(MOST_TRIES):
            world = world_of(self.demo.env)
            hand = hand_world(world, self.venues)
            found = [compared(wish, world, hand) for wish in wishes]
            asked, wrong = disagreements([each.hand for each in found if each.hand], self.venues)
            if not wrong:
                break
        self.say(report.study_lines(found))
        self.say(report.loss_lines(found))
        apart = report.verdict([compared(wish, unshared(world), hand) for wish in wishes])
        free = report.verdict([compared(wish, world, hand, HandRules(deliver=0)) for wish in wishes])
        self.say(
            [
                f"if nobody else had been there and every order were settled and charged alone: {apart.no_worse} of"
                f" {apart.possible} and {apart.better} of {apart.small}",
                f"if the bridge's delivery cost the person nothing: {free.no_worse} of {free.possible}"
                f" and {free.better} of {free.small}",
                f"by hand alone may use a USDC/hypUSDC pool on {' and '.join(SLUGS)}, opened for this comparison",
                f"the pools' quoters give the very amount in {asked - wrong} of {asked} exchanges by hand",
            ]
        )
        return found, wrong == 0
