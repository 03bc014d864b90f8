"""Compile the Vyper contracts of this package and keep the results by what they were made from."""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from intents.contracts.reverts import error_abi

SOURCES: Final = Path(__file__).resolve().parent
REPOSITORY: Final = SOURCES.parents[1]
COMPILER_VERSION: Final = "0.4.3"
_OUTPUT_FORMATS: Final = ("abi", "bytecode", "bytecode_runtime")
_SETTINGS: Final = f"vyper {COMPILER_VERSION}, legacy pipeline, optimize gas, evm cancun, no metadata"

Json = dict[str, Any]


class UnknownContract(Exception):
    """There is no such source file."""

    code = "unknown_contract"
    retry = False


@dataclass(frozen=True, slots=True)
class CompiledContract:
    """``abi`` includes the custom errors, which the compiler leaves out; ``runtime`` lacks its immutables."""

    name: str
    abi: tuple[Json, ...]
    bytecode: bytes
    runtime: bytes


def load(name: str) -> CompiledContract:
    """The contract ``<name>.vy`` of this package; raises ``UnknownContract``."""
    return load_file(SOURCES / f"{name}.vy")


@cache
def load_file(path: Path) -> CompiledContract:
    """The contract at ``path``, compiled at most once per content of it and of the sources it may import."""
    if not path.is_file():
        raise UnknownContract(f"no contract source {path.name}")
    cached = cache_directory() / f"{path.stem}-{_fingerprint(path)}.json"
    try:
        compiled = json.loads(cached.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        compiled = _compile(path)
        _write(cached, json.dumps(compiled))
    return CompiledContract(
        name=path.stem,
        abi=(*compiled["abi"], *error_abi()),
        bytecode=bytes.fromhex(compiled["bytecode"].removeprefix("0x")),
        runtime=bytes.fromhex(compiled["bytecode_runtime"].removeprefix("0x")),
    )


def cache_directory() -> Path:
    """Where compiled contracts are kept: ``WAYMEET_CACHE_DIR`` or ``.cache``, then ``contracts``."""
    return Path(os.environ.get("WAYMEET_CACHE_DIR") or REPOSITORY / ".cache") / "contracts"


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256(_SETTINGS.encode())
    for source in (*sorted(SOURCES.rglob("*.vy")), *sorted(SOURCES.rglob("*.vyi")), path):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _compile(path: Path) -> Json:
    # The compiler costs 0.2 s to import, which a warm cache never pays.
    import vyper
    from vyper.compiler import compile_from_file_input
    from vyper.compiler.input_bundle import FilesystemInputBundle
    from vyper.compiler.settings import OptimizationLevel, Settings

    if vyper.__version__.split("+")[0] != COMPILER_VERSION:
        raise RuntimeError(f"vyper {COMPILER_VERSION} is needed, {vyper.__version__} is installed")
    bundle = FilesystemInputBundle([SOURCES, path.parent])
    return dict(
        compile_from_file_input(
            bundle.load_file(path.name),
            input_bundle=bundle,
            settings=Settings(
                optimize=OptimizationLevel.GAS, evm_version="cancun", experimental_codegen=False
            ),
            output_formats=list(_OUTPUT_FORMATS),
            # The metadata holds a hash of the sources: with it a comment would move every CREATE2 address.
            no_bytecode_metadata=True,
        )
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Several processes may compile at once: each replaces the whole file.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    os.replace(file.name, path)
