"""Categories of the store: who said what is in them, the versions learned from that, and which of them counts.

A version never changes. A new one is measured beside the one in use on the same labels before it takes over; those
labels' scores are of fits that did not see them, for each version its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from crowdalogue.analyze import categories, categories_measured
from crowdalogue.analyze.categories import Head, Learned, Lesson
from crowdalogue.analyze.categories_measured import Compared, Measured
from crowdalogue.analyze.steps import embedding
from crowdalogue.errors import Failure
from crowdalogue.models import Category, CategoryExample, CategoryVersion, Embedding, Message, MessageCategory, User
from crowdalogue.models.bulk import chunks, insert_many
from crowdalogue.text import encoder

MOST = 200  # categories
MOST_EXAMPLES = 20_000  # of one category
LONGEST = 4_000  # characters of a text without a message
AT_ONCE = 200  # texts whose meaning is worked out while somebody waits; more are left to the worker
POOL = 5_000  # newest messages that a category is tried on and drawn from
BACKGROUND = 2_000
State = CategoryVersion.State
Source = CategoryExample.Source

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pool:
    """The newest messages from customers that have a vector: their numbers, newest first, and (n, width)."""

    ids: NDArray[np.int64]
    vectors: Floats


@dataclass(slots=True)
class Added:
    """What became of the examples that were given. `both`: texts given as yes and as no, none of them kept."""

    new: int = 0
    changed: int = 0
    same: int = 0
    empty: int = 0
    both: int = 0
    beyond: int = 0


# --- kept


def save(user: User | None, name: str, description: str = "", category: Category | None = None) -> Category:
    """Keep a new or renamed category. Raises `Failure`."""
    name, description = " ".join(name.split())[:80], description.strip()[:2_000]
    if not name:
        raise Failure("The category has no name. Give it one that colleagues understand.")
    if Category.objects.filter(name__iexact=name).exclude(pk=category.pk if category else None).exists():
        raise Failure(f"Another category is called {name}. Choose a different name.")
    if category is None:
        if Category.objects.count() >= MOST:
            raise Failure(f"There are {MOST} categories already. Remove one that nobody reads any more.")
        return Category.objects.create(name=name, description=description, user=user)
    category.name, category.description, category.changed_at = name, description, timezone.now()
    category.save(update_fields=["name", "description", "changed_at"])
    return category


def digest_of(text: str) -> str:
    """The same for texts that differ in case and spaces only."""
    return hashlib.blake2b(" ".join(text.casefold().split()).encode(), digest_size=16).hexdigest()


def add_texts(user: User | None, category: Category, given: Iterable[tuple[str, bool]], source: str) -> Added:
    """Keep texts without a message as examples. The same text said both ways at once is kept as neither; a text that
    was there gets the newer label."""
    added, wanted = sorted_out(given)
    digests = list(wanted)
    there: dict[str, CategoryExample] = {}
    for part in chunks(digests):
        kept = CategoryExample.objects.filter(category=category, message=None, digest__in=part)
        there |= {row.digest: row for row in kept}
    left = MOST_EXAMPLES - CategoryExample.objects.filter(category=category).count()
    fresh = [d for d in digests if d not in there]
    added.beyond = max(0, len(fresh) - left)
    fresh = fresh[: max(left, 0)]
    _relabel(user, [there[d] for d in digests if d in there], wanted, added)
    now = timezone.now()
    rows = [
        CategoryExample(
            category=category, text=wanted[d][0], digest=d, yes=wanted[d][1], source=source, user=user, at=now
        )
        for d in fresh
    ]
    if len(rows) <= AT_ONCE:
        _understand(rows)
    for some in chunks(rows, 100):
        with transaction.atomic():
            insert_many(CategoryExample, some, ignore_conflicts=True)
    added.new = len(rows)
    return added


def sorted_out(given: Iterable[tuple[str, bool]]) -> tuple[Added, dict[str, tuple[str, bool]]]:
    """Texts by their digest, without the empty ones and those said both ways."""
    added = Added()
    wanted: dict[str, tuple[str, bool]] = {}
    both: set[str] = set()
    for raw, yes in given:
        text = raw.replace("\x00", "").strip()[:LONGEST]
        if not text:
            added.empty += 1
            continue
        digest = digest_of(text)
        if wanted.setdefault(digest, (text, yes))[1] != yes:
            both.add(digest)
    added.both = len(both)
    return added, {d: one for d, one in wanted.items() if d not in both}


def _relabel(
    user: User | None, rows: Sequence[CategoryExample], wanted: Mapping[str, tuple[str, bool]], added: Added
) -> None:
    for row in rows:
        if row.yes is wanted[row.digest][1]:
            added.same += 1
            continue
        row.yes, row.user, row.at = wanted[row.digest][1], user, timezone.now()
        row.save(update_fields=["yes", "user", "at"])
        added.changed += 1


def _understand(rows: Sequence[CategoryExample]) -> None:
    """Set the vectors of texts; without an encoder they stay without."""
    try:
        vectors = encoded([row.text for row in rows])
    except Failure:
        return
    for row, vector in zip(rows, vectors, strict=True):
        row.vector, row.embedding = vector.astype("<f2").tobytes(), embedding.VERSION


def encoded(texts: Sequence[str]) -> Floats:
    """Their vectors. Raises `Failure` where there is no encoder."""
    try:
        return encoder.encode([text[: embedding.CHARACTERS] for text in texts])
    except encoder.EncoderMissing as error:
        raise Failure(str(error)) from None


def understand(category: Category, limit: int = AT_ONCE) -> int:
    """Work out the meaning of some texts that wait for it. Returns how many were done."""
    rows = list(waiting(category).order_by("pk")[:limit])
    _understand(rows)
    done = [row for row in rows if row.vector is not None and row.embedding == embedding.VERSION]
    with transaction.atomic():
        for row in done:
            CategoryExample.objects.filter(pk=row.pk).update(vector=row.vector, embedding=row.embedding)
    return len(done)


def waiting(category: Category) -> QuerySet[CategoryExample]:
    """Texts whose meaning is not worked out yet, or was by another encoder."""
    return CategoryExample.objects.filter(category=category, message=None).exclude(embedding=embedding.VERSION)


def label(
    user: User | None, category: Category, message: Message, yes: bool | None, source: str, density: float | None = None
) -> CategoryExample:
    """Somebody says whether a message is in the category; None: it was skipped. It counts for this message at once.
    Call inside a transaction."""
    given: dict[str, Any] = {"yes": yes, "user": user, "at": timezone.now(), "digest": digest_of(whole(message))}
    if density is not None:
        given["density"] = density
    there = CategoryExample.objects.filter(category=category, message=message).first()
    if there is None:
        given["source"] = source
    example, _ = CategoryExample.objects.update_or_create(category=category, message=message, defaults=given)
    if yes is not None:
        said = {"yes": yes, "confidence": 1.0, "version": None, "user": user, "at": timezone.now()}
        said["sent_at"] = message.sent_at
        MessageCategory.objects.update_or_create(category=category, message=message, defaults=said)
        Message.objects.filter(pk=message.pk).update(changed_at=timezone.now())
    return example


def forget(example: CategoryExample) -> None:
    """An example is taken back; what was said of its message goes with it. Call inside a transaction."""
    if example.message_id:
        MessageCategory.objects.filter(
            category_id=example.category_id, message_id=example.message_id, version=None
        ).delete()
        Message.objects.filter(pk=example.message_id).update(changed_at=timezone.now())
    example.delete()


def whole(message: Message) -> str:
    return f"{message.subject}\n{message.text}".strip()


# --- what it learns from


def pool(limit: int = POOL) -> Pool:
    """The newest messages from customers, neither kept apart nor taken back."""
    rows = Embedding.objects.filter(
        message__direction=Message.Direction.IN,
        message__apart__isnull=True,
        message__deleted_at__isnull=True,
        version=embedding.VERSION,
    ).order_by("-message_id")
    found = list(rows.values_list("message_id", "vector")[:limit])
    return Pool(np.array([pk for pk, _ in found], dtype=np.int64), stacked([v for _, v in found]))


def stacked(kept: Sequence[Any]) -> Floats:
    if not kept:
        return np.empty((0, encoder.WIDTH), np.float32)
    return np.frombuffer(b"".join(bytes(k) for k in kept), "<f2").reshape(len(kept), -1).astype(np.float32)


def named(name: str, description: str) -> Floats | None:
    """The vector of what the category is called and said to be."""
    try:
        vector: Floats = encoder.encode([f"{name}. {description}".strip()[: embedding.CHARACTERS]])[0]
    except encoder.EncoderMissing:
        return None
    return vector


@dataclass(frozen=True, slots=True)
class Known:
    """The examples of a category as they can be learned from, in a fixed order."""

    ids: list[int]
    vectors: Floats
    yes: NDArray[np.bool_]
    density: list[float | None]
    messages: set[int]
    both: int  # left out: texts said to be in it and not in it
    without: int  # left out: texts whose meaning is not worked out
    fingerprint: str


def known(category: Category) -> Known:
    """Everything that was said of a category, as far as it has a vector."""
    rows = CategoryExample.objects.filter(category=category, yes__isnull=False).order_by("pk")
    names = ("pk", "digest", "yes", "density", "message_id", "vector", "embedding")
    found = list(rows.values_list(*names, "message__embedding__vector", "message__embedding__version"))
    said: dict[str, set[bool]] = {}
    for _, digest, yes, *_rest in found:
        said.setdefault(digest, set()).add(yes)
    kept, both, without = [], 0, 0
    for pk, digest, yes, density, message, *vectors in found:
        vector, version = vectors[:2] if message is None else vectors[2:]
        if len(said[digest]) == 2:
            both += 1
        elif vector is None or version != embedding.VERSION:
            without += 1
        else:
            kept.append((pk, vector, yes, density))
    parts = [f"{category.name}\n{category.description}", *(f"{d}{y}{p}" for p, d, y, *_ in found)]
    mark = hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
    flags = np.array([k[2] for k in kept], dtype=bool)
    said_of = {row[4] for row in found if row[4] is not None}
    ids, density = [k[0] for k in kept], [k[3] for k in kept]
    return Known(ids, stacked([k[1] for k in kept]), flags, density, said_of, both, without, mark)


def lesson(category: Category, said: Known, among: Pool) -> Lesson:
    """What a version learns from: the examples, and messages of the pool that nobody labelled."""
    drawn = np.array([d is not None for d in said.density], dtype=bool)
    weight = np.zeros(len(said.ids))
    weight[drawn] = categories_measured.weights([d for d in said.density if d is not None], len(among.ids))
    unlabelled = background(among, said.messages)
    return Lesson(said.vectors, said.yes, weight, unlabelled, named(category.name, category.description))


def background(among: Pool, labelled: set[int]) -> Floats:
    """Vectors of messages that nobody labelled, spread over the pool."""
    free = np.array([pk not in labelled for pk in among.ids.tolist()], dtype=bool)
    rows = among.vectors[free] if len(among.ids) else among.vectors
    return rows[:: -(-len(rows) // BACKGROUND)] if len(rows) > BACKGROUND else rows


# --- versions


def learn(category: Category, user: User | None = None) -> tuple[CategoryVersion, bool]:
    """Learn from everything that was said, and keep the version. Returns it, and whether it is a new one: where
    nothing changed since the newest, that one is meant. Raises `Failure`. Call outside a transaction."""
    said = known(category)
    newest = CategoryVersion.objects.filter(category=category).order_by("-number").first()
    if newest and newest.fingerprint == said.fingerprint and newest.embedding == embedding.VERSION:
        return newest, False
    if not said.ids and said.without:
        raise Failure("The examples have no vectors yet. The worker makes them; without an encoder it cannot.")
    among = pool()
    given = lesson(category, said, among)
    learned = categories.learn(given)
    version = CategoryVersion(
        category=category,
        head=categories.pack(learned.head, embedding.VERSION),
        embedding=embedding.VERSION,
        threshold=learned.head.threshold,
        figures=figures(said, given, learned, among),
        fingerprint=said.fingerprint,
        user=user,
        **learned.examples,
    )
    with transaction.atomic():
        Category.objects.select_for_update().get(pk=category.pk)
        last = CategoryVersion.objects.filter(category=category).aggregate(n=Max("number"))["n"] or 0
        version.number = last + 1
        version.save()
        older = CategoryVersion.objects.filter(category=category, state=State.WAITING).exclude(pk=version.pk)
        older.update(state=State.REFUSED, why="A newer version came before it was used.")
    return version, True


def figures(said: Known, given: Lesson, learned: Learned, among: Pool) -> dict[str, Any]:
    """As measured when it was made: on what was drawn at random, else on the examples given, by held-out scores."""
    fair = np.isfinite(learned.held)
    caught = learned.head.sure(np.nan_to_num(learned.held, nan=-40.0)) >= learned.head.threshold
    drawn = fair & (given.weight > 0)
    share = share_of(learned.head, among)
    own = fair & (given.weight == 0)
    held = {str(pk): round(float(s), 4) for pk, s, d in zip(said.ids, learned.held, given.weight > 0, strict=True) if d}
    return {
        "drawn": categories_measured.measure(given.yes[drawn], caught[drawn], given.weight[drawn], share).plain(),
        "given": categories_measured.measure(given.yes[own], caught[own], np.ones(int(own.sum()))).plain(),
        "held": {pk: None if s != s else s for pk, s in held.items()},
        "both": said.both,
        "without": said.without,
        "background": len(given.background),
        "checked": learned.head.checked,
    }


def head_of(version: CategoryVersion) -> Head:
    """Raises `Failure` where it is damaged."""
    return categories.unpack(bytes(version.head))


def active(category: Category) -> CategoryVersion | None:
    found: CategoryVersion | None = category.versions.filter(state=State.ACTIVE).first()
    return found


@dataclass(frozen=True, slots=True)
class Sample:
    """The labels drawn at random, as they stand now: example ids, vectors, labels, weights; and the newest messages."""

    ids: list[int]
    vectors: Floats
    yes: NDArray[np.bool_]
    weight: NDArray[np.float64]
    among: Pool


def sample(category: Category) -> Sample:
    """Also those said both ways: they happen among messages, and a version that never saw them is judged by them."""
    rows = CategoryExample.objects.filter(
        category=category, yes__isnull=False, density__isnull=False, message__embedding__version=embedding.VERSION
    )
    found = list(rows.order_by("pk").values_list("pk", "yes", "density", "message__embedding__vector"))
    among = pool()
    weight = categories_measured.weights([d for *_, d, _v in found if d is not None], len(among.ids))
    yes = np.array([y for _, y, *_ in found], dtype=bool)
    return Sample([pk for pk, *_ in found], stacked([v for *_, v in found]), yes, weight, among)


def judged(version: CategoryVersion, drawn: Sample) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What a version says of each label (n,), and which of that is fair (n,): the score it gave before it learned
    from the label, or a label that came later."""
    head = head_of(version)
    sure = head.confidence(drawn.vectors)
    fair = np.ones(len(drawn.ids), dtype=bool)
    held: dict[str, float | None] = version.figures.get("held", {})
    for at, pk in enumerate(drawn.ids):
        if str(pk) in held:
            score = held[str(pk)]
            fair[at] = score is not None
            sure[at] = 0.0 if score is None else float(head.sure(score))
    return sure >= head.threshold, fair


