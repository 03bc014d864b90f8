"""Hyperlane on the new chain: the registry's where the manifest names a mailbox, else deployed by us.

A mailbox and its first settings come in one transaction, so that nobody can make it theirs in between.
"""

from dataclasses import replace
from typing import Final

from intents.chains.calls import Call, encode_call
from intents.chains.manifest import ChainManifest
from intents.contracts import creations
from intents.contracts.creations import Core, Creation
from intents.contracts.loader import load

from . import shared
from .asked import validators_of
from .errors import ContractMissing, NotAsDescribed, TakenByAnother
from .named import require_known, require_named
from .work import Deed, Joining, Look, Note, create, together, with_contracts

NAME: Final = "messaging"
OWN: Final = "own"
SHARED: Final = "shared"
_DEPLOY_ISM: Final = "deploy(address[],uint8)"
_INITIALISE: Final = "initialize(address,address,address,address)"
_INITIALISE_GAS: Final = 400_000


def look(joining: Joining) -> Look:
    """What is missing of mailbox, hooks, security module and our oracle.

    Raises TakenByAnother, ContractMissing, NotAsDescribed, NotOurs, NotKnown.
    """
    signing = validators_of(joining.asked, joining.peers)
    manifest = replace(
        joining.manifest, validators=signing.validators, validator_threshold=signing.validator_threshold
    )
    core = creations.core(manifest.domain)
    named = joining.asked.contracts.get("mailbox")
    if named is None or named.address == core.mailbox.address:
        return _with_oracle(joining, _own(joining, manifest, core))
    return _with_oracle(joining, _shared(joining, manifest))


def _own(joining: Joining, manifest: ChainManifest, core: Core) -> Look:
    module = _module(manifest, core.multisig_ism_factory.address)
    for each in core.listed:
        require_named(joining, each.name, ours=each.address)
    require_named(joining, "multisig_ism", ours=module)
    found = {each.name: each.address for each in core.listed} | {"multisig_ism": module}
    manifest = replace(with_contracts(manifest, found), messaging=OWN)
    there = joining.has_code([*found.values(), core.implementation.address])
    wanted = [
        (f"create {each.name}", create(each))
        for each in (core.proxy_admin, core.implementation, core.multisig_ism_factory)
        if not there[each.address]
    ]
    if not there[module]:
        wanted.append(("create multisig_ism", _create_module(manifest)))
    wanted += _mailbox(joining, manifest, core, there)
    if not there[core.validator_announce.address]:
        wanted.append(("create validator_announce", create(core.validator_announce)))
    return Look(
        manifest, joining.priced(wanted), (Note("join_own_core", {"signers": len(manifest.validators)}),)
    )


def _mailbox(
    joining: Joining, manifest: ChainManifest, core: Core, there: dict[str, bool]
) -> list[tuple[str, Call]]:
    parts = (core.mailbox, core.merkle_tree_hook, core.required_hook)
    settings = (
        joining.owner,
        manifest.address("multisig_ism"),
        core.merkle_tree_hook.address,
        core.required_hook.address,
    )
    first = Call(core.mailbox.address, encode_call(_INITIALISE, settings), gas_limit=_INITIALISE_GAS)
    missing = [create(each) for each in parts if not there[each.address]]
    if not there[core.mailbox.address]:
        return [("create mailbox and set it up", together(manifest.address("multicall3"), [*missing, first]))]
    owner, *hooks = joining.views(
        [
            (core.mailbox.address, "owner()", (), "address"),
            (core.mailbox.address, "defaultHook()", (), "address"),
            (core.mailbox.address, "requiredHook()", (), "address"),
        ]
    )
    if owner is None or not int(owner, 16):
        return [("set mailbox up", together(manifest.address("multicall3"), [*missing, first]))]
    # Whoever set it up in our name may still have every message pay a hook of theirs.
    if owner != joining.owner or hooks != [core.merkle_tree_hook.address, core.required_hook.address]:
        raise TakenByAnother(
            f"mailbox {core.mailbox.address} belongs to {owner}",
            contract="mailbox",
            address=core.mailbox.address,
            owner=owner,
            chain=manifest.name,
        )
    return [("create hooks", call) for call in missing]


