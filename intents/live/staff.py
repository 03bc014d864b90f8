"""What every socket of the console shares: staff alone listen, and only as long as they may."""

from typing import Any, ClassVar

from channels.auth import get_user
from channels.db import database_sync_to_async
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import AnonymousUser

from intents.selectors.access import Viewer
from intents.services.staff.roles import is_let_in

from .frames import LiveConsumer


class StaffConsumer(LiveConsumer):
    """Asks before each frame whether it may, and closes once it may not."""

    permission: ClassVar[str]

    async def viewer(self) -> Viewer:
        """The member of staff behind the session's cookie."""
        session = self.scope.get("session")
        self.user: Any = await get_user(self.scope) if session is not None else AnonymousUser()
        return await super().viewer()

    @database_sync_to_async
    def may_listen(self) -> bool:
        return self.is_let_in() and self.is_there()

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
        if session is None or not self.user.pk:
            return False
        # The login may have been used, or have ended, by another page since this one was opened.
        fresh = session.__class__(session.session_key).load()
        if str(self.user.pk) != fresh.get(SESSION_KEY):
            return False
        self.user = get_user_model().objects.filter(pk=self.user.pk).first() or AnonymousUser()
        return is_let_in(self.user, self.permission, fresh)
