"""The live stream: told what is new, resumed where it was, closed to strangers, and no thread for an open page."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import AsyncClient, Client

from crowdalogue import live
from crowdalogue.models import Company, LiveEvent, User
from crowdalogue.web import stream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


@pytest.fixture(autouse=True)
def poller_ends() -> Iterator[None]:
    yield
    thread = stream.HUB.thread
    if thread is not None:
        thread.join(5)


async def take(parts: AsyncIterator[bytes], count: int) -> list[str]:
    """The next so many events, as `kind id data`."""
    found: list[str] = []
    async with asyncio.timeout(20):
        async for part in parts:
            for block in part.decode().split("\n\n"):
                lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
                if "event" in lines:
                    found.append(f"{lines['event']} {lines['data']}")
            if len(found) >= count:
                break
    return found


def run(work: Any) -> Any:
    return asyncio.run(work)


@sync_to_async(thread_sensitive=False)
def announce(*ids: int) -> None:
    try:
        live.announce("conversation", *ids)
    finally:
        connection.close()


def test_what_is_announced_is_told_to_every_open_page() -> None:
    async def work() -> None:
        pages = [stream.events(None) for _ in range(3)]
        for page in pages:
            await anext(page)
        waiting = [asyncio.create_task(take(page, 2)) for page in pages]
        await asyncio.sleep(0.5)
        await announce(7, 8)
        assert await asyncio.gather(*waiting) == [["conversation 7", "conversation 8"]] * 3
        assert len([t for t in threading.enumerate() if t.name == "stream"]) == 1
        for page in pages:
            await page.aclose()  # type: ignore[attr-defined]
        assert not stream.HUB.listeners

    run(work())


def test_a_page_that_comes_back_hears_what_it_missed_once() -> None:
    live.announce("conversation", 1, 2, 3)
    first = LiveEvent.objects.order_by("id").first()
    assert first is not None

    async def work() -> None:
        page = stream.events(first.pk)
        assert await take(page, 2) == ["conversation 2", "conversation 3"]
        fresh = asyncio.create_task(take(page, 1))
        await announce(4)
        assert await fresh == ["conversation 4"]
        await page.aclose()  # type: ignore[attr-defined]

    run(work())


@pytest.mark.parametrize("last", [10**9, 0])
def test_a_gap_that_cannot_be_told_loads_the_page_anew(last: int) -> None:
    live.announce("conversation", *range(1, stream.RESUMED + 50))

    async def work() -> None:
        page = stream.events(last)
        assert await take(page, 1) == ["reset 0"]
        await page.aclose()  # type: ignore[attr-defined]

    run(work())


def test_an_event_that_becomes_visible_late_is_told_where_that_can_happen() -> None:
    """On PostgreSQL a lower id may be committed after a higher one; the poller looks back for it."""
    live.announce("conversation", 1, 2, 3)
    ids = list(LiveEvent.objects.order_by("id").values_list("id", flat=True))
    told = stream.deque([ids[0], ids[2]], maxlen=100)
    late = [row[0] for row in stream.news(ids[2], told)]
    assert late == ([ids[1]] if connection.vendor == "postgresql" else [])


def test_the_stream_is_closed_to_those_who_may_not_read(stranger: User, client_for: Callable[..., Client]) -> None:
    assert client_for(stranger).get("/stream/").status_code == 403


def test_signed_out_it_is_refused_without_a_page(company: Company, client_for: Callable[..., Client]) -> None:
    assert client_for(None).get("/stream/").status_code == 401


def test_it_is_served_as_an_event_stream(helper: User) -> None:
    client = AsyncClient()
    client.force_login(helper)

    async def work() -> None:
        answer: Any = await client.get("/stream/")
        assert answer["Content-Type"].startswith("text/event-stream") and answer["Cache-Control"] == "no-store"
        parts = aiter(answer.streaming_content)
        assert (await anext(parts)).startswith(b"retry: 2000")
        await parts.aclose()
        assert (await client.post("/stream/")).status_code == 405

    run(work())
