"""Topics of the store: found anew once a day and on demand, matched to those of before, given to new messages at once.

What people decided stands: see topic_kept.py for the messages, topic_deeds.py for the deeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from crowdalogue.analyze import continuity, topic_kept, topics
from crowdalogue.errors import Refused
from crowdalogue.models import Embedding, Message, Topic, TopicEvent, TopicFit, TopicMessage
from crowdalogue.models.bulk import chunks, insert_many

MOST = 50_000  # messages of one fit, the newest
DAYS = 90
FEWEST = 20  # below it there is nothing to find
EVERY = timedelta(hours=1)  # a fit that was cut off is begun again after this
NEAR = 0.3  # cosine below which a new message waits for the next fit
LONGEST = 120
STEPS = 20  # of topics merged into others that were merged themselves
ASKED, READING, GROUPING, WRITING, FAILED = "asked", "reading", "grouping", "writing", "failed"  # TopicFit.version
AT_WORK = (READING, GROUPING, WRITING)

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


# --- whose turn it is


def due(now: datetime) -> TopicFit | None:
    """Claim the fit of this day: None where it was made, where another worker makes it, or where it is too early.

    In the first days messages come faster than days: once there are twice as many it is made again.
    """
    waiting = _newest(now).count()
    if waiting < FEWEST:
        return None
    fit, fresh = TopicFit.objects.get_or_create(day=now.date(), defaults={"started_at": now, "version": READING})
    if fresh or asked(now):
        return fit
    mine = TopicFit.objects.filter(pk=fit.pk)
    claim: dict[str, Any] = {"started_at": now, "ended_at": None, "version": READING}
    if fit.ended_at is None:
        claimed = mine.filter(ended_at__isnull=True, started_at__lt=now - EVERY).update(**claim)
    elif waiting >= 2 * fit.messages:
        claimed = mine.filter(ended_at=fit.ended_at).update(**claim)
    else:
        claimed = 0
    return fit if claimed else None


def ask(now: datetime) -> TopicFit:
    """A person wants topics found now: the worker begins within seconds. Raises `Refused` where that cannot be."""
    waiting = _newest(now).count()
    if waiting < FEWEST:
        raise Refused(
            f"There are {waiting} messages from customers of the last {DAYS} days that were read; topics need at least "
            f"{FEWEST}. Connect a channel or import past messages.",
            status=409,
        )
    fit, fresh = TopicFit.objects.get_or_create(day=now.date(), defaults={"started_at": now, "version": ASKED})
    if not fresh:
        if running(fit, now):
            raise Refused("Topics are being found already. Wait until that is done.", status=409)
        TopicFit.objects.filter(pk=fit.pk, version=fit.version).update(version=ASKED)
        fit.refresh_from_db()
    return fit


def running(fit: TopicFit, now: datetime) -> bool:
    """Whether it waits for the worker or the worker is at it."""
    return fit.version == ASKED or (fit.version in AT_WORK and fit.started_at >= now - EVERY)


def asked(now: datetime) -> TopicFit | None:
    """Claim a fit that a person asked for, or None."""
    fit = TopicFit.objects.filter(day__gte=now.date() - timedelta(days=1), version=ASKED).order_by("-day").first()
    if fit is None:
        return None
    mine = TopicFit.objects.filter(pk=fit.pk, version=ASKED)
    return fit if mine.update(started_at=now, ended_at=None, version=READING) else None


# --- the fit


def refit(now: datetime, *, claim: Callable[[datetime], TopicFit | None] = due) -> TopicFit | None:
    """Make the fit that `claim` gives. Write-transactions are short: messages are written in parts."""
    began, fit = time.monotonic(), claim(now)
    if fit is None:
        return None
    try:
        _step(fit, READING)
        _carry_out(fit, *_recent(now), now)
    except BaseException:
        TopicFit.objects.filter(pk=fit.pk).update(version=FAILED)
        raise
    fit.ended_at, fit.version = now + timedelta(seconds=time.monotonic() - began), topics.VERSION
    fit.save(update_fields=["messages", "topics", "stayed", "ended_at", "version"])
    return fit


def _step(fit: TopicFit, step: str) -> None:
    fit.version = step
    TopicFit.objects.filter(pk=fit.pk).update(version=step)


def assign(messages: Sequence[Message], vectors: Sequence[Floats | None], now: datetime) -> int:
    """Give messages that were just read the nearest topic of the newest fit. Call inside a transaction."""
    heard = [
        (m.pk, v)
        for m, v in zip(messages, vectors, strict=True)
        if v is not None and m.direction == Message.Direction.IN
    ]
    middles = _middles() if heard else []
    if not middles:
        return 0
    near, alike = topics.nearest_topic(np.stack([v for _, v in heard]), np.stack([middle for _, middle in middles]))
    rows = [
        TopicMessage(message_id=pk, topic_id=middles[t][0], alike=round(float(a), 4))
        for (pk, _), t, a in zip(heard, near.tolist(), alike.tolist(), strict=True)
        if a >= NEAR
    ]
    insert_many(TopicMessage, rows, ignore_conflicts=True)
    Message.objects.filter(pk__in=[row.message_id for row in rows]).update(changed_at=now)
    return len(rows)


def _open() -> QuerySet[Topic]:
    """Topics that messages can belong to: those there are, and those that people put to rest, which stay at rest."""
    resting = Topic.objects.filter(state=Topic.State.RETIRED, merged_into__isnull=True, events__kind="retired")
    return Topic.objects.exclude(state=Topic.State.RETIRED) | Topic.objects.filter(pk__in=resting.values("pk"))


def vector_of(kept: bytes | memoryview) -> Floats:
    return np.frombuffer(bytes(kept), "<f2").astype(np.float32)


def _current() -> dict[int, Floats]:
    """Topics that messages can belong to, with their middles."""
    return {pk: vector_of(kept) for pk, kept in _open().order_by("pk").values_list("pk", "centroid") if kept}


def _middles() -> list[tuple[int, Floats]]:
    """The same, and the middles of topics that people merged into one: what is near them goes there, too."""
    current = _current()
    merged = Topic.objects.filter(state=Topic.State.RETIRED, merged_into__isnull=False, events__kind="joined")
    roots = _roots()
    more = [
        (roots[pk], vector_of(kept))
        for pk, kept in merged.order_by("pk").values_list("pk", "centroid").distinct()
        if roots.get(pk) in current
    ]
    return [*current.items(), *more]


def _roots() -> dict[int, int]:
    """For each merged topic the one its messages are in now."""
    into = dict(Topic.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into_id"))
    return {pk: _followed(pk, into) for pk in into}


def _followed(pk: int, into: dict[int, int]) -> int:
    for _ in range(STEPS):
        if pk not in into:
            break
        pk = into[pk]
    return pk


def root(pk: int) -> int:
    """The topic that this one is in now: itself, or the one it was merged into."""
    return _roots().get(pk, pk)


def _newest(now: datetime) -> QuerySet[Embedding]:
    """The vectors of the newest messages from customers."""
    return Embedding.objects.filter(
        message__direction=Message.Direction.IN,
        message__apart__isnull=True,
        message__deleted_at__isnull=True,
        message__sent_at__gte=now - timedelta(days=DAYS),
        message__sent_at__lte=now,
    ).order_by("-message__sent_at", "-message_id")[:MOST]


def read(rows: QuerySet[Embedding]) -> tuple[list[int], list[str], Floats]:
    """Ids, texts and vectors of messages."""
    found = rows.values_list("message_id", "message__text", "message__subject", "vector")
    ids, texts, vectors = [], [], []
    for pk, text, subject, vector in found.iterator(chunk_size=2000):
        ids.append(pk)
        texts.append(f"{subject}\n{text}" if subject else text)
        vectors.append(np.frombuffer(bytes(vector), "<f2"))
    return ids, texts, np.stack(vectors).astype(np.float32) if vectors else np.empty((0, 0), np.float32)


def _recent(now: datetime) -> tuple[list[int], list[str], Floats]:
    """The newest messages from customers: ids, texts, vectors."""
    return read(_newest(now))


def _carry_out(fit: TopicFit, ids: list[int], texts: list[str], vectors: Floats, now: datetime) -> None:
    if not ids:
        return
    _step(fit, GROUPING)
    current = _current()
    before, placed = _of_before(ids, current)
    known = {pk: t for pk, t in zip(ids, before.tolist(), strict=True) if t >= 0}
    found = topics.find(texts, vectors, before if known else None)
    today = dict(zip(ids, found.topic.tolist(), strict=True))
    matched = continuity.match(known, current, today, np.stack([t.centroid for t in found.topics]))
    adopted = Topic.objects.filter(state=Topic.State.ADOPTED).values_list("pk", flat=True)
    shaped = {pk: current[pk] for pk in adopted if pk in current}
    kept = topic_kept.keep(found.topic, matched.ids, before, placed, shaped, vectors)
    _step(fit, WRITING)
    described = topics.members(texts, vectors, kept.place, len(kept.ids))
    with transaction.atomic():
        rows = [_written(p, kept, found, described[p], ids, now) for p in range(len(kept.ids))]
        _tell(matched.changes, rows, kept, now)
    numbers = [row.pk if row else -1 for row in rows]
    alike = np.einsum("ij,ij->i", vectors, np.stack([d.centroid for d in described])[kept.place])
    _assign_all(ids, [numbers[p] for p in kept.place.tolist()], alike.tolist())
    stayed = [before[i] == numbers[p] for i, p in enumerate(kept.place.tolist()) if before[i] >= 0]
    fit.stayed = round(sum(map(bool, stayed)) / len(stayed), 4) if stayed else None
    fit.messages, fit.topics = len(ids), len(set(kept.place.tolist()))


def _of_before(ids: list[int], current: dict[int, Floats]) -> tuple[Ints, Ints]:
    """Each message's topic of before, and the one that a person gave it; -1 where there is none."""
    roots, wanted = _roots(), set(ids)
    before, placed = {}, {}
    rows = TopicMessage.objects.values_list("message_id", "topic_id", "user_id")
    for message, topic, user in rows.iterator(chunk_size=5000):
        root = roots.get(topic, topic)
        if message in wanted and root in current:
            before[message] = root
            if user is not None:
                placed[message] = root
    found = [np.array([of.get(pk, -1) for pk in ids], np.int64) for of in (before, placed)]
    return found[0], found[1]


