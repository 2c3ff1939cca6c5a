"""Messages judged by the categories in use: as they are read, and all history anew when a version took over.

What a person said of a message stays whatever a version says. How many messages a version judged and caught is
counted by week, so that a number can say which version it used and be corrected for that version's errors.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection, transaction
from django.db.models import Count, Max, Q
from numpy.typing import NDArray

from crowdalogue.analyze import categories, categories_measured, categories_taught
from crowdalogue.analyze.categories import Head
from crowdalogue.analyze.categories_measured import Corrected, Measured
from crowdalogue.analyze.steps import embedding
from crowdalogue.errors import Failure
from crowdalogue.models import (
    Category,
    CategoryReplay,
    CategoryVersion,
    CategoryWeek,
    Company,
    Embedding,
    Message,
    MessageCategory,
    User,
)
from crowdalogue.models.bulk import chunks, column_of, insert_many, table_of

log = logging.getLogger(__name__)
STEP = 250  # messages of a replay in one turn: others wait for the store no longer than that takes
WEEKS = 26  # of the trend
Floats = NDArray[np.float32]
Active = tuple[tuple[int, int, Head], ...]

_lock = threading.Lock()
_made: tuple[Any, Active] = ((), ())


def heads() -> Active:
    """(category, version, head) of every category in use; read anew when one of them changed."""
    global _made
    rows = CategoryVersion.objects.filter(state=CategoryVersion.State.ACTIVE, category__active=True)
    rows = rows.filter(embedding=embedding.VERSION).order_by("category_id")
    state = (connection.settings_dict["NAME"], tuple(rows.values_list("pk", "trained_at")[: categories_taught.MOST]))
    with _lock:
        if _made[0] != state:
            _made = (state, tuple(_readable(rows[: categories_taught.MOST])))
        return _made[1]


def _readable(rows: Any) -> list[tuple[int, int, Head]]:
    found = []
    for row in rows:
        try:
            found.append((row.category_id, row.pk, categories_taught.head_of(row)))
        except Failure:  # the page of the category says so; the others go on
            log.error("version %s of category %s is damaged", row.number, row.category_id)
    return found


def judge(messages: Sequence[Message], vectors: Sequence[Floats | None], now: datetime) -> int:
    """Judge messages that were just read by every category in use. Returns how many rows were written. Call inside
    a transaction. A message without a vector is in none."""
    known = heads()
    heard = [(m, v) for m, v in zip(messages, vectors, strict=True) if v is not None and tried(m)]
    if not known or not heard:
        return 0
    MessageCategory.objects.filter(message__in=[m.pk for m, _ in heard], version__isnull=False).delete()
    sure = categories.judge([h for _, _, h in known], np.stack([v for _, v in heard]).astype(np.float32))
    least = np.array([h.threshold for _, _, h in known])
    rows = []
    for at, which in zip(*np.nonzero(sure >= least), strict=True):
        (message, _), (category, version, _head) = heard[at], known[which]
        rows.append(member(category, version, message.pk, message.sent_at, float(sure[at, which]), now))
    insert_many(MessageCategory, rows, ignore_conflicts=True)
    touch({row.message_id for row in rows}, now)
    zone = zone_named(zone_name())
    count(known, [week_of(m.sent_at, zone) for m, _ in heard], sure >= least)
    return len(rows)


def tried(message: Message) -> bool:
    return message.direction == Message.Direction.IN and not message.apart and message.deleted_at is None


def member(category: int, version: int, message: int, sent_at: datetime, sure: float, now: datetime) -> MessageCategory:
    return MessageCategory(
        category_id=category,
        version_id=version,
        message_id=message,
        sent_at=sent_at,
        confidence=round(sure, 4),
        at=now,
    )


def count(known: Active, weeks: Sequence[date], caught: NDArray[np.bool_]) -> None:
    """Add what was judged to the weeks of each version."""
    among = sorted(set(weeks))
    place = np.array([among.index(w) for w in weeks])
    rows = []
    for which, (_, version, _head) in enumerate(known):
        hits = np.bincount(place, caught[:, which], minlength=len(among)).astype(int)
        rows += [(n, h, version, w) for n, h, w in zip(np.bincount(place), hits, among, strict=True)]
    insert_many(CategoryWeek, [CategoryWeek(version_id=v, week=w) for _, _, v, w in rows], ignore_conflicts=True)
    names = {name: column_of(CategoryWeek, name) for name in ("judged", "caught", "version", "week")}
    add = f"{names['judged']} = {names['judged']} + %s, {names['caught']} = {names['caught']} + %s"
    which_row = f"{names['version']} = %s AND {names['week']} = %s"
    with connection.cursor() as cursor:
        statement = f"UPDATE {table_of(CategoryWeek)} SET {add} WHERE {which_row}"  # noqa: S608 - our own names
        cursor.executemany(statement, [(int(n), int(h), v, w.isoformat()) for n, h, v, w in rows])


def week_of(moment: datetime, zone: ZoneInfo | None = None) -> date:
    """The Monday of its week, in the company's zone."""
    day = moment.astimezone(zone or zone_named(zone_name())).date()
    return day - timedelta(days=day.weekday())


