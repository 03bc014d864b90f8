"""Real Safe accounts of several owners: their code is Safe's own, and so is what the owners sign."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from intents.chains.calls import ZERO_ADDRESS
from intents.contracts.creations import artifact_code
from intents.devnet.deployment import Deployment
from intents.devnet.network import Network

SETUP = "setup(address[],uint256,address,bytes,address,address,uint256,address)"


def safe_of(network: Network, slug: str, owners: Sequence[LocalAccount], amounts: Mapping[str, int]) -> str:
    """A fresh Safe on one chain that needs every owner's signature, with base units by symbol."""
    deployment, salt = Deployment(network.rpc(slug)), secrets.randbits(200)
    singleton = deployment.create(artifact_code("Safe"), "Safe", salt=salt)
    handler = deployment.create(artifact_code("CompatibilityFallbackHandler"), "its handler", salt=salt)
    account = deployment.create(artifact_code("SafeProxy", ["address"], [singleton]), "SafeProxy", salt=salt)
    named = [owner.address for owner in owners]
    deployment.send(
        account, SETUP, named, len(named), ZERO_ADDRESS, b"", handler, ZERO_ADDRESS, 0, ZERO_ADDRESS
    )
    deployment.flush()
    network.fund(slug, [account], amounts)
    return account


def safe_signature(safe: str, owners: Sequence[LocalAccount], data: Mapping[str, Any]) -> str:
    """What the owners' Safe accepts as its signature of EIP-712 data (ERC-1271).

    Each signs Safe's own message of the data's digest; the signatures are in the order of their addresses.
    """
    signable = encode_typed_data(full_message=dict(data))
    digest = keccak(b"\x19\x01" + signable.header + signable.body)
    message = encode_typed_data(
        domain_data={"chainId": data["domain"]["chainId"], "verifyingContract": safe},
        message_types={"SafeMessage": [{"name": "message", "type": "bytes"}]},
        message_data={"message": digest},
    )
    ordered = sorted(owners, key=lambda owner: int(owner.address, 16))
    return "0x" + b"".join(bytes(owner.sign_message(message).signature) for owner in ordered).hex()
