"""What people do with topics: adopt, rename, merge, split, retire, and say of a message which topic it is about.

Whatever people shaped is adopted: no fit takes it away (topic_kept.py). Each deed has its opposite, each is recorded
with who did it, and messages are moved a few hundred at a time, so that nobody waits for the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils import timezone

from crowdalogue import live
from crowdalogue.analyze import refit, topics
from crowdalogue.analyze.nearest import unit
from crowdalogue.errors import Refused
from crowdalogue.models import Embedding, Event, Message, Topic, TopicEvent, TopicMessage, User
from crowdalogue.models.bulk import chunks

LOOKED_AT = 5_000  # messages of a topic, the newest, that a split is made from; the rest follow the nearest part
State = Topic.State


@dataclass(frozen=True)
class Part:
    """A part that a topic could be split into: `messages` are the ids that were looked at, newest first."""

    name: str
    words: tuple[tuple[str, float, int], ...]
    size: int
    unique: int
    messages: tuple[int, ...]
    representatives: tuple[int, ...]
    middle: bytes  # as Topic.centroid


@dataclass(frozen=True)
class Split:
    """A finer fit of one topic's messages. `digest` names it: the same messages give the same parts."""

    parts: tuple[Part, ...]
    looked_at: int
    of: int
    digest: str


# --- what it is


def adopt(user: User | None, topic: Topic) -> Topic:
    """It is one of ours: fits keep it. Nothing happens where it was adopted already."""
    if _there(topic).state == State.EMERGING:
        _set(user, topic, "adopted", state=State.ADOPTED)
    return topic


def release(user: User | None, topic: Topic) -> Topic:
    """The opposite: fits may change it again. A name that a person gave stays."""
    if _there(topic).state == State.ADOPTED:
        _set(user, topic, "released", state=State.EMERGING)
    return topic


def rename(user: User | None, topic: Topic, name: str) -> Topic:
    """A name of our own; empty gives it the customers' words back. Raises `Refused` where another topic has it."""
    name = " ".join(name.split())[: refit.LONGEST]
    _there(topic)
    if name == topic.own_name:
        return topic
    if name:
        _free(name, topic)
    state = State.ADOPTED if name and topic.state == State.EMERGING else topic.state
    return _set(user, topic, "renamed", own_name=name, state=state)


def _free(name: str, topic: Topic | None = None) -> None:
    others = Topic.objects.exclude(state=State.RETIRED).exclude(pk__in=[topic.pk] if topic else [])
    if others.filter(own_name__iexact=name).exists() or others.filter(own_name="", name__iexact=name).exists():
        raise Refused(f"Another topic is called {name}. Choose another name, or merge the two.", status=409)


def retire(user: User | None, topic: Topic) -> Topic:
    """It is of no interest: it is not listed, and what is found there again stays quiet."""
    _there(topic)
    return _set(user, topic, "retired", state=State.RETIRED)


def restore(user: User | None, topic: Topic) -> Topic:
    """The opposite, also for a topic that a fit no longer found; it is adopted then."""
    if topic.merged_into_id is not None:
        raise Refused(f"{topic} was merged into {topic.merged_into}. Part the two instead.", status=409)
    if topic.state == State.RETIRED:
        _set(user, topic, "restored", state=State.ADOPTED)
    return topic


def _there(topic: Topic) -> Topic:
    if topic.state != State.RETIRED:
        return topic
    if topic.merged_into is not None:
        raise Refused(f"{topic} was merged into {topic.merged_into}. Go there.", status=409)
    raise Refused(f"{topic} rests. Bring it back first.", status=409)


def _set(user: User | None, topic: Topic, kind: str, other: Topic | None = None, **values: object) -> Topic:
    """Change a topic and tell of it, in one short transaction."""
    with transaction.atomic():
        for name, value in values.items():
            setattr(topic, name, value)
        topic.save(update_fields=list(values))
        TopicEvent.objects.create(topic=topic, kind=kind, other=other, user=user)
        live.announce("topics", topic.pk)
    return topic


