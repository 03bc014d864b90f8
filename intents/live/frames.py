"""What every consumer shares: who may listen, in which language, in which form."""

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import parse_qs
from weakref import WeakSet

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from intents.selectors.access import Viewer, viewer

# Application close codes; a browser's script sees them, and the htmx extension does not reconnect on them.
DENIED = 4403
NOT_FOR_LISTENERS = 4400


class LiveConsumer(AsyncWebsocketConsumer):
    """Server to client only: a client that sends anything is disconnected.

    Subclasses read the database for every frame; group messages are hints that there is something to read.
    """

    group: str = ""
    is_listening: bool = False

    async def connect(self) -> None:
        """Join the group first and read the state second, so that nothing falls between."""
        self.is_json = self.query("format") == "json"
        self.language = self._language()
        self.group = self.group_name()
        if self.channel_layer is not None:
            await _keep_awake(self.channel_layer)
            await self.channel_layer.group_add(self.group, self.channel_name)
        first = await self.first_frame()
        await self.accept()
        if first is None:
            await self.close(code=DENIED)
            return
        self.is_listening = True
        await self.send(text_data=first)

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        if self.group and self.channel_layer is not None:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nobody has anything to tell us here."""
        await self.close(code=NOT_FOR_LISTENERS)

    def group_name(self) -> str:
        """The group whose messages are the hints."""
        raise TypeError("a consumer names its group")

    async def first_frame(self) -> str | None:
        """The whole state for a new listener; None when it may not listen."""
        raise TypeError("a consumer has a first frame")

    @database_sync_to_async
    def viewer(self) -> Viewer:
        """Who listens; read once, when connecting."""
        cookies = self.scope.get("cookies", {})
        session = self.scope.get("session") if settings.SESSION_COOKIE_NAME in cookies else None
        return viewer(cookies=cookies, session=session, share_key=self.query("k"))

    def query(self, name: str) -> str:
        """One value of the query string, or ""."""
        values = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        return values.get(name, [""])[0]

    def frame(self, value: dict[str, Any]) -> str:
        """A JSON frame."""
        return json.dumps(value, ensure_ascii=False)

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
