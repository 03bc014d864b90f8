"""What every socket of the console shares: staff alone listen, and only as long as they may."""

import asyncio
import contextlib
from typing import Any, ClassVar

from channels.auth import get_user
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser

from intents.selectors.access import Viewer
from intents.services.staff.roles import is_let_in

from .frames import DENIED, LiveConsumer


class StaffConsumer(LiveConsumer):
    """Looks again by itself every `look_again_seconds`, asks each time whether it may, and closes once it may not."""

    permission: ClassVar[str]
    look_again_seconds: ClassVar[float]
    looking: asyncio.Task[None] | None = None

    async def viewer(self) -> Viewer:
        """The member of staff behind the session's cookie."""
        session = self.scope.get("session")
        self.user: Any = await get_user(self.scope) if session is not None else AnonymousUser()
        return await super().viewer()

    @database_sync_to_async
    def may_listen(self) -> bool:
        return self.is_let_in() and self.is_there()

    async def connect(self) -> None:
        """Listen, and look again by oneself now and then."""
        await super().connect()
        if self.is_listening:
            self.looking = asyncio.create_task(self._look_again())

    async def disconnect(self, code: int) -> None:
        """Stop looking."""
        if self.looking is not None and self.looking is not asyncio.current_task():
            self.looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.looking
        await super().disconnect(code)

    async def first_frame(self) -> str | None:
        return await self.read(is_first=True)

    def is_there(self) -> bool:
        """Whether what is listened to exists."""
        raise TypeError("a consumer knows what it shows")

    def news(self, *, is_first: bool) -> str:
        """What changed since the last frame, "" for nothing; reads the database."""
        raise TypeError("a consumer has news")

    @database_sync_to_async
    def read(self, *, is_first: bool) -> str | None:
        """The news for who may still listen, else None."""
        return self.news(is_first=is_first) if self.is_let_in() else None

    def is_let_in(self) -> bool:
        """Whether the session is still one of staff who hold the permission."""
        session = self.scope.get("session")
        if session is None or not self.user.pk or not session.exists(session.session_key):
            return False
        self.user = get_user_model().objects.filter(pk=self.user.pk).first() or AnonymousUser()
        return is_let_in(self.user, self.permission, session)

    async def tell(self) -> None:
        """Send the news, or close."""
        text = await self.read(is_first=False)
        if text is None:
            return await self.close(code=DENIED)
        if text:
            await self.send(text_data=text)
        return None

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(self.look_again_seconds)
            await self.tell()
