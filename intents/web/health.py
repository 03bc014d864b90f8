"""`/health`: whether the parts this process needs answer."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from intents.selectors.health import health


@require_safe
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """200 when database and redis answer and every chain's head is fresh, else 503; the body says which."""
    parts = health()
    is_well = (
        parts["database"] == "ok"
        and parts["redis"] in ("ok", "memory")
        and bool(parts["chains"])
        and not any(chain["is_stale"] for chain in parts["chains"])
    )
    return JsonResponse({"ok": is_well, **parts}, status=200 if is_well else 503)