def _written(
    p: int, kept: topic_kept.Kept, found: topics.Found, described: topics.Members, ids: list[int], now: datetime
) -> Topic | None:
    """The row of one topic. None for a found one that went into another."""
    if p in kept.into:
        return None
    values: dict[str, Any] = {"messages_count": described.size, "unique_count": described.unique, "fitted_at": now}
    if described.size:
        values |= {
            "representatives": [ids[i] for i in described.representatives],
            "centroid": described.centroid.astype("<f2").tobytes(),
        }
    if p < len(found.topics):
        topic = found.topics[p]
        values |= {
            "name": topic.name[:LONGEST],
            "group": found.groups[topic.group].name[:LONGEST],
            "words": [list(w) for w in topic.words],
        }
    id = kept.ids[p]
    if id is None:
        return Topic.objects.create(first_at=now, **values)
    Topic.objects.filter(pk=id).update(**values)
    return Topic.objects.get(pk=id)


def _tell(
    changes: Sequence[continuity.Change], rows: Sequence[Topic | None], kept: topic_kept.Kept, now: datetime
) -> None:
    """Keep what happened. A topic that is gone rests; one that people shaped stays as it is."""
    there = set(kept.ids)
    for change in changes:
        at = kept.into.get(change.topic, change.topic) if change.topic is not None else None
        into = rows[at] if at is not None else None
        if change.kind in ("new", "split"):
            if into is not None and change.topic not in kept.into:
                TopicEvent.objects.create(topic=into, kind=change.kind, other_id=change.old, at=now)
            continue
        assert change.old is not None  # only topics of before merge or go
        old = Topic.objects.get(pk=change.old)
        if old.pk in there or old.state != Topic.State.EMERGING:
            continue
        old.messages_count = old.unique_count = 0
        old.state, old.merged_into = Topic.State.RETIRED, into
        old.save(update_fields=["messages_count", "unique_count", "state", "merged_into"])
        TopicEvent.objects.create(topic=old, kind=change.kind, other=into, at=now)


