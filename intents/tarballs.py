"""Published npm packages, brought as tarballs that must have the digest pinned for them.

Only Python's standard library: set-up runs this before anything is installed. npm must be on PATH.
"""

import base64
import hashlib
import hmac
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NPM_TIMEOUT_SECONDS = 300


class TarballError(Exception):
    """A pinned package could not be had; the text says how to mend it."""

    code = "tarball_error"
    retry = False


class IntegrityMismatch(TarballError):
    """A tarball differs from its pinned digest."""

    code = "integrity_mismatch"

    def __init__(self, package: str, path: Path) -> None:
        super().__init__(f"{package} does not have the pinned digest; the file {path} was not used.")


class FetchFailed(TarballError):
    """npm could not bring a tarball."""

    code = "fetch_failed"
    retry = True


@dataclass(frozen=True, slots=True)
class Pin:
    """One version of an npm package and the digest that its tarball must have, such as sha512-…"""

    name: str
    version: str
    integrity: str

    @property
    def tarball(self) -> str:
        """The file name that `npm pack` gives this version."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"

    @property
    def spec(self) -> str:
        return f"{self.name}@{self.version}"


def cache_dir() -> Path:
    """Where fetched and compiled things live; `WAYMEET_CACHE_DIR` moves it."""
    return Path(os.environ.get("WAYMEET_CACHE_DIR") or ROOT / ".cache")


def bring(pins: Sequence[Pin], directory: Path) -> int:
    """Have every pinned tarball in `directory`; how many were fetched for that.

    Raises FetchFailed when npm fails, IntegrityMismatch when a tarball is not the pinned one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    wanted = [pin for pin in pins if not _is_verified(pin, directory)]
    if wanted:
        _npm_pack(wanted, directory)
    for pin in wanted:
        verify(pin, directory / pin.tarball)
    return len(wanted)


def verify(pin: Pin, tarball: Path) -> None:
    """Raises IntegrityMismatch, and removes the file, unless it has the pinned digest."""
    algorithm, expected = pin.integrity.split("-", 1)
    digest = hashlib.new(algorithm, tarball.read_bytes()).digest()
    if not hmac.compare_digest(base64.b64encode(digest).decode(), expected):
        tarball.unlink()
        raise IntegrityMismatch(pin.spec, tarball)


def _is_verified(pin: Pin, directory: Path) -> bool:
    path = directory / pin.tarball
    if not path.exists():
        return False
    try:
        verify(pin, path)
    except IntegrityMismatch:
        return False
    return True


def _npm_pack(pins: Sequence[Pin], destination: Path) -> None:
    command = ["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(destination)]
    command += [pin.spec for pin in pins]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=NPM_TIMEOUT_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise FetchFailed("npm is not on PATH. Run `make setup`: it installs Node too.") from error
    except subprocess.TimeoutExpired as error:
        raise FetchFailed(f"npm took longer than {NPM_TIMEOUT_SECONDS} s; check the network.") from error
    if done.returncode != 0:
        raise FetchFailed(f"npm pack failed:\n{done.stderr.strip()[-2000:]}")
