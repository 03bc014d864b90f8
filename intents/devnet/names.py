"""The Ethereum Name Service of the local network: its own registry and resolver, with a name for everybody."""

from typing import Final

from eth_utils import keccak

from .accounts import DEMO_WALLET, OWNER, address, named_wallet
from .deployed import Deployed
from .deployment import Deployment
from .profiles import ChainProfile

ROOT: Final = b"\0" * 32
NAMED: Final = ("alice", "bob", "mallory")
SUBNODE: Final = "setSubnodeRecord(bytes32,bytes32,address,address,uint64)"


def deploy_names(deployment: Deployment, profile: ChainProfile, deployed: Deployed) -> None:
    """Queue registry, resolver and names such as alice.eth on a parent chain; nothing on the others."""
    if profile.parent_id is not None:
        return
    registry = deployment.create_artifact("ENSRegistry")
    resolver = deployment.create_artifact("PublicResolver", "(address)", registry)
    deployed.contracts["ens_registry"] = registry
    deployment.flush()
    owner = address(OWNER)
    # It gives its root to whoever creates it, here the CREATE2 deployer, who hands nothing on.
    root = "0x" + keccak(ROOT + ROOT).hex()
    deployment.rpc.request("anvil_setStorageAt", registry, root, "0x" + owner[2:].rjust(64, "0").lower())
    for label in ("eth", "reverse"):
        deployment.send(registry, SUBNODE, ROOT, keccak(text=label), owner, resolver, 0)
    reverse = node("reverse")
    deployment.send(registry, SUBNODE, reverse, keccak(text="addr"), owner, resolver, 0)
    holders = {name: str(named_wallet(name).address) for name in NAMED} | {"demo": address(DEMO_WALLET)}
    for name, holder in holders.items():
        deployment.send(registry, SUBNODE, node("eth"), keccak(text=name), owner, resolver, 0)
        deployment.send(resolver, "setAddr(bytes32,address)", node(f"{name}.eth"), holder)
        label = holder[2:].lower()
        deployment.send(registry, SUBNODE, node("addr.reverse"), keccak(text=label), owner, resolver, 0)
        deployment.send(resolver, "setName(bytes32,string)", node(f"{label}.addr.reverse"), f"{name}.eth")
    deployment.flush()


def node(name: str) -> bytes:
    """The 32 bytes that a name is kept under (EIP-137); the name is spelled rightly."""
    found = ROOT
    for label in reversed(name.split(".")):
        found = keccak(found + keccak(text=label))
    return found