def zone_name() -> str:
    return Company.objects.values_list("timezone", flat=True).first() or "UTC"


@lru_cache(maxsize=8)
def zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


# --- all history anew


def begin(user: User | None, version: CategoryVersion, now: datetime) -> CategoryReplay:
    """Have all history judged by a version in use. Raises `Failure` where that is under way, or is another one."""
    if version.state != CategoryVersion.State.ACTIVE:
        raise Failure("Only the version in use goes through history. Let it take over first.")
    with transaction.atomic():
        Category.objects.select_for_update().get(pk=version.category_id)
        if CategoryReplay.objects.filter(category=version.category_id, state=CategoryReplay.State.RUNNING).exists():
            raise Failure("History is being gone through already. Stop that first.")
        top = Message.objects.aggregate(n=Max("pk"))["n"] or 0
        before = {str(w.week): [w.judged, w.caught] for w in CategoryWeek.objects.filter(version=version)}
        return CategoryReplay.objects.create(
            category_id=version.category_id,
            version=version,
            user=user,
            top_id=top,
            seen_id=top + 1,
            total=Embedding.objects.filter(message_id__lte=top).count(),
            weeks={"counts": {}, "snapshot": before},
            started_at=now,
            changed_at=now,
        )


def stop(category: Category, why: str, now: datetime) -> bool:
    """Stop where it is; what was judged stays judged. Returns whether one ran."""
    running = CategoryReplay.objects.filter(category=category, state=CategoryReplay.State.RUNNING)
    return bool(running.update(state=CategoryReplay.State.STOPPED, why=why[:300], changed_at=now))


def resume(replay: CategoryReplay, now: datetime) -> None:
    """Go on where it stopped. Raises `Failure` where its version is no longer in use."""
    if replay.version.state != CategoryVersion.State.ACTIVE:
        raise Failure("A newer version took over since. Go through history with that one.")
    with transaction.atomic():
        Category.objects.select_for_update().get(pk=replay.category_id)
        if CategoryReplay.objects.filter(category=replay.category_id, state=CategoryReplay.State.RUNNING).exists():
            raise Failure("History is being gone through already.")
        stopped = CategoryReplay.objects.filter(pk=replay.pk, state=CategoryReplay.State.STOPPED)
        stopped.update(state=CategoryReplay.State.RUNNING, why="", changed_at=now)


def replay(now: datetime) -> CategoryReplay | None:
    """One turn of the replay that waits longest: some messages, from the newest back. None where none runs.

    Two workers may take the same turn; the second finds it moved on and writes nothing.
    """
    running = CategoryReplay.objects.filter(state=CategoryReplay.State.RUNNING).select_related("version", "category")
    found = running.order_by("changed_at", "pk").first()
    if found is None:
        return None
    if found.version.state != CategoryVersion.State.ACTIVE or found.version.embedding != embedding.VERSION:
        stop(found.category, "Another version is in use now.", now)
        return found
    try:
        head = categories_taught.head_of(found.version)
    except Failure as failure:
        stop(found.category, failure.text, now)
        return found
    page = _page(found)
    if page:
        _turn(found, head, page, now)
    else:
        _finish(found, now)
    return found


def _page(found: CategoryReplay) -> list[tuple[int, datetime, Any, str]]:
    rows = Embedding.objects.filter(message_id__lt=found.seen_id, message__read_at__lt=found.started_at)
    rows = rows.filter(message__direction=Message.Direction.IN, message__apart=None, message__deleted_at=None)
    return list(rows.order_by("-message_id").values_list("message_id", "message__sent_at", "vector", "version")[:STEP])


def _turn(found: CategoryReplay, head: Head, page: list[tuple[int, datetime, Any, str]], now: datetime) -> None:
    able = [row for row in page if row[3] == embedding.VERSION]
    sure = head.confidence(categories_taught.stacked([row[2] for row in able]))
    zone = zone_named(zone_name())
    with transaction.atomic():
        here = CategoryReplay.objects.filter(pk=found.pk, seen_id=found.seen_id, state=CategoryReplay.State.RUNNING)
        if not here.update(seen_id=page[-1][0], changed_at=now):
            return
        rows = MessageCategory.objects.filter(category=found.category_id, message__in=[row[0] for row in page])
        there = {row.message_id: row for row in rows}
        fresh, gone = [], []
        for (pk, sent_at, *_), share in zip(able, sure.tolist(), strict=True):
            old, yes = there.get(pk), share >= head.threshold
            _noted(found, week_of(sent_at, zone), old, yes)
            if old is not None and old.version_id is None:
                continue
            if old is not None:
                gone.append(pk)
            if yes:
                fresh.append(member(found.category_id, found.version_id, pk, sent_at, share, now))
        MessageCategory.objects.filter(category=found.category_id, message__in=gone, version__isnull=False).delete()
        insert_many(MessageCategory, fresh, ignore_conflicts=True)
        touch(set(gone) ^ {row.message_id for row in fresh}, now)
        judged = found.judged + len(able)
        CategoryReplay.objects.filter(pk=found.pk).update(judged=judged, weeks=found.weeks)


