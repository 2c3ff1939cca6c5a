"""Answers arrive while the visitor looks: a stream a visitor, fed by the same announcements as our own pages.

A stream ends after ten minutes by itself and is asked for again from where it was, so that nothing stays open for
ever and a changed setting is seen.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from threading import Lock
from typing import Any

from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connection

from crowdalogue.models import Account
from crowdalogue.web import presence, talk
from crowdalogue.web.stream import HUB, Listener, Told
from crowdalogue.web.visitors import TooMany, Visitor

TICK_S = 3.0
HEARTBEAT_S = 15.0
LOOK_AGAIN_S = 60.0  # even when nothing was announced: conversations may have become one
LONGEST_S = 600.0
A_VISITOR, AN_ADDRESS = 6, 200  # streams open at once

_open: Counter[str] = Counter()
_lock = Lock()


def begin(visitor: str, address: str) -> None:
    """Raise `TooMany` where this visitor or address has too many open. `events` counts its own while it lives."""
    with _lock:
        if _open["v:" + visitor] >= A_VISITOR or _open["a:" + address] >= AN_ADDRESS:
            raise TooMany(30)


def count(visitor: str, address: str, change: int) -> None:
    with _lock:
        for name in ("v:" + visitor, "a:" + address):
            _open[name] += change
            if _open[name] <= 0:
                del _open[name]


def written(name: str, value: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(value)}\n\n".encode()


class Reader:
    """What one stream has told, and where it looks on."""

    def __init__(self, account: Account, visitor: Visitor, after: int) -> None:
        self.account, self.visitor = account, visitor
        self.after = after
        self.told: dict[int, None] = {}
        self.talks: list[int] = []

    def look(self) -> list[dict[str, Any]]:
        """What is new since the last look. Ends its own connection."""
        try:
            self.talks = talk.conversations(self.account, self.visitor)
            if not self.talks:
                return []
            said, _ = talk.read(self.account, self.visitor, after=self.after)
            fresh = [s for s in said if s.message.pk not in self.told]
            talk.mark(self.account, fresh, "delivered")
            self.told |= {s.message.pk: None for s in fresh}
            while len(self.told) > 4 * talk.AT_ONCE:
                del self.told[next(iter(self.told))]
            self.after = max([self.after, *(s.place for s in fresh)])
            return talk.drawn(self.account, self.visitor, fresh)
        finally:
            connection.close()

    def concerned(self, told: list[Told | None]) -> bool:
        return any(one is None or (one[1] == "conversation" and one[2] in self.talks) for one in told)

    def typing(self) -> bool:
        now = time.time()
        here = [p for talk_id in self.talks for p in cache.get(f"present:{talk_id}", {}).values()]
        return any(writing and now - at < presence.SILENT_S for _, writing, at in here)


async def heard(listener: Listener, seconds: float) -> list[Told | None]:
    """Everything announced, after at most so many seconds."""
    try:
        found = [await asyncio.wait_for(listener.queue.get(), seconds)]
    except TimeoutError:
        return []
    while not listener.queue.empty():
        found.append(listener.queue.get_nowait())
    return found


async def events(account: Account, visitor: Visitor, after: int, address: str) -> AsyncIterator[bytes]:
    listener = Listener()
    count(visitor.id, address, 1)
    reader = Reader(account, visitor, after)
    look = sync_to_async(reader.look, thread_sensitive=False)
    try:
        yield b": listening\n\n"
        await sync_to_async(join, thread_sensitive=False)(listener)
        started = looked = beaten = time.monotonic()
        typing = False
        for message in await look():
            yield written("message", message)
        while time.monotonic() - started < LONGEST_S:
            told = await heard(listener, TICK_S)
            now = time.monotonic()
            if reader.concerned(told) or now - looked > LOOK_AGAIN_S:
                looked = now
                for message in await look():
                    yield written("message", message)
            if reader.typing() != typing:
                typing = not typing
                yield written("typing", typing)
            if now - beaten > HEARTBEAT_S:
                beaten = now
                yield b": still here\n\n"
    finally:
        HUB.leave(listener)
        count(visitor.id, address, -1)


def join(listener: Listener) -> None:
    try:
        HUB.join(listener)
    finally:
        connection.close()
