"""Third-party contract artifacts: fetched as pinned npm tarballs, read by name.

`python -m intents.contracts.artifacts` fetches whatever is missing; it needs npm on PATH and only Python's
standard library, because set-up runs it before anything is installed. The list is `packages.toml`.
"""

import json
import os
import re
import sys
import tarfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from intents.tarballs import Pin, TarballError, bring, cache_dir

PACKAGE_LIST = Path(__file__).with_name("packages.toml")

Json = dict[str, Any]
LinkReferences = dict[str, dict[str, list[dict[str, int]]]]


class ArtifactError(TarballError):
    """Something about the third-party contracts that set-up can mend; the text says how."""

    code = "artifact_error"


class ArtifactMissing(ArtifactError):
    """The named contract was never fetched."""

    code = "artifact_missing"

    def __init__(self, name: str, directory: Path) -> None:
        super().__init__(f"{name} is not in {directory}. Run `make setup` once, it fetches the contracts.")


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
class Package(Pin):
    """One pinned npm tarball and the contracts wanted from it (name → path inside the package)."""

    format: str
    contracts: dict[str, str]


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
    fetched = bring(packages, tarballs)
    documents: dict[str, Json] = {}
    for package in packages:
        for name, document in unpack(package, tarballs / package.tarball):
            documents.setdefault(name, {}).update(document)
    _write_all(documents, cache_directory / "artifacts")
    return fetched


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
    except TarballError as error:
        print(error, file=sys.stderr)
        return 1
    contracts = {name for package in packages for name in package.contracts}
    print(f"{len(contracts)} contracts from {len(packages)} packages ({fetched} fetched)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
