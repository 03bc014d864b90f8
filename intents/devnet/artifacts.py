"""Third-party contract artifacts: fetched as pinned npm tarballs, read by name.

`python -m intents.devnet.artifacts` fetches whatever is missing; it needs npm on PATH and only Python's
standard library, because set-up runs it before anything is installed. The list is `packages.toml`.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGE_LIST = Path(__file__).with_name("packages.toml")
NPM_TIMEOUT_SECONDS = 300

Json = dict[str, Any]
LinkReferences = dict[str, dict[str, list[dict[str, int]]]]


class ArtifactError(Exception):
    """Something about the third-party contracts that set-up can mend; the text says how."""

    code = "artifact_error"
    retry = False


class ArtifactMissing(ArtifactError):
    """The named contract was never fetched."""

    code = "artifact_missing"

    def __init__(self, name: str, directory: Path) -> None:
        super().__init__(f"{name} is not in {directory}. Run `make setup` once, it fetches the contracts.")


class IntegrityMismatch(ArtifactError):
    """A tarball differs from the digest pinned in packages.toml."""

    code = "integrity_mismatch"

    def __init__(self, package: str, path: Path) -> None:
        super().__init__(f"{package} does not have the pinned digest; the file {path} was not used.")


class FetchFailed(ArtifactError):
    """npm could not bring a tarball."""

    code = "fetch_failed"
    retry = True


class UnlinkedLibrary(ArtifactError):
    """The bytecode needs a library for which no address was given."""

    code = "unlinked_library"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract. `bytecode` is 0x creation code, `runtime` 0x deployed code; either may be ""."""

    name: str
    abi: list[Json]
    bytecode: str
    link_references: LinkReferences
    runtime: str


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned npm tarball and the contracts wanted from it (name → path inside the package)."""

    name: str
    version: str
    integrity: str
    format: str
    contracts: dict[str, str]

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


def read_packages(path: Path = PACKAGE_LIST) -> list[Package]:
    """The pinned packages, in the order of the list."""
    entries = tomllib.loads(path.read_text("utf-8"))["package"]
    return [Package(**entry) for entry in entries]


@cache
def load_artifact(name: str) -> Artifact:
    """The contract of that name. Raises ArtifactMissing when set-up has not fetched it."""
    directory = cache_dir() / "artifacts"
    try:
        document = json.loads((directory / f"{name}.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise ArtifactMissing(name, directory) from error
    return Artifact(
        name=name,
        abi=document["abi"],
        bytecode=document.get("bytecode", ""),
        link_references=document.get("linkReferences", {}),
        runtime=document.get("runtime", ""),
    )


def linked_bytecode(artifact: Artifact, libraries: Mapping[str, str]) -> str:
    """0x creation code with library addresses (library name → 0x address) in their places.

    Raises UnlinkedLibrary when one is missing.
    """
    code = artifact.bytecode.removeprefix("0x")
    for library, places in _library_places(artifact.link_references):
        if library not in libraries:
            raise UnlinkedLibrary(f"{artifact.name} needs the address of the library {library}")
        address = libraries[library].removeprefix("0x").lower()
        for place in places:
            start = place["start"] * 2
            code = code[:start] + address + code[start + place["length"] * 2 :]
    return "0x" + code


def _library_places(references: LinkReferences) -> Iterator[tuple[str, list[dict[str, int]]]]:
    for libraries in references.values():
        yield from libraries.items()


def fetch_all(packages: list[Package], cache_directory: Path) -> int:
    """Bring and unpack every artifact that is missing; the number of packages that were fetched.

    Raises FetchFailed when npm fails, IntegrityMismatch when a tarball is not the pinned one.
    """
    tarballs = cache_directory / "tarballs"
    tarballs.mkdir(parents=True, exist_ok=True)
    wanted = [package for package in packages if not _is_verified(package, tarballs)]
    if wanted:
        _npm_pack(wanted, tarballs)
    for package in wanted:
        verify(package, tarballs / package.tarball)
    documents: dict[str, Json] = {}
    for package in packages:
        for name, document in unpack(package, tarballs / package.tarball):
            documents.setdefault(name, {}).update(document)
    _write_all(documents, cache_directory / "artifacts")
    return len(wanted)


def verify(package: Package, tarball: Path) -> None:
    """Raises IntegrityMismatch, and removes the file, unless it has the pinned digest."""
    algorithm, expected = package.integrity.split("-", 1)
    digest = hashlib.new(algorithm, tarball.read_bytes()).digest()
    if not hmac.compare_digest(base64.b64encode(digest).decode(), expected):
        tarball.unlink()
        raise IntegrityMismatch(package.spec, tarball)


def _is_verified(package: Package, tarballs: Path) -> bool:
    path = tarballs / package.tarball
    if not path.exists():
        return False
    try:
        verify(package, path)
    except IntegrityMismatch:
        return False
    return True


def _npm_pack(packages: list[Package], destination: Path) -> None:
    command = ["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(destination)]
    command += [package.spec for package in packages]
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


def unpack(package: Package, tarball: Path) -> Iterator[tuple[str, Json]]:
    """The wanted contracts of one tarball as (name, document); reads it once, front to back."""
    by_path = {f"package/{path}": name for name, path in package.contracts.items()}
    reader = READERS[package.format]
    with tarfile.open(tarball, "r|gz") as archive:
        for member in archive:
            name = by_path.pop(member.name, None)
            if name is None:
                continue
            stream = archive.extractfile(member)
            if stream is None:
                raise ArtifactError(f"{package.spec}: {member.name} is not a file")
            yield name, reader(stream.read().decode("utf-8"))
            if not by_path:
                return
    raise ArtifactError(f"{package.spec} lacks {', '.join(sorted(by_path))}")


def read_hardhat(text: str) -> Json:
    """A hardhat or solc JSON artifact."""
    source = json.loads(text)
    evm = source.get("evm", {}).get("bytecode", {})
    bytecode = source.get("bytecode") or evm.get("object", "")
    links = source.get("linkReferences") or evm.get("linkReferences", {})
    return {"abi": source["abi"], "bytecode": _prefixed(bytecode), "linkReferences": links}


def read_typechain(text: str) -> Json:
    """A typechain factory: two JavaScript constants, `_abi` (an object literal) and `_bytecode`."""
    abi = re.search(r"const _abi = (\[.*?\n\]);", text, re.DOTALL)
    bytecode = re.search(r'const _bytecode = "(0x[0-9a-f]+)"', text)
    if abi is None or bytecode is None:
        raise ArtifactError("a typechain factory without _abi or unlinked _bytecode")
    quoted = re.sub(r"^(\s*)(\w+):", r'\1"\2":', abi[1], flags=re.MULTILINE)
    without_commas = re.sub(r",(\s*[\]}])", r"\1", quoted)
    return {"abi": json.loads(without_commas), "bytecode": bytecode[1], "linkReferences": {}}


def read_etched(text: str) -> Json:
    """Runtime code from a helper that places it with a cheat code."""
    literal = re.search(r'hex"([0-9a-f]+)"', text)
    if literal is None:
        raise ArtifactError('no hex"..." literal in the helper')
    return {"bytecode": "", "linkReferences": {}, "runtime": "0x" + literal[1]}


def read_abi(text: str) -> Json:
    """A bare interface."""
    document = json.loads(text)
    return {"abi": document["abi"] if isinstance(document, dict) else document}


READERS = {"hardhat": read_hardhat, "typechain": read_typechain, "etched": read_etched, "abi": read_abi}


def _prefixed(code: str) -> str:
    return code if code.startswith("0x") else f"0x{code}"


def _write_all(documents: dict[str, Json], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        partial = directory / f".{name}.{os.getpid()}"
        partial.write_text(json.dumps(document, separators=(",", ":")), "utf-8")
        partial.replace(directory / f"{name}.json")


def main() -> int:
    """Fetch what is missing; 0 when every artifact is in place."""
    packages = read_packages()
    try:
        fetched = fetch_all(packages, cache_dir())
    except ArtifactError as error:
        print(error, file=sys.stderr)
        return 1
    contracts = {name for package in packages for name in package.contracts}
    print(f"{len(contracts)} contracts from {len(packages)} packages ({fetched} fetched)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
