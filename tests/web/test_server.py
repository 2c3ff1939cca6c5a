"""The ASGI face: real requests over a real socket share a few threads, and a stream holds none of them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crowdalogue.web import server


def scope(path: str) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip


async def ask(path: str) -> tuple[int, bytes]:
    status, body = 0, b""
    given = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not given.is_set():
            given.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.sleep(30)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    await server.application(scope(path), receive, send)
    return status, body


@pytest.mark.django_db(transaction=True)
def test_pages_and_files_are_served_and_threads_used_again() -> None:
    async def work() -> None:
        assert (await ask("/start/"))[0] == 200
        status, body = await ask("/static/base.css")
        assert status == 200 and b".rail" in body
        for _ in range(5):
            await ask("/start/")
        assert len(server.application.idle) == 1
        await asyncio.gather(*(ask("/start/") for _ in range(server.IDLE_THREADS + 4)))
        assert 1 <= len(server.application.idle) <= server.IDLE_THREADS

    server.application.idle.clear()
    asyncio.run(work())


def test_long_answers_are_passed_on_piece_by_piece() -> None:
    made: list[int] = []

    def chunks() -> Any:
        for n in range(3):
            made.append(n)
            yield b"%d" % n

    async def work() -> None:
        parts: AsyncIterator[bytes] = server.pull(chunks())
        assert await anext(parts) == b"0" and made == [0]
        assert [part async for part in parts] == [b"1", b"2"]

    asyncio.run(work())


def test_it_starts_and_stops_when_asked() -> None:
    told: list[str] = []
    asked = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, Any]:
        return {"type": next(asked)}

    async def send(message: dict[str, Any]) -> None:
        told.append(message["type"])

    asyncio.run(server.application({"type": "lifespan"}, receive, send))
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.django_db(transaction=True)
def test_what_is_loaded_at_the_start_is_not_swept_again() -> None:
    gc.unfreeze()
    try:
        server.warm_up()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