# --- merging and parting


def merge(user: User | None, kept: Topic, gone: Topic) -> Topic:
    """The messages of `gone` become `kept`'s, and what is near its middle goes there from now on."""
    if kept.pk == gone.pk:
        raise Refused("A topic cannot be merged with itself. Choose another one.", status=409)
    _there(kept)
    _there(gone)
    ids = list(TopicMessage.objects.filter(topic=gone).order_by("-pk").values_list("pk", flat=True)[: refit.MOST])
    # A topic that was merged has no representatives; their place holds what it brought, so that it can take it back.
    _set(user, gone, "joined", other=kept, state=State.RETIRED, merged_into=kept, representatives=ids)
    if kept.state != State.ADOPTED:
        _set(user, kept, "adopted", state=State.ADOPTED)
    _move(list(TopicMessage.objects.filter(topic=gone).values_list("pk", flat=True)), gone, kept)
    _measure(kept, gone)
    return kept


def part(user: User | None, gone: Topic) -> Topic:
    """Undo a merge: what `gone` brought, and was not moved elsewhere since, is its own again."""
    kept = gone.merged_into
    if kept is None:
        raise Refused(f"{gone} was not merged into another topic.", status=409)
    kept = Topic.objects.get(pk=refit.root(kept.pk))
    ids = [int(pk) for pk in gone.representatives]
    _set(user, gone, "parted", other=kept, state=State.ADOPTED, merged_into=None, representatives=[])
    _move(ids, kept, gone)
    _measure(kept, gone)
    return gone


def _move(ids: Sequence[int], one: Topic, other: Topic) -> None:
    for some in chunks(ids):
        with transaction.atomic():
            mine = TopicMessage.objects.filter(pk__in=some, topic=one)
            moved = list(mine.values_list("pk", flat=True))
            mine.update(topic=other)
            Message.objects.filter(pk__in=moved).update(changed_at=timezone.now())


def _measure(*changed: Topic) -> None:
    """Middles, representatives and numbers of topics whose messages changed, from the newest of them."""
    for topic in changed:
        ids, texts, vectors = _of(topic)
        values: dict[str, object] = {"messages_count": TopicMessage.objects.filter(topic=topic).count()}
        if ids:
            (found,) = topics.members(texts, vectors, np.zeros(len(ids), np.int64), 1)
            values |= {"unique_count": found.unique, "centroid": found.centroid.astype("<f2").tobytes()}
            values["representatives"] = [ids[i] for i in found.representatives]
        if topic.merged_into_id is not None:  # it keeps its middle, and the list of what it brought
            values = {"messages_count": 0, "unique_count": 0}
        Topic.objects.filter(pk=topic.pk).update(**values)
        topic.refresh_from_db()


def _of(topic: Topic) -> tuple[list[int], list[str], refit.Floats]:
    """The newest messages of a topic that were read."""
    rows = Embedding.objects.filter(message__about__topic=topic).order_by("-message_id")
    return refit.read(rows[:LOOKED_AT])


# --- splitting


def finer(topic: Topic) -> Split:
    """What a topic could be split into. Nothing is changed. One part: its messages are all alike."""
    _there(topic)
    ids, texts, vectors = _of(topic)
    if not ids:
        return Split((), 0, TopicMessage.objects.filter(topic=topic).count(), "")
    found = topics.parts(texts, vectors)
    parts = []
    for t, one in enumerate(found.topics):
        here = np.flatnonzero(found.topic == t)
        parts.append(
            Part(
                one.name,
                one.words,
                one.size,
                one.unique,
                tuple(ids[i] for i in here.tolist()),
                tuple(ids[i] for i in one.representatives),
                one.centroid.astype("<f2").tobytes(),
            )
        )
    digest = hashlib.sha256(np.array([ids, found.topic.tolist()], np.int64).tobytes()).hexdigest()[:20]
    return Split(tuple(parts), len(ids), TopicMessage.objects.filter(topic=topic).count(), digest)


