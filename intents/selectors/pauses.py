"""Why a chain takes no new transfers, in words."""

from typing import Any

from django.utils.translation import gettext as _


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


def _named(names: tuple[str, ...], values: list[str]) -> dict[str, Any]:
    return dict(zip(names, values, strict=False))
