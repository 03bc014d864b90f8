"""The whole system on this machine: which processes, in which order, and when it counts as ready."""

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from intents.chains.manifest import ChainManifest
from intents.chains.registry import load
from intents.contracts.artifacts import ArtifactError
from intents.models import Chain, ChainHead

from .accounts import DEMO_WALLET, address
from .anvil_binary import AnvilMissing
from .breakit.deeds import Breaker
from .breakit.server import BreakServer
from .deployment import DeploymentFailed
from .faults.wiring import Wiring, WiringInvalid
from .manifests import validator_urls
from .network import VALIDATOR_COUNT, copy_state, prepare, state_file, state_key
from .nodes import NodeFailed, node_command
from .ports import HOST, PortInvalid, PortTaken, first_chain_port, page_port, require_free
from .profiles import PRICES_E8, ChainProfile, demo_profiles
from .redis_server import RedisMissing, redis_server
from .staff_login import ensure_staff_logins, run_secret
from .supervisor import Child, StopRequested, Supervisor, SupervisorError

PYTHON: Final = sys.executable
VALIDATOR_PORT_OFFSET: Final = 10
READY_SECONDS: Final = 120.0
HEALTH_SECONDS: Final = 1.0
SOLVE_PROCESSES: Final = 2
ENGINE_PROCESSES: Final = 3
SETTLE_PROCESSES: Final = 2
PHASE_SECONDS: Final = 0.25


class AlreadyRunning(Exception):
    """This run folder has a running system."""

    code = "already_running"
    retry = False


class StaleDatabase(Exception):
    """DATABASE_URL names a database that belongs to another local network."""

    code = "stale_database"
    retry = False


DEMO_ERRORS: Final = (
    AlreadyRunning,
    AnvilMissing,
    ArtifactError,
    DeploymentFailed,
    NodeFailed,
    PortInvalid,
    PortTaken,
    RedisMissing,
    StaleDatabase,
    SupervisorError,
    WiringInvalid,
)


def run() -> None:
    """Start everything, say when it is ready, and run until SIGINT or SIGTERM. Raises one of DEMO_ERRORS."""
    run_dir = settings.RUN_DIR.resolve()
    with only_one(run_dir):
        profiles = demo_profiles()
        port, chain_port = page_port(), first_chain_port()
        wiring = Wiring.from_environment(chain_port)
        ports = {profile.slug: chain_port + place for place, profile in enumerate(profiles)}
        validator_ports = [chain_port + VALIDATOR_PORT_OFFSET + index for index in range(VALIDATOR_COUNT)]
        require_free(port, what="the page", variable="PORT")
        for slug, chain in ports.items() if starts_chains() else ():
            require_free(chain, what=f"the chain {slug}", variable="DEVNET_PORT")
        for number in validator_ports:
            require_free(number, what="a validator", variable="DEVNET_PORT")
        with Supervisor(run_dir) as supervisor:
            try:
                _start(
                    supervisor,
                    run_dir,
                    profiles,
                    port=port,
                    ports=ports,
                    validator_ports=validator_ports,
                    wiring=wiring,
                )
                supervisor.serve()
            except StopRequested:
                return


def _start(
    supervisor: Supervisor,
    run_dir: Path,
    profiles: Sequence[ChainProfile],
    *,
    port: int,
    ports: Mapping[str, int],
    validator_ports: Sequence[int],
    wiring: Wiring,
) -> None:
    started_at = time.time()
    environment = _start_redis(supervisor, run_dir)
    chains = run_dir / "chains"
    if starts_chains():
        _start_nodes(supervisor, chains, profiles, ports)
    call_command("migrate", verbosity=0, interactive=False)
    manifests = prepare(
        profiles,
        {slug: f"http://{HOST}:{number}" for slug, number in ports.items()},
        validators=validator_urls(validator_ports),
        state_directory=chains,
        network_directory=settings.NETWORK_DIR,
        say=supervisor.say,
    )
    for child in wiring.children(manifests, environment):
        supervisor.start(child)
    load(wiring.manifests(manifests))
    ear = BreakServer()
    ear.serve(Breaker(supervisor, manifests, ear.token))
    page, *others = parts(port=port, environment=environment, page_environment=ear.environment)
    # Orders that were under way go on while the page is still being made ready.
    for child in others:
        supervisor.start(child)
    # Pages believe only the addresses compiled into their bundles, which are those of this network now.
    call_command("trust", build=True, verbosity=0)
    logins = ensure_staff_logins(run_dir)
    supervisor.start(page)
    connection.close()
    url = f"http://{HOST}:{port}"
    supervisor.wait_until(lambda: answers(url), seconds=READY_SECONDS, what="the page did not answer")
    supervisor.wait_until(
        lambda: _has_heads(manifests, started_at),
        seconds=READY_SECONDS,
        what="the follower did not see every chain",
    )
    connection.close()
    (run_dir / "url").write_text(url + "\n", "utf-8")
    supervisor.say(f"demo wallet {address(DEMO_WALLET)}, which the page offers by itself")
    for name, password in logins.items():
        supervisor.say(f"staff login {url}/{settings.CONSOLE_PATH} as {name}, password {password}")
    supervisor.say(f"ready: {url}")


