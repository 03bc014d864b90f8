"""Joins as rows: one run at a time is at each, its steps are written as they happen, pages are told.

The row remembers how it went; what is done is read from the chains.
"""

import secrets
import threading
import time
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from intents import publish
from intents.chains import registry
from intents.chains.accounts import OWNER, account, has_key
from intents.chains.manifest import ChainManifest, from_json, to_json
from intents.chains.manifest_reader import ManifestError
from intents.errors import WaymeetError
from intents.models import Chain, Join

from .errors import HeldByAnother, KeyMissing
from .routes import require_one_file
from .runner import STEP_NAMES, carry_out, prepare
from .work import Deed, Joining, Note

log = structlog.get_logger(__name__)

State = Join.State
LEASE_SECONDS: Final = 10.0
RENEW_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 10.0
GOING_ON: Final = (State.ASKED, State.RUNNING)
OPEN: Final = (*GOING_ON, State.FAILED)

WAITING: Final = "waiting"
UNDER_WAY: Final = "under_way"
DONE: Final = "done"
FAILED: Final = "failed"


class OutOfTime(WaymeetError):
    """The time for this run is over; the next one carries on."""

    code = "join_goes_on"
    retry = True


class Broken(WaymeetError):
    """A run ended by a fault of ours."""

    code = "join_broken"


def check_free(asked: ChainManifest) -> None:
    """Hold the slug against chains that left and those on their way in. Raises ManifestError.

    Connected chains are `check_asked`'s affair.
    """
    gone = Chain.objects.filter(slug=asked.slug).exclude(chain_id=asked.chain_id).first()
    if gone is not None:
        raise ManifestError("slug", f"{asked.slug} was chain {gone.chain_id} before: choose another")
    other = Join.objects.filter(slug=asked.slug, state__in=GOING_ON).exclude(chain_id=asked.chain_id).first()
    if other is not None:
        raise ManifestError("slug", f"{asked.slug} is chain {other.chain_id} on its way in: choose another")


def open_join(asked: ChainManifest, *, asked_by: Any = None) -> Join:
    """The row of this chain's way in: the open one with the newest manifest, or a new one. Raises ManifestError."""
    check_free(asked)
    values = {"slug": asked.slug, "name": asked.name, "asked": to_json(asked)}
    while True:
        row = Join.objects.filter(chain_id=asked.chain_id, state__in=OPEN).first()
        if row is not None:
            Join.objects.filter(pk=row.pk).update(**values)
            row.refresh_from_db()
            return row
        try:
            with transaction.atomic():
                fresh = Join.objects.create(
                    chain_id=asked.chain_id, steps=_fresh_steps(), asked_by=asked_by, **values
                )
        except IntegrityError:
            continue
        publish.joins_changed()
        return fresh


def run_join(
    row: Join,
    *,
    hears: "Hearer | None" = None,
    seconds: float = float("inf"),
    keeps_trying: bool = False,
) -> Join:
    """Carry a join on, to its end or for so long. Raises HeldByAnother, and what made a step fail.

    OutOfTime is raised when the time is over; the row then goes on being RUNNING. So it does with `keeps_trying`
    after what may go away by itself, and rests a little first.
    """
    rest = 0.0
    holder = _take(row)
    told = Teller(row, holder, until=time.monotonic() + seconds, hears=hears or Hearer())
    hold = Hold(row, holder)
    hold.start()
    try:
        _run(row, told)
    except OutOfTime:
        raise
    except WaymeetError as error:
        goes_on = keeps_trying and error.retry
        rest = time.time() + RETRY_SECONDS if goes_on else 0.0
        told.failed(error, state=State.RUNNING if goes_on else State.FAILED)
        raise
    except Exception as error:
        if told.is_over:
            # Its task was stopped while nodes were slow: the next one carries on.
            raise
        # Ours to mend; the row must not look as if somebody were still at it.
        told.failed(Broken(type(error).__name__, what=str(error)[:200]))
        raise
    finally:
        hold.let_go()
        Join.objects.filter(pk=row.pk, holder=holder).update(holder="", held_until=rest)
    row.refresh_from_db()
    return row


def waiting_joins() -> list[int]:
    """Joins for a worker: asked for in the console, not failed, nobody at them, and the owner's key is here."""
    if not has_key(OWNER):
        return []
    rows = Join.objects.filter(
        Q(state=State.ASKED) | Q(state=State.RUNNING), asked_by__isnull=False, held_until__lt=time.time()
    )
    return list(rows.order_by("id").values_list("pk", flat=True))


class Hearer:
    """Hears how a run goes; a terminal prints it."""

    def began(self, step: str) -> None:
        """A step begins."""

    def doing(self, step: str, deeds: tuple[Deed, ...]) -> None:
        """These transactions are sent now, or would be."""

    def ended(self, step: str, deeds: tuple[Deed, ...], notes: tuple[Note, ...]) -> None:
        """Nothing of the step is missing any more."""


