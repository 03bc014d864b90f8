"""`/network`: the connected chains, what lies on them, what went over them and how fast; and a page for each."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from intents.selectors import known
from intents.selectors.chain_page import chain_page, gone_chains
from intents.selectors.connectivity import connectivity_view
from intents.selectors.network import chain_views
from intents.selectors.overview import Activity, ChainActivity, activity, delivered_times, liquidity

from .ready import has_chains, not_started


@gzip_page
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """What one confirmation reaches, the sums, and one card per chain."""
    if not has_chains():
        return not_started(request, missing="chains")
    views, sums = chain_views(), activity()
    context = {
        "chains": [
            {"view": view, "sums": sums.chains.get(view.manifest.chain_id, ChainActivity())} for view in views
        ],
        "connectivity": connectivity_view(),
        "activity": sums,
        "liquidity": liquidity(views),
        "times": delivered_times(),
        "known": known.counts(),
        "volume": _volume(sums),
        "gone": gone_chains(),
    }
    return render(request, "network.html", context)


@require_safe
@never_cache
def chain(request: HttpRequest, slug: str) -> HttpResponse:
    """One chain: what was measured, what goes over it, how deep its routes are, what holds it back, or why it left."""
    found = chain_page(slug)
    gone = None if found else next((each for each in gone_chains() if each.slug == slug), None)
    if found is None and gone is None:
        raise Http404
    return render(request, "chain.html", {"page": found, "gone": gone})


def _volume(sums: Activity) -> dict[str, Any]:
    """What the chart draws; the same numbers stand in the table below it."""
    return {
        "at": [int(bucket.at.timestamp()) for bucket in sums.buckets],
        "usd": [round(bucket.usd, 2) for bucket in sums.buckets],
        "count": [bucket.count for bucket in sums.buckets],
        "language": get_language() or "en",
        "words": {"usd": _("Volume in USD"), "count": _("Transfers"), "at": _("Time")},
    }
