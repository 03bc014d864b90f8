"""A chain on its way in, as rows: nobody's chain stands behind it."""

from typing import Any

from intents.joining.runner import STEP_NAMES
from intents.models import Join


def steps(*, done: int, then: str = "under_way", code: str = "", **params: Any) -> list[dict[str, Any]]:
    """So many steps are done, and the next is what it is."""

    def entry(place: int, name: str) -> dict[str, Any]:
        mark = "done" if place < done else then if place == done else "waiting"
        told = {"code": code, "params": params} if place == done else {"code": "", "params": {"notes": []}}
        return {"name": name, "state": mark, "at": 1_800_000_000.0, **told}

    return [entry(place, name) for place, name in enumerate(STEP_NAMES)]


def dogwood(**fields: Any) -> Join:
    values: dict[str, Any] = {
        "asked": {"is_local": True},
        "state": Join.State.RUNNING,
        "steps": steps(done=4, code="join_sending", count=3),
    } | fields
    return Join.objects.create(chain_id=904, slug="dogwood", name="Dogwood", **values)
