"""A whole network from nothing: our contracts on every chain of a network file, before any of them is connected.

The steps are those of joining, as far as they need no running system. Warp routes, stock and the follower come once
the chains are connected.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from eth_account.signers.local import LocalAccount

from intents.chains import accounts
from intents.chains.manifest import ChainManifest, Validator, from_json, parse, to_json
from intents.chains.manifest_reader import ManifestError, Reader
from intents.contracts import creations

from . import contracts, messaging, probes, tokens
from .routes import with_code_hashes, write_manifest
from .runner import Report, Step, carry_out, prepare
from .work import Joining, read_views

STEPS: Final = (
    Step(probes.NAME, probes.look),
    Step(contracts.NAME, contracts.look),
    Step(messaging.NAME, messaging.look),
    Step(tokens.NAME, tokens.look),
)
LEAST_CHAINS: Final = 2


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """The chains that are to become one network, in the order in which they are deployed to."""

    name: str
    manifests: tuple[ChainManifest, ...]


def read_network(path: Path) -> NetworkFile:
    """Read a network file and the manifests it names, beside it. Raises ManifestError naming file and key.

    Its `validators` and `validator_threshold` are those of every chain that names none.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(path.name, str(error)) from error
    reader = Reader(values, path.name)
    name, files = reader.slug("name"), reader.texts("chains")
    threshold = reader.integer("validator_threshold", minimum=2)
    signers = tuple(_validator(item) for item in reader.tables("validators"))
    reader.end()
    if len(files) < LEAST_CHAINS:
        raise ManifestError(f"{path.name}: chains", "must name at least two manifests")
    manifests = [_manifest(path.parent / file) for file in files]
    for key in ("chain_id", "slug"):
        if len({getattr(manifest, key) for manifest in manifests}) < len(manifests):
            raise ManifestError(f"{path.name}: chains", f"two of the manifests have the same {key}")
    if threshold > len(signers):
        raise ManifestError(f"{path.name}: validator_threshold", "is above the number of validators")
    return NetworkFile(name, tuple(_signed_by(manifest, signers, threshold) for manifest in manifests))


def deploy(
    network: NetworkFile,
    *,
    signer: LocalAccount,
    report: Report,
    is_dry: bool,
    write_to: Path,
) -> list[Joining]:
    """Do on every chain what is missing there, and write its manifest, as it is then, to a directory.

    Raises ManifestError, PublicKeyRefused, JoinError and
    what reading or sending raises; what was done stays done, and the same call goes on from there.
    """
    _refuse_public_keys(network, signer)
    for asked in network.manifests:
        _refuse_loss(asked, write_to / f"{asked.slug}.toml")
    known = {chain.chain_id: chain for chain in network.manifests}
    done = []
    for asked in network.manifests:
        # Warp routes belong to chains that are connected: their ends are introduced to each other there.
        peers = {
            other: replace(chain, bridges=()) for other, chain in known.items() if other != asked.chain_id
        }
        joining = prepare(asked, peers=peers, signer=signer, report=report, is_dry=is_dry)
        carry_out(joining, report, steps=STEPS)
        if not is_dry:
            joining.manifest = with_code_hashes(joining)
            write_manifest(joining.manifest, write_to)
        known[asked.chain_id] = joining.manifest
        done.append(joining)
    return done


def assertions(joining: Joining) -> Iterator[tuple[str, bool]]:
    """What the deployed contracts must say of themselves: (what, whether they do)."""
    manifest = joining.manifest
    at = manifest.address
    asked = [
        *((at(name), *claim) for name, *claim in contracts.claims(manifest, joining.owner)),
        (at("hyperlane_oracle"), "MAILBOX()", (), "address", at("mailbox")),
        (at("hyperlane_oracle"), "interchainSecurityModule()", (), "address", at("multisig_ism")),
        (at("mailbox"), "localDomain()", (), "uint32", manifest.chain_id),
    ]
    for venue in dict.fromkeys(venue.router for venue in manifest.venues):
        asked.append((at("solver_account"), "isVenue(address)", (venue,), "bool", True))
    found = read_views(joining.chain, [(to, view, given, kind) for to, view, given, kind, _ in asked])
    for (to, view, given, _, expected), value in zip(asked, found, strict=True):
        shown = view.replace("address", str(given[0])) if given else view
        yield f"{_name_of(manifest, to)}.{shown} is {expected}", value == expected
    module = creations.in_order([validator.address for validator in manifest.validators])
    expected_module = creations.security_module(
        at("multisig_ism_factory"), module, manifest.validator_threshold
    )
    what = f"multisig_ism wants {manifest.validator_threshold} of {len(module)} validators"
    yield what, at("multisig_ism") == expected_module


def _refuse_loss(asked: ChainManifest, written: Path) -> None:
    """What joining other chains added to a manifest since must be in the one that would replace it."""
    if not written.is_file():
        return
    known = _manifest(written)
    lost = {end.route for end in known.bridges} - {end.route for end in asked.bridges}
    if lost:
        raise ManifestError(
            f"{asked.slug}: bridges", f"lack {', '.join(sorted(lost))} of {written}: begin with that manifest"
        )


def _refuse_public_keys(network: NetworkFile, signer: LocalAccount) -> None:
    """With nothing connected yet nobody else looks whether these chains are local."""
    if all(manifest.is_local for manifest in network.manifests):
        return
    accounts.refuse_public(accounts.OWNER, signer.address)
    for role in (accounts.OPERATOR, accounts.RELAYER):
        accounts.refuse_public(role, accounts.address(role))


def _manifest(path: Path) -> ChainManifest:
    try:
        return parse(path.read_text("utf-8"))
    except OSError as error:
        raise ManifestError(path.name, str(error.strerror)) from error
    except ManifestError as error:
        raise ManifestError(f"{path.name}: {error.key}", error.params["problem"]) from error


def _signed_by(manifest: ChainManifest, validators: tuple[Validator, ...], threshold: int) -> ChainManifest:
    if not manifest.validators:
        signed = replace(manifest, validators=validators, validator_threshold=threshold)
        return from_json(to_json(signed))
    if (manifest.validators, manifest.validator_threshold) != (validators, threshold):
        raise ManifestError(f"{manifest.slug}: validators", "differ from those of the network file")
    return manifest


def _validator(reader: Reader) -> Validator:
    validator = Validator(address=reader.address("address"), url=reader.url("url", ("https", "http")))
    reader.end()
    return validator


def _name_of(manifest: ChainManifest, address: str) -> str:
    return next(name for name, contract in manifest.contracts.items() if contract.address == address)
