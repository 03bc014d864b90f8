"""Carries a chain in: step by step, each of which looks at the chains first and sends only what is missing there.

A run that ends in the middle, however it ends, is carried on by the next: whatever was sent is waited for, then the
steps look again from the first one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from eth_account.signers.local import LocalAccount

from intents.chains import accounts
from intents.chains.client import ChainClient
from intents.chains.direct import CallRefused, DirectSender, TooPoor
from intents.chains.manifest import ChainManifest

from . import contracts, inventory, messaging, page, passport, probes, routes, tokens
from .asked import check_asked
from .errors import DeedRefused, NobodyToJoin, NothingChanges, OperatorPoor
from .peers import send_to_peers
from .work import Deed, Joining, Look, Note

# A deed that has no effect after so many looks never will.
MOST_LOOKS: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it finds and wants done, and what follows once nothing is missing any more."""

    name: str
    look: Callable[[Joining], Look]
    finish: Callable[[Joining], None] | None = None


STEPS: Final = (
    Step(probes.NAME, probes.look),
    Step(passport.NAME, passport.look, passport.finish),
    Step(contracts.NAME, contracts.look),
    Step(messaging.NAME, messaging.look),
    Step(tokens.NAME, tokens.look),
    Step(inventory.NAME, inventory.look),
    Step(routes.NAME, routes.look, routes.finish),
    Step(page.NAME, page.look, page.finish),
)
STEP_NAMES: Final = tuple(step.name for step in STEPS)


class Report(Protocol):
    """Who is told how it goes. `beat` is called while anything is waited for; raising there ends the run."""

    def began(self, step: str, joining: Joining) -> None: ...

    def doing(self, step: str, deeds: tuple[Deed, ...]) -> None: ...

    def ended(
        self, step: str, joining: Joining, deeds: tuple[Deed, ...], notes: tuple[Note, ...]
    ) -> None: ...

    def beat(self) -> None: ...


def prepare(
    asked: ChainManifest,
    *,
    peers: Mapping[int, ChainManifest],
    signer: LocalAccount,
    report: Report,
    is_dry: bool = False,
) -> Joining:
    """A run for this manifest. Raises ManifestError, NobodyToJoin, PublicKeyRefused; asks no chain."""
    if not peers:
        raise NobodyToJoin("no chain is connected")
    check_asked(asked, peers=peers)
    if not asked.is_local:
        accounts.refuse_public(accounts.OWNER, signer.address)
    chain = ChainClient(asked)
    sender = DirectSender(chain, signer, beat=report.beat)
    return Joining(
        asked=asked,
        manifest=asked,
        peers=peers,
        signer=signer,
        chain=chain,
        sender=sender,
        beat=report.beat,
        is_dry=is_dry,
    )


def carry_out(joining: Joining, report: Report, *, steps: Sequence[Step] = STEPS) -> None:
    """The steps in order; raises what the first that cannot go on raises.

    A dry run reads, says what it would send and sends nothing; what its steps build on is taken as done.
    """
    for step in steps:
        report.began(step.name, joining)
        deeds, notes = _until_done(joining, step, report)
        if step.finish is not None and not joining.is_dry:
            step.finish(joining)
        report.ended(step.name, joining, deeds, notes)


def _until_done(joining: Joining, step: Step, report: Report) -> tuple[tuple[Deed, ...], tuple[Note, ...]]:
    done: tuple[Deed, ...] = ()
    for _ in range(MOST_LOOKS):
        if not joining.is_dry:
            joining.sender.settle()
        found = step.look(joining)
        joining.manifest = found.manifest
        if not found.deeds:
            return done, found.notes
        report.doing(step.name, found.deeds)
        done += found.deeds
        if joining.is_dry:
            return done, found.notes
        _send(joining, found.deeds)
    raise NothingChanges(
        f"{step.name}: {found.deeds[0].what} has no effect",
        chain=joining.manifest.name,
        what=found.deeds[0].what,
    )


def _send(joining: Joining, deeds: tuple[Deed, ...]) -> None:
    here = [deed for deed in deeds if deed.chain_id == joining.manifest.chain_id]
    elsewhere = [deed for deed in deeds if deed.chain_id != joining.manifest.chain_id]
    try:
        joining.sender.send_all([deed.call for deed in here])
    except CallRefused as error:
        raise DeedRefused(
            f"{here[error.place].what}: {error}",
            chain=joining.manifest.name,
            what=here[error.place].what,
            reason=str(error),
        ) from error
    except TooPoor as error:
        raise OperatorPoor(str(error), chain=joining.manifest.name, **error.params) from error
    send_to_peers(joining, elsewhere)
