"""`GET /api/v1/balances?user=`: what an address holds, one balance per asset over all chains."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from intents.selectors.balances import balances_json
from intents.services.intent import FieldMissing, address_in


def show(request: HttpRequest) -> HttpResponse:
    """At most ten seconds old; a chain that does not answer is null, never zero."""
    user = address_in(request.GET, "user")
    if not user:
        raise FieldMissing("user", field="user")
    return JsonResponse(balances_json(user))