class Hold(threading.Thread):
    """Keeps a row held for as long as its run lives, however long a look at slow nodes takes.

    Else the sweep would have another worker take it meanwhile, and that one's from it in turn.
    """

    def __init__(self, row: Join, holder: str) -> None:
        super().__init__(name=f"join-{row.slug}", daemon=True)
        self._held = Join.objects.filter(pk=row.pk, holder=holder)
        self._is_over = threading.Event()

    def run(self) -> None:
        """Renew until let go."""
        while not self._is_over.wait(RENEW_SECONDS):
            try:
                self._held.update(held_until=time.time() + LEASE_SECONDS)
            except DatabaseError as error:
                log.warning("join.not_renewed", error=str(error))
        connection.close()

    def let_go(self) -> None:
        """End it."""
        self._is_over.set()
        self.join()


class Teller:
    """Writes a run's steps into its row, and ends it when its time is over or the row is another's."""

    def __init__(self, row: Join, holder: str, *, until: float, hears: Hearer) -> None:
        self._row = row
        self._holder = holder
        self._until = until
        self._renewed_at = time.monotonic()
        self._hears = hears
        self._step = ""

    @property
    def is_over(self) -> bool:
        """Whether the time of this run has passed."""
        return time.monotonic() > self._until

    def began(self, step: str, joining: Joining) -> None:
        self._step = step
        self.beat()
        self._write(step, UNDER_WAY)
        self._hears.began(step)

    def doing(self, step: str, deeds: tuple[Deed, ...]) -> None:
        self.beat()
        self._write(step, UNDER_WAY, code="join_sending", params={"count": len(deeds)})
        self._hears.doing(step, deeds)

    def ended(self, step: str, joining: Joining, deeds: tuple[Deed, ...], notes: tuple[Note, ...]) -> None:
        told = [{"code": note.code, "params": note.params} for note in notes]
        self._write(
            step, DONE, params={"sent": len(deeds), "notes": told}, manifest=to_json(joining.manifest)
        )
        self._hears.ended(step, deeds, notes)

    def failed(self, error: WaymeetError, *, state: State = State.FAILED) -> None:
        """The run ends here with what stands in the way."""
        params = {name: str(value) for name, value in error.params.items()}
        self._write(params.get("step", self._step), FAILED, code=error.code, params=params, state=state)

    def beat(self) -> None:
        """See that the row is still ours. Raises OutOfTime, HeldByAnother."""
        now = time.monotonic()
        if self.is_over:
            raise OutOfTime(self._row.slug)
        if now - self._renewed_at < RENEW_SECONDS:
            return
        self._renewed_at = now
        if not Join.objects.filter(pk=self._row.pk, holder=self._holder).exists():
            raise HeldByAnother(self._row.slug, chain=self._row.name)

    def _write(
        self, step: str, mark: str, *, code: str = "", params: dict[str, Any] | None = None, **fields: Any
    ) -> None:
        row = Join.objects.get(pk=self._row.pk)
        entry = {"name": step, "state": mark, "code": code, "params": params or {}, "at": time.time()}
        if not step:
            fields["steps"] = [{**row.steps[0], **entry, "name": STEP_NAMES[0]}, *row.steps[1:]]
        else:
            fields["steps"] = [entry if each["name"] == step else each for each in row.steps]
        Join.objects.filter(pk=row.pk, holder=self._holder).update(**fields)
        publish.joins_changed()


def _run(row: Join, told: Teller) -> None:
    if not has_key(OWNER):
        raise KeyMissing("set WAYMEET_OWNER_KEY")
    row.refresh_from_db()
    Join.objects.filter(pk=row.pk).update(state=State.RUNNING, steps=_fresh_steps(), ended_at=None)
    registry.forget()
    asked = from_json(row.asked)
    require_one_file(asked, Path(settings.NETWORK_DIR))
    joining = prepare(asked, peers=registry.all_chains(), signer=account(OWNER), report=told)
    carry_out(joining, told)
    Join.objects.filter(pk=row.pk).update(state=State.DONE, ended_at=timezone.now())
    publish.joins_changed()


def _take(row: Join) -> str:
    holder = secrets.token_hex(8)
    now = time.time()
    free = Join.objects.filter(pk=row.pk, held_until__lt=now)
    if not free.update(holder=holder, held_until=now + LEASE_SECONDS):
        raise HeldByAnother(f"somebody is at {row.slug} already", chain=row.name)
    return holder


def _fresh_steps() -> list[dict[str, Any]]:
    return [{"name": name, "state": WAITING, "code": "", "params": {}, "at": 0} for name in STEP_NAMES]
