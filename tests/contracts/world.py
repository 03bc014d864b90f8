"""The world of contract tests: real tokens, Permit2 and Hyperlane around our contracts on one chain."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eth_abi import encode as abi_encode
from eth_account.messages import encode_defunct
from eth_utils import keccak, to_canonical_address, to_checksum_address

from intents.contracts import addresses
from intents.contracts.artifacts import linked_bytecode, load_artifact
from intents.contracts.loader import load, load_file
from intents.settlement.order import (
    NATIVE_TOKEN,
    MandateOutput,
    StandardOrder,
    address_to_bytes32,
    address_to_int,
    fill_payload,
    order_id,
    to_abi,
    unfilled_payload,
)
from intents.settlement.typed_data import TypedData, eip3009_typed_data, permit2_typed_data

from .chain import Chain, Contract, actor

TOKENS = Path(__file__).parent / "tokens"
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
USDC = 10**6
RICH = 10**9 * USDC
FILL_SECONDS = 600
EXPIRE_SECONDS = 1800
VALIDATORS = tuple(sorted((actor(f"validator {i}") for i in range(3)), key=lambda v: int(v.address, 16)))
THRESHOLD = 2

deployer, alice, filler, relayer, mallory, owner, operator = (
    actor(name) for name in ("deployer", "alice", "filler", "relayer", "mallory", "owner", "operator")
)
_nonces = itertools.count(1)
_recipients = itertools.count(1)


def fresh_address() -> str:
    """An address nobody has used."""
    return to_checksum_address(keccak(text=f"recipient {next(_recipients)}")[12:])


@dataclass(frozen=True)
class World:
    """Everything on one chain, at fields named as in the manifests."""

    chain: Chain
    usdc: Contract
    weth: Contract
    permit2: Contract
    mailbox: Contract
    merkle_tree_hook: Contract
    multisig_ism: Contract
    input_settler: Contract
    output_settler: Contract
    oracle: Contract
    account: Contract
    executor: Contract

    @property
    def chain_id(self) -> int:
        return self.chain.chain_id

    def token(self, name: str, *constructor: tuple[str, object]) -> Contract:
        """One of the mocks in ``tokens``."""
        compiled = load_file(TOKENS / f"{name}.vy")
        arguments = abi_encode([kind for kind, _ in constructor], [value for _, value in constructor])
        address = self.chain.create(compiled.bytecode + arguments, sender=deployer.address)
        return Contract(self.chain, address, compiled.abi)

    def output(self, destination: "World", **changes: Any) -> MandateOutput:
        base = MandateOutput(
            oracle=address_to_bytes32(destination.oracle.address),
            settler=address_to_bytes32(destination.output_settler.address),
            chain_id=destination.chain_id,
            token=address_to_bytes32(destination.usdc.address),
            amount=99 * USDC,
            recipient=address_to_bytes32(fresh_address()),
        )
        return replace(base, **changes)

    def order(self, destination: "World | None" = None, **changes: Any) -> StandardOrder:
        """100 USDC of Alice here for 99 USDC on ``destination`` (this chain by default)."""
        now = self.chain.timestamp()
        base = StandardOrder(
            user=alice.address,
            nonce=next(_nonces),
            origin_chain_id=self.chain_id,
            expires=now + EXPIRE_SECONDS,
            fill_deadline=now + FILL_SECONDS,
            input_oracle=self.oracle.address,
            inputs=((address_to_int(self.usdc.address), 100 * USDC),),
            outputs=(self.output(destination or self),),
        )
        return replace(base, **changes)

    def id(self, order: StandardOrder) -> bytes:
        return order_id(order, settler=self.input_settler.address)

    def open(self, order: StandardOrder, *, sender: str = alice.address, value: int = 0) -> bytes:
        self.input_settler.send("open", to_abi(order), sender=sender, value=value)
        return self.id(order)

    def status(self, identifier: bytes) -> int:
        return int(self.input_settler.call("orderStatus", identifier))

    def permit2_data(self, order: StandardOrder) -> TypedData:
        return permit2_typed_data(order, settler=self.input_settler.address, permit2=PERMIT2)

    def eip3009_data(self, order: StandardOrder) -> TypedData:
        return eip3009_typed_data(
            order,
            settler=self.input_settler.address,
            token_name="USD Coin",
            token_version="2",
            token=self.usdc.address,
        )

    def prove(self, order: StandardOrder, payload: bytes, *, index: int = 0) -> None:
        """Store a payload in the oracle as if its message had arrived: the Mailbox is impersonated."""
        output = order.outputs[index]
        body = message_body(output.settler, [payload])
        self.chain.fund(self.mailbox.address)
        self.oracle.send("handle", output.chain_id, output.oracle, body, sender=self.mailbox.address)

    def prove_fill(self, order: StandardOrder, *, solver: str, timestamp: int, index: int = 0) -> None:
        payload = fill_payload(self.id(order), order.outputs[index], address_to_bytes32(solver), timestamp)
        self.prove(order, payload, index=index)

    def prove_unfilled(self, order: StandardOrder, *, index: int = 0) -> None:
        payload = unfilled_payload(self.id(order), order.outputs[index], order.fill_deadline)
        self.prove(order, payload, index=index)

    def balance(self, token: str, holder: str) -> int:
        if token == NATIVE_TOKEN:
            return self.chain.balance(holder)
        return int(self.erc20(token).call("balanceOf", holder))

    def erc20(self, token: str) -> Contract:
        return Contract(self.chain, token, self.usdc.abi)


def message_body(application: bytes, payloads: Sequence[bytes]) -> bytes:
    """Payloads in the form in which oracles carry them."""
    body = application + len(payloads).to_bytes(2, "big")
    for payload in payloads:
        body += len(payload).to_bytes(2, "big") + payload
    return body


def sign(signer: Any, data: TypedData) -> bytes:
    return bytes(signer.sign_typed_data(full_message=data).signature)


def metadata(origin: World, message: bytes, *, signers: Sequence[Any] = VALIDATORS[:THRESHOLD]) -> bytes:
    """Proof of a message for the multisig module: the hook's latest checkpoint, signed over this message."""
    root, index = origin.merkle_tree_hook.call("latestCheckpoint")
    hook = address_to_bytes32(origin.merkle_tree_hook.address)
    domain = keccak(origin.chain_id.to_bytes(4, "big") + hook + b"HYPERLANE")
    digest = keccak(domain + root + index.to_bytes(4, "big") + keccak(message))
    signatures = b"".join(bytes(s.sign_message(encode_defunct(digest)).signature) for s in signers)
    return hook + root + index.to_bytes(4, "big") + signatures


