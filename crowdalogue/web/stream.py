"""Live updates: what changed, ids only, as server-sent events; the browser reads again with its own rights.

One poller a process looks at the event rows while somebody listens, and every open page is told. A page
resumes where it was by `Last-Event-ID`; a gap too wide to tell is announced as `reset`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from crowdalogue import live
from crowdalogue.models import LiveEvent

log = logging.getLogger(__name__)

EVERY_S = 0.3
HEARTBEAT_S = 15.0
RESUMED = 500  # events told to a page that comes back; beyond that it loads anew
LOOK_BACK = 200  # ids: on PostgreSQL a lower id may become visible after a higher one
WAITING = 1000  # events a slow page may fall behind

Told = tuple[int, str, int]  # event id, kind, object id


class Listener:
    """One open page: its own queue in its own loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.queue: asyncio.Queue[Told | None] = asyncio.Queue(WAITING)

    def tell(self, told: list[Told]) -> None:
        try:
            self.loop.call_soon_threadsafe(self._put, told)
        except RuntimeError:  # its loop has ended; it will be taken off by its own end
            pass

    def _put(self, told: list[Told]) -> None:
        for one in told:
            try:
                self.queue.put_nowait(one)
            except asyncio.QueueFull:  # too far behind: the page loads anew
                while not self.queue.empty():
                    self.queue.get_nowait()
                self.queue.put_nowait(None)
                return


class Hub:
    """The poller and who listens to it. The thread starts with the first listener and ends with the last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.listeners: set[Listener] = set()
        self.thread: threading.Thread | None = None
        self.at = 0
        self.told: deque[int] = deque(maxlen=4 * LOOK_BACK)

    def join(self, listener: Listener) -> None:
        """From here on the listener is told everything. Looks at the store, so not in an event loop."""
        with self.lock:
            if self.thread is None:
                self.at = live.newest_id()
                self.told.extend(known(self.at))
                self.thread = threading.Thread(target=self.run, name="stream", daemon=True)
                self.thread.start()
            self.listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        with self.lock:
            self.listeners.discard(listener)

    def run(self) -> None:
        while True:
            time.sleep(EVERY_S)
            with self.lock:
                if not self.listeners:
                    self.thread = None
                    break
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - whatever happens, open pages must hear again afterwards
                log.warning("the stream could not look for news: %s", type(error).__name__)
                close_old_connections()
        connection.close()

    def look(self) -> None:
        fresh = news(self.at, self.told)
        if not fresh:
            return
        self.told.extend(one[0] for one in fresh)
        self.at = max(self.at, fresh[-1][0])
        with self.lock:
            listeners = list(self.listeners)
        for listener in listeners:
            listener.tell(fresh)


def looks_back() -> bool:
    return connection.vendor == "postgresql"


def known(at: int) -> list[int]:
    """Ids told before, as far back as we look."""
    return list(LiveEvent.objects.filter(id__gt=at - LOOK_BACK, id__lte=at).values_list("id", flat=True))


def news(at: int, told: deque[int]) -> list[Told]:
    """What is new after `at`, and what became visible late just before it."""
    start = max(0, at - LOOK_BACK) if looks_back() else at
    rows = LiveEvent.objects.filter(id__gt=start).order_by("id").values_list("id", "kind", "object_id")[:1000]
    seen = set(told)
    return [row for row in rows if row[0] not in seen]


HUB = Hub()


def written(told: Told | None) -> bytes:
    if told is None:
        return b"event: reset\ndata: 0\n\n"
    return f"id: {told[0]}\nevent: {told[1]}\ndata: {told[2]}\n\n".encode()


def missed(last: int) -> list[Told] | None:
    """What a page that comes back has not heard; None where that is too much or was forgotten."""
    newest = live.newest_id()
    if last > newest:
        return None
    rows = live.since(last, RESUMED + 1)
    if len(rows) > RESUMED or (newest and not LiveEvent.objects.filter(id__lte=last + 1).exists()):
        return None
    return [(e.pk, e.kind, e.object_id) for e in rows]


def begin(listener: Listener, last: int | None) -> list[Told] | None:
    """Join, then look what was missed: in this order nothing falls between. Ends its own connection."""
    try:
        HUB.join(listener)
        return missed(last) if last is not None else []
    finally:
        connection.close()


async def events(last: int | None) -> AsyncIterator[bytes]:
    listener = Listener()
    try:
        yield b"retry: 2000\n: listening\n\n"
        back = await sync_to_async(begin, thread_sensitive=False)(listener, last)
        if back is None:
            yield written(None)
        for told in back or ():
            yield written(told)
        heard = {told[0] for told in back or ()}
        while True:
            try:
                following = await asyncio.wait_for(listener.queue.get(), HEARTBEAT_S)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if following is None or following[0] not in heard:
                yield written(following)
    finally:
        HUB.leave(listener)


async def stream(request: HttpRequest) -> HttpResponseBase:
    """GET /stream/: `event: <kind>`, `data: <id>`, `id:` to resume from. Needs somebody who may read."""
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    given = request.headers.get("Last-Event-ID", "") or request.GET.get("after", "")
    last = int(given) if given.isdecimal() and len(given) < 19 else None
    return StreamingHttpResponse(
        events(last),
        content_type="text/event-stream; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
