"""What every form of an act has: a reason, what is typed to confirm it, and the key by which it is done once."""

import secrets
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from intents.errors import WaymeetError
from intents.services.staff.audit import Actor
from intents.services.staff.once import Form

TOKEN = "token"


def actor(request: HttpRequest) -> Actor:
    """The staff member whom the gate let in."""
    return request.staff  # type: ignore[attr-defined, no-any-return]


def sent(request: HttpRequest) -> Form:
    """The form as it was sent."""
    post = request.POST
    return Form(reason=post.get("reason", ""), typed=post.get("typed", ""), token=post.get(TOKEN, ""))


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, error: WaymeetError | None = None
) -> HttpResponse:
    """The form's page, fresh or with why it was refused and what was filled in."""
    token = request.POST.get(TOKEN, "") or secrets.token_hex(16)
    values = {"token": token, "filled": request.POST, "said": error.words() if error else "", **context}
    return render(request, template, values, status=error.status if error else 200)


def tell(request: HttpRequest, *, is_repeat: bool = False, is_busy: bool = False) -> None:
    """Say on the next page what became of the act."""
    if is_repeat:
        messages.warning(request, _("This was sent before and is done once."))
    elif is_busy:
        messages.success(
            request, _("The transfer is being worked on at this moment: it is done at the next look.")
        )
    else:
        messages.success(request, _("Done."))
