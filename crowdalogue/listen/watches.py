"""Watches and their hits: saved, tried on every message that is read, filled with the past, judged by people.

A hit is one row a watch and message, whoever finds it first. New messages are tried when they were read
(`catch`, in the transaction of their findings); those that were here before the watch are gone through by the
worker from the newest back (`fill`): `Watch.seen_id` is the message it came to, 0 once all were tried.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from crowdalogue import live
from crowdalogue.channels.base import Kind
from crowdalogue.errors import Failure
from crowdalogue.listen import past
from crowdalogue.models import Brand, Message, Reading, User, Watch, WatchHit, WatchSearch
from crowdalogue.models.bulk import chunks, insert_many, make
from crowdalogue.text import watching
from crowdalogue.text.matching import Matcher
from crowdalogue.text.watching import WatchQuery

log = logging.getLogger(__name__)
MOST = 1000
FILLED_AT_ONCE = 400  # candidates of the past in one turn: others wait for the store no longer than that takes
DROPPED_AT_ONCE = 2000
LONG_NAME = 7  # letters
TRIED = (Kind.MESSAGE, Kind.OVERHEARD)
Purpose = Watch.Purpose


# --- kept


def save(
    user: User | None,
    *,
    name: str,
    purpose: str,
    query: WatchQuery,
    brand: Brand | None = None,
    watch: Watch | None = None,
) -> Watch:
    """Keep a new or changed watch. Raises `Failure`. Where the query is another one, the past is gone through anew;
    what people judged stays where the new query still finds it."""
    name = " ".join(name.split())[:120]
    if not name:
        raise Failure("The watch has no name. Give it one that colleagues understand.")
    if purpose not in Purpose.values:
        raise Failure(f"A watch is for one of: {', '.join(Purpose.values)}.")
    if Watch.objects.filter(name__iexact=name).exclude(pk=watch.pk if watch else None).exists():
        raise Failure(f"Another watch is called {name}. Choose a different name.")
    if watch is None and Watch.objects.count() >= MOST:
        raise Failure(f"There are {MOST} watches already. Remove one that nobody reads any more.")
    if purpose == Purpose.COMPETITOR and (brand is None or not brand.competitor):
        raise Failure("Say which competitor it is about, so that its share of voice counts what is found.")
    if query.empty:
        raise Failure("There is no word to look for. Write at least one under any of, all of, or near.")
    data = watching.plain(query)
    now = timezone.now()
    if watch is None:
        given = {"name": name, "purpose": purpose, "brand": brand, "query": data, "user": user}
        return catch_up(Watch.objects.create(**given, changed_at=now))
    changed = False
    if watch.query != data:
        drop_hits(watch, query)
        watch.query, changed = data, True
        watch.searches.update(cursor={}, not_before=now, last_error="", failures=0)
    watch.name, watch.purpose, watch.brand, watch.changed_at = name, purpose, brand, now
    watch.save(update_fields=["name", "purpose", "brand", "query", "changed_at"])
    return catch_up(watch) if changed else watch


def catch_up(watch: Watch) -> Watch:
    """Have the past gone through. Asked once the watch is there for all to see: what was read without it is past."""
    watch.seen_id = newest() + 1
    Watch.objects.filter(pk=watch.pk).update(seen_id=watch.seen_id)
    return watch


def newest() -> int:
    return Message.objects.aggregate(n=Max("pk"))["n"] or 0


def drop_hits(watch: Watch, query: WatchQuery) -> None:
    """Take away the hits of the former query, in short steps; judged ones stay where the new one finds them too."""
    while True:
        rows = WatchHit.objects.filter(watch=watch, right=None).values_list("pk", "message_id")
        some = dict(rows[:DROPPED_AT_ONCE])
        if not some:
            break
        with transaction.atomic():
            touch(some.values())
            WatchHit.objects.filter(pk__in=list(some)).delete()
    matcher = Matcher({watch.pk: query})
    judged = list(WatchHit.objects.filter(watch=watch).values_list("message_id", flat=True))
    kept = {pk for part in chunks(judged) for pk, heard in past.heard(part).items() if matcher.match(heard)}
    for part in chunks([pk for pk in judged if pk not in kept]):
        with transaction.atomic():
            touch(part)
            WatchHit.objects.filter(watch=watch, message_id__in=part).delete()
    recount(watch)


def touch(messages: Iterable[int]) -> None:
    """The columns follow what a message's watches are. Locked in order, and before any watch, as the readers do."""
    for part in chunks(sorted(set(messages))):
        rows = Message.objects.select_for_update().filter(pk__in=part).order_by("pk")
        Message.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(changed_at=timezone.now())