def parts(
    *, port: int, environment: Mapping[str, str], page_environment: Mapping[str, str] = MappingProxyType({})
) -> list[Child]:
    """Every process but Redis and the chains, the page first; named as in the logs and in processes.json."""
    celery = (PYTHON, "-m", "celery", "--quiet", "--app", "webapp.celery:app")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")
    uvicorn = ("uvicorn", "webapp.asgi:application", "--host", HOST, "--port", str(port))

    def worker(name: str, queues: str, processes: int, *, before: tuple[str, ...] = ()) -> Child:
        count = os.environ.get(f"WAYMEET_{name.upper()}_PROCESSES") or str(processes)
        options = ("--queues", queues, "--concurrency", count, "--hostname", f"{name}@%h")
        return Child(f"worker-{name}", (*before, *celery, "worker", *options, *quiet), environment)

    def command(name: str, *words: str) -> Child:
        return Child(name, (PYTHON, str(settings.BASE_DIR / "manage.py"), *words), environment)

    # Listeners send nothing: a frame of any size is too much.
    web = (PYTHON, "-m", *uvicorn, "--lifespan", "off", "--log-level", "warning", "--ws-max-size", "1024")
    return [
        Child("web", (*web, "--timeout-graceful-shutdown", "2"), {**environment, **page_environment}),
        command("follow", "follow"),
        worker("solve", "solve", SOLVE_PROCESSES),
        worker("engine", "engine", ENGINE_PROCESSES),
        # On a busy machine those who wait for their money come before our own settlement.
        worker("settle", "settle,sweep", SETTLE_PROCESSES, before=("nice", "-n", "5")),
        Child("beat", (*celery, "beat", "--pidfile", "", "--loglevel", "WARNING"), environment),
        *(
            command(f"validator-{index}", "validate", "--index", str(index))
            for index in range(VALIDATOR_COUNT)
        ),
        command("market", "devnet_market"),
    ]


def starts_chains() -> bool:
    """Whether the nodes are ours; with WAYMEET_START_CHAINS=0 they run at their ports already, and stay."""
    return os.environ.get("WAYMEET_START_CHAINS", "1") != "0"


@contextmanager
def only_one(run_dir: Path) -> Iterator[None]:
    """Hold the run folder. Raises AlreadyRunning when another system has it."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / "demo.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(
                f"A system already runs with {run_dir}. Stop it first, or give this one another folder "
                "with WAYMEET_RUN_DIR and other ports with PORT and DEVNET_PORT."
            ) from error
        try:
            yield
        finally:
            (run_dir / "url").unlink(missing_ok=True)
            settings.REDIS_FILE.unlink(missing_ok=True)


def answers(url: str) -> bool:
    """Whether the page's health check passes."""
    try:
        with urlopen(f"{url}/health", timeout=HEALTH_SECONDS) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _start_redis(supervisor: Supervisor, run_dir: Path) -> dict[str, str]:
    environment = {
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "webapp.settings"),
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": os.environ.get("SECRET_KEY") or run_secret(run_dir, "secret-key"),
        "WAYMEET_RUN_DIR": str(run_dir),
        # Everybody runs the local system as whoever they are, without `collectstatic`.
        "PYTHONWARNINGS": "ignore:You're running the worker,ignore:No directory at",
        # Two cores shared by a dozen processes: more threads in each would only fight.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    server = redis_server(run_dir)
    if server is None:
        return environment
    supervisor.start(Child("redis", server.command(), is_foundation=True))
    settings.REDIS_FILE.write_text(server.url + "\n", "utf-8")
    return {**environment, "REDIS_URL": server.url}


def _start_nodes(
    supervisor: Supervisor, chains: Path, profiles: Sequence[ChainProfile], ports: Mapping[str, int]
) -> None:
    key = state_key(profiles, PRICES_E8)
    marker = chains / "key"
    is_same = marker.is_file() and marker.read_text("utf-8") == key
    if not is_same:
        shutil.rmtree(chains, ignore_errors=True)
        # A chain that had joined the old ones is not one of the new.
        shutil.rmtree(settings.NETWORK_DIR, ignore_errors=True)
        _forget_database()
        copy_state(profiles, PRICES_E8, chains, say=supervisor.say)
        marker.write_text(key, "utf-8")
    for profile in profiles:
        command = node_command(profile, port=ports[profile.slug], state=state_file(chains, profile))
        supervisor.start(Child(f"chain-{profile.slug}", tuple(command), is_foundation=True))
        # Real chains do not make their blocks at the same instant either.
        time.sleep(PHASE_SECONDS)


def _forget_database() -> None:
    """New chains begin with an empty database: ours is removed, anybody else's must be empty."""
    database = settings.DATABASES["default"]
    path = Path(str(database["NAME"]))
    if database["ENGINE"].endswith("sqlite3") and path.is_relative_to(settings.RUN_DIR):
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return
    if Chain._meta.db_table in connection.introspection.table_names() and Chain.objects.exists():
        raise StaleDatabase(
            "DATABASE_URL names a database that was filled by another local network. "
            "Empty it, or name another one."
        )


def _has_heads(manifests: Sequence[ChainManifest], since: float) -> bool:
    wanted = {manifest.chain_id for manifest in manifests}
    seen = ChainHead.objects.filter(seen_at__gt=since).values_list("chain_id", flat=True)
    return wanted <= set(seen)
