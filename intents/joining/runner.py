"""Carries a chain in: step by step, each of which looks at the chains first and sends only what is missing there.

A run that ends in the middle, however it ends, is carried on by the next: whatever was sent is waited for, then the
steps look again from the first one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from eth_account.signers.local import LocalAccount

from intents.chains import accounts
from intents.chains.client import ChainClient
from intents.chains.direct import CallRefused, DirectSender, TooPoor
from intents.chains.manifest import ChainManifest
from intents.errors import WaymeetError

from . import contracts, inventory, messaging, page, passport, probes, routes, tokens
from .asked import check_asked
from .errors import DeedRefused, NobodyToJoin, NothingChanges, OperatorPoor
from .peers import send_to_peers
from .work import Deed, Joining, Look, Note

# A deed that has no effect after so many looks never will.
MOST_LOOKS: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it finds and wants done, and what follows once nothing is missing any more.

    With `is_sent_with_next` its transactions go out together with the next step's, before them: what they make is
    where it will be before it exists, so a chain with slow blocks is waited for once.
    """

    name: str
    look: Callable[[Joining], Look]
    finish: Callable[[Joining], None] | None = None
    is_sent_with_next: bool = False


STEPS: Final = (
    Step(probes.NAME, probes.look),
    Step(passport.NAME, passport.look, passport.finish),
    Step(contracts.NAME, contracts.look, is_sent_with_next=True),
    Step(messaging.NAME, messaging.look, is_sent_with_next=True),
    Step(tokens.NAME, tokens.look, is_sent_with_next=True),
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
    for wave in _waves(steps):
        for step in wave:
            report.began(step.name, joining)
        done: dict[str, tuple[Deed, ...]] = {step.name: () for step in wave}
        found = _until_done(joining, wave, done, report)
        for step, look in zip(wave, found, strict=True):
            if step.finish is not None and not joining.is_dry:
                with _blaming(step.name):
                    step.finish(joining)
            report.ended(step.name, joining, done[step.name], look.notes)


def _waves(steps: Sequence[Step]) -> Iterator[list[Step]]:
    wave: list[Step] = []
    for step in steps:
        wave.append(step)
        if not step.is_sent_with_next:
            yield wave
            wave = []
    if wave:
        yield wave


def _until_done(
    joining: Joining, wave: list[Step], done: dict[str, tuple[Deed, ...]], report: Report
) -> list[Look]:
    """Look and send until nothing of the wave is missing; what was found last."""
    for _ in range(MOST_LOOKS):
        if not joining.is_dry:
            joining.sender.settle()
        found = [_looked(joining, step) for step in wave]
        wanted = [(step.name, look.deeds) for step, look in zip(wave, found, strict=True) if look.deeds]
        for name, deeds in wanted:
            done[name] += deeds
            report.doing(name, deeds)
        if not wanted or joining.is_dry:
            return found
        _send(joining, [(name, deed) for name, deeds in wanted for deed in deeds])
    name, deeds = wanted[0]
    with _blaming(name):
        what = deeds[0].what
        raise NothingChanges(f"{name}: {what} has no effect", chain=joining.manifest.name, what=what)


def _looked(joining: Joining, step: Step) -> Look:
    with _blaming(step.name):
        found = step.look(joining)
    joining.manifest = found.manifest
    return found


def _send(joining: Joining, wanted: list[tuple[str, Deed]]) -> None:
    here = [(name, deed) for name, deed in wanted if deed.chain_id == joining.manifest.chain_id]
    elsewhere = [deed for _, deed in wanted if deed.chain_id != joining.manifest.chain_id]
    with _blaming(wanted[0][0]):
        try:
            joining.sender.send_all([deed.call for _, deed in here])
        except CallRefused as error:
            name, deed = here[error.place]
            raise DeedRefused(
                f"{deed.what}: {error}",
                chain=joining.manifest.name,
                what=deed.what,
                reason=str(error),
                step=name,
            ) from error
        except TooPoor as error:
            raise OperatorPoor(str(error), chain=joining.manifest.name, **error.params) from error
    with _blaming(wanted[-1][0]):
        send_to_peers(joining, elsewhere)


@contextmanager
def _blaming(step: str) -> Iterator[None]:
    """Errors say in their params which step cannot go on."""
    try:
        yield
    except WaymeetError as error:
        error.params.setdefault("step", step)
        raise
