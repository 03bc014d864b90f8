"""Where our contracts land: the same address on every EVM-equivalent chain, through the CREATE2 deployer."""

from collections.abc import Sequence
from typing import Final

from eth_abi import encode as abi_encode
from eth_utils import keccak, to_canonical_address, to_checksum_address

from intents.contracts.loader import load

CREATE2_DEPLOYER: Final = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
SALT: Final = keccak(b"Waymeet.v1")


def create2_address(salt: bytes, init_code: bytes) -> str:
    """Checksummed address at which ``init_code`` lands when sent to the deployer with ``salt``."""
    return to_checksum_address(
        keccak(b"\xff" + to_canonical_address(CREATE2_DEPLOYER) + salt + keccak(init_code))[12:]
    )


def deployment_data(salt: bytes, init_code: bytes) -> bytes:
    """Calldata for the deployer; it reverts when the address is already taken."""
    return salt + init_code


def settler_init_code(permit2: str) -> bytes:
    """Creation code of ``input_settler``."""
    return load("input_settler").bytecode + abi_encode(["address"], [permit2])


def output_settler_init_code() -> bytes:
    """Creation code of ``output_settler``."""
    return load("output_settler").bytecode


def solver_account_init_code(owner: str, operators: Sequence[str], settlers: Sequence[str]) -> bytes:
    """Creation code of ``solver_account``; ``settlers`` are the input and output settlers it may use."""
    arguments = abi_encode(["address", "address[]", "address[]"], [owner, list(operators), list(settlers)])
    return load("solver_account").bytecode + arguments


def oracle_init_code(mailbox: str, security_module: str) -> bytes:
    """Creation code of ``hyperlane_oracle``; its arguments, hence its address, are those of one chain."""
    return load("hyperlane_oracle").bytecode + abi_encode(["address", "address"], [mailbox, security_module])
