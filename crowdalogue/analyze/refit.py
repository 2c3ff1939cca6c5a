"""Topics of the store: found anew once a day, matched to those of before, and given to new messages at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from numpy.typing import NDArray

from crowdalogue.analyze import continuity, topics
from crowdalogue.models import Embedding, Message, Topic, TopicEvent, TopicFit, TopicMessage
from crowdalogue.models.bulk import chunks, insert_many

MOST = 50_000  # messages of one fit, the newest
DAYS = 90
FEWEST = 20  # below it there is nothing to find
EVERY = timedelta(hours=1)  # a fit that was cut off is begun again after this
NEAR = 0.3  # cosine below which a new message waits for the next fit
LONGEST = 120

Floats = NDArray[np.float32]


def due(now: datetime) -> TopicFit | None:
    """Claim the fit of this day: None where it was made, where another worker makes it, or where it is too early.

    In the first days messages come faster than days: once there are twice as many it is made again.
    """
    waiting = _newest(now).count()
    if waiting < FEWEST:
        return None
    fit, fresh = TopicFit.objects.get_or_create(day=now.date(), defaults={"started_at": now})
    if fresh:
        return fit
    mine = TopicFit.objects.filter(pk=fit.pk)
    if fit.ended_at is None:
        claimed = mine.filter(ended_at__isnull=True, started_at__lt=now - EVERY).update(started_at=now)
    elif waiting >= 2 * fit.messages:
        claimed = mine.filter(ended_at=fit.ended_at).update(started_at=now, ended_at=None)
    else:
        claimed = 0
    return fit if claimed else None


def refit(now: datetime) -> TopicFit | None:
    """Make the fit of the day where it is due. Write-transactions are short: messages are written in parts."""
    fit = due(now)
    if fit is None:
        return None
    _carry_out(fit, *_recent(now), now)
    fit.ended_at, fit.version = now, topics.VERSION
    fit.save()
    return fit


def assign(messages: Sequence[Message], vectors: Sequence[Floats | None], now: datetime) -> int:
    """Give messages that were just read the nearest topic of the newest fit. Call inside a transaction."""
    heard = [
        (m.pk, v)
        for m, v in zip(messages, vectors, strict=True)
        if v is not None and m.direction == Message.Direction.IN
    ]
    known = _current() if heard else {}
    if not known:
        return 0
    numbers = list(known)
    near, alike = topics.nearest_topic(np.stack([v for _, v in heard]), np.stack(list(known.values())))
    rows = [
        TopicMessage(message_id=pk, topic_id=numbers[t], alike=round(float(a), 4))
        for (pk, _), t, a in zip(heard, near.tolist(), alike.tolist(), strict=True)
        if a >= NEAR
    ]
    insert_many(TopicMessage, rows, ignore_conflicts=True)
    return len(rows)


def _current() -> dict[int, Floats]:
    """Topics that new messages can belong to, with their middles."""
    rows = Topic.objects.exclude(state=Topic.State.RETIRED).order_by("pk").values_list("pk", "centroid")
    return {pk: np.frombuffer(bytes(kept), "<f2").astype(np.float32) for pk, kept in rows}


def _newest(now: datetime) -> QuerySet[Embedding]:
    """The vectors of the newest messages from customers."""
    return Embedding.objects.filter(
        message__direction=Message.Direction.IN,
        message__apart__isnull=True,
        message__deleted_at__isnull=True,
        message__sent_at__gte=now - timedelta(days=DAYS),
        message__sent_at__lte=now,
    ).order_by("-message__sent_at", "-message_id")[:MOST]


def _recent(now: datetime) -> tuple[list[int], list[str], Floats]:
    """The newest messages from customers: ids, texts, vectors."""
    rows = _newest(now).values_list("message_id", "message__text", "message__subject", "vector")
    ids, texts, vectors = [], [], []
    for pk, text, subject, vector in rows.iterator(chunk_size=2000):
        ids.append(pk)
        texts.append(f"{subject}\n{text}" if subject else text)
        vectors.append(np.frombuffer(bytes(vector), "<f2"))
    return ids, texts, np.stack(vectors).astype(np.float32) if vectors else np.empty((0, 0), np.float32)


def _carry_out(fit: TopicFit, ids: list[int], texts: list[str], vectors: Floats, now: datetime) -> None:
    if not ids:
        return
    wanted = set(ids)
    said = TopicMessage.objects.filter(topic__state__in=(Topic.State.EMERGING, Topic.State.ADOPTED))
    pairs = said.values_list("message_id", "topic_id").iterator(chunk_size=5000)
    before = {m: t for m, t in pairs if m in wanted}
    kept = np.array([before.get(pk, -1) for pk in ids]) if before else None
    found = topics.find(texts, vectors, kept)
    today = dict(zip(ids, found.topic.tolist(), strict=True))
    matched = continuity.match(before, _current(), today, np.stack([t.centroid for t in found.topics]))
    with transaction.atomic():
        rows = [_written(topic, id, found, ids, now) for topic, id in zip(found.topics, matched.ids, strict=True)]
        _tell(matched.changes, rows, now)
    alike = np.einsum("ij,ij->i", vectors, np.stack([t.centroid for t in found.topics])[found.topic])
    numbers = [rows[t].pk for t in found.topic.tolist()]
    _assign_all(ids, numbers, alike.tolist())
    stayed = [before[pk] == number for pk, number in zip(ids, numbers, strict=True) if pk in before]
    fit.stayed = round(sum(stayed) / len(stayed), 4) if stayed else None
    fit.messages, fit.topics = len(ids), len(rows)


def _written(topic: topics.Topic, id: int | None, found: topics.Found, ids: list[int], now: datetime) -> Topic:
    values: dict[str, Any] = {
        "name": topic.name[:LONGEST],
        "group": found.groups[topic.group].name[:LONGEST],
        "words": [list(w) for w in topic.words],
        "representatives": [ids[i] for i in topic.representatives],
        "centroid": topic.centroid.astype("<f2").tobytes(),
        "messages_count": topic.size,
        "unique_count": topic.unique,
        "fitted_at": now,
    }
    if id is None:
        return Topic.objects.create(first_at=now, **values)
    Topic.objects.filter(pk=id).update(**values)
    return Topic.objects.get(pk=id)


def _tell(changes: Sequence[continuity.Change], rows: Sequence[Topic], now: datetime) -> None:
    """Keep what happened. A topic that is gone rests; one that a person adopted stays, with no message."""
    for change in changes:
        into = rows[change.topic] if change.topic is not None else None
        if change.kind in ("new", "split") and into is not None:
            TopicEvent.objects.create(topic=into, kind=change.kind, other_id=change.old, at=now)
            continue
        assert change.old is not None  # only topics of before merge or go
        old = Topic.objects.get(pk=change.old)
        old.messages_count = old.unique_count = 0
        if old.state == Topic.State.EMERGING:
            old.state, old.merged_into = Topic.State.RETIRED, into
        old.save(update_fields=["messages_count", "unique_count", "state", "merged_into"])
        TopicEvent.objects.create(topic=old, kind=change.kind, other=into, at=now)


def _assign_all(ids: list[int], numbers: list[int], alike: list[float]) -> None:
    """Write what changed, a few hundred messages at a time; what a person said of a message stays."""
    for part in chunks(zip(ids, numbers, alike, strict=True)):
        with transaction.atomic():
            there = dict(TopicMessage.objects.filter(pk__in=[pk for pk, _, _ in part]).values_list("pk", "topic_id"))
            changed = [(pk, number, a) for pk, number, a in part if there.get(pk) != number]
            TopicMessage.objects.filter(pk__in=[pk for pk, _, _ in changed], user__isnull=True).delete()
            still = set(Message.objects.filter(pk__in=[pk for pk, _, _ in changed]).values_list("pk", flat=True))
            rows = [
                TopicMessage(message_id=pk, topic_id=number, alike=round(a, 4))
                for pk, number, a in changed
                if pk in still
            ]
            insert_many(TopicMessage, rows, ignore_conflicts=True)
