"""Signatures come from whoever has them: a validator that drips holds a round once, and is asked last from then on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account
from eth_utils import keccak

from intents.chains.manifest import ChainManifest, Contract, Validator
from intents.engine import signatures
from intents.settlement import proofs, published
from intents.settlement.validator_store import CheckpointStore, serve
from tests.chains.test_answers import HEAD, Dripping
from tests.web import rows

MESSAGE = b"a message of one chain to another"
HOOK = "0x" + "77" * 20
KEYS = [Account.from_key(keccak(text=f"validator {number}")) for number in range(3)]
ORDER = [key.address for key in KEYS]


@pytest.fixture
def origin(monkeypatch: pytest.MonkeyPatch) -> ChainManifest:
    """A chain whose security module wants two of the three."""
    module = Contract("0x" + "66" * 20)
    chain = replace(rows.manifest(901, "alder"), contracts={"multisig_ism": module})
    monkeypatch.setattr(signatures, "_signers", {(901, module.address): (ORDER, 2)})
    monkeypatch.setattr(signatures, "_later", {})
    return chain


@pytest.fixture
def dripping() -> Iterator[Dripping]:
    server = Dripping(HEAD + b"Content-Length: 100000\r\n\r\n", b" ")
    yield server
    server.stop()


@pytest.fixture
def publishing(tmp_path: Path) -> Iterator[list[str]]:
    """Where the second and the third publish that they have signed the message."""
    checkpoint = proofs.Checkpoint(902, HOOK, b"\x11" * 32, 5, keccak(MESSAGE))
    servers = []
    for key in KEYS[1:]:
        store = CheckpointStore(tmp_path / key.address)
        store.open_domain(902, HOOK)
        store.publish(checkpoint, key)
        servers.append(serve(store, "127.0.0.1", 0))
    yield [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whom the engine asks, in that order; none waits long."""
    monkeypatch.setattr(published, "TIMEOUT_SECONDS", 0.2)
    found: list[str] = []

    def ask(url: str, message: bytes, *, sent_from: ChainManifest) -> tuple[proofs.Checkpoint, bytes] | None:
        found.append(url)
        return published.published(url, message, sent_from=sent_from)

    monkeypatch.setattr(signatures, "published", ask)
    return found


def destination(*urls: str) -> ChainManifest:
    named = tuple(Validator(key.address, url) for key, url in zip(KEYS, urls, strict=True))
    hook = {"merkle_tree_hook": Contract(HOOK)}
    return replace(rows.manifest(902, "birch"), contracts=hook, validators=named)


def test_a_validator_that_drips_is_asked_last(
    origin: ChainManifest, publishing: list[str], dripping: Dripping, asked: list[str]
) -> None:
    chain = destination(dripping.url, *publishing)
    for _ in range(2):
        found = signatures.collect(MESSAGE, origin=origin, destination=chain)
        assert found.metadata is not None
        assert len(found.metadata) == 68 + 2 * 65
    assert asked == [dripping.url, *publishing, *publishing]


def test_all_that_drip_hold_a_round_no_longer_than_it_may_take(
    origin: ChainManifest, dripping: Dripping, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "ASK_SECONDS", 0.0)
    found = signatures.collect(MESSAGE, origin=origin, destination=destination(*[dripping.url] * 3))
    assert found == signatures.Collected(None, tuple(ORDER), 2)
    assert len(asked) == 1
