"""The console's first page: the search box and the saved views."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .gate import staff


@require_safe
@staff("view_transfers")
def home(request: HttpRequest) -> HttpResponse:
    """Where everybody begins."""
    return render(request, "console/home.html")
