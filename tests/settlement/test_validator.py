"""Validators sign what is final and nothing else; the real security module accepts two of three."""

import dataclasses
import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_canonical_address

from intents.chains.manifest_toml import to_toml
from intents.devnet.accounts import VALIDATORS, account
from intents.devnet.deployment import Deployment, DeploymentFailed
from intents.devnet.funding import set_balances
from intents.devnet.messaging import validator_addresses
from intents.devnet.network import Network
from intents.settlement.proofs import Checkpoint, checkpoint_signer, metadata, pick_signatures
from intents.settlement.validator import Validator, announce
from intents.settlement.validator_node import Node
from intents.settlement.validator_store import CheckpointStore
from intents.settlement.validator_watch import ChainWatch, DeepReorg

AMOUNT = 100 * 10**6
ORIGIN, DESTINATION = "summit", "birch"
PROCESS = "process(bytes,bytes)"
WAIT_SECONDS = 15


def _send_over_warp_route(network: Network, sender: LocalAccount) -> bytes:
    """Bridge AMOUNT of USDC to the sender's own address; the message's bytes."""
    manifest, rpc = network.manifest(ORIGIN), network.rpc(ORIGIN)
    warp_route = manifest.address("warp_usdc")
    rpc.request("anvil_impersonateAccount", sender.address)
    deployment = Deployment(rpc)
    usdc = network.token(ORIGIN, "USDC")
    deployment.send(usdc, "approve(address,uint256)", warp_route, AMOUNT, sender=sender.address)
    deployment.send(
        warp_route,
        "transferRemote(uint32,bytes32,uint256)",
        network.manifest(DESTINATION).domain,
        b"\x00" * 12 + to_canonical_address(sender.address),
        AMOUNT,
        sender=sender.address,
    )
    deployment.flush()
    topic = "0x" + keccak(text="Dispatch(address,uint32,bytes32,bytes)").hex()
    logs = rpc.request(
        "eth_getLogs", {"address": manifest.address("mailbox"), "topics": [topic], "fromBlock": "0x0"}
    )
    data = bytes.fromhex(logs[-1]["data"][2:])
    length = int.from_bytes(data[32:64], "big")
    return data[64 : 64 + length]