def _shared(joining: Joining, manifest: ChainManifest) -> Look:
    """A mailbox that is there already; only the security module of the named validators is ours."""
    require_known(joining)
    for name in ("mailbox", "merkle_tree_hook", "validator_announce"):
        address = manifest.address(name)
        if not joining.has_code([address])[address]:
            raise ContractMissing(
                f"{name} is not at {address}",
                contract=f"contracts.{name}",
                address=address,
                chain=manifest.name,
            )
    found_wrong = list(shared.problems(joining, manifest))
    if found_wrong:
        raise NotAsDescribed(manifest.name, found_wrong)
    factory = Creation("multisig_ism_factory", creations.artifact_code("StaticMessageIdMultisigIsmFactory"))
    module = _module(manifest, factory.address)
    require_named(joining, factory.name, ours=factory.address)
    require_named(joining, "multisig_ism", ours=module)
    found = {factory.name: factory.address, "multisig_ism": module}
    manifest = replace(with_contracts(manifest, found), messaging=SHARED)
    there = joining.has_code(list(found.values()))
    wanted = [] if there[factory.address] else [(f"create {factory.name}", create(factory))]
    if not there[module]:
        wanted.append(("create multisig_ism", _create_module(manifest)))
    fee = shared.message_fee(joining, manifest)
    notes = [Note("join_shared_core")]
    if fee:
        said = {"fee": f"{fee / 10**manifest.native.decimals:.6g}", "coin": manifest.native.symbol}
        notes.append(Note("join_message_fee", said))
    return Look(manifest, joining.priced(wanted), tuple(notes))


def _with_oracle(joining: Joining, found: Look) -> Look:
    manifest = found.manifest
    oracle = creations.oracle(
        mailbox=manifest.address("mailbox"), security_module=manifest.address("multisig_ism")
    )
    require_named(joining, oracle.name, ours=oracle.address)
    manifest = with_contracts(manifest, {oracle.name: oracle.address})
    address = manifest.address(oracle.name)
    code = joining.codes([address])[address]
    deeds: tuple[Deed, ...] = ()
    if not code:
        deeds = joining.priced([(f"create {oracle.name}", create(oracle))])
    elif not _is_over(joining, manifest, code, is_made_by_us=address == oracle.address):
        raise NotAsDescribed(manifest.name, [f"contracts.{oracle.name}: {address} is over others than ours"])
    return Look(manifest, (*found.deeds, *deeds), found.notes)


def _is_over(joining: Joining, manifest: ChainManifest, code: bytes, *, is_made_by_us: bool) -> bool:
    """Whether an oracle that is there has our code, our mailbox and our security module."""
    address = manifest.address("hyperlane_oracle")
    said = joining.views(
        [
            (address, "MAILBOX()", (), "address"),
            (address, "interchainSecurityModule()", (), "address"),
        ]
    )
    # Elsewhere than where ours is made it is of another kind of chain, and vouched for.
    is_ours = not is_made_by_us or code.startswith(load("hyperlane_oracle").runtime)
    return is_ours and said == [manifest.address("mailbox"), manifest.address("multisig_ism")]


def _module(manifest: ChainManifest, factory: str) -> str:
    return creations.security_module(factory, _signers(manifest), manifest.validator_threshold)


def _create_module(manifest: ChainManifest) -> Call:
    arguments = (creations.in_order(_signers(manifest)), manifest.validator_threshold)
    return Call(
        manifest.address("multisig_ism_factory"), encode_call(_DEPLOY_ISM, arguments), gas_limit=500_000
    )


def _signers(manifest: ChainManifest) -> list[str]:
    return [validator.address for validator in manifest.validators]