def recount(watch: Watch) -> None:
    watch.hits_count = WatchHit.objects.filter(watch=watch).count()
    Watch.objects.filter(pk=watch.pk).update(hits_count=watch.hits_count)


def pause(watch: Watch, *, active: bool) -> None:
    """A paused watch catches nothing and asks nobody; when it goes on, what came meanwhile is gone through."""
    changed = Watch.objects.filter(pk=watch.pk).exclude(active=active)
    if changed.update(active=active, changed_at=timezone.now()) and active:
        catch_up(watch)


def remove(watch: Watch) -> None:
    """A watch goes with its hits; the messages stay. The hits go first, in short steps."""
    Watch.objects.filter(pk=watch.pk).update(active=False, changed_at=timezone.now())
    while some := list(WatchHit.objects.filter(watch=watch).values_list("pk", flat=True)[:DROPPED_AT_ONCE]):
        WatchHit.objects.filter(pk__in=some).delete()
    watch.delete()


# --- what they catch

_lock = threading.Lock()
_made: tuple[Any, Matcher] = ((), Matcher({}))


def matcher() -> Matcher:
    """Of all active watches; made anew when one of them changed. The clocks of two machines may differ, so it is not
    enough to look at the newest change."""
    global _made
    rows = Watch.objects.filter(active=True).order_by("pk")
    state = (connection.settings_dict["NAME"], tuple(rows.values_list("pk", "changed_at")[:MOST]))
    with _lock:
        if _made[0] != state:
            given = rows.values_list("pk", "query")[:MOST]
            _made = (state, Matcher({pk: q for pk, data in given if (q := watching.stored(data)) is not None}))
        return _made[1]


def catch(readings: Sequence[Reading]) -> int:
    """Try messages that were just read on every watch. Returns how many hits are new. Call inside the transaction
    that keeps the readings: then no message is left out, whenever a process ends."""
    told = {r.message_id: r.language for r in readings}
    rows = [r.message for r in readings if tried(r.message)]
    watches = matcher()
    if not rows or not len(watches):
        return 0
    pairs: list[tuple[int, int]] = []
    for pk, one in past.heard_of(rows, told).items():
        try:
            pairs += [(key, pk) for key in watches.match(one)]
        except Exception:  # a watch must never stop the reading of messages
            log.exception("message %s broke the watches", pk)
    return write(pairs)


def tried(message: Message) -> bool:
    """What customers and strangers said, and neither notes nor spam."""
    return (
        message.direction == Message.Direction.IN
        and message.kind in TRIED
        and not message.apart
        and message.deleted_at is None
    )


