"""Reading the inbox: which conversations stand in which queue, a page at a time.

Every queue walks one index in its order (see Conversation.Meta): a page starts where the last one ended
(a keyset, never an offset) and counts stop at a thousand, so a million conversations cost what ten do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from crowdalogue.models import Conversation, User

COUNTED_TO = 1000  # a count that reaches this is "999+"

WAITS = Q(state="open", needs_answer=True)


@dataclass(frozen=True, slots=True)
class Queue:
    """A named list: its rows, the column it is ordered by (then id), and whether the newest stand first."""

    name: str
    title: str
    rows: Q
    by: str
    newest_first: bool = False


QUEUES: dict[str, Queue] = {
    queue.name: queue
    for queue in (
        Queue("team", "Team", WAITS & Q(due_at__isnull=False), "due_at"),
        Queue("mine", "Mine", WAITS & Q(waiting_since__isnull=False), "due_at"),
        Queue("older", "Older", WAITS & Q(due_at__isnull=True, waiting_since__isnull=False), "waiting_since", True),
        Queue("snoozed", "Snoozed", Q(state="snoozed", snoozed_until__isnull=False), "snoozed_until"),
        Queue("closed", "Closed", Q(state="closed"), "last_at", True),
        Queue("apart", "Kept apart", Q(state="apart"), "last_at", True),
        Queue("all", "All", Q(), "last_at", True),
    )
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What is shown of a queue. Empty means everything. `owner` is an id, or "none" for nobody's."""

    brand: str = ""
    channel: str = ""
    sentiment: str = ""
    intent: str = ""
    owner: str = ""
    tag: str = ""

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> Filters:
        """From an address; a value that cannot be one (a brand that is no number) is left out."""
        given = {f.name: str(query.get(f.name) or "").strip()[:60] for f in fields(cls)}
        for name in ("brand", "owner"):
            if not (given[name].isdecimal() and len(given[name]) < 16) and not (
                name == "owner" and given[name] == "none"
            ):
                given[name] = ""
        return cls(**given)

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) for f in fields(self))

    def condition(self) -> Q:
        wanted = Q()
        if self.brand:
            wanted &= Q(brand_id=int(self.brand))
        if self.channel:
            wanted &= Q(kind=self.channel)
        if self.sentiment:
            wanted &= Q(sentiment=self.sentiment)
        if self.intent:
            wanted &= Q(intent=self.intent)
        if self.owner:
            wanted &= Q(owner__isnull=True) if self.owner == "none" else Q(owner_id=int(self.owner))
        if self.tag:
            through = Conversation.tags.through.objects.filter(tag__name=self.tag)
            wanted &= Q(id__in=through.values("conversation_id"))
        return wanted


@dataclass(slots=True)
class Page:
    """Rows in the queue's order, and where the next page begins (empty: this was the last)."""

    rows: list[Conversation] = field(default_factory=list)
    after: str = ""


NOTHING = Filters()


def count(user: User, queue: str, filters: Filters = NOTHING) -> int:
    """How many stand in a queue, counted up to a thousand."""
    return int(_rows(user, QUEUES[queue], filters).order_by()[:COUNTED_TO].count())


def queues(user: User, filters: Filters = NOTHING) -> dict[str, int]:
    """The count of every queue that waits for somebody, and of those kept aside; each up to a thousand.

    `closed` and `all` are not counted: nobody works them off.
    """
    return {name: count(user, name, filters) for name in QUEUES if name not in ("closed", "all")}


def page(user: User, queue: str, filters: Filters = NOTHING, after: str = "", limit: int = 50) -> Page:
    """At most `limit` conversations of a queue after the place `after` (of an earlier page), with their person,
    handle, owner, brand and tags. Four queries at most, however many rows. An unreadable place starts at the top.
    """
    chosen = QUEUES[queue]
    place = _place(after)
    wanted = _rows(user, chosen, filters).select_related("person", "handle", "owner", "brand")
    rows = list(_from(wanted, chosen, place, limit + 1))
    if queue == "mine" and len(rows) <= limit:  # promised ones first, then those without a promise
        rest = wanted.filter(due_at__isnull=True).order_by("id")
        if place and place[0] is None:
            rest = rest.filter(id__gt=place[1])
        rows += list(rest[: limit + 1 - len(rows)])
    more = len(rows) > limit
    rows = rows[:limit]
    _with_tags(rows)
    return Page(rows, place_of(chosen, rows[-1]) if more else "")


def _rows(user: User, queue: Queue, filters: Filters) -> QuerySet[Conversation]:
    rows: QuerySet[Conversation] = Conversation.objects.seen_by(user).filter(queue.rows)
    if queue.name == "mine":
        rows = rows.filter(owner=user)
    return rows.filter(filters.condition()) if filters else rows


def _from(
    rows: QuerySet[Conversation], queue: Queue, place: tuple[datetime | None, int] | None, limit: int
) -> QuerySet[Conversation]:
    """The rows after a place, in order. The first bound is redundant, and what lets both stores walk the index."""
    by, sign, beyond = queue.by, "-" if queue.newest_first else "", "lt" if queue.newest_first else "gt"
    if queue.name == "mine":
        rows = rows.filter(due_at__isnull=False)
    if place:
        at, pk = place
        if at is None:
            return rows.none()
        rows = rows.filter(**{f"{by}__{beyond}e": at}).filter(
            Q(**{f"{by}__{beyond}": at}) | Q(**{by: at, f"id__{beyond}": pk})
        )
    return rows.order_by(f"{sign}{by}", f"{sign}id")[:limit]


def place_of(queue: Queue, row: Conversation) -> str:
    at: datetime | None = getattr(row, queue.by)
    return f"{at.isoformat() if at else ''}_{row.pk}"


def _place(after: str) -> tuple[datetime | None, int] | None:
    at, _, pk = after.rpartition("_")
    try:
        return (datetime.fromisoformat(at) if at else None), int(pk)
    except ValueError:
        return None


def _with_tags(rows: list[Conversation]) -> None:
    """Tag names of all rows in one query, as `row.tag_names`."""
    names: dict[int, list[str]] = {row.pk: [] for row in rows}
    through = Conversation.tags.through.objects.filter(conversation_id__in=names).order_by("tag__name")
    for conversation_id, name in through.values_list("conversation_id", "tag__name"):
        names[conversation_id].append(name)
    for row in rows:
        row.tag_names = names[row.pk]  # type: ignore[attr-defined]


def among(user: User, queue: str, filters: Filters, ids: list[int]) -> list[Conversation]:
    """Of these conversations those that stand in the queue now, as `page` gives them and in the queue's order."""
    chosen = QUEUES[queue]
    sign = "-" if chosen.newest_first else ""
    wanted = _rows(user, chosen, filters).filter(pk__in=ids).select_related("person", "handle", "owner", "brand")
    rows = list(wanted.order_by(f"{sign}{chosen.by}", f"{sign}id"))
    _with_tags(rows)
    return rows
