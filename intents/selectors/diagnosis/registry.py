"""All causes there are."""

from typing import Final

from . import chains, engine, opening, proving, sending, supply
from .finding import Cause

CAUSES: Final[tuple[Cause, ...]] = tuple(
    sorted(
        (*chains.CAUSES, *engine.CAUSES, *opening.CAUSES, *proving.CAUSES, *sending.CAUSES, *supply.CAUSES),
        key=lambda cause: -cause.weight,
    )
)
BY_CODE: Final[dict[str, Cause]] = {cause.code: cause for cause in CAUSES}
