"""The web server's two faces: `application` for uvicorn (ASGI), `wsgi` for anything older.

Pages are ordinary synchronous views. Django's own ASGI handler would give each request a new thread, and
with it a new connection to the store; this one keeps a few threads, each with its connection and warm
cache, and runs the whole middleware chain in one hop. A live stream costs no thread while it is open.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crowdalogue.settings")

import django
from asgiref.sync import SyncToAsync, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import get_resolver

from crowdalogue.channels import channel_kinds
from crowdalogue.web import door, doors
from crowdalogue.web.limits import Counted, refuse

django.setup()

log = logging.getLogger(__name__)

IDLE_THREADS = 12
_END: Any = object()


class Slot:
    """A thread with its connection, lent to one request at a time. asgiref makes the thread at first use."""

    lent = False
    _exited = False  # asgiref asks it of every context


class Handler(ASGIHandler):
    def __init__(self) -> None:
        super(ASGIHandler, self).__init__()
        self.load_middleware(is_async=False)
        self.idle: list[Slot] = []
        self.door = door.Door(doors.Doors(self).take)

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            return await lifespan(receive, send)
        counted = Counted(scope, receive)
        if counted.over:
            return await refuse(counted, send)
        if scope["path"].startswith(doors.START):
            await self.door(scope, counted.receive, send)
            return await refuse(counted, send) if counted.over else None
        slot = self.idle.pop() if self.idle else Slot()
        slot.lent = True
        token = SyncToAsync.thread_sensitive_context.set(slot)  # type: ignore[arg-type]
        try:
            await self.handle(scope, counted.receive, send)
        finally:
            SyncToAsync.thread_sensitive_context.reset(token)
            self.take_back(slot)
        if counted.over:
            await refuse(counted, send)
        return None

    def take_back(self, slot: Slot) -> None:
        if slot.lent and len(self.idle) < IDLE_THREADS:
            self.idle.append(slot)
        slot.lent = False

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await sync_to_async(self.get_response, thread_sensitive=True)(request)
        if isinstance(response, StreamingHttpResponse):
            if response.is_async:  # a live stream may stay open for hours: its thread serves others meanwhile
                self.take_back(SyncToAsync.thread_sensitive_context.get())  # type: ignore[arg-type]
            else:  # chunk by chunk from the request's thread; Django would gather the whole answer first
                response.streaming_content = pull(iter(cast(Iterator[bytes], response.streaming_content)))
        return response


async def pull(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(partial(next, chunks, _END), thread_sensitive=True)
    while (chunk := await following()) is not _END:
        yield chunk


async def lifespan(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            threading.Thread(target=warm_up, name="warm up", daemon=True).start()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


def warm_up() -> None:
    """Load before anybody asks: the pages, the channels, and Ibis and DuckDB, which take two seconds of the first view
    of Home. What is loaded then stays: swept again and again, it would stop every request for a tenth of a second."""
    from crowdalogue.relate import reports

    try:
        get_resolver().url_patterns  # noqa: B018 - loads the pages
        channel_kinds()
        reports.report("volume")
    except Exception as error:  # noqa: BLE001 - whatever is wrong shows on the page that asks
        log.info("not everything could be loaded at the start (%s)", type(error).__name__)
    finally:
        connection.close()
        gc.collect()
        gc.freeze()
        atexit.register(gc.unfreeze)  # libraries count at the end what they would leave behind


application = Handler()


def wsgi(environ: dict[str, Any], start_response: Any) -> Any:
    from django.core.wsgi import get_wsgi_application

    global _wsgi
    if _wsgi is None:
        _wsgi = get_wsgi_application()
    return _wsgi(environ, start_response)


_wsgi: Any = None