def share_of(head: Head, among: Pool) -> float | None:
    """The share of the newest messages that a head catches; None where there are none."""
    return float((head.confidence(among.vectors) >= head.threshold).mean()) if len(among.ids) else None


def measured(version: CategoryVersion, drawn: Sample | None = None) -> Measured:
    """How good a version is on the labels drawn at random so far."""
    drawn = drawn or sample(version.category)
    caught, fair = judged(version, drawn)
    share = share_of(head_of(version), drawn.among)
    return categories_measured.measure(drawn.yes[fair], caught[fair], drawn.weight[fair], share)


def compared(old: CategoryVersion, new: CategoryVersion) -> Compared:
    """Two versions of a category on the same labels."""
    drawn = sample(new.category)
    (before, fair), (after, also) = judged(old, drawn), judged(new, drawn)
    both = fair & also
    shares = (share_of(head_of(old), drawn.among), share_of(head_of(new), drawn.among))
    return categories_measured.compare(drawn.yes[both], before[both], after[both], drawn.weight[both], shares)


def take_over(version: CategoryVersion, why: str, now: datetime) -> None:
    """From now on this version judges. Call inside a transaction. Raises `Failure` where it is damaged."""
    head_of(version)
    Category.objects.select_for_update().get(pk=version.category_id)
    before = CategoryVersion.objects.filter(category=version.category_id, state=State.ACTIVE).exclude(pk=version.pk)
    before.update(state=State.REPLACED, ended_at=now)
    version.state, version.why, version.took_over_at, version.ended_at = State.ACTIVE, why[:300], now, None
    version.save(update_fields=["state", "why", "took_over_at", "ended_at"])


def counts(category: Category) -> dict[str, int]:
    """How many examples there are: yes, no, skipped, drawn at random, and with no vector yet."""
    rows = CategoryExample.objects.filter(category=category).order_by().values("yes")
    found = {"yes": 0, "no": 0, "skipped": 0, "drawn": 0}
    for yes, n, drawn in rows.annotate(n=Count("pk"), drawn=Count("density")).values_list("yes", "n", "drawn"):
        found["skipped" if yes is None else "yes" if yes else "no"] += n
        found["drawn"] += drawn if yes is not None else 0
    return {**found, "waiting": waiting(category).count()}