def _fetch(url: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            found: dict[str, Any] = json.load(response)
            return found
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


def _signed_by_all(network: Network, message: bytes) -> list[dict[str, Any]]:
    manifest = network.manifest(ORIGIN)
    path = f"/{manifest.domain}/by-message/0x{keccak(message).hex()}.json"
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        entries = [entry for v in manifest.validators if (entry := _fetch(v.url + path))]
        if len(entries) == len(manifest.validators):
            return entries
        time.sleep(0.05)
    raise AssertionError("not all validators signed")


def _checkpoint(entry: dict[str, Any]) -> Checkpoint:
    return Checkpoint(
        domain=entry["domain"],
        merkle_tree_hook=entry["merkle_tree_hook"],
        root=bytes.fromhex(entry["root"][2:]),
        index=entry["index"],
        message_id=bytes.fromhex(entry["message_id"][2:]),
    )


def _signatures(entries: list[dict[str, Any]]) -> dict[str, bytes]:
    return {entry["validator"]: bytes.fromhex(entry["signature"][2:]) for entry in entries}


def _process(network: Network, message: bytes, proof: bytes) -> None:
    deployment = Deployment(network.rpc(DESTINATION))
    deployment.send(network.manifest(DESTINATION).address("mailbox"), PROCESS, proof, message)
    deployment.flush()


def test_two_of_three_signatures_move_a_real_message(
    fresh_network: Network, validators: list[Validator], alice: LocalAccount
) -> None:
    message = _send_over_warp_route(fresh_network, alice)
    fresh_network.mine(ORIGIN, fresh_network.manifest(ORIGIN).depth)
    entries = _signed_by_all(fresh_network, message)
    checkpoint = _checkpoint(entries[0])
    for entry in entries:
        assert _checkpoint(entry) == checkpoint
        assert checkpoint_signer(checkpoint, _signatures([entry])[entry["validator"]]) == entry["validator"]

    signatures = pick_signatures(_signatures(entries[1:]), validators=validator_addresses(), threshold=2)
    assert signatures is not None
    with pytest.raises(DeploymentFailed):
        _process(fresh_network, message, metadata(checkpoint, [signatures[0], signatures[0]]))
    _process(fresh_network, message, metadata(checkpoint, signatures))
    assert fresh_network.balance(DESTINATION, "hypUSDC", alice.address) == AMOUNT
    with pytest.raises(DeploymentFailed, match="already delivered"):
        _process(fresh_network, message, metadata(checkpoint, signatures))


def test_several_messages_in_a_row_each_get_their_own_checkpoint(
    fresh_network: Network, validators: list[Validator], alice: LocalAccount
) -> None:
    messages = [_send_over_warp_route(fresh_network, alice) for _ in range(3)]
    fresh_network.mine(ORIGIN, fresh_network.manifest(ORIGIN).depth)
    for message in reversed(messages):
        entries = _signed_by_all(fresh_network, message)
        signatures = pick_signatures(_signatures(entries), validators=validator_addresses(), threshold=2)
        assert signatures is not None
        _process(fresh_network, message, metadata(_checkpoint(entries[0]), signatures))
    assert fresh_network.balance(DESTINATION, "hypUSDC", alice.address) == 3 * AMOUNT


def _watch(network: Network, directory: Path, **changes: Any) -> tuple[ChainWatch, CheckpointStore]:
    store = CheckpointStore(directory)
    manifest = dataclasses.replace(network.manifest(ORIGIN), **changes)
    return ChainWatch(manifest, account(VALIDATORS[0]), store), store


def test_nothing_is_signed_before_it_is_final(
    fresh_network: Network, alice: LocalAccount, tmp_path: Path
) -> None:
    watch, store = _watch(fresh_network, tmp_path)
    depth = fresh_network.manifest(ORIGIN).depth
    watch.look()
    message_id = "0x" + keccak(_send_over_warp_route(fresh_network, alice)).hex()
    fresh_network.mine(ORIGIN, depth - 2)
    assert watch.look() == 0
    assert store.by_message(900, message_id) is None
    fresh_network.mine(ORIGIN)
    assert watch.look() == 1
    assert store.by_message(900, message_id) is not None
    watch.close()


def test_a_restarted_validator_shows_what_it_signed_and_goes_on(
    fresh_network: Network, alice: LocalAccount, tmp_path: Path
) -> None:
    depth = fresh_network.manifest(ORIGIN).depth
    first, _ = _watch(fresh_network, tmp_path)
    before = keccak(_send_over_warp_route(fresh_network, alice))
    fresh_network.mine(ORIGIN, depth)
    assert first.look() == 1
    first.close()

    second, store = _watch(fresh_network, tmp_path)
    assert store.by_message(900, "0x" + before.hex()) is not None
    after = keccak(_send_over_warp_route(fresh_network, alice))
    fresh_network.mine(ORIGIN, depth)
    assert second.look() == 1
    entry = store.by_message(900, "0x" + after.hex())
    assert entry is not None
    hook = fresh_network.manifest(ORIGIN).address("merkle_tree_hook")
    assert bytes.fromhex(entry["root"][2:]) == fresh_network.rpc(ORIGIN).call(
        hook, "root()", returns="bytes32"
    )
    second.close()


def test_a_validator_never_signs_two_histories_of_a_real_chain(
    fresh_network: Network, alice: LocalAccount, tmp_path: Path
) -> None:
    real, store = _watch(fresh_network, tmp_path / "real", is_local=False)
    local, _ = _watch(fresh_network, tmp_path / "local")
    depth = fresh_network.manifest(ORIGIN).depth
    _send_over_warp_route(fresh_network, alice)
    fresh_network.mine(ORIGIN, depth)
    assert real.look() == local.look() == 1
    kept = store.latest(900)
    fresh_network.rpc(ORIGIN).request("anvil_reorg", depth + 2, [])
    fresh_network.mine(ORIGIN, depth)
    with pytest.raises(DeepReorg):
        real.look()
    assert store.latest(900) == kept
    assert local.look() == 0
    real.close()
    local.close()


def test_a_validator_announces_once_where_it_publishes(fresh_network: Network) -> None:
    manifest, rpc = fresh_network.manifest("cedar"), fresh_network.rpc("cedar")
    signer, place = account(VALIDATORS[1]), "http://127.0.0.1:1/somewhere"
    node = Node(rpc.url)
    assert announce(node, manifest, signer, place)
    fresh_network.mine("cedar")
    assert not announce(node, manifest, signer, place)
    question = "getAnnouncedStorageLocations(address[])"
    contract = manifest.address("validator_announce")
    (locations,) = rpc.call(contract, question, [signer.address], returns="string[][]")
    assert place in locations
    node.close()


def test_a_validator_that_cannot_announce_yet_tries_again(fresh_network: Network, tmp_path: Path) -> None:
    fresh_network.write_manifests(tmp_path / "network")
    manifest, rpc = fresh_network.manifest("cedar"), fresh_network.rpc("cedar")
    signer = account(VALIDATORS[2])
    # Another place than the one announced by this network's own validators.
    moved = dataclasses.replace(
        manifest,
        validators=tuple(
            dataclasses.replace(entry, url="http://127.0.0.1:2") if entry.address == signer.address else entry
            for entry in manifest.validators
        ),
    )
    (tmp_path / "network" / "cedar.toml").write_text(to_toml(moved), "utf-8")
    question, contract = "getAnnouncedStorageLocations(address[])", manifest.address("validator_announce")

    def places() -> list[str]:
        fresh_network.mine("cedar")
        (found,) = rpc.call(contract, question, [signer.address], returns="string[][]")
        return list(found)

    validator = Validator(signer, tmp_path / "network", tmp_path / "state")
    set_balances(rpc, {signer.address: 0})
    validator.rescan()
    assert "http://127.0.0.1:2" not in places()
    set_balances(rpc, {signer.address: 10**18})
    validator.rescan()
    assert "http://127.0.0.1:2" in places()
    validator.close()
