"""`/ws/quotes/<id>/`: a quote's card, filled as routes are found."""

import asyncio
from typing import Any

from channels.db import database_sync_to_async
from django.template.loader import render_to_string
from django.utils import translation

from intents.publish import quote_group
from intents.selectors.access import quote_for
from intents.selectors.card import LATE_SECONDS, card

from .frames import LiveConsumer


class QuoteConsumer(LiveConsumer):
    """Frames are whole cards, so a repeated or late one does no harm."""

    lateness: asyncio.Task[None] | None = None

    def group_name(self) -> str:
        return quote_group(self.scope["url_route"]["kwargs"]["quote_id"])

    @database_sync_to_async
    def may_listen(self) -> bool:
        return quote_for(self.scope["url_route"]["kwargs"]["quote_id"], self.seen_by) is not None

    async def first_frame(self) -> str | None:
        self.last = await self._read()
        return self.last

    async def connect(self) -> None:
        """Listen, and say once that it takes long when it does."""
        await super().connect()
        if self.is_listening:
            self.lateness = asyncio.create_task(self._say_when_late())

    async def disconnect(self, code: int) -> None:
        """Stop waiting."""
        if self.lateness is not None:
            self.lateness.cancel()
        await super().disconnect(code)

    async def _say_when_late(self) -> None:
        await asyncio.sleep(LATE_SECONDS)
        await self.quote_changed({})

    async def quote_changed(self, message: dict[str, Any]) -> None:
        """The quote was written: send its card when it differs from what was sent."""
        text = await self._read()
        if text is not None and text != self.last:
            self.last = text
            await self.send(text_data=text)

    @database_sync_to_async
    def _read(self) -> str | None:
        quote = quote_for(self.scope["url_route"]["kwargs"]["quote_id"], self.seen_by)
        if quote is None:
            return None
        with translation.override(self.language):
            view = card(quote)
            if self.is_json:
                return self.frame(view.to_json())
            return render_to_string("parts/card.html", {"card": view, "is_oob": True})
