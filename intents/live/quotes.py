"""`/ws/quotes/<id>/`: a quote's card, filled as routes are found."""

from typing import Any, ClassVar

from channels.db import database_sync_to_async
from django.template.loader import render_to_string
from django.utils import translation

from intents.publish import quote_group
from intents.selectors.access import quote_for
from intents.selectors.card import LATE_SECONDS, card

from .frames import LiveConsumer


class QuoteConsumer(LiveConsumer):
    """Frames are whole cards, so a repeated or late one does no harm."""

    # It is said when it takes long; and a hint may be lost.
    look_again_seconds: ClassVar[float] = LATE_SECONDS
    last: str = ""
    is_waiting: bool = True

    def group_name(self) -> str:
        return quote_group(self.scope["url_route"]["kwargs"]["quote_id"])

    @database_sync_to_async
    def may_listen(self) -> bool:
        return quote_for(self.scope["url_route"]["kwargs"]["quote_id"], self.seen_by) is not None

    def is_over(self) -> bool:
        return not self.is_waiting

    async def quote_changed(self, message: dict[str, Any]) -> None:
        """The quote was written: send its card when it differs from what was sent."""
        await self.tell()

    @database_sync_to_async
    def read(self, *, is_first: bool) -> str | None:
        quote = quote_for(self.scope["url_route"]["kwargs"]["quote_id"], self.seen_by)
        if quote is None:
            return None
        with translation.override(self.language):
            view = card(quote)
            self.is_waiting = view.is_solving
            if self.is_json:
                text = self.frame(view.to_json())
            else:
                text = render_to_string("parts/card.html", {"card": view, "is_oob": True})
        is_known, self.last = text == self.last, text
        return "" if is_known else text