def dispatched(origin: World, receipt: Any) -> bytes:
    """The message that a transaction dispatched through the Mailbox."""
    return bytes(receipt.events(origin.mailbox, "Dispatch")[0]["message"])


def deploy_world(chain: Chain) -> World:
    """Deploy everything; parties hold tokens and have given the allowances that the scenarios need."""
    for account in (deployer, alice, filler, relayer, mallory, owner, operator):
        chain.fund(account.address)
    chain.rpc("anvil_setCode", PERMIT2, load_artifact("Permit2").runtime)
    usdc = deploy_usdc(chain)
    weth = _artifact(chain, "WETH9")
    mailbox, hook, ism = _deploy_hyperlane(chain)
    permit2 = Contract(chain, PERMIT2, tuple(load_artifact("Permit2").abi))
    _ours(chain, "deposit_address", addresses.deposit_implementation_init_code())
    settler = _ours(chain, "input_settler", addresses.settler_init_code(PERMIT2))
    output_settler = _ours(chain, "output_settler", addresses.output_settler_init_code())
    oracle = _ours(chain, "hyperlane_oracle", addresses.oracle_init_code(mailbox.address, ism.address))
    account = _ours(
        chain,
        "solver_account",
        addresses.solver_account_init_code(
            owner.address, [operator.address], [settler.address, output_settler.address]
        ),
    )
    executor = _ours(
        chain,
        "call_executor",
        addresses.call_executor_init_code(
            output_settler.address, [settler.address, PERMIT2, account.address]
        ),
    )
    world = World(
        chain, usdc, weth, permit2, mailbox, hook, ism, settler, output_settler, oracle, account, executor
    )
    _give(world)
    return world