def write(pairs: Iterable[tuple[int, int]], *, locked: bool = False) -> int:
    """Keep hits (watch, message), each once. Call inside a transaction; the watches' rows are held until its end."""
    wanted = sorted(set(pairs))
    if not wanted:
        return 0
    ids = {watch for watch, _ in wanted}
    if not locked:
        ids = set(Watch.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    known: set[tuple[int, int]] = set()
    for part in chunks({message for _, message in wanted}):
        known |= set(WatchHit.objects.filter(watch__in=ids, message__in=part).values_list("watch_id", "message_id"))
    fresh = [(w, m) for w, m in wanted if w in ids and (w, m) not in known]
    at = timezone.now()
    insert_many(WatchHit, [make(WatchHit, watch_id=w, message_id=m, at=at) for w, m in fresh])
    by_count: dict[int, list[int]] = {}
    for watch, count in Counter(w for w, _ in fresh).items():
        by_count.setdefault(count, []).append(watch)
    for count, some in by_count.items():
        Watch.objects.filter(pk__in=some).update(hits_count=F("hits_count") + count)
    if fresh:
        live.announce("watch", *sorted({w for w, _ in fresh}))
    return len(fresh)


def fill(settled: datetime | None = None) -> bool:
    """One step into the past of one watch, of those that were not changed since `settled`. Returns whether there was
    something to do.

    Two workers may take the same step: the one that comes second finds the watch moved on, and keeps nothing.
    """
    waiting = Watch.objects.filter(active=True, seen_id__gt=0)
    if settled is not None:
        waiting = waiting.filter(changed_at__lt=settled)
    watch = waiting.order_by("changed_at", "pk").first()
    if watch is None:
        return False
    query = watching.stored(watch.query)
    found, reached = past.step(query, watch.seen_id, FILLED_AT_ONCE) if query else ([], 0)
    with transaction.atomic():
        touch(found)
        here = Watch.objects.filter(pk=watch.pk, seen_id=watch.seen_id, changed_at=watch.changed_at)
        if here.update(seen_id=reached):
            write([(watch.pk, pk) for pk in found], locked=True)
            live.announce("watch", watch.pk)
    return True


# --- how good they are


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one watch: all hits, when the newest was said, and how many people called right and wrong."""

    hits: int = 0
    newest: datetime | None = None
    right: int = 0
    wrong: int = 0

    @property
    def judged(self) -> int:
        return self.right + self.wrong


def figures(watches: Iterable[Watch]) -> dict[int, Figures]:
    """The precision is right of judged; its interval is the reader's business (Wilson)."""
    rows = list(watches)
    ids = [w.pk for w in rows]
    judged: dict[tuple[int, bool], int] = {
        (watch, right): n
        for watch, right, n in WatchHit.objects.filter(watch__in=ids, right__isnull=False)
        .order_by()
        .values_list("watch", "right")
        .annotate(n=Count("pk"))
    }
    newest_hit = WatchHit.objects.filter(watch=OuterRef("pk")).order_by("-message_id").values("message__sent_at")[:1]
    at = dict(Watch.objects.filter(pk__in=ids).order_by().annotate(at=Subquery(newest_hit)).values_list("pk", "at"))
    return {
        w.pk: Figures(w.hits_count, at.get(w.pk), judged.get((w.pk, True), 0), judged.get((w.pk, False), 0))
        for w in rows
    }


def judge(user: User, watch: Watch, messages: Sequence[int], right: bool | None) -> int:
    """Somebody says whether hits are what the watch is meant to find; None takes it back. Returns how many."""
    at = timezone.now()
    said = {"right": right, "user": user if right is not None else None, "judged_at": at if right is not None else None}
    with transaction.atomic():
        touch(list(messages)[:500])
        return WatchHit.objects.filter(watch=watch, message__in=list(messages)[:500]).update(**said)


def hits_of(watch: Watch, user: Any, *, only: str = "") -> QuerySet[WatchHit]:
    """Hits this person may see, newest first; `only`: open, right or wrong."""
    rows = WatchHit.objects.filter(watch=watch, message__in=Message.objects.seen_by(user)).order_by("-message_id")
    wanted = {"open": Q(right=None), "right": Q(right=True), "wrong": Q(right=False)}.get(only, Q())
    return rows.filter(wanted).select_related("message__handle__person", "message__reading", "user")


def failing(watches: Iterable[Watch]) -> set[int]:
    """Those of these watches of which a search does not go."""
    ids = [w.pk for w in watches if w.active]
    return set(WatchSearch.objects.filter(watch__in=ids).exclude(last_error="").values_list("watch_id", flat=True))


# --- for the first visit


@dataclass(frozen=True, slots=True)
class Draft:
    """A watch that could be: nothing is saved."""

    name: str
    purpose: str
    brand: Brand
    query: WatchQuery


def suggestions(limit: int = 8) -> list[Draft]:
    """One for each brand that no watch is about, our own first, at most `limit` on each side."""
    brands = Brand.objects.exclude(pk__in=Watch.objects.filter(brand__isnull=False).values("brand")).order_by("name")
    both = [*brands.filter(competitor=False)[:limit], *brands.filter(competitor=True)[:limit]]
    return [draft for brand in both if (draft := draft_of(brand))]


def draft_of(brand: Brand) -> Draft | None:
    """Long names are also looked for misspelled: with a letter changed they are hardly ever another word."""
    try:
        name = watching.clue(brand.name)
    except Failure:
        return None  # a name of signs only
    misspelt = [f"{name.text}~"] if all(len(word) >= LONG_NAME for word in name.words) else []
    purpose = Purpose.COMPETITOR if brand.competitor else Purpose.BRAND
    return Draft(brand.name, purpose.value, brand, WatchQuery(any=tuple(misspelt or [name.text])))


def of(watch: Watch) -> WatchQuery:
    """The query of a watch; an empty one where it cannot be read any more."""
    return watching.stored(watch.query) or WatchQuery()
