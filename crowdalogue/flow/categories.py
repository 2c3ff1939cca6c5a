"""Categories from their first example to a number: taught, labelled, learned, compared, taken over, replayed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from crowdalogue import live
from crowdalogue.analyze import categories_judged, categories_taught
from crowdalogue.analyze.categories_taught import Added, Source, State
from crowdalogue.errors import Failure
from crowdalogue.models import (
    Audit,
    Category,
    CategoryExample,
    CategoryReplay,
    CategoryVersion,
    Message,
    MessageCategory,
    User,
)

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=10)  # of a worker that learns
NIGHT = 2  # o'clock in the company's zone, from when on labels of the day before are learned from
DROPPED_AT_ONCE = 500
MOST_AT_ONCE = 500  # messages labelled in one call


def define(user: User | None, name: str, description: str = "", category: Category | None = None) -> Category:
    """Keep a new or renamed category; its name and description are evidence. Raises `Failure`."""
    return categories_taught.save(user, name, description, category)


def teach(user: User | None, category: Category, given: Iterable[tuple[str, bool]], source: str) -> Added:
    """Keep texts as examples, each with yes or no, and say what became of them. Many wait for the worker."""
    added = categories_taught.add_texts(user, category, given, source)
    if categories_taught.waiting(category).exists():
        Category.objects.filter(pk=category.pk).update(wanted_at=timezone.now())
    return added


def label(
    user: User | None,
    category: Category,
    messages: Mapping[int, bool | None],
    source: str = Source.CORRECTION,
    density: float | None = None,
) -> int:
    """Say of messages whether they are in the category; None: skipped. It counts for them at once. Returns how many
    were found."""
    ids = list(messages)[:MOST_AT_ONCE]
    with transaction.atomic():
        rows = list(Message.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        for message in rows:
            categories_taught.label(user, category, message, messages[message.pk], source, density)
        live.announce("conversation", *sorted({m.conversation_id for m in rows}))
    return len(rows)


def unlabel(example: CategoryExample) -> None:
    """Take an example back."""
    with transaction.atomic():
        categories_taught.forget(example)


def learn(user: User | None, category: Category) -> CategoryVersion | None:
    """Learn from everything that was said. None: there is much to read first, and the worker does it.

    The first version takes over at once, and history is gone through. A later one waits for somebody to compare it
    with the one in use. Raises `Failure` where nothing can be learned.
    """
    if categories_taught.waiting(category).count() > categories_taught.AT_ONCE:
        Category.objects.filter(pk=category.pk).update(wanted_at=timezone.now())
        return None
    while categories_taught.understand(category):
        pass
    version, fresh = categories_taught.learn(category, user)
    Category.objects.filter(pk=category.pk).update(wanted_at=None)
    if fresh and categories_taught.active(category) is None:
        take_over(user, version, "It is the first.")
        categories_judged.begin(user, version, timezone.now())
    live.announce("category", category.pk)
    return version


def take_over(user: User | None, version: CategoryVersion, why: str = "") -> None:
    """From now on this version judges what is read; history is judged by it once somebody asks for that."""
    now = timezone.now()
    with transaction.atomic():
        categories_taught.take_over(version, why or f"{user or 'The worker'} chose it.", now)
        categories_judged.stop(version.category, "Another version is in use now.", now)
    live.announce("category", version.category_id)


def refuse(user: User | None, version: CategoryVersion) -> None:
    """A version that waits is not taken."""
    rows = CategoryVersion.objects.filter(pk=version.pk, state=State.WAITING)
    rows.update(state=State.REFUSED, why=f"{user or 'Nobody'} did not take it.")


def replay_category(user: User | None, category: Category) -> CategoryReplay:
    """Judge all history by the version in use. Raises `Failure`."""
    version = categories_taught.active(category)
    if version is None:
        raise Failure("No version is in use yet. Give examples, and have it learn.")
    return categories_judged.begin(user, version, timezone.now())


def stop_replay(user: User | None, category: Category) -> bool:
    """Stop going through history; it can go on from there. Returns whether it ran."""
    return categories_judged.stop(category, f"{user or 'Somebody'} stopped it.", timezone.now())


def resume_replay(replay: CategoryReplay) -> None:
    """Go on through history. Raises `Failure`."""
    categories_judged.resume(replay, timezone.now())


def pause(category: Category, *, active: bool) -> None:
    """A category that rests judges nothing; what it caught stays."""
    Category.objects.filter(pk=category.pk).update(active=active, changed_at=timezone.now())
    if not active:
        stop_replay(None, category)


def remove(category: Category) -> None:
    """A category goes with its examples, versions and judgements, in short steps; the messages stay."""
    pause(category, active=False)
    members = MessageCategory.objects.filter(category=category)
    while some := dict(members.values_list("pk", "message_id")[:DROPPED_AT_ONCE]):
        with transaction.atomic():
            categories_judged.touch(set(some.values()), timezone.now())
            MessageCategory.objects.filter(pk__in=list(some)).delete()
    examples = CategoryExample.objects.filter(category=category)
    while ids := list(examples.values_list("pk", flat=True)[:DROPPED_AT_ONCE]):
        CategoryExample.objects.filter(pk__in=ids).delete()
    category.delete()


# --- the worker


def tend_categories() -> bool:
    """One turn of the worker: a step through history, texts that wait to be understood, or learning where it is due.
    Returns whether there was something to do."""
    now = timezone.now()
    replayed = categories_judged.replay(now)
    if replayed is not None:
        live.announce("category", replayed.category_id)
        return True
    category = claim(now)
    if category is None:
        return False
    try:
        if not (categories_taught.waiting(category).exists() and categories_taught.understand(category)):
            relearn(category)
            Category.objects.filter(pk=category.pk).update(wanted_at=None)
    except Failure as failure:
        log.warning("category %s: %s", category.pk, failure.text)
        Category.objects.filter(pk=category.pk).update(wanted_at=None)
    finally:
        Category.objects.filter(pk=category.pk).update(claimed_at=None)
    return True


def claim(now: datetime) -> Category | None:
    """The category that is to learn, for this worker only: one that was asked to, or one with labels of before this
    night that its newest version does not know."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE)
    rows = Category.objects.filter(free, active=True).annotate(newest=Max("versions__trained_at"))
    asked = rows.filter(wanted_at__isnull=False).order_by("wanted_at").first()
    found: Category | None = asked or overnight(rows.filter(newest__lt=last_night(now)), last_night(now))
    if found is None:
        return None
    mine = Category.objects.filter(free, pk=found.pk)
    return found if mine.update(claimed_at=now) else None


