"""Where our contracts land: the same address on every EVM-equivalent chain, through the CREATE2 deployer."""

from collections.abc import Sequence
from typing import Final

from eth_abi import encode as abi_encode
from eth_utils import keccak, to_canonical_address, to_checksum_address

from intents.contracts.loader import load

CREATE2_DEPLOYER: Final = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
SALT: Final = keccak(b"Waymeet.v1")
# A minimal proxy (ERC-1167) as the compiler's `create_minimal_proxy_to` makes it.
_PROXY_HEAD: Final = bytes.fromhex("602d3d8160093d39f3363d3d373d3d3d363d73")
_PROXY_TAIL: Final = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")


def create2_address(salt: bytes, init_code: bytes, *, creator: str = CREATE2_DEPLOYER) -> str:
    """Checksummed address at which ``creator``, the keyless deployer by default, puts ``init_code``."""
    return to_checksum_address(
        keccak(b"\xff" + to_canonical_address(creator) + salt + keccak(init_code))[12:]
    )


def deployment_data(salt: bytes, init_code: bytes) -> bytes:
    """Calldata for the deployer; it reverts when the address is already taken."""
    return salt + init_code


def deposit_implementation_init_code() -> bytes:
    """Creation code of ``deposit_address``, which must be there before the settler."""
    return load("deposit_address").bytecode


def deposit_implementation() -> str:
    """Where the code behind the deposit addresses lands."""
    return create2_address(SALT, deposit_implementation_init_code())


def deposit_address_of(order_id: bytes, *, settler: str, implementation: str | None = None) -> str:
    """The deposit address of an order, the same on every chain; the implementation is ours by default."""
    target = to_canonical_address(implementation or deposit_implementation())
    return create2_address(order_id, _PROXY_HEAD + target + _PROXY_TAIL, creator=settler)


def settler_init_code(permit2: str) -> bytes:
    """Creation code of ``input_settler``; its deposit addresses run our implementation."""
    arguments = abi_encode(["address", "address"], [permit2, deposit_implementation()])
    return load("input_settler").bytecode + arguments


def output_settler_init_code() -> bytes:
    """Creation code of ``output_settler``."""
    return load("output_settler").bytecode


def call_executor_init_code(output_settler: str, refused: Sequence[str]) -> bytes:
    """Creation code of ``call_executor``; ``refused`` are contracts of ours that it must never call."""
    arguments = abi_encode(["address", "address[]"], [output_settler, list(refused)])
    return load("call_executor").bytecode + arguments


def solver_account_init_code(owner: str, operators: Sequence[str], settlers: Sequence[str]) -> bytes:
    """Creation code of ``solver_account``; ``settlers`` are the input and output settlers it may use."""
    arguments = abi_encode(["address", "address[]", "address[]"], [owner, list(operators), list(settlers)])
    return load("solver_account").bytecode + arguments


def warp_gate_init_code(token: str, router: str) -> bytes:
    """Creation code of ``warp_gate``; ``token`` is what enters the warp route at ``router``."""
    return load("warp_gate").bytecode + abi_encode(["address", "address"], [token, router])


def oracle_init_code(mailbox: str, security_module: str) -> bytes:
    """Creation code of ``hyperlane_oracle``; its arguments, hence its address, are those of one chain."""
    return load("hyperlane_oracle").bytecode + abi_encode(["address", "address"], [mailbox, security_module])