def split(user: User | None, topic: Topic, chosen: dict[int, str], digest: str) -> list[Topic]:
    """Make topics of some of `finer`'s parts: position -> name, empty for the customers' words.

    Raises `Refused` where the topic changed since it was looked at (`digest`), or where nothing would be left of it.
    """
    shown = finer(topic)
    if shown.digest != digest:
        raise Refused("Its messages changed meanwhile. Look at the parts again, then split it.", status=409)
    if not chosen or not set(chosen) < set(range(len(shown.parts))):
        raise Refused("Choose at least one part, and leave at least one with the topic.", status=422)
    names = {p: " ".join(name.split())[: refit.LONGEST] for p, name in chosen.items()}
    given = [name.casefold() for name in names.values() if name]
    if len(given) != len(set(given)):
        raise Refused("Two parts have the same name. Choose another one.", status=409)
    for name in filter(None, names.values()):
        _free(name)
    made = [_made(user, topic, shown.parts[p], names[p]) for p in sorted(chosen)]
    for new, p in zip(made, sorted(chosen), strict=True):
        _move(shown.parts[p].messages, topic, new)
    if shown.of > shown.looked_at:
        _follow(topic, shown, dict(zip(sorted(chosen), made, strict=True)))
    if topic.state != State.ADOPTED:
        _set(user, topic, "adopted", state=State.ADOPTED)
    _measure(topic, *made)
    return made


def _made(user: User | None, topic: Topic, one: Part, name: str) -> Topic:
    with transaction.atomic():
        new = Topic.objects.create(
            name=one.name[: refit.LONGEST],
            own_name=name,
            group=topic.group,
            state=State.ADOPTED,
            words=[list(w) for w in one.words],
            centroid=one.middle,
        )
        TopicEvent.objects.create(topic=new, kind="parted", other=topic, user=user)
        live.announce("topics", new.pk)
    return new


def _follow(topic: Topic, shown: Split, made: dict[int, Topic]) -> None:
    """Older messages than were looked at go with the part whose middle is nearest."""
    vectors = {
        pk: refit.vector_of(kept)
        for part in shown.parts
        for some in chunks(part.messages)
        for pk, kept in Embedding.objects.filter(message_id__in=some).values_list("message_id", "vector")
    }
    middles = unit(np.stack([np.sum([vectors[pk] for pk in part.messages], axis=0) for part in shown.parts]))
    seen = {pk for part in shown.parts for pk in part.messages}
    older = Embedding.objects.filter(message__about__topic=topic).exclude(message_id__gte=min(seen))
    rows = [(pk, refit.vector_of(kept)) for pk, kept in older.values_list("message_id", "vector")[: refit.MOST]]
    if not rows:
        return
    nearest, _ = topics.nearest_topic(np.stack([v for _, v in rows]), middles)
    for position, new in made.items():
        _move([pk for (pk, _), p in zip(rows, nearest.tolist(), strict=True) if p == position], topic, new)


# --- one message


def move(user: User, message: Message, topic: Topic) -> Topic | None:
    """A person says what a message is about; every fit keeps it. Returns the topic it had."""
    _there(topic)
    with transaction.atomic():
        row = TopicMessage.objects.filter(message=message).select_related("topic").first()
        was = row.topic if row else None
        if was == topic and row is not None and row.user_id is not None:
            return was
        TopicMessage.objects.update_or_create(message=message, defaults={"topic": topic, "user": user})
        Message.objects.filter(pk=message.pk).update(changed_at=timezone.now())
        if was != topic:
            TopicEvent.objects.create(topic=topic, kind="moved", other=was, user=user)
            what = f"topic: {was} → {topic}" if was is not None else f"topic: {topic}"
            Event.objects.create(conversation_id=message.conversation_id, user=user, deed="corrected", what=what[:300])
            for changed, by in ((was, -1), (topic, 1)):
                if changed is not None:
                    changed.messages_count = max(0, changed.messages_count + by)
                    changed.save(update_fields=["messages_count"])
        live.announce("topics", topic.pk)
        live.announce("conversation", message.conversation_id)
    return was
