"""Answers and typing reach the visitor's open page; nothing of anybody else's does; streams end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connection

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.channels.webchat import external_id, thread
from crowdalogue.models import Account, Conversation, Reply, User
from crowdalogue.web import chat_stream, presence, stream
from crowdalogue.web.visitors import TooMany, Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]
MARA = Visitor("visitor-" + "a" * 12)
OTTO = Visitor("visitor-" + "b" * 12)


@pytest.fixture(autouse=True)
def poller_ends() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()
    thread_of_it = stream.HUB.thread
    if thread_of_it is not None:
        thread_of_it.join(5)


@pytest.fixture
def widget(account: Callable[..., Account], company: Any) -> Account:
    return account("webchat")


def says(widget: Account, visitor: Visitor, text: str, number: int = 1) -> Conversation:
    item = Incoming(
        external_id(visitor.id, f"message-{number}"), Author(visitor.id), text, threads=(thread(visitor.id),)
    )
    flow.file(widget, [item])
    return Conversation.objects.get(messages__external_id=item.external_id)


@sync_to_async(thread_sensitive=False)
def answer(user: User, conversation: Conversation, text: str, number: int = 1) -> None:
    try:
        flow.answer(user, conversation, text, key=f"answer-key-{number}")
        flow.deliver()
    finally:
        connection.close()


async def take(parts: AsyncIterator[bytes], count: int) -> list[tuple[str, Any]]:
    """The next so many events, each as (name, what it says)."""
    found: list[tuple[str, Any]] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            for block in (await anext(parts)).decode().split("\n\n"):
                lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
                if "event" in lines:
                    found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_an_answer_comes_live_and_counts_as_delivered(widget: Account, helper: User) -> None:
    mara, otto = says(widget, MARA, "From Mara"), says(widget, OTTO, "From Otto")

    async def work() -> None:
        page = chat_stream.events(widget, MARA, 0, "127.0.0.1")
        ((name, first),) = await take(page, 1)
        assert (name, first["text"], first["ours"]) == ("message", "From Mara", False)
        waiting = asyncio.create_task(take(page, 1))
        await asyncio.sleep(0.2)
        await answer(helper, otto, "To Otto", 2)
        await answer(helper, mara, "To Mara", 1)
        ((name, second),) = await waiting
        assert (name, second["text"], second["name"]) == ("message", "To Mara", "Hana Helper")
        await page.aclose()  # type: ignore[attr-defined]
        again = chat_stream.events(widget, MARA, second["place"], "127.0.0.1")
        texts = [said["text"] for _, said in await take(again, 2)]
        assert "To Otto" not in texts
        await again.aclose()  # type: ignore[attr-defined]

    asyncio.run(work())
    assert Reply.objects.get(key="answer-key-1").delivered_at is not None
    assert Reply.objects.get(key="answer-key-2").delivered_at is None
    assert not stream.HUB.listeners


def test_typing_comes_and_goes(widget: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    row = says(widget, MARA, "Hello")
    monkeypatch.setattr(chat_stream, "TICK_S", 0.1)

    async def work() -> None:
        page = chat_stream.events(widget, MARA, 0, "127.0.0.1")
        await take(page, 1)
        presence.arrive(row.pk, 1, "Hana", False, time.time())
        presence.arrive(row.pk, 2, "Olga", True, time.time())
        assert await take(page, 1) == [("typing", True)]
        presence.arrive(row.pk, 2, "Olga", False, time.time())
        assert await take(page, 1) == [("typing", False)]
        await page.aclose()  # type: ignore[attr-defined]

    asyncio.run(work())


def test_a_stream_ends_by_itself(widget: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_stream, "TICK_S", 0.05)
    monkeypatch.setattr(chat_stream, "LONGEST_S", 0.2)
    monkeypatch.setattr(chat_stream, "HEARTBEAT_S", 0.05)

    async def work() -> list[bytes]:
        return [part async for part in chat_stream.events(widget, MARA, 0, "127.0.0.1")]

    parts = asyncio.run(work())
    assert parts[0] == b": listening\n\n"
    assert b": still here\n\n" in parts
    chat_stream.begin(MARA.id, "127.0.0.1")


def test_only_so_many_pages_at_once(widget: Account) -> None:
    async def work() -> None:
        pages = [chat_stream.events(widget, MARA, 0, "10.0.0.1") for _ in range(chat_stream.A_VISITOR)]
        for page in pages:
            chat_stream.begin(MARA.id, "10.0.0.1")
            await anext(page)
        with pytest.raises(TooMany):
            chat_stream.begin(MARA.id, "10.0.0.2")
        chat_stream.begin(OTTO.id, "10.0.0.1")
        await pages[0].aclose()  # type: ignore[attr-defined]
        chat_stream.begin(MARA.id, "10.0.0.1")
        for page in pages[1:]:
            await page.aclose()  # type: ignore[attr-defined]

    asyncio.run(work())