def _give(world: World) -> None:
    most = 2**256 - 1
    usdc = world.usdc
    holders = [alice.address, filler.address, mallory.address]
    for holder in (*holders, world.account.address, world.input_settler.address):
        usdc.send("mint", holder, RICH, sender=owner.address)
    usdc.send("approve", world.input_settler.address, most, sender=alice.address)
    usdc.send("approve", PERMIT2, most, sender=alice.address)
    usdc.send("approve", world.output_settler.address, most, sender=filler.address)
    world.weth.send("deposit", sender=filler.address, value=10**21)
    world.weth.send("transfer", world.account.address, 10**20, sender=filler.address)
    world.weth.send("approve", world.output_settler.address, most, sender=filler.address)
    world.chain.fund(world.account.address, 10**20)
    caps = [usdc.address, world.weth.address, NATIVE_TOKEN]
    world.account.send("setCaps", caps, [10**6 * USDC, 10**19, 10**19], sender=owner.address)


def _ours(chain: Chain, name: str, init_code: bytes) -> Contract:
    return Contract(chain, chain.create2(init_code, sender=deployer.address), load(name).abi)


def _artifact(chain: Chain, name: str, types: Sequence[str] = (), args: Sequence[object] = ()) -> Contract:
    artifact = load_artifact(name)
    code = bytes.fromhex(artifact.bytecode[2:]) + abi_encode(list(types), list(args))
    return Contract(chain, chain.create(code, sender=deployer.address), tuple(artifact.abi))


def deploy_usdc(chain: Chain) -> Contract:
    """A USDC of its own, owned and minted by the owner."""
    checker = _artifact(chain, "SignatureChecker")
    implementation = load_artifact("FiatTokenV2_2")
    code = linked_bytecode(implementation, {"SignatureChecker": checker.address})
    logic = chain.create(bytes.fromhex(code[2:]), sender=deployer.address)
    proxy = _artifact(chain, "FiatTokenProxy", ["address"], [logic])
    usdc = Contract(chain, proxy.address, tuple(implementation.abi))
    everybody = [owner.address] * 4
    usdc.send("initialize", "USD Coin", "USDC", "USD", 6, *everybody, sender=owner.address)
    usdc.send("initializeV2", "USD Coin", sender=owner.address)
    usdc.send("initializeV2_1", deployer.address, sender=owner.address)
    usdc.send("initializeV2_2", [], "USDC", sender=owner.address)
    usdc.send("configureMinter", owner.address, 2**255, sender=owner.address)
    return usdc


def _deploy_hyperlane(chain: Chain) -> tuple[Contract, Contract, Contract]:
    mailbox = _artifact(chain, "Mailbox", ["uint32"], [chain.chain_id])
    hook = _artifact(chain, "MerkleTreeHook", ["address"], [mailbox.address])
    # The default module accepts everything: only the oracle's own stands between a forger and the escrow.
    default_ism = _artifact(chain, "NoopIsm")
    mailbox.send(
        "initialize", owner.address, default_ism.address, hook.address, hook.address, sender=deployer.address
    )
    factory = _artifact(chain, "StaticMessageIdMultisigIsmFactory")
    arguments = ([v.address for v in VALIDATORS], THRESHOLD)
    ism = factory.call("getAddress(address[],uint8)", *arguments)
    factory.send("deploy(address[],uint8)", *arguments, sender=deployer.address)
    abi = tuple(load_artifact("StaticMessageIdMultisigIsm").abi)
    return mailbox, hook, Contract(chain, to_checksum_address(to_canonical_address(ism)), abi)
