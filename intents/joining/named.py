"""What a manifest names is used only where it can be told what stands there.

Whoever hands a manifest in could name a security module that believes anybody, or a settler with code of theirs. A
contract of ours is told by its address, which follows from the code that made it and its arguments: the same code at
another address says nothing of what was written beside it when it was made. Everything else needs the operator's own
word, which is no part of any manifest (WAYMEET_TRUSTED_CONTRACTS).
"""

from collections.abc import Iterable
from typing import Final

from django.conf import settings

from intents.chains import registry
from intents.models import KnownChain

from .errors import NotKnown, NotOurs
from .work import Joining

# Names of a mailbox's parts in the registry of known chains. Whoever runs them decides what counts as sent.
_SHARED: Final = {"mailbox": "mailbox", "merkle_tree_hook": "merkleTreeHook"}


def require_ours(joining: Joining, name: str, address: str, *, ours: str, also: Iterable[str] = ()) -> None:
    """`address` must be where ours is made, one of `also`, or vouched for. Raises NotOurs."""
    if address == ours or address in also or is_vouched(joining, address):
        return
    raise NotOurs(
        f"{name} is named at {address}, ours would be {ours}",
        contract=name,
        address=address,
        ours=ours,
        chain=joining.asked.name,
        entry=_entry(joining, address),
    )


def require_named(joining: Joining, name: str, *, ours: str, also: Iterable[str] = ()) -> None:
    """The same of a contract that the manifest that was handed in names; one that it leaves out is made by us."""
    named = joining.asked.contracts.get(name)
    if named is not None:
        require_ours(joining, f"contracts.{name}", named.address, ours=ours, also=also)


def require_known(joining: Joining) -> None:
    """A mailbox of somebody else and its tree must be those of the known chain, or vouched for. Raises NotKnown."""
    rows = list(
        KnownChain.objects.filter(chain_id=joining.asked.chain_id).values_list("contracts", flat=True)
    )
    for name, known_as in _SHARED.items():
        address = joining.asked.address(name)
        known = {str(contracts.get(known_as, "")).lower() for contracts in rows}
        if address.lower() in known or address in before(joining, name) or is_vouched(joining, address):
            continue
        raise NotKnown(
            f"{name} {address} is not the known one",
            contract=f"contracts.{name}",
            address=address,
            chain=joining.asked.name,
            entry=_entry(joining, address),
        )


def is_vouched(joining: Joining, address: str) -> bool:
    """Whether the operator says of this contract, outside of any manifest, that it may be used."""
    return _entry(joining, address).lower() in {each.strip().lower() for each in settings.TRUSTED_CONTRACTS}


def before(joining: Joining, name: str) -> list[str]:
    """Where the chain has it while it is connected, or had it before it left: a manifest of ours comes back."""
    manifest = registry.once_connected(joining.asked.chain_id)
    return [manifest.contracts[name].address] if manifest is not None and name in manifest.contracts else []


def _entry(joining: Joining, address: str) -> str:
    """How the operator vouches for a contract."""
    return f"{joining.asked.chain_id}:{address}"
