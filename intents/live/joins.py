"""`/ws/joins/`: chains on their way in, sent again whenever one came further."""

from typing import Any

from channels.db import database_sync_to_async
from django.template.loader import render_to_string
from django.utils import translation

from intents.publish import JOINS_GROUP
from intents.selectors.joins import joins_view

from .frames import LiveConsumer


class JoinsConsumer(LiveConsumer):
    """Public. Frames are the whole list, so a repeated or late one does no harm."""

    def group_name(self) -> str:
        return JOINS_GROUP

    async def may_listen(self) -> bool:
        return True

    async def first_frame(self) -> str | None:
        self.last = await self._read()
        return self.last

    async def joins_changed(self, message: dict[str, Any]) -> None:
        """Something was written: send the list when it differs from what was sent."""
        text = await self._read()
        if text != self.last:
            self.last = text
            await self.send(text_data=text)

    @database_sync_to_async
    def _read(self) -> str:
        with translation.override(self.language):
            return render_to_string("parts/joins.html", {"joins": joins_view(), "is_oob": True})
