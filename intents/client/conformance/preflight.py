"""What can be told of a chain without sending anything: contracts, security module, validators, funds."""

import itertools
from collections.abc import Iterator
from typing import Final

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from intents.chains.calls import ZERO_ADDRESS, Call, encode_call
from intents.chains.documents import Unreadable, read_json
from intents.chains.manifest import ChainManifest
from intents.contracts.addresses import (
    SALT,
    create2_address,
    deposit_implementation,
    oracle_init_code,
    output_settler_init_code,
    settler_init_code,
)

from ..chain_account import ChainAccount
from .stage import Finding, Stage

TIMEOUT_SECONDS: Final = 5
MOST_BYTES: Final = 1024
# What all trials of a run may use on one chain, with room to spare.
GAS_OF_A_RUN: Final = 4_000_000
# Input and output of every trial, and what stays allowed for nobody.
AMOUNTS_OF_A_RUN: Final = 6
# Chains whose CREATE2 is another: their addresses stand in the manifest alone.
OTHER_CREATE2: Final = ("zksync",)


def preflight(stage: Stage) -> None:
    """Note what holds of both chains before anything is sent; raises ChainUnreachable."""
    for account in (stage.here, stage.there):
        # One by one: what was found before a node ends it is told.
        for finding in itertools.chain(
            _contracts(account), _messaging(account), _validators(account), _funds(stage, account)
        ):
            if finding.held:
                stage.held(finding.what, account)
            else:
                stage.missed(finding.what, account, finding.detail)


def expected_addresses(chain: ChainManifest) -> dict[str, str]:
    """Where our contracts must be, computed from their bytecode on this machine."""
    oracle = oracle_init_code(chain.address("mailbox"), chain.address("multisig_ism"))
    return {
        "deposit_implementation": deposit_implementation(),
        "input_settler": create2_address(SALT, settler_init_code(chain.address("permit2"))),
        "output_settler": create2_address(SALT, output_settler_init_code()),
        "hyperlane_oracle": create2_address(SALT, oracle),
    }


def _contracts(account: ChainAccount) -> Iterator[Finding]:
    chain = account.chain
    for name, expected in expected_addresses(chain).items():
        found, code = chain.address(name), account.code(chain.address(name))
        problem = "" if code else f"no code at {found}"
        hashed = chain.contracts[name].code_hash
        if not problem and hashed and hashed != "0x" + keccak(code).hex():
            problem = f"the code at {found} is not the one of the manifest"
        if not problem and chain.stack not in OTHER_CREATE2 and found != expected:
            problem = f"is at {found}; this code belongs at {expected}"
        yield _finding(account, f"{name} has the code that its address follows from", problem)


def _messaging(account: ChainAccount) -> Iterator[Finding]:
    chain = account.chain
    oracle, mailbox, module = (
        chain.address(name) for name in ("hyperlane_oracle", "mailbox", "multisig_ism")
    )
    asked = {
        "the oracle hears this mailbox only": (oracle, "MAILBOX()", mailbox),
        "the oracle names its own security module": (oracle, "interchainSecurityModule()", module),
    }
    for what, (target, view, expected) in asked.items():
        found = to_checksum_address("0x" + account.view(Call(target, encode_call(view)))[-40:])
        yield _finding(account, what, "" if found == expected else f"it names {found}")
    domain = account.number(Call(mailbox, encode_call("localDomain()")))
    yield _finding(
        account,
        "the mailbox calls the chain by its chain id",
        "" if domain == chain.chain_id else f"it says {domain}",
    )


def _validators(account: ChainAccount) -> Iterator[Finding]:
    chain = account.chain
    call = Call(chain.address("multisig_ism"), encode_call("validatorsAndThreshold(bytes)", [b""]))
    try:
        listed, threshold = abi_decode(("address[]", "uint8"), bytes.fromhex(account.view(call)[2:]))
    except (DecodingError, OverflowError):
        listed, threshold = (), 0
    named = {validator.address for validator in chain.validators}
    is_same = {
        to_checksum_address(each) for each in listed
    } == named and threshold == chain.validator_threshold
    problem = "" if is_same else f"it wants {threshold} of {', '.join(listed)}"
    yield _finding(account, "the security module wants the validators of the manifest", problem)
    answering = sum(_publishes(validator.url) for validator in chain.validators)
    problem = "" if answering >= threshold else f"{answering} answer, {threshold} are needed"
    yield _finding(account, f"{answering} of {len(chain.validators)} validators publish", problem)


def _funds(stage: Stage, account: ChainAccount) -> Iterator[Finding]:
    chain, token = account.chain, stage.tokens[account.chain.chain_id]
    coins = GAS_OF_A_RUN * min(2 * account.gas_price_wei(), chain.max_fee_wei)
    need = {ZERO_ADDRESS: coins}
    need[token.address] = need.get(token.address, 0) + AMOUNTS_OF_A_RUN * stage.terms.amount
    for address, amount in need.items():
        asset, have = chain.token(address), account.balance(address)
        problem = "" if have >= amount else f"{account.address} has {have} base units, {amount} are needed"
        yield _finding(account, f"the key holds enough {asset.symbol}", problem)


def _publishes(url: str) -> bool:
    try:
        said = read_json(f"{url}/health", timeout_seconds=TIMEOUT_SECONDS, most_bytes=MOST_BYTES)
    except Unreadable:
        return False
    return isinstance(said, dict) and bool(said.get("ok"))


def _finding(account: ChainAccount, what: str, problem: str) -> Finding:
    return Finding(what, account.chain.name, not problem, detail=problem)
