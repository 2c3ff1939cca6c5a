"""Two doors at the same moment: one row, whichever store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account, Conversation, Handle, Message, Person

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def say(number: int, author: int) -> Incoming:
    parents = (f"m{number - 1}",) if number % 5 else ()
    return Incoming(
        f"m{number}", Author(f"c{author}@example.com", f"C {author}"), f"text {number}", NOON, parents=parents
    )


@pytest.mark.django_db(transaction=True)
def test_the_same_messages_by_four_doors_at_once(account: Callable[..., Account]) -> None:
    """Four threads file the same hundred messages in different orders and batches."""
    mailbox = account("social")
    items = [say(n, n // 5 % 7) for n in range(100)]
    problems: list[BaseException] = []

    def door(step: int) -> None:
        try:
            order = [items[(i * step) % 100] for i in range(100)]
            for start in range(0, 100, 10 * step % 25 + 5):
                flow.file(mailbox, order[start : start + 10 * step % 25 + 5])
        except BaseException as problem:  # noqa: BLE001 - carried to the test's own thread
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=door, args=(step,)) for step in (1, 3, 7, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert problems == []
    assert Message.objects.count() == 100
    assert Conversation.objects.count() == 20
    assert Handle.objects.count() == Person.objects.count() == 7
    assert sorted(Conversation.objects.values_list("messages_count", flat=True)) == [5] * 20
