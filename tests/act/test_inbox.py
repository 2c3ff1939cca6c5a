"""Queues and their pages: the right rows in the right order, however many, in a fixed number of queries."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crowdalogue.act import inbox
from crowdalogue.act.inbox import Filters
from crowdalogue.models import Account, Conversation, Tag, User

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def put(account: Callable[..., Account]) -> Callable[..., Conversation]:
    here = account("email")

    def make(**more: Any) -> Conversation:
        at = more.pop("at", NOON)
        more.setdefault("first_at", at)
        more.setdefault("last_at", at)
        return Conversation.objects.create(account=here, kind="email", **more)

    return make


def waiting(minutes: int, **more: Any) -> dict[str, Any]:
    """Columns of one whose promise ends in so many minutes."""
    since = NOON + timedelta(minutes=minutes - 30)
    return {"waiting_since": since, "due_at": NOON + timedelta(minutes=minutes), **more}


def every_page(user: User, queue: str, limit: int, filters: Filters = inbox.NOTHING) -> list[int]:
    ids: list[int] = []
    after = ""
    while True:
        page = inbox.page(user, queue, filters, after, limit)
        ids += [row.pk for row in page.rows]
        if not page.after:
            return ids
        assert len(page.rows) == limit
        after = page.after


def test_each_conversation_stands_where_it_belongs(helper: User, put: Callable[..., Conversation]) -> None:
    promised = put(**waiting(10))
    mine = put(**waiting(20), owner=helper)
    old = put(waiting_since=NOON - timedelta(days=90))
    mine_old = put(waiting_since=NOON - timedelta(days=91), owner=helper)
    quiet = put(**waiting(5), needs_answer=False)
    snoozed = put(**waiting(5), state="snoozed", snoozed_until=NOON)
    closed = put(state="closed")
    apart = put(state="apart")
    stands = {name: {row.pk for row in inbox.page(helper, name).rows} for name in inbox.QUEUES}
    assert stands["team"] == {promised.pk, mine.pk}
    assert stands["mine"] == {mine.pk, mine_old.pk}
    assert stands["older"] == {old.pk, mine_old.pk}
    assert stands["snoozed"] == {snoozed.pk}
    assert stands["closed"] == {closed.pk}
    assert stands["apart"] == {apart.pk}
    assert quiet.pk in stands["all"] and len(stands["all"]) == 8
    assert inbox.queues(helper) == {"team": 2, "mine": 2, "older": 2, "snoozed": 1, "apart": 1}


@pytest.mark.parametrize("queue", list(inbox.QUEUES))
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_pages_together_are_the_queue_in_order(
    helper: User, put: Callable[..., Conversation], queue: str, limit: int
) -> None:
    """Equal times, missing promises and any page size: nobody is left out or shown twice."""
    dice = random.Random(queue)
    state = {"snoozed": "snoozed", "closed": "closed", "apart": "apart"}.get(queue, "open")
    rows = []
    for _ in range(23):
        at = NOON + timedelta(minutes=dice.choice([0, 0, 1, 2, 3]))  # many at the same instant
        due = None if queue == "older" or (queue == "mine" and dice.random() < 0.4) else at
        rows.append(put(state=state, at=at, owner=helper, waiting_since=at, due_at=due, snoozed_until=at))
    by = inbox.QUEUES[queue].by
    if inbox.QUEUES[queue].newest_first:
        wanted = sorted(rows, key=lambda r: (getattr(r, by), r.pk), reverse=True)
    elif queue == "mine":
        wanted = sorted((r for r in rows if r.due_at), key=lambda r: (r.due_at, r.pk))
        wanted += sorted((r for r in rows if not r.due_at), key=lambda r: r.pk)
    else:
        wanted = sorted(rows, key=lambda r: (getattr(r, by), r.pk))
    assert every_page(helper, queue, limit) == [r.pk for r in wanted]


def test_filters_narrow_a_queue(helper: User, owner: User, put: Callable[..., Conversation], brand: Any) -> None:
    plain = put(**waiting(1))
    branded = put(**waiting(2), brand=brand, sentiment="negative", intent="complaint", owner=owner)
    tagged = put(**waiting(3))
    tagged.tags.add(Tag.objects.create(name="battery"))

    def ids(**given: str) -> list[int]:
        return every_page(helper, "team", 50, Filters.of(given))

    assert ids(brand=str(brand.pk)) == ids(sentiment="negative") == ids(intent="complaint") == [branded.pk]
    assert ids(owner=str(owner.pk)) == [branded.pk]
    assert ids(owner="none") == [plain.pk, tagged.pk]
    assert ids(tag="battery") == [tagged.pk]
    assert ids(channel="email") == [plain.pk, branded.pk, tagged.pk] and ids(channel="sms") == []
    assert ids(brand="nonsense", owner="x' OR 1=1") == [plain.pk, branded.pk, tagged.pk]
    assert inbox.count(helper, "team", Filters(tag="battery")) == 1
    assert [r.tag_names for r in inbox.page(helper, "team").rows] == [[], [], ["battery"]]  # type: ignore[attr-defined]


def test_a_stranger_sees_nothing(stranger: User, put: Callable[..., Conversation]) -> None:
    row = put(**waiting(1))
    assert all(inbox.page(stranger, name).rows == [] for name in inbox.QUEUES)
    assert set(inbox.queues(stranger).values()) == {0}
    assert inbox.among(stranger, "team", inbox.NOTHING, [row.pk]) == []


def test_a_place_nobody_made_starts_at_the_top(helper: User, put: Callable[..., Conversation]) -> None:
    row = put(**waiting(1))
    for after in ("x", "_", "2026-99-99_3", "2026-03-04T12:00:00+00:00_x", "'; drop table_1"):
        assert [r.pk for r in inbox.page(helper, "team", after=after).rows] == [row.pk]


def test_among_tells_which_still_stand_in_the_queue(helper: User, put: Callable[..., Conversation]) -> None:
    here, gone = put(**waiting(1)), put(**waiting(2), state="closed")
    assert [r.pk for r in inbox.among(helper, "team", inbox.NOTHING, [gone.pk, here.pk, 999_999])] == [here.pk]


def test_the_number_of_queries_does_not_grow(helper: User, put: Callable[..., Conversation]) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            for row in inbox.page(helper, "team").rows:
                _ = (str(row.person), str(row.handle), str(row.owner), row.tag_names)  # type: ignore[attr-defined]
        return len(seen)

    put(**waiting(1))
    few = queries()
    for n in range(40):
        put(**waiting(n), owner=helper)
    assert queries() == few <= 3


def test_counts_stop_at_a_thousand(helper: User, account: Callable[..., Account]) -> None:
    here = account("email")
    Conversation.objects.bulk_create(
        [
            Conversation(
                account=here, kind="email", key=f"k{n}", first_at=NOON, last_at=NOON, waiting_since=NOON, due_at=NOON
            )
            for n in range(inbox.COUNTED_TO + 5)
        ]
    )
    assert inbox.count(helper, "team") == inbox.COUNTED_TO


@pytest.mark.parametrize(
    ("queue", "index"),
    [
        ("team", "waiting_promised"),
        ("older", "waiting_old"),
        ("mine", "waiting_mine"),
        ("closed", "conversation_newest"),
        ("all", "conversation_any"),
        ("snoozed", "conversation_snoozed"),
    ],
)
def test_each_queue_walks_its_index(helper: User, put: Callable[..., Conversation], queue: str, index: str) -> None:
    """On SQLite, which shows its plan without data; PostgreSQL chooses by statistics, so the benchmark tells there."""
    if connection.vendor != "sqlite":
        pytest.skip("the plan depends on statistics here; see benchmarks")
    with CaptureQueriesContext(connection) as seen:
        inbox.page(helper, queue, after="2026-03-04T12:00:00+00:00_1")
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + seen[0]["sql"])
        plan = " ".join(str(line) for line in cursor.fetchall())
    assert index in plan and "TEMP B-TREE" not in plan, plan