def _noted(found: CategoryReplay, week: date, old: MessageCategory | None, yes: bool) -> None:
    """One more message of a week: [judged, in it before, in it after, came in, went out, caught by the version]."""
    counts: list[int] = found.weeks["counts"].setdefault(str(week), [0, 0, 0, 0, 0, 0])
    before = old is not None and old.yes
    after = before if old is not None and old.version_id is None else yes
    for place, one in enumerate((True, before, after, after and not before, before and not after, yes)):
        counts[place] += int(one)


def touch(messages: set[int], now: datetime) -> None:
    """The columns follow what a message is in."""
    for part in chunks(sorted(messages)):
        Message.objects.filter(pk__in=part).update(changed_at=now)


def _finish(found: CategoryReplay, now: datetime) -> None:
    """From now on every week was judged by this version: what it judged since it began is added to history."""
    with transaction.atomic():
        here = CategoryReplay.objects.filter(pk=found.pk, state=CategoryReplay.State.RUNNING)
        if not here.update(state=CategoryReplay.State.DONE, seen_id=0, ended_at=now, changed_at=now):
            return
        CategoryWeek.objects.filter(version__category=found.category_id).exclude(version=found.version_id).delete()
        weeks = {w: [c[0], c[5]] for w, c in found.weeks["counts"].items()}
        snapshot = found.weeks.get("snapshot", {})
        for row in CategoryWeek.objects.filter(version=found.version_id):
            was = snapshot.get(str(row.week), [0, 0])
            judged, caught = weeks.setdefault(str(row.week), [0, 0])
            weeks[str(row.week)] = [judged + max(row.judged - was[0], 0), caught + max(row.caught - was[1], 0)]
        CategoryWeek.objects.filter(version=found.version_id).delete()
        insert_many(
            CategoryWeek,
            [
                CategoryWeek(version_id=found.version_id, week=date.fromisoformat(w), judged=n, caught=c)
                for w, (n, c) in weeks.items()
            ],
        )


# --- what is shown


@dataclass(frozen=True, slots=True)
class Week:
    """Of one week: messages judged and caught, by which versions, and the share without their errors."""

    week: date
    judged: int
    caught: int
    versions: tuple[int, ...]
    corrected: Corrected | None


def trend(category: Category, now: datetime, weeks: int = WEEKS) -> list[Week]:
    """The newest weeks with anything judged, oldest first. A week that several versions judged is corrected for
    each one's own errors, on the same labels, and added up."""
    drawn = categories_taught.sample(category)
    since = week_of(now) - timedelta(weeks=weeks - 1)
    rows = CategoryWeek.objects.filter(version__category=category, week__gte=since, judged__gt=0)
    rows = rows.select_related("version__category").order_by("week", "version__number")
    measured: dict[int, Measured | None] = {}
    by_week: dict[date, list[CategoryWeek]] = {}
    for row in rows:
        by_week.setdefault(row.week, []).append(row)
        if row.version_id not in measured:
            measured[row.version_id] = _measured(row.version, drawn)
    return [_week(week, some, measured) for week, some in by_week.items()]


def _measured(version: CategoryVersion, drawn: categories_taught.Sample) -> Measured | None:
    try:
        return categories_taught.measured(version, drawn)
    except Failure:
        return None


def _week(week: date, rows: list[CategoryWeek], measured: dict[int, Measured | None]) -> Week:
    judged, caught = sum(r.judged for r in rows), sum(r.caught for r in rows)
    parts: list[tuple[int, Corrected]] = []
    for row in rows:
        m = measured[row.version_id]
        found = categories_measured.corrected(row.caught, row.judged, m.recall, m.specificity) if m else None
        if found is not None:
            parts.append((row.judged, found))
    whole = None
    if len(parts) == len(rows):
        mean = [sum(n * getattr(c, name) for n, c in parts) / judged for name in ("value", "low", "high")]
        whole = Corrected(*mean)
    return Week(week, judged, caught, tuple(r.version.number for r in rows), whole)


def caught_since(ids: Sequence[int], since: datetime) -> dict[int, int]:
    """How many messages sent since then are in each category."""
    rows = MessageCategory.objects.filter(category__in=list(ids), yes=True, sent_at__gte=since).order_by()
    return dict(rows.values_list("category").annotate(n=Count("pk")))


def members(category: Category, user: Any) -> Any:
    """The messages in a category that this person may see, newest first."""
    seen = Message.objects.seen_by(user)
    rows = MessageCategory.objects.filter(Q(category=category) & Q(yes=True) & Q(message__in=seen))
    return rows.select_related("message__handle__person", "message__reading", "version", "user").order_by(
        "-sent_at", "-pk"
    )
