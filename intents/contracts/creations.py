"""Contracts to create through the keyless CREATE2 deployer: what each is made of, hence where it will be.

Ours land at the same addresses wherever owner and operators are the same; Hyperlane's are those of one domain.
Third-party code comes from the pinned packages that set-up fetched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_abi import encode as abi_encode
from eth_utils import keccak, to_canonical_address, to_checksum_address

from . import addresses
from .artifacts import linked_bytecode, load_artifact

NO_SALT: Final = bytes(32)
# The proxy that carries its arguments and their length behind its code (ERC-3448), as Hyperlane's factory writes it.
_META_HEAD: Final = bytes.fromhex("600b380380600b3d393df3363d3d373d3d3d3d60368038038091363936013d73")
_META_TAIL: Final = bytes.fromhex("5af43d3d93803e603457fd5bf3")


@dataclass(frozen=True, slots=True)
class Creation:
    """One contract by its manifest name, with its creation code, arguments included."""

    name: str
    code: bytes
    salt: bytes = NO_SALT

    @property
    def address(self) -> str:
        """Where it is once it exists."""
        return addresses.create2_address(self.salt, self.code)

    @property
    def data(self) -> bytes:
        """Calldata for the deployer; it reverts when the contract exists already."""
        return addresses.deployment_data(self.salt, self.code)


@dataclass(frozen=True, slots=True)
class Core:
    """Hyperlane's contracts of one domain. The proxy's admin and the required hook belong to nobody."""

    proxy_admin: Creation
    implementation: Creation
    mailbox: Creation
    merkle_tree_hook: Creation
    required_hook: Creation
    multisig_ism_factory: Creation
    validator_announce: Creation

    @property
    def listed(self) -> tuple[Creation, ...]:
        """Those that stand in the chain's manifest."""
        return (
            self.proxy_admin,
            self.mailbox,
            self.merkle_tree_hook,
            self.required_hook,
            self.multisig_ism_factory,
            self.validator_announce,
        )


def artifact_code(
    name: str,
    types: Sequence[str] = (),
    arguments: Sequence[Any] = (),
    *,
    libraries: Mapping[str, str] | None = None,
) -> bytes:
    """Creation code of a third-party contract. Raises ArtifactMissing, UnlinkedLibrary."""
    code = bytes.fromhex(linked_bytecode(load_artifact(name), libraries or {}).removeprefix("0x"))
    return code + abi_encode(list(types), list(arguments))


def ours(*, permit2: str, owner: str, operators: Sequence[str]) -> tuple[Creation, ...]:
    """Settlers, the code behind deposit addresses, the solver's account and the call executor, in order of creation."""
    deposit = _ours("deposit_implementation", addresses.deposit_implementation_init_code())
    settler = _ours("input_settler", addresses.settler_init_code(permit2))
    output = _ours("output_settler", addresses.output_settler_init_code())
    settlers = [settler.address, output.address]
    account = _ours("solver_account", addresses.solver_account_init_code(owner, operators, settlers))
    # Only what has one address everywhere: the executor's own follows from the list.
    refused = [settler.address, permit2, account.address]
    executor = _ours("call_executor", addresses.call_executor_init_code(output.address, refused))
    return deposit, settler, output, account, executor


def oracle(*, mailbox: str, security_module: str) -> Creation:
    """The carrier of attestations over this mailbox, verified by this module."""
    return _ours("hyperlane_oracle", addresses.oracle_init_code(mailbox, security_module))


def warp_gate(*, token: str, router: str) -> Creation:
    """The door by which the solver's account reaches a warp route."""
    return _ours("warp_gate", addresses.warp_gate_init_code(token, router))


def core(domain: int) -> Core:
    """Hyperlane's contracts of a domain that has none."""
    admin = Creation("proxy_admin", artifact_code("ProxyAdmin"))
    implementation = Creation("mailbox_implementation", artifact_code("Mailbox", ["uint32"], [domain]))
    proxied = [implementation.address, admin.address, b""]
    mailbox = Creation(
        "mailbox",
        artifact_code("TransparentUpgradeableProxy", ["address", "address", "bytes"], proxied),
    )
    behind = (["address"], [mailbox.address])
    return Core(
        proxy_admin=admin,
        implementation=implementation,
        mailbox=mailbox,
        merkle_tree_hook=Creation("merkle_tree_hook", artifact_code("MerkleTreeHook", *behind)),
        required_hook=Creation("required_hook", artifact_code("PausableHook")),
        multisig_ism_factory=Creation(
            "multisig_ism_factory", artifact_code("StaticMessageIdMultisigIsmFactory")
        ),
        validator_announce=Creation("validator_announce", artifact_code("ValidatorAnnounce", *behind)),
    )


def synthetic(*, decimals: int, mailbox: str) -> Creation:
    """A warp route's end where the token is a synthetic one, one base unit for one."""
    code = artifact_code("HypERC20", ["uint8", "uint256", "address"], [decimals, 1, mailbox])
    return Creation("warp_router", code)


def in_order(validators: Sequence[str]) -> list[str]:
    """Validators in the order in which the security module wants their signatures."""
    return sorted(validators, key=lambda item: int(item, 16))


def security_module(factory: str, validators: Sequence[str], threshold: int) -> str:
    """Where the factory puts the module of these validators."""
    # What all modules of the factory share is its own first creation: keccak of the RLP list [factory, 1].
    shared = keccak(b"\xd6\x94" + to_canonical_address(factory) + b"\x01")[12:]
    arguments = abi_encode(["address[]", "uint8"], [in_order(validators), threshold])
    code = _META_HEAD + shared + _META_TAIL + arguments + len(arguments).to_bytes(32, "big")
    return str(to_checksum_address(addresses.create2_address(keccak(arguments), code, creator=factory)))


def _ours(name: str, code: bytes) -> Creation:
    return Creation(name, code, addresses.SALT)
