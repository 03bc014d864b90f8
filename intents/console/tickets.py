"""Questions of people: who waits longest comes first, and one conversation with the transfer beside it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from intents.errors import WaymeetError
from intents.models import Ticket
from intents.selectors.tickets import any_ticket, money_as_read, own_name_of_language, queue, talk_of
from intents.selectors.timeline import timeline
from intents.services import tickets as service
from intents.services.staff.audit import record
from intents.services.staff.roles import ANSWER_TICKETS

from .causes import Panel, panel
from .forms import actor
from .gate import staff


@require_safe
@staff(ANSWER_TICKETS)
def listed(request: HttpRequest) -> HttpResponse:
    """Open questions, or with `?closed=1` those that have ended."""
    is_closed = request.GET.get("closed") == "1"
    context = {"rows": queue(is_closed=is_closed), "is_closed": is_closed}
    return render(request, "console/tickets.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff(ANSWER_TICKETS)
def show(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """The conversation; a POST answers, closes or takes the closing back. Each of it is recorded."""
    ticket = any_ticket(ticket_id)
    if ticket is None:
        raise Http404
    if request.method != "POST":
        record(actor(request), "view", kind="ticket", subject=str(ticket.pk))
        return _page(request, ticket)
    try:
        _act(request, ticket)
    except service.MessageSecret as error:
        # What looks like a secret is not even sent back.
        return _page(request, ticket, said=error.words(), status=error.status)
    except WaymeetError as error:
        draft = request.POST.get("text", "")[: 2 * service.MOST_LETTERS]
        return _page(request, ticket, said=error.words(), draft=draft, status=error.status)
    return redirect(reverse("console:ticket", args=[ticket.pk]) + "#talk-end")


def _act(request: HttpRequest, ticket: Ticket) -> None:
    act = request.POST.get("act", "")
    if act == "answer":
        service.answer(ticket.pk, actor=actor(request), text=request.POST.get("text", ""))
    elif act == "close":
        service.close_by_staff(ticket.pk, actor=actor(request))
    elif act == "reopen":
        service.reopen_by_staff(ticket.pk, actor=actor(request))
    else:
        raise Http404


def _page(
    request: HttpRequest, ticket: Ticket, *, said: str = "", draft: str = "", status: int = 200
) -> HttpResponse:
    ticket.refresh_from_db()
    may_see = actor(request).may("view_addresses")
    diagnosis = panel(ticket.order, may_see=may_see)
    ready = _ready(diagnosis)
    context: dict[str, Any] = {
        "ticket": ticket,
        "order": ticket.order,
        "talk": talk_of(ticket),
        "timeline": timeline(ticket.order),
        "theirs": money_as_read(ticket),
        "person_language": own_name_of_language(ticket),
        "diagnosis": diagnosis,
        "ready": ready,
        "draft": draft or (ready if request.GET.get("ready") == "1" else ""),
        "problem": said,
        "most": service.MOST_LETTERS,
        "may_see": may_see,
    }
    return render(request, "console/ticket.html", context, status=status)


def _ready(diagnosis: Panel) -> str:
    return diagnosis.replies[0].text if diagnosis.replies else ""
