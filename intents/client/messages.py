"""Hyperlane messages that carry our proofs, found on the chain they were sent from."""

from typing import Final

from eth_abi.abi import decode as abi_decode
from eth_utils.crypto import keccak

from intents.chains.manifest import ChainManifest
from intents.settlement import calls, proofs
from intents.settlement.order import address_to_bytes32

from .chain_account import ChainAccount

DISPATCHED: Final = "0x" + keccak(text="Dispatch(address,uint32,bytes32,bytes)").hex()


def message_with(
    payload: bytes, *, origin: ChainManifest, destination: ChainAccount, blocks_back: int
) -> bytes | None:
    """The message to `origin` that carries this proof, whoever dispatched it; raises ChainUnreachable."""
    oracle = address_to_bytes32(destination.chain.address("hyperlane_oracle"))
    topics = [DISPATCHED, "0x" + oracle.hex(), f"0x{origin.domain:064x}"]
    for log in destination.logs("mailbox", topics, blocks_back=blocks_back):
        message = bytes(abi_decode(("bytes",), bytes.fromhex(log["data"][2:]))[0])
        if payload in proofs.payloads_of(proofs.parse_message(message).body)[1]:
            return message
    return None


def signers_of(message: bytes, *, origin: ChainAccount) -> tuple[list[str], int]:
    """(validators in signing order, how many must sign), as the origin's security module answers."""
    answer = origin.view(calls.validators_of(message, origin=origin.chain))
    validators, threshold = abi_decode(("address[]", "uint8"), bytes.fromhex(answer[2:]))
    return list(validators), int(threshold)
