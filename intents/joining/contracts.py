"""Waymeet's own contracts, at the addresses that they have on every connected chain."""

from typing import Final

from intents.chains import accounts
from intents.contracts.creations import ours

from .errors import AddressesDiffer, ContractMissing
from .work import Joining, Look, create, with_contracts

NAME: Final = "contracts"


def look(joining: Joining) -> Look:
    """What is missing of our contracts. Raises AddressesDiffer, ContractMissing."""
    creations = ours(
        permit2=joining.manifest.address("permit2"),
        owner=joining.owner,
        operators=[accounts.address(accounts.OPERATOR), accounts.address(accounts.RELAYER)],
    )
    named = joining.asked.contracts
    for creation in creations:
        if creation.name not in named:
            _require_same(joining, creation.name, creation.address)
    manifest = with_contracts(joining.manifest, {each.name: each.address for each in creations})
    there = joining.has_code([manifest.address(each.name) for each in creations])
    missing = [each for each in creations if not there[manifest.address(each.name)]]
    for creation in missing:
        if creation.name in named:
            raise ContractMissing(
                f"contracts.{creation.name} has no code",
                contract=f"contracts.{creation.name}",
                address=named[creation.name].address,
                chain=manifest.name,
            )
    return Look(manifest, joining.priced([(f"create {each.name}", create(each)) for each in missing]))


def _require_same(joining: Joining, name: str, address: str) -> None:
    for peer in joining.peers.values():
        if peer.stack != "zksync" and name in peer.contracts and peer.contracts[name].address != address:
            raise AddressesDiffer(
                f"{name} would be {address}, on {peer.slug} it is {peer.contracts[name].address}",
                contract=name,
                here=address,
                there=peer.contracts[name].address,
                peer=peer.name,
            )
