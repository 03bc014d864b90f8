"""Our contracts land at predicted addresses, compile once, and speak one revert vocabulary."""

import re
from pathlib import Path

import pytest
from eth_abi import encode as abi_encode
from eth_utils import to_checksum_address

from intents.contracts import addresses, loader
from intents.contracts.loader import UnknownContract, load, load_file
from intents.contracts.reverts import decode_revert, vocabulary

from .chain import Contract, reverts
from .world import PERMIT2, World, actor, deployer, operator, owner

SOURCES = Path(loader.__file__).parent
DEPLOYED = (
    "input_settler", "deposit_address", "output_settler", "call_executor", "solver_account", "hyperlane_oracle",
)  # fmt: skip
CODE_SIZE_LIMIT = 24_576


def test_settlers_and_account_have_one_address_on_every_chain(worlds: tuple[World, World]) -> None:
    first, second = worlds
    for name in ("input_settler", "output_settler", "account", "executor"):
        assert getattr(first, name).address == getattr(second, name).address
    assert first.input_settler.address == addresses.create2_address(
        addresses.SALT, addresses.settler_init_code(PERMIT2)
    )


def test_the_deposit_implementation_has_one_address_on_every_chain(worlds: tuple[World, World]) -> None:
    expected = addresses.deposit_implementation()
    for world in worlds:
        assert to_checksum_address(world.input_settler.call("DEPOSIT_IMPLEMENTATION")) == expected
        assert world.chain.rpc("eth_getCode", expected, "latest") != "0x"


def test_a_settler_needs_its_deposit_implementation(world: World) -> None:
    nowhere = actor("nowhere").address
    code = load("input_settler").bytecode + abi_encode(["address", "address"], [PERMIT2, nowhere])
    with reverts("CodeSize0"):
        world.chain.create(code, sender=deployer.address)


def test_an_address_is_taken_once(world: World) -> None:
    with reverts(""):
        world.chain.create2(addresses.output_settler_init_code(), sender=deployer.address)


def test_the_account_needs_an_owner_and_knows_its_parties(world: World) -> None:
    nobody = "0x" + "00" * 20
    with reverts("NoDestination"):
        code = addresses.solver_account_init_code(nobody, [], [])
        world.chain.create(code, sender=deployer.address)
    other = actor("another operator").address
    code = addresses.solver_account_init_code(owner.address, [operator.address, other], [PERMIT2])
    account = Contract(
        world.chain, world.chain.create(code, sender=deployer.address), load("solver_account").abi
    )
    assert account.call("owner") == owner.address.lower()
    assert account.call("isOperator", other)
    assert account.call("isSettler", PERMIT2)
    assert not account.call("isOperator", owner.address)


@pytest.mark.parametrize("name", DEPLOYED)
def test_every_contract_fits_with_room_to_grow(name: str) -> None:
    # The settler is complete: what comes later goes into contracts beside it.
    room = 0 if name == "input_settler" else 3_000
    # The loader's runtime code lacks the immutables, a word each.
    assert len(load(name).runtime) + 32 * 8 < CODE_SIZE_LIMIT - room


def test_a_compiled_contract_is_kept_until_its_source_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYMEET_CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "one.vy"
    source.write_text("@external\ndef a() -> uint256:\n    return 1\n")
    first = load_file(source)
    load_file.cache_clear()
    assert load_file(source) == first
    assert len(list((tmp_path / "cache" / "contracts").iterdir())) == 1
    source.write_text("@external\ndef a() -> uint256:\n    return 2\n")
    load_file.cache_clear()
    assert load_file(source).runtime != first.runtime
    for broken in (tmp_path / "cache" / "contracts").iterdir():
        broken.write_text("{")
    load_file.cache_clear()
    assert load_file(source).abi == first.abi


def test_an_unknown_contract_is_named() -> None:
    with pytest.raises(UnknownContract, match=r"nothing\.vy"):
        load("nothing")


def test_the_vocabulary_is_exactly_what_the_contracts_say() -> None:
    used = set()
    for source in SOURCES.rglob("*.vy"):
        used |= set(re.findall(r'method_id\("([A-Z]\w*\([a-z0-9,]*\))"', source.read_text()))
    assert used == {revert.signature for revert in vocabulary().values()}


def test_every_revert_is_provoked_by_some_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name in vocabulary() if not re.search(rf'["|]{name}["|]', tests)] == []


def test_errors_are_part_of_the_abi() -> None:
    errors = {entry["name"] for entry in load("input_settler").abi if entry["type"] == "error"}
    assert errors == set(vocabulary())


def test_decoding_reverts() -> None:
    chain = vocabulary()["WrongChain"]
    data = chain.selector + (1).to_bytes(32, "big") + (2).to_bytes(32, "big")
    assert decode_revert(data) == (chain, (1, 2))
    assert decode_revert(data[:20]) is None
    assert decode_revert(b"") is None
    assert decode_revert(b"\x01\x02\x03\x04") is None
