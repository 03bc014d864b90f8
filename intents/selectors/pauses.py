"""Why a chain, a token or a route takes no new transfers, in words."""

from collections import defaultdict
from typing import Any

from django.utils.translation import gettext as _

from intents.engine.brakes import refusal_of
from intents.models import Pause


def paused_words(reason: str) -> str:
    """The reason kept with a chain as a sentence; what staff wrote is shown as it is, none is empty."""
    code, *numbers = reason.split(" ")
    if code == "nodes_away" and len(numbers) >= 2:
        return _("Only %(well)s of the %(needed)s nodes we need for certainty answer well.") % _named(
            ("well", "needed"), numbers
        )
    if code == "deep_reorg" and len(numbers) >= 2:
        return _("The chain took back %(blocks)s blocks. New transfers go on at block %(until)s.") % _named(
            ("blocks", "until"), numbers
        )
    if code == "gas_low":
        return _("We are short of the coin that pays for gas on this chain.")
    return reason


def braked_words() -> dict[int, list[str]]:
    """What staff paused beside whole chains, by chain: tokens there, and routes that begin there."""
    found: dict[int, list[str]] = defaultdict(list)
    for pause in Pause.objects.filter(ended_at=None).order_by("created_at"):
        said = refusal_of(pause).params
        if pause.kind == Pause.Kind.ROUTE:
            words = _("Transfers from %(origin)s to %(destination)s are paused: %(reason)s") % said
        else:
            words = _("%(token)s on %(chain)s is paused: %(reason)s") % said
        found[pause.origin_id].append(words)
    return found


def _named(names: tuple[str, ...], values: list[str]) -> dict[str, Any]:
    return dict(zip(names, values, strict=False))
