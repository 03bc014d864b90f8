"""Staff have a chain join: alone where everything is local, with a second person where it is not."""

from typing import Any, Final

from intents import wake
from intents.chains import registry
from intents.chains.manifest import ChainManifest, from_json, parse
from intents.chains.manifest_reader import ManifestError
from intents.joining.asked import check_asked
from intents.joining.rows import check_free, open_join
from intents.models import Join, StaffRequest

from .audit import Actor
from .once import Change, Form, once
from .roles import DECIDE_REQUESTS

MOST_TEXT: Final = 60_000


def read(text: str) -> ChainManifest:
    """The manifest that somebody handed in. Raises ManifestError naming the key."""
    if len(text) > MOST_TEXT:
        raise ManifestError("toml", f"has more than {MOST_TEXT} letters")
    asked = parse(text)
    check_asked(asked, peers=registry.all_chains())
    check_free(asked)
    return asked


def takes_two(asked: ChainManifest) -> bool:
    """Whether somebody else has to decide it."""
    return not asked.is_local


def begin(asked: ChainManifest, actor: Actor, form: Form) -> bool:
    """Have a local chain join; False when this form was sent before. Raises ActRefused."""

    def deed() -> Change:
        row = _open(asked, actor.user)
        return Change(before={}, after={"join": row.pk, "chain_id": asked.chain_id})

    return once(actor, "join", form, permission=DECIDE_REQUESTS, kind="chain", subject=asked.slug, deed=deed)


def carry_out(request: StaffRequest) -> dict[str, Any]:
    """What two people agreed on begins; the change for the record."""
    row = _open(from_json(request.params["manifest"]), request.asked_by)
    result = {"join": row.pk}
    StaffRequest.objects.filter(pk=request.pk).update(state=StaffRequest.State.DONE, result=result)
    return {"state": StaffRequest.State.DONE, **result}


def _open(asked: ChainManifest, user: Any) -> Join:
    row = open_join(asked, asked_by=user)
    if row.state == Join.State.FAILED or row.asked_by is None:
        Join.objects.filter(pk=row.pk).update(state=Join.State.ASKED, asked_by=user)
    wake.join(row.pk)
    return row
