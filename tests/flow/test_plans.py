"""Filing and reading look things up; never a table, or all of an account: that is quick on the first day only."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from crowdalogue import flow
from crowdalogue.channels.base import Raw
from crowdalogue.models import Account, Delivery, Reading
from tests.said import write

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="these plans are SQLite's, which keeps no statistics"),
]
GROWING = ("delivery", "message", "conversation", "handle", "person", "wait", "reading")
# An index on these alone holds a share of everything ever received.
COMMON = ("(account_id=?)", "(brand_id=?)", "(state=?)")
QUEUES = ("message_unread", "delivery_kept")  # hold only what waits
NOON = "2026-11-02T12:00:00Z"


def body(number: int) -> bytes:
    """A message, and from the second on an answer to the one before."""
    says: dict[str, Any] = {"id": f"m{number}", "text": f"Where is parcel {number}?", "sent_at": NOON}
    says["author"] = {"address": f"c{number % 2}@example.com", "name": "Ada"}
    if number:
        says["parents"] = [f"m{number - 1}"]
    return json.dumps(says).encode()


def test_a_delivery_is_filed_by_look_up(account: Callable[..., Account]) -> None:
    door = account("webhook")
    flow.receive(door, Raw(body(0)), trusted=True)
    asked: list[tuple[str, Any]] = []

    with connection.execute_wrapper(noting(asked)):
        delivery = flow.receive(door, Raw(body(1)), trusted=True)
    assert delivery.state == Delivery.State.FILED, delivery.reason
    assert len(asked) > 3
    assert slow(asked) == []


def test_messages_are_read_by_look_up(account: Callable[..., Account]) -> None:
    """Copies of one text besides: each is counted among those of its group, not among all messages."""
    said = "Where is the parcel I ordered from you three weeks ago, and why does nobody answer me?"
    for number in range(3):
        write(account("webhook"), said, f"r{number}")
    asked: list[tuple[str, Any]] = []
    with connection.execute_wrapper(noting(asked)):
        assert flow.process() == 3
    assert Reading.objects.filter(duplicate_of__isnull=False).count() == 2
    assert len(asked) > 10
    assert slow(asked) == []


def noting(asked: list[tuple[str, Any]]) -> Any:
    """A wrapper that keeps what is asked of the store in `asked`."""

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not many and sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    return note


def slow(asked: list[tuple[str, Any]]) -> list[str]:
    return [f"{line}: {sql[:200]}" for sql, params in asked for line in plan(sql, params) if reads_too_much(line)]


def plan(sql: str, params: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + sql, params)
        return [str(row[3]) for row in cursor.fetchall()]


def reads_too_much(line: str) -> bool:
    growing = any(f"crowdalogue_{name}" in line.split(" USING ")[0] for name in GROWING)
    return growing and (line.startswith("SCAN") or line.endswith(COMMON)) and not line.endswith(QUEUES)


def test_the_plans_are_judged() -> None:
    assert reads_too_much("SCAN crowdalogue_delivery")
    assert reads_too_much("SEARCH crowdalogue_delivery USING INDEX delivery_newest (account_id=?)")
    assert not reads_too_much("SEARCH crowdalogue_delivery USING INDEX delivery_once (account_id=? AND key=?)")