def _assign_all(ids: list[int], numbers: list[int], alike: list[float]) -> None:
    """Write what changed, a few hundred messages at a time; what a person said of a message stays.

    Each message is changed when it is written, not when the fit began: the columns look back half a minute only.
    """
    for part in chunks(zip(ids, numbers, alike, strict=True)):
        with transaction.atomic():
            there = dict(TopicMessage.objects.filter(pk__in=[pk for pk, _, _ in part]).values_list("pk", "topic_id"))
            changed = [(pk, number, a) for pk, number, a in part if there.get(pk) != number]
            if not changed:
                continue
            wanted = {pk: number for pk, number, _ in changed}
            TopicMessage.objects.filter(pk__in=[pk for pk, _, _ in changed], user__isnull=True).delete()
            still = set(Message.objects.filter(pk__in=[pk for pk, _, _ in changed]).values_list("pk", flat=True))
            rows = [
                TopicMessage(message_id=pk, topic_id=number, alike=round(a, 4))
                for pk, number, a in changed
                if pk in still
            ]
            insert_many(TopicMessage, rows, ignore_conflicts=True)
            for placed in TopicMessage.objects.filter(pk__in=[pk for pk, _, _ in changed], user__isnull=False):
                placed.topic_id = wanted[placed.pk]  # its topic was merged
                placed.save(update_fields=["topic"])
            Message.objects.filter(pk__in=sorted(still)).update(changed_at=timezone.now())
