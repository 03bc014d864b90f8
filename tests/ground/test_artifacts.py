"""Third-party contracts come from pinned tarballs only, and read back as they were published."""

import base64
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path

import pytest
from eth_utils import keccak

from intents.contracts.artifacts import (
    Artifact,
    ArtifactError,
    ArtifactMissing,
    Package,
    UnlinkedLibrary,
    fetch_all,
    linked_bytecode,
    load_artifact,
    read_packages,
)
from intents.tarballs import IntegrityMismatch, verify

# Published in Uniswap's own routers, which compute pair and pool addresses from them.
PAIR_CODE_HASH = "96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"
POOL_CODE_HASH = "e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"


def test_every_package_is_pinned_by_exact_version_and_sha512() -> None:
    for package in read_packages():
        assert re.fullmatch(r"\d+\.\d+\.\d+(-[\w.-]+)?", package.version), package.spec
        algorithm, digest = package.integrity.split("-", 1)
        assert algorithm == "sha512"
        assert len(base64.b64decode(digest, validate=True)) == 64


def test_every_listed_contract_has_an_interface_and_code() -> None:
    for name in {name for package in read_packages() for name in package.contracts}:
        artifact = load_artifact(name)
        assert artifact.abi, name
        assert re.fullmatch(r"0x([0-9a-f]|__\$?\w+\$?_*)+", artifact.bytecode or artifact.runtime), name


def test_the_exchange_code_is_the_one_that_uniswap_published() -> None:
    assert keccak(hexstr=load_artifact("UniswapV2Pair").bytecode).hex() == PAIR_CODE_HASH
    assert keccak(hexstr=load_artifact("UniswapV3Pool").bytecode).hex() == POOL_CODE_HASH


def test_libraries_are_linked_where_the_compiler_left_room() -> None:
    token = load_artifact("FiatTokenV2_2")
    address = "0x" + "ab" * 20
    linked = linked_bytecode(token, {"SignatureChecker": address})
    assert re.fullmatch(r"0x[0-9a-f]+", linked)
    assert linked.count("ab" * 20) == 2
    with pytest.raises(UnlinkedLibrary, match="SignatureChecker"):
        linked_bytecode(token, {})


def test_linking_leaves_other_code_alone() -> None:
    artifact = Artifact(
        "X", [], "0xaa" + "__" * 20 + "bb", {"x.sol": {"L": [{"start": 1, "length": 20}]}}, ""
    )
    assert linked_bytecode(artifact, {"L": "0x" + "C" * 40}) == "0xaa" + "c" * 40 + "bb"


def test_a_contract_that_was_not_fetched_is_named_with_the_mend() -> None:
    with pytest.raises(ArtifactMissing, match=r"NoSuchThing .*make setup"):
        load_artifact("NoSuchThing")


def test_a_tarball_with_another_digest_is_refused_and_removed(tmp_path: Path) -> None:
    package = made_package(tmp_path, b"{}")
    tarball = tmp_path / "tarballs" / package.tarball
    with tarball.open("ab") as file:
        file.write(b"!")
    with pytest.raises(IntegrityMismatch, match=r"thing@1\.0\.0"):
        verify(package, tarball)
    assert not tarball.exists()


def test_a_pinned_tarball_is_unpacked_without_the_network(tmp_path: Path) -> None:
    package = made_package(tmp_path, json.dumps({"abi": [], "bytecode": "60ff"}).encode())
    assert fetch_all([package], tmp_path) == 0
    written = json.loads((tmp_path / "artifacts" / "Thing.json").read_text())
    assert written == {"abi": [], "bytecode": "0x60ff", "linkReferences": {}}


def test_a_contract_that_a_package_lacks_is_named(tmp_path: Path) -> None:
    package = made_package(tmp_path, b"{}", contracts={"Other": "build/Other.json"})
    with pytest.raises(ArtifactError, match=r"lacks package/build/Other\.json"):
        fetch_all([package], tmp_path)


def made_package(cache: Path, content: bytes, *, contracts: dict[str, str] | None = None) -> Package:
    """A correct package already in the cache."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/build/Thing.json")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    digest = base64.b64encode(hashlib.sha512(raw.getvalue()).digest()).decode()
    package = Package(
        "thing", "1.0.0", f"sha512-{digest}", "hardhat", contracts or {"Thing": "build/Thing.json"}
    )
    (cache / "tarballs").mkdir()
    (cache / "tarballs" / package.tarball).write_bytes(raw.getvalue())
    return package
