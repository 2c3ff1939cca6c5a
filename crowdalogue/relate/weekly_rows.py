"""What the company did in a week, and what waits for somebody to decide: counted in the rows, not in the columns."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from crowdalogue.models import (
    AlarmEpisode,
    Correction,
    Delivery,
    Event,
    Merge,
    Question,
    Resemblance,
    Topic,
    TopicEvent,
    Wait,
)
from crowdalogue.relate import measures
from crowdalogue.relate.filters import Filters
from crowdalogue.relate.scope import Scope

Line = dict[str, Any]

NEW_TOPICS = 3  # named one by one
LARGE = 20  # messages from which on a new topic is worth a decision
MANY = 1_000  # counted no further
JUDGED = (AlarmEpisode.State.TRUE, AlarmEpisode.State.FALSE)


def done(monday: date, zone: ZoneInfo) -> list[Line]:
    """What people did in the week, most first; nothing is said of what nobody did."""
    start, end = bounds(monday, zone)
    week = {"at__gte": start, "at__lt": end}
    found = [
        (Wait.objects.filter(answered_at__gte=start, answered_at__lt=end), "waits of customers ended by an answer"),
        (Event.objects.filter(user__isnull=False, deed="closed", **week), "conversations closed"),
        (Correction.objects.filter(**week), "readings of messages corrected"),
        (AlarmEpisode.objects.filter(state__in=JUDGED, state_at__gte=start, state_at__lt=end), "alarms judged"),
        (TopicEvent.objects.filter(user__isnull=False, **week), "times a topic was adopted, renamed, merged or split"),
        (Merge.objects.filter(user__isnull=False, undone_at__isnull=True, **week), "times two customers were one"),
        (Question.objects.filter(answered_at__gte=start, answered_at__lt=end), "questions answered by analysts"),
    ]
    lines = [{"n": n, "text": f"{n:,} {words}"} for rows, words in found if (n := rows.count())]
    return sorted(lines, key=lambda line: -line["n"])


def decide(now: datetime, filters: Filters) -> list[Line]:
    """What waits for a decision now. `view` and `id` say which page it is made on."""
    late = measures.waiting_now(Scope.of(filters, now=now)).filter(due_at__lt=now)
    unanswered = Question.objects.filter(answered_at__isnull=True)
    lines = [
        counted(late, "customers wait longer than was promised", "inbox"),
        counted(AlarmEpisode.objects.filter(state="open"), "alarms nobody has looked at", "alarms"),
        *new_topics(),
        counted(Resemblance.objects.filter(state=Resemblance.State.OPEN), "pairs that may be one customer", "same"),
        counted(unanswered.filter(owner__isnull=True), "questions have no owner", "questions"),
        counted(unanswered.filter(due__lt=now.date()), "questions are overdue", "questions"),
        counted(Delivery.objects.filter(state=Delivery.State.FAILED), "deliveries were not understood", "deliveries"),
    ]
    return [line for line in lines if line["n"]]


def counted(rows: QuerySet[Any], words: str, view: str) -> Line:
    n = rows.order_by()[:MANY].count()
    return {"n": n, "text": f"{'more than ' if n == MANY else ''}{n:,} {words}", "view": view}


def new_topics() -> list[Line]:
    """The largest topics that emerged and that nobody has adopted."""
    rows = Topic.objects.filter(state=Topic.State.EMERGING, merged_into__isnull=True, unique_count__gte=LARGE).order_by(
        "-unique_count", "pk"
    )[:NEW_TOPICS]
    return [
        {
            "n": row.unique_count,
            "text": f"Topic “{row}” ({row.unique_count:,} messages) emerged: adopt it or let it pass",
            "view": "topic",
            "id": row.pk,
        }
        for row in rows
    ]


def bounds(monday: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return datetime.combine(monday, time(), zone), datetime.combine(monday + timedelta(days=7), time(), zone)
