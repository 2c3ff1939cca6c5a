"""Everything about one customer on one line of time, and how they are found.

All sources are walked newest first, page by page, each by its own index: what somebody said anywhere, our answers and
notes, what they liked, what the business knows, and when they were merged.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from crowdalogue.models import BusinessRecord, Conversation, Handle, Interaction, Merge, Message, Person
from crowdalogue.text.search import search_people

PAGE = 50
MOST_HANDLES, MOST_CONVERSATIONS = 500, 2000  # of one person
SHORTEST_NUMBER = 4  # characters of an order number that are looked up
# name -> words for the filter; a line's kind is one of these
KINDS = {
    "said": "What they said",
    "answers": "Our answers",
    "notes": "Notes",
    "interactions": "Likes and the like",
    "orders": "Orders, shipments, returns",
    "service": "Service contacts",
    "merges": "Merges",
}
RECORDS = {"orders": ("order", "shipment", "return"), "service": ("ticket",)}
Cursor = tuple[datetime, int, int]  # time, rank of the source, id


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `row` is a Message, Interaction, BusinessRecord or Merge."""

    kind: str
    at: datetime
    row: Any
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Timeline:
    lines: tuple[Line, ...]
    after: str  # cursor of the next page, empty where there is none


def timeline(person: Person, *, kinds: Sequence[str] = (), after: str = "", limit: int = PAGE) -> Timeline:
    """A page of somebody's time line, newest first. `kinds`: names of KINDS, empty for all of them.

    `after` is `Timeline.after` of the page before; what cannot be read begins at the newest.
    """
    before = read_cursor(after)
    chosen = [k for k in KINDS if k in kinds] or list(KINDS)
    sources = [walk(rank, kind, person, before, limit + 1) for rank, kind in enumerate(KINDS) if kind in chosen]
    merged = heapq.merge(*sources, key=order_of)
    lines = list(islice(merged, limit + 1))
    more = len(lines) > limit
    return Timeline(tuple(lines[:limit]), write_cursor(lines[limit - 1].cursor) if more else "")


def order_of(line: Line) -> tuple[float, int, int]:
    at, rank, pk = line.cursor
    return -at.timestamp(), rank, -pk


def walk(rank: int, kind: str, person: Person, before: Cursor | None, limit: int) -> Iterator[Line]:
    """Lines of one source, newest first, after the cursor: same times are told apart by source, then by id."""
    rows, column = SOURCES[kind](person)
    if before is not None:
        at, last_rank, last_pk = before
        rows = rows.filter(**{f"{column}__lte": at})
        if rank < last_rank:
            rows = rows.exclude(**{column: at})
        elif rank == last_rank:
            rows = rows.exclude(Q(**{column: at}) & Q(pk__gte=last_pk))
    for row in rows.order_by(f"-{column}", "-pk")[:limit]:
        at = getattr(row, column)
        yield Line(kind, at, row, (at, rank, row.pk))


# --- sources


def handle_ids(person: Person) -> list[int]:
    return list(Handle.objects.filter(person=person).order_by("pk").values_list("pk", flat=True)[:MOST_HANDLES])


def conversation_ids(person: Person) -> list[int]:
    rows = Conversation.objects.filter(person=person).order_by("-last_at").values_list("pk", flat=True)
    return list(rows[:MOST_CONVERSATIONS])


def messages(person: Person, direction: str) -> tuple[QuerySet[Any], str]:
    rows = Message.objects.filter(direction=direction).select_related("conversation", "handle", "user")
    if direction == Message.Direction.IN:
        rows = rows.filter(handle__in=handle_ids(person))
    else:
        rows = rows.filter(conversation__in=conversation_ids(person))
    return rows.defer("html", "quoted"), "sent_at"


def interactions(person: Person) -> tuple[QuerySet[Any], str]:
    rows = Interaction.objects.filter(handle__in=handle_ids(person), gone_at__isnull=True)
    return rows.select_related("handle", "account"), "at"


def records(person: Person, kinds: Sequence[str]) -> tuple[QuerySet[Any], str]:
    return BusinessRecord.objects.filter(person=person, kind__in=kinds).select_related("brand"), "at"


def merges(person: Person) -> tuple[QuerySet[Any], str]:
    rows = Merge.objects.filter(kept__in=absorbed(person), undone_at__isnull=True)
    return rows.select_related("gone", "kept", "user"), "at"


SOURCES: dict[str, Callable[[Person], tuple[QuerySet[Any], str]]] = {
    "said": lambda person: messages(person, Message.Direction.IN),
    "answers": lambda person: messages(person, Message.Direction.OUT),
    "notes": lambda person: messages(person, Message.Direction.NOTE),
    "interactions": interactions,
    "orders": lambda person: records(person, RECORDS["orders"]),
    "service": lambda person: records(person, RECORDS["service"]),
    "merges": merges,
}


def absorbed(person: Person) -> list[int]:
    """A person and everybody merged into them."""
    found, new = [person.pk], [person.pk]
    while new and len(found) < MOST_HANDLES:
        new = list(Person.objects.filter(merged_into__in=new).values_list("pk", flat=True)[:MOST_HANDLES])
        found += new
    return found


# --- cursors


def write_cursor(cursor: Cursor) -> str:
    at, rank, pk = cursor
    return f"{at.astimezone(UTC).isoformat()}_{rank}_{pk}"


def read_cursor(text: str) -> Cursor | None:
    parts = text[:80].split("_")
    try:
        at = datetime.fromisoformat(parts[0].replace(" ", "+"))
        return (at, int(parts[1]), int(parts[2])) if len(parts) == 3 and at.tzinfo else None
    except (ValueError, IndexError):
        return None


# --- finding


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody, and what they were found by: a handle, a record, or their name."""

    person: Person
    handle: Handle | None = None
    record: BusinessRecord | None = None


def find(user: Any, words: str, *, limit: int = 20) -> list[Found]:
    """People by the number of an order, or as `search_people` does: names, addresses, digits of a number."""
    found = [Found(r.person, record=r) for r in by_number(user, words) if r.person is not None]
    found += [Found(hit.person, handle=hit.handle) for hit in search_people(user, words, limit=limit)]
    seen: set[int] = set()
    kept = []
    for one in found:
        if one.person.merged_into_id is None and one.person.pk not in seen:
            seen.add(one.person.pk)
            kept.append(one)
    return kept[:limit]


def by_number(user: Any, words: str) -> list[BusinessRecord]:
    number = words.strip().lstrip("#")[:120]
    if len(number) < SHORTEST_NUMBER or not any(c.isdigit() for c in number) or not user.may("read"):
        return []
    spelled = {number, number.upper(), number.replace(" ", "").upper()}
    rows = BusinessRecord.objects.filter(
        kind__in=("order", "shipment", "return", "ticket"), external_id__in=sorted(spelled), person__isnull=False
    )
    return list(rows.select_related("person")[:20])
