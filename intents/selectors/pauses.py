"""Why a chain, a token or a route takes no new transfers, in words."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from intents.chains import registry
from intents.engine.brakes import refusal_of
from intents.models import Departure, Pause

from .passport_words import are_known, codes_words

BRAKED: Final = frozenset({"chain_leaving", "chain_paused", "route_paused", "token_paused"})


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
    if code == "stalled" and len(numbers) == 1:
        return _("There is no new block since block %(block)s. New transfers go on with the next.") % _named(
            ("block",), numbers
        )
    found = numbers[0].split(",") if len(numbers) == 1 else []
    if code == "passport" and are_known(found):
        return _("We looked the chain over and found: %(found)s.") % {"found": codes_words(found)}
    if code == "token" and are_known(found):
        return codes_words(found)
    return reason


def braked_words() -> dict[int, list[str]]:
    """What is paused beside whole chains, by chain: tokens there, routes that begin there, and ways out of here."""
    found: dict[int, list[str]] = defaultdict(list)
    for leaving in Departure.objects.filter(ended_at=None):
        found[leaving.chain_id].append(departure_words(leaving))
    for pause in Pause.objects.filter(ended_at=None).order_by("created_at"):
        brake = refusal_of(pause)
        found[pause.origin_id].append(brake_words(brake.code, brake.params))
    return found


def brake_words(code: str, params: Mapping[str, Any]) -> str:
    """What a brake (one of BRAKED) keeps from beginning, and why, where nobody is about to begin it."""
    said = {**params, "reason": paused_words(str(params.get("reason", "")))}
    chain = str(said.get("chain", ""))
    if chain.isdigit():
        manifest = registry.once_connected(int(chain))
        said["chain"] = manifest.name if manifest else f"#{chain}"
    match code:
        case "route_paused":
            return _("Transfers from %(origin)s to %(destination)s are paused: %(reason)s") % said
        case "token_paused":
            return _("%(token)s on %(chain)s is paused: %(reason)s") % said
        case "chain_leaving":
            return _("%(chain)s takes no new transfers: %(reason)s") % said
    return _("%(chain)s is paused: %(reason)s") % said


def departure_words(leaving: Departure) -> str:
    """Where a chain stands on its way out, and why."""
    said = {"reason": leaving.reason}
    if leaving.kind == Departure.Kind.GONE:
        return _gone_words(leaving, said)
    if leaving.left_at is not None:
        return _("It left the network: %(reason)s") % said
    if leaving.kind == Departure.Kind.LEAVE:
        return _("It is leaving. Nothing new begins; what is on its way ends first: %(reason)s") % said
    if leaving.drained_at is not None:
        return _("Nothing new begins here, and nothing is on its way: %(reason)s") % said
    return _("Nothing new begins here; what is on its way ends: %(reason)s") % said


def _gone_words(leaving: Departure, said: dict[str, Any]) -> str:
    if leaving.left_at is not None:
        return (
            _(
                "None of its nodes answered any more, so it was taken off the network. What lies in contracts there "
                "stays there; should it come back, it goes on: %(reason)s"
            )
            % said
        )
    return (
        _(
            "None of its nodes answers any more. Nothing new begins; what can be returned on other chains is being "
            "returned: %(reason)s"
        )
        % said
    )


def _named(names: tuple[str, ...], values: list[str]) -> dict[str, Any]:
    return dict(zip(names, values, strict=False))
