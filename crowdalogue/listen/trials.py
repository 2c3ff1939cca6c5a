"""A watch tried on the past before it is saved: how much it would have found, where, and what `none` took away."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from django.utils import timezone

from crowdalogue.listen import past
from crowdalogue.models import Message
from crowdalogue.text.matching import Matcher, Span
from crowdalogue.text.watching import WatchQuery

DAYS = 90
BUDGET = 2.0  # seconds; then it says how far back it came
AT_ONCE = 500
SAMPLE = 20
TAKEN_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Sampled:
    """A message and the places of the words that were found in its subject and text."""

    message: Message
    spans: tuple[Span, ...]
    subject_spans: tuple[Span, ...]


@dataclass(slots=True)
class Trial:
    """What a query finds since `since`; `whole` is False where time ran out before the beginning of the period.

    `days` are the reader's, from the first to today, each with its hits; `taken` counts messages that only `none`
    left out.
    """

    since: datetime
    whole: bool = True
    looked_at: int = 0
    hits: int = 0
    authors: int = 0
    days: list[tuple[date, int]] = field(default_factory=list)
    channels: list[tuple[str, int]] = field(default_factory=list)
    sample: list[Sampled] = field(default_factory=list)
    taken: int = 0
    taken_sample: list[Sampled] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(slots=True)
class _Counts:
    days: Counter[date] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    authors: set[int] = field(default_factory=set)
    found: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)


def run(
    user: Any,
    query: WatchQuery,
    *,
    days: int = DAYS,
    budget: float = BUDGET,
    zone: tzinfo | None = None,
    now: datetime | None = None,
) -> Trial:
    """Try a query on what this person may see of the last `days` days, newest first, for at most about `budget`
    seconds. Nothing is kept."""
    zone = zone or timezone.get_current_timezone()
    now = now or timezone.now()
    began = time.monotonic()
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    since = datetime.combine(first, datetime.min.time(), zone)
    trial, counts = Trial(since), _Counts()
    matcher = Matcher({0: query})
    before, marks = 1 << 62, [_months(since, now)]
    while True:
        ids = past.candidates(query, before, AT_ONCE, marks)
        if ids:
            _look(user, matcher, ids, since, zone, trial, counts, bool(query.none))
            before = ids[-1]
        if len(ids) < AT_ONCE:
            break
        if time.monotonic() - began > budget:
            trial.whole = False
            trial.since = _reached(before, since)
            break
    _sum_up(user, matcher, trial, counts, now.astimezone(zone).date(), zone)
    trial.seconds = time.monotonic() - began
    return trial


def _months(since: datetime, until: datetime) -> tuple[str, ...]:
    """The index's marks of the months of this period, one more at each end for clocks and zones."""
    first, last = since.year * 12 + since.month - 2, until.year * 12 + until.month
    return tuple(f"m{month}" for month in range(first, last + 1))


def _look(
    user: Any,
    matcher: Matcher,
    ids: Sequence[int],
    since: datetime,
    zone: tzinfo,
    trial: Trial,
    counts: _Counts,
    excludes: bool,
) -> None:
    about = {
        pk: (sent_at, channel, person if person is not None else -(handle or 0))
        for pk, sent_at, channel, handle, person in Message.objects.seen_by(user)
        .filter(pk__in=ids, sent_at__gte=since)
        .values_list("pk", "sent_at", "channel", "handle", "handle__person")
    }
    heard = past.heard([pk for pk in ids if pk in about])
    trial.looked_at += len(heard)
    for pk, one in heard.items():
        if matcher.match(one):
            sent_at, channel, author = about[pk]
            counts.found.append(pk)
            counts.days[sent_at.astimezone(zone).date()] += 1
            counts.channels[channel] += 1
            counts.authors.add(author)
        elif excludes and matcher.taken_away(one):
            counts.taken.append(pk)


def _reached(before: int, since: datetime) -> datetime:
    at = Message.objects.filter(pk=before).values_list("sent_at", flat=True).first()
    return max(at, since) if at else since


def _sum_up(user: Any, matcher: Matcher, trial: Trial, counts: _Counts, today: date, zone: tzinfo) -> None:
    trial.hits, trial.authors, trial.taken = len(counts.found), len(counts.authors), len(counts.taken)
    trial.channels = counts.channels.most_common()
    first = trial.since.astimezone(zone).date()
    trial.days = [
        (first + timedelta(days=n), counts.days[first + timedelta(days=n)]) for n in range((today - first).days + 1)
    ]
    trial.sample = sampled(user, matcher, _spread(counts.found, SAMPLE))
    trial.taken_sample = sampled(user, matcher, _spread(counts.taken, TAKEN_SHOWN))


def _spread(ids: Sequence[int], count: int) -> list[int]:
    """Evenly from the newest to the oldest, so that one busy day does not stand for all."""
    if len(ids) <= count:
        return list(ids)
    return [ids[round(n * (len(ids) - 1) / (count - 1))] for n in range(count)]


def sampled(user: Any, matcher: Matcher, ids: Sequence[int]) -> list[Sampled]:
    """These messages, in this order, with the words found in them."""
    rows = Message.objects.seen_by(user).filter(pk__in=ids).select_related("handle__person").defer("html", "quoted")
    there = {row.pk: row for row in rows}
    return [mark(matcher, there[pk]) for pk in ids if pk in there]


def mark(matcher: Matcher, message: Message) -> Sampled:
    """The words found in a message. Subject and text are read as one, as they were when it was tried."""
    lead = len(message.subject) + 1 if message.subject else 0
    spans = matcher.spans(f"{message.subject}\n{message.text}" if lead else message.text)
    return Sampled(
        message,
        tuple((a - lead, b - lead) for a, b in spans if a >= lead),
        tuple((a, b) for a, b in spans if b < lead),
    )
