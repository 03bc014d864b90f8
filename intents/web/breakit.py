"""`POST /break`: break a part of the local system. Exists only where the panel is offered."""

import re
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from intents.selectors.network import connected_chains
from intents.services.breakit import Broken, NotOffered, break_it, is_offered

_ORDER_ID = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Panel:
    """What can be broken, on which chains (slug and name), and what came of the last try."""

    chains: tuple[tuple[str, str], ...]
    chosen: str
    order_id: str
    said: str = ""


@require_POST
@never_cache
def act(request: HttpRequest) -> HttpResponse:
    """Do it and show the panel again, or go back to the transfer without scripts."""
    chain, order_id = request.POST.get("chain", ""), request.POST.get("order", "")
    try:
        broken = break_it(request.POST.get("deed", ""), chain)
    except NotOffered as error:
        raise Http404 from error
    if not request.htmx:  # type: ignore[attr-defined]
        is_order = _ORDER_ID.fullmatch(order_id)
        return redirect("web:timeline", order_id=order_id) if is_order else redirect("web:form")
    shown = panel(chosen=chain, order_id=order_id, broken=broken)
    return render(request, "parts/break_it.html", {"breakable": shown})


def panel(*, chosen: str, order_id: str, broken: Broken | None = None) -> Panel | None:
    """The panel beside a transfer; None wherever it is not offered."""
    if not is_offered():
        return None
    chains = tuple((chain.slug, chain.name) for chain in connected_chains().values())
    said = _words(broken, dict(chains)) if broken is not None else ""
    return Panel(chains=chains, chosen=chosen, order_id=order_id, said=said)


def _words(broken: Broken, names: dict[str, str]) -> str:
    if broken.code == "already_broken":
        return _("That is broken already. It mends by itself in a moment.")
    if broken.code != "done":
        return _("That could not be broken just now.")
    texts = {
        "kill_worker": _("The engine's worker was killed. Watch it start again and go on."),
        "pause_chain": _("%(chain)s makes no blocks for %(seconds)s s."),
        "reorg": _("%(chain)s took back its last three blocks."),
        "drain": _("Our stock on %(chain)s is gone for %(seconds)s s."),
        "slow_node": _("For %(seconds)s s the first node of %(chain)s answers slowly."),
    }
    values = {"chain": names.get(broken.chain, broken.chain), "seconds": round(broken.seconds)}
    return texts[broken.deed] % values
