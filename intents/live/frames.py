"""What every consumer shares: who may listen, in which language, in which form."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode
from weakref import WeakSet

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from intents.selectors.access import Viewer, viewer
from intents.services.limits import LOOKUPS, Concurrent, TooManyRequests, refuse_if_spent, spend

log = structlog.get_logger(__name__)

# Application close codes; a browser's script sees them, and the htmx extension does not reconnect on them.
DENIED = 4403
NOT_FOR_LISTENERS = 4400
TOO_MANY = 4429
# A browser's script comes back after this one.
BROKEN = 1011
# A connection can be dead without either side knowing: a page that hears nothing for long makes a new one.
BEAT = "<!-- -->"
BEAT_SECONDS = 25.0


class LiveConsumer(AsyncWebsocketConsumer):
    """Server to client only: a client that sends anything is disconnected.

    Subclasses read the database for every frame; group messages are hints that there is something to read. What
    changes without a hint is looked for every `look_again_seconds`; 0 is never.
    """

    look_again_seconds: ClassVar[float] = 0.0
    tasks: tuple[asyncio.Task[None], ...] = ()
    spoke_at: float = 0.0
    joined: tuple[str, ...] = ()
    has_place: bool = False

    async def __call__(self, scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        """The whole life of a connection, whatever ends it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self.has_place:
                _open.leave(self.address)

    async def connect(self) -> None:
        """Strangers join no group; a listener joins first and reads second, so that nothing falls between."""
        self.address = (self.scope.get("client") or ("",))[0]
        self.is_json = self.query("format") == "json"
        self.language = self._language()
        try:
            refuse_if_spent(LOOKUPS, self.address)
            self.has_place = await self._take_place()
        except TooManyRequests:
            return await self._refuse(TOO_MANY)
        if not self.has_place:
            return await self._refuse(TOO_MANY)
        self.seen_by = await self.viewer()
        if not await self.may_listen():
            return await self._refuse(await self._missed())
        await self._join()
        first = await self.first_frame()
        if first is None:
            return await self._refuse(DENIED)
        await self.accept()
        await self.send(text_data=first)
        self.tasks = tuple(asyncio.create_task(each) for each in self._goes_on())
        return None

    async def disconnect(self, code: int) -> None:
        """Stop looking and leave the groups."""
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        for group in self.joined if self.channel_layer is not None else ():
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nobody has anything to tell us here."""
        await self.close(code=NOT_FOR_LISTENERS)

    def group_name(self) -> str:
        """The group whose messages are the hints."""
        raise TypeError("a consumer names its group")

    def group_names(self) -> tuple[str, ...]:
        """All groups, where it is not one."""
        return (self.group_name(),)

    def may_listen(self) -> Awaitable[bool]:
        """Whether what is listened to exists, and `seen_by` may read it."""
        raise TypeError("a consumer knows its listeners")

    async def first_frame(self) -> str | None:
        """The whole state for a new listener; None when it went away meanwhile."""
        return await self.read(is_first=True)

    def read(self, *, is_first: bool) -> Awaitable[str | None]:
        """What changed since the last frame, "" for nothing; None for who may not read it (any more)."""
        raise TypeError("a consumer has something to read")

    async def tell(self) -> None:
        """Send what changed."""
        await self.say(await self.read(is_first=False))

    async def say(self, text: str | None) -> None:
        """Send a frame, nothing for "", and close for None."""
        if text is None:
            return await self.close(code=DENIED)
        if text:
            await self.send(text_data=text)
        return None

    async def look(self, moment: float) -> None:
        """Look for what changed without a hint; `moment`, monotonic seconds, is the one it was due at."""
        await self.tell()

    def next_look(self) -> float:
        """When the next look is due, monotonic seconds."""
        return time.monotonic() + self.look_again_seconds

    async def send(
        self, text_data: str | None = None, bytes_data: bytes | None = None, close: bool = False
    ) -> None:
        """Send, and remember when."""
        self.spoke_at = time.monotonic()
        await super().send(text_data=text_data, bytes_data=bytes_data, close=close)

    def looks_again(self) -> bool:
        """Whether this listener's page changes without a hint."""
        return self.look_again_seconds > 0

    def is_over(self) -> bool:
        """Whether nothing changes any more without a hint."""
        return False

    @database_sync_to_async
    def viewer(self) -> Viewer:
        """Who listens; read once, when connecting."""
        cookies = self.scope.get("cookies", {})
        session = self.scope.get("session") if settings.SESSION_COOKIE_NAME in cookies else None
        return viewer(cookies=cookies, session=session, share_key=self.query("k"), shown_key=self.query("s"))

    def access_query(self) -> str:
        """The keys of the link whose page listens, for the links that are sent to it."""
        keys = {name: self.query(name)[:64] for name in ("k", "s") if self.query(name)}
        return f"?{urlencode(keys)}" if keys else ""

    def query(self, name: str) -> str:
        """One value of the query string, or ""."""
        values = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        return values.get(name, [""])[0]

    def frame(self, value: dict[str, Any]) -> str:
        """A JSON frame."""
        return json.dumps(value, ensure_ascii=False)

    def _goes_on(self) -> Iterator[Coroutine[Any, Any, None]]:
        if self.looks_again():
            yield self._look_again()
        if not self.is_json:
            yield self._beat()

    async def _look_again(self) -> None:
        while not self.is_over():
            moment = self.next_look()
            await asyncio.sleep(moment - time.monotonic())
            try:
                await self.look(moment)
            except DatabaseError as error:
                log.warning("live.look_failed", path=self.scope["path"], error=str(error))
            except Exception:
                # Else the page would stand still without knowing it.
                log.exception("live.look_failed", path=self.scope["path"])
                return await self.close(code=BROKEN)
        return None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.spoke_at + BEAT_SECONDS - time.monotonic())
            if time.monotonic() - self.spoke_at >= BEAT_SECONDS:
                await self.send(text_data=BEAT)

    async def _join(self) -> None:
        if self.channel_layer is None:
            return
        await _keep_awake(self.channel_layer)
        self.joined = self.group_names()
        for group in self.joined:
            await self.channel_layer.group_add(group, self.channel_name)

    async def _refuse(self, code: int) -> None:
        # Only an accepted connection is told a code that its script sees.
        await self.accept()
        await self.close(code=code)

    @database_sync_to_async
    def _take_place(self) -> bool:
        return _open.enter(self.address, most=settings.MOST_SOCKETS)

    @database_sync_to_async
    def _missed(self) -> int:
        try:
            spend(LOOKUPS, self.address)
        except TooManyRequests:
            return TOO_MANY
        return DENIED

    def _language(self) -> str:
        cookie = self.scope.get("cookies", {}).get(settings.LANGUAGE_COOKIE_NAME, "")
        accepted = dict(self.scope.get("headers", [])).get(b"accept-language", b"").decode("latin-1")
        for wanted in (cookie, *(code for code, _ in parse_accept_lang_header(accepted.lower()))):
            # LookupError: a language we do not speak. ValueError: longer than any language's name.
            with contextlib.suppress(LookupError, ValueError):
                return translation.get_supported_language_variant(wanted)
        return settings.LANGUAGE_CODE


async def _keep_awake(layer: Any) -> None:
    """Subscribe once and for good in this process.

    Without any subscription the Redis layer sleeps a tenth of a second between looks, and the first
    hint of the next listener would wait for it.
    """
    loop = asyncio.get_running_loop()
    if loop not in _awake:
        _awake.add(loop)
        await layer.new_channel()


_awake: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
_open = Concurrent()