def overnight(rows: object, night: datetime) -> Category | None:
    """A category with labels from before `night` that came after its newest version."""
    fresh = CategoryExample.objects.filter(category__in=rows, yes__isnull=False, at__lt=night)  # type: ignore[misc]
    example = (
        fresh.annotate(newest=Max("category__versions__trained_at")).filter(at__gt=F("newest")).order_by("at").first()
    )
    return example.category if example else None


def last_night(now: datetime) -> datetime:
    """The newest two o'clock in the company's zone."""
    here = now.astimezone(categories_judged.zone_named(categories_judged.zone_name()))
    night = here.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return night if night <= here else night - timedelta(days=1)


def relearn(category: Category) -> CategoryVersion:
    """Learn, and let the new version take over where it is not worse on enough labels that were drawn at random."""
    before = categories_taught.active(category)
    version, fresh = categories_taught.learn(category)
    if not fresh:
        return version
    if before is None:
        take_over(None, version, "It is the first.")
        categories_judged.begin(None, version, timezone.now())
        return version
    why = verdict(before, version)
    if why.startswith("It is not worse"):
        take_over(None, version, why)
        what = f"{category.name}: version {version.number} took over. {why}"
        Audit.objects.create(who="worker", deed="changed_category", what=what[:300])
    else:
        version.why = why[:300]
        version.save(update_fields=["why"])
    live.announce("category", category.pk)
    return version


def verdict(before: CategoryVersion, version: CategoryVersion) -> str:
    """Why a new version takes over by itself, or waits for somebody to look at it."""
    try:
        both = categories_taught.compared(before, version)
    except Failure:
        return "The version in use cannot be read, so nobody can say which is better."
    if not both.enough:
        return f"Too few labels from the queue to say which is better (n = {both.new.n})."
    said = f"F1 {both.new.f1 or 0:.2f}, before {both.old.f1 or 0:.2f}, on the same {both.new.n} labels"
    return f"It is not worse: {said}." if both.not_worse else f"It is worse: {said}."
