"""Waymeet's own contracts, at the addresses that they have on every connected chain."""

from typing import Any, Final

from intents.chains import accounts
from intents.chains.manifest import ChainManifest
from intents.contracts.creations import Creation, ours
from intents.contracts.loader import load

from .errors import AddressesDiffer, ContractMissing, NotAsDescribed, TakenByAnother
from .named import before, require_named
from .work import Joining, Look, create, with_contracts

# (contract, view, arguments, result type, what it must say)
Claim = tuple[str, str, tuple[Any, ...], str, Any]

NAME: Final = "contracts"
# Of what each is compiled, where that has another name.
_SOURCES: Final = {"deposit_implementation": "deposit_address"}


def look(joining: Joining) -> Look:
    """What is missing of our contracts.

    Raises AddressesDiffer, ContractMissing, NotOurs, NotAsDescribed, TakenByAnother.
    """
    creations = ours(
        permit2=joining.manifest.address("permit2"),
        owner=joining.owner,
        operators=[accounts.address(accounts.OPERATOR), accounts.address(accounts.RELAYER)],
    )
    named = joining.asked.contracts
    for creation in creations:
        if creation.name not in named:
            _require_same(joining, creation.name, creation.address)
        # Made with the first keys and handed on since, it is where it is elsewhere, or was here.
        others = [*_elsewhere(joining, creation.name), *before(joining, creation.name)]
        require_named(joining, creation.name, ours=creation.address, also=others)
    manifest = with_contracts(joining.manifest, {each.name: each.address for each in creations})
    codes = joining.codes([manifest.address(each.name) for each in creations])
    missing = [each for each in creations if not codes[manifest.address(each.name)]]
    for creation in missing:
        if creation.name in named:
            raise ContractMissing(
                f"contracts.{creation.name} has no code",
                contract=f"contracts.{creation.name}",
                address=named[creation.name].address,
                chain=manifest.name,
            )
    found_wrong = [
        f"contracts.{each.name}: has other code than ours at {each.address}"
        for each in creations
        if codes.get(each.address) and not codes[each.address].startswith(_runtime(each))
    ]
    found_wrong += _contradicted(joining, manifest, {each.name for each in missing})
    if found_wrong:
        raise NotAsDescribed(manifest.name, found_wrong)
    return Look(manifest, joining.priced([(f"create {each.name}", create(each)) for each in missing]))


def claims(manifest: ChainManifest, owner: str) -> list[Claim]:
    """What settlers and solver account must say of themselves."""
    account = "solver_account"
    operators = (accounts.address(role) for role in (accounts.OPERATOR, accounts.RELAYER))
    settlers = (manifest.address(name) for name in ("input_settler", "output_settler"))
    return [
        ("input_settler", "PERMIT2()", (), "address", manifest.address("permit2")),
        (
            "input_settler",
            "DEPOSIT_IMPLEMENTATION()",
            (),
            "address",
            manifest.address("deposit_implementation"),
        ),
        ("call_executor", "OUTPUT_SETTLER()", (), "address", manifest.address("output_settler")),
        (account, "owner()", (), "address", owner),
        *((account, "isOperator(address)", (each,), "bool", True) for each in operators),
        *((account, "isSettler(address)", (each,), "bool", True) for each in settlers),
    ]


def _contradicted(joining: Joining, manifest: ChainManifest, missing: set[str]) -> list[str]:
    asked = [claim for claim in claims(manifest, joining.owner) if claim[0] not in missing]
    if not asked:
        return []
    found = joining.views(
        [(manifest.address(name), view, given, kind) for name, view, given, kind, _ in asked]
    )
    wrong = []
    for (name, view, given, _, expected), value in zip(asked, found, strict=True):
        if value == expected:
            continue
        if view == "owner()":
            raise TakenByAnother(
                f"{name} belongs to {value}",
                contract=f"contracts.{name}",
                address=manifest.address(name),
                owner=value,
                chain=manifest.name,
            )
        shown = view.replace("address", str(given[0])) if given else view
        wrong.append(f"contracts.{name}: {shown} is {value}, not {expected}")
    return wrong


def _runtime(creation: Creation) -> bytes:
    """Its code as far as its arguments do not stand in it."""
    return load(_SOURCES.get(creation.name, creation.name)).runtime


def _elsewhere(joining: Joining, name: str) -> list[str]:
    """Where it is on connected chains whose addresses are made in the same way."""
    is_zksync = joining.asked.stack == "zksync"
    return [
        peer.contracts[name].address
        for peer in joining.peers.values()
        if name in peer.contracts and (peer.stack == "zksync") == is_zksync
    ]


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
