"""The world that a running demo's solver sees, from its own database."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings

from intents.solver.company import CompanyRules, Shared
from intents.solver.world import World, world_from_json

COUNTED = CompanyRules().counted_orders

_PROGRAM = """
import django, json
django.setup()
from intents.engine.world import load_world
from intents.solver.world import world_to_json
print("WORLD" + json.dumps(world_to_json(load_world())))
"""


def unshared(world: World) -> World:
    """The same world with a history in which every order was settled alone."""
    alone = Shared(COUNTED, COUNTED)
    return replace(
        world,
        chains={
            chain_id: replace(chain, messages=dict.fromkeys(world.chains, alone), finalises=alone)
            for chain_id, chain in world.chains.items()
        },
    )


class WorldUnknown(Exception):
    """The demo's world cannot be read."""

    code = "world_unknown"
    retry = False


def world_of(env: Mapping[str, str]) -> World:
    """What the solver of the demo with this environment knows now; raises WorldUnknown."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=settings.BASE_DIR,
        env={**env, "DJANGO_SETTINGS_MODULE": "webapp.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith("WORLD"):
            return world_from_json(json.loads(line.removeprefix("WORLD")))
    raise WorldUnknown(done.stderr[-2_000:])
