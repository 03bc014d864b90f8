"""A file of comma-separated values that is sent while it is read, however long it is."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse


def csv_answer(request: HttpRequest, lines: Iterator[bytes], *, name: str) -> StreamingHttpResponse:
    """Offers `lines` for saving under `name`."""
    # The server of pages sends what comes asynchronously piece by piece, and all else only once it is whole.
    content: Any = _each(lines) if hasattr(request, "scope") else lines
    response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _each(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    step: Any = sync_to_async(next)
    while (line := await step(lines, None)) is not None:
        yield line
