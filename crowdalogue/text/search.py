"""Search by word over everything that was said, and for the people who said it.

What was typed is read by `query`, looked up in `index`, and shown by `snippet`. Newest first, never by score:
the newest matches of any word are found in the same few milliseconds however many there are.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from datetime import time as clock
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.timezone import now

from crowdalogue.models import Account, Brand, Conversation, Handle, Message, Person
from crowdalogue.text import index
from crowdalogue.text.query import Query, parse, words_of
from crowdalogue.text.snippet import Span, found, snippet

BUDGET = 0.12  # seconds of looking through matches for one page; then it says how far it got
FEW = 600  # messages of an author up to which they are tested one by one
MOST_HANDLES = 500
AT_ONCE = 1000  # ids in one question to the store
_NEWEST = 1 << 62
_IN_STATE = {"apart": {"apart__isnull": False}, "deleted": {"deleted_at__isnull": False}}


@dataclass(frozen=True, slots=True)
class Hit:
    """A message and the part of it that was found. Spans are (start, end) in the text beside them."""

    message: Message
    text: str
    spans: tuple[Span, ...]
    subject_spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """`after` is the cursor of the next page; `problem` is a sentence for the person, or empty."""

    rows: tuple[Hit, ...]
    more: bool
    query: Query
    problem: str = ""
    after: int | None = None


@dataclass(frozen=True, slots=True)
class PersonHit:
    """A person and the handle they were found by, if it was one."""

    person: Person
    handle: Handle | None


@dataclass(slots=True)
class Plan:
    """What the index answers, and what is tested on the rows it names."""

    lookup: index.Lookup = field(default_factory=index.Lookup)
    since: datetime | None = None
    until: datetime | None = None
    brands: frozenset[int] | None = None  # None: any
    authors: frozenset[int] | None = None  # handle ids; None: anybody
    states: tuple[str, ...] = ()  # query.STATES; empty: nothing that was kept apart or taken back
    nothing: str = ""  # why there can be no match

    @property
    def tests(self) -> bool:
        """Whether rows have to be looked at after the index named them."""
        return any(x is not None for x in (self.since, self.until, self.brands, self.authors))

    def stands(self, apart: str | None, deleted_at: datetime | None) -> bool:
        """Whether a message is in one of the states asked for; where none is, in none of them."""
        if not self.states:
            return apart is None and deleted_at is None
        return ("apart" in self.states and apart is not None) or ("deleted" in self.states and deleted_at is not None)

    def accepts(self, sent_at: datetime, handle: int | None, brand: int | None) -> bool:
        return (
            (self.since is None or sent_at >= self.since)
            and (self.until is None or sent_at < self.until)
            and (self.authors is None or handle in self.authors)
            and (self.brands is None or brand in self.brands)
        )


def search(
    user: Any,
    words: str,
    *,
    filters: Mapping[str, str] | None = None,
    limit: int = 50,
    after: int | None = None,
) -> Hits:
    """Messages this person may see that match, newest first. Never raises for what was typed.

    `filters` are channel, brand, from, direction, before, after beside the words; `after` is `Hits.after` of
    the page before.
    """
    query = parse(words, filters, today=today_of(user))
    if query.empty:
        return Hits((), False, query, query.problem)
    plan = plan_of(query, user)
    if plan.nothing:
        return Hits((), False, query, " ".join(filter(None, (query.problem, plan.nothing))))
    ids, more, reached = _collect(user, plan, limit, after if after is not None else _NEWEST)
    problem = query.problem
    if more and len(ids) < limit:
        problem = f"{problem} There may be older matches: ask for more to look further back.".strip()
    return Hits(hits_of(user, ids, query), more, query, problem, reached if more else None)


def search_people(user: Any, words: str, *, limit: int = 20) -> list[PersonHit]:
    """People by beginnings of their names and addresses, or by digits of a phone number, newest first."""
    for wanted in _spellings(words):
        handles, persons = index.named(wanted, 10 * limit)
        by_person: dict[int, Handle | None] = {}
        for handle in Handle.objects.filter(pk__in=handles, person__isnull=False).order_by("-id"):
            if handle.person_id is not None:
                by_person.setdefault(handle.person_id, handle)
        for person_id in persons:
            by_person.setdefault(person_id, None)
        found = Person.objects.seen_by(user).filter(pk__in=by_person, merged_into__isnull=True)
        rows = found.order_by("-id")[:limit]
        if hits := [PersonHit(person, by_person[person.pk]) for person in rows]:
            return hits
    return []


def _spellings(words: str) -> list[tuple[str, ...]]:
    """A number is tried as typed, without the zero dialled inside a country, and by its last digits."""
    digits = "".join(c for c in words if c.isascii() and c.isdigit())
    if len(digits) < 4 or any(c.isalpha() or c == "@" for c in words):
        return [words_of(words[:200])]
    tries = [digits, digits.lstrip("0"), *(digits[-n:] for n in (9, 7) if len(digits) > n)]
    return [(t,) for t in dict.fromkeys(tries) if len(t) >= 4]


# --- the plan


def today_of(user: Any) -> date:
    return now().astimezone(_zone(user)).date()


def plan_of(query: Query, user: Any) -> Plan:
    plan, zone = Plan(), _zone(user)
    marks: list[tuple[str, ...]] = []
    if query.channels:
        marks.append(tuple(f"k{kind}" for kind in _channels(query.channels, plan)))
    if query.directions:
        marks.append(tuple(f"d{direction}" for direction in _known_directions(query.directions, plan)))
    if query.dated:
        plan.since, plan.until = _instant(query.since, zone), _instant(query.until, zone)
        marks.append(tuple(_periods(plan.since, plan.until)))
    if query.brands:
        plan.brands = frozenset(_brands(query.brands, plan))
    if query.authors:
        plan.authors = frozenset(_authors(query.authors))
        if not plan.authors:
            plan.nothing = f"Nobody found by the name or address {' '.join(query.authors)}."
    plan.states = query.states
    plan.lookup = index.Lookup(query.wanted, query.unwanted, tuple(marks))
    return plan


def _channels(asked: Iterable[str], plan: Plan) -> list[str]:
    kinds = sorted(set(Account.objects.values_list("kind", flat=True)))
    chosen = [kind for kind in kinds if any(kind.startswith(name) for name in asked)]
    if not chosen:
        plan.nothing = f"No channel is called {' or '.join(asked)}. There are: {', '.join(kinds) or 'none yet'}."
    return chosen


def _known_directions(asked: Iterable[str], plan: Plan) -> list[str]:
    known = [d for d in asked if d in Message.Direction.values]
    if not known:
        plan.nothing = "A direction is in, out or note."
    return known


def _brands(asked: Iterable[str], plan: Plan) -> list[int]:
    """Brands whose name is what was typed, else those that begin so."""
    names = {brand.pk: " ".join(words_of(brand.name)) for brand in Brand.objects.all()}
    wanted = [" ".join(words_of(name)) for name in asked]
    chosen = [pk for pk, name in names.items() if name in wanted]
    chosen = chosen or [pk for pk, name in names.items() if any(w and name.startswith(w) for w in wanted)]
    if not chosen:
        plan.nothing = f"No brand is called {' or '.join(asked)}."
    return chosen


def _authors(asked: Iterable[str]) -> list[int]:
    chosen: set[int] = set()
    for name in asked:
        for wanted in _spellings(name):
            handles, persons = index.named(wanted, MOST_HANDLES)
            chosen.update(handles)
            chosen.update(Handle.objects.filter(person__in=persons).values_list("pk", flat=True)[:MOST_HANDLES])
            if handles or persons:
                break
    return sorted(chosen, reverse=True)[:MOST_HANDLES]


def _zone(user: Any) -> tzinfo:
    try:
        return ZoneInfo(getattr(user, "timezone", "") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _instant(day: date | None, zone: tzinfo) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.combine(day, clock.min, zone).astimezone(UTC)
    except OverflowError:  # the first or last day there is
        return datetime.combine(day, clock.min, UTC)


def _periods(since: datetime | None, until: datetime | None) -> list[str]:
    """Marks of the years wholly inside and of the months at the ends. Without an end: 1970, ten years ahead."""
    first = since.year * 12 + since.month - 1 if since else 1970 * 12
    last = until.year * 12 + until.month - 1 if until else (now().year + 10) * 12 + 11
    first, last = max(first, 1970 * 12), min(last, (now().year + 10) * 12 + 11)
    marks: list[str] = []
    month = first
    while month <= last:
        if month % 12 == 0 and month + 11 <= last:
            marks.append(f"y{month // 12}")
            month += 12
        else:
            marks.append(f"m{month}")
            month += 1
    return marks or ["m0"]


# --- finding


def _collect(user: Any, plan: Plan, limit: int, before: int) -> tuple[list[int], bool, int]:
    """Ids of a page, whether there is more, and the id looking got to."""
    few = _few(plan)
    if few is not None:
        kept = _allowed(user, plan, [i for i in few if i < before])
        return kept[:limit], len(kept) > limit, kept[limit - 1] if len(kept) > limit else 0
    kept = []
    size = 8 * limit if plan.tests else limit + 1
    end = time.monotonic() + BUDGET
    while len(kept) <= limit:
        batch = _batch(plan, before, size)
        rare = plan.states and not plan.lookup.empty
        kept += _allowed(user, plan, index.among(plan.lookup, batch) if rare else batch)
        if len(batch) < size:
            return kept[:limit], len(kept) > limit, kept[limit - 1] if len(kept) > limit else 0
        before = batch[-1]
        size = min(2 * size, 2000)
        if time.monotonic() > end and len(kept) <= limit:
            return kept, True, before
    return kept[:limit], True, kept[limit - 1]


def _few(plan: Plan) -> list[int] | None:
    """All matches of authors who wrote little, tested one by one; None when they wrote much."""
    if plan.authors is None:
        return None
    ids = list(Message.objects.filter(handle__in=plan.authors).order_by().values_list("pk", flat=True)[: FEW + 1])
    if len(ids) > FEW:
        return None
    return sorted(ids, reverse=True) if plan.lookup.empty else index.among(plan.lookup, ids)


def _batch(plan: Plan, before: int, size: int) -> list[int]:
    if plan.states:  # few have one, and each has an index
        rows = Message.objects.filter(pk__lt=before).order_by("-pk").values_list("pk", flat=True)
        found = {pk for state in plan.states for pk in rows.filter(**_IN_STATE[state])[:size]}
        return sorted(found, reverse=True)[:size]
    if not plan.lookup.empty:
        return index.newest(plan.lookup, before, size)
    rows = Message.objects.filter(pk__lt=before)
    if plan.authors is not None:
        rows = rows.filter(handle__in=plan.authors)
    return list(rows.order_by("-pk").values_list("pk", flat=True)[:size])


def _allowed(user: Any, plan: Plan, ids: list[int]) -> list[int]:
    """Those that this person may see and the plan accepts. Rows are fetched by id alone and tested here: given more
    conditions, a planner may begin with an index of one of them and read a third of the table."""
    if not ids:
        return []
    found = (
        Message.objects.seen_by(user)
        .filter(pk__in=ids)
        .order_by("-pk")
        .values_list("pk", "sent_at", "handle_id", "conversation_id", "apart", "deleted_at")
    )
    rows = [row for *row, apart, deleted_at in found if plan.stands(apart, deleted_at)]
    brands: dict[int, int | None] = {}
    if plan.brands is not None:
        about = {conversation for *_, conversation in rows}
        brands = dict(Conversation.objects.filter(pk__in=about).order_by().values_list("pk", "brand_id"))
    return [pk for pk, sent_at, handle, topic in rows if plan.accepts(sent_at, handle, brands.get(topic))]


def narrow(user: Any, plan: Plan, ids: list[int], *, words: bool) -> list[int]:
    """Those of these messages that this person may see and the plan's filters accept, and with `words` only those
    the index named for its words. Newest first."""
    marks = index.Lookup((), (), plan.lookup.marks)
    if not words and not marks.empty:
        ids = [pk for start in range(0, len(ids), AT_ONCE) for pk in index.among(marks, ids[start : start + AT_ONCE])]
    return [pk for start in range(0, len(ids), AT_ONCE) for pk in _allowed(user, plan, ids[start : start + AT_ONCE])]


def hits_of(user: Any, ids: list[int], query: Query) -> tuple[Hit, ...]:
    """The rows as they are shown, newest first."""
    rows = (
        Message.objects.seen_by(user)
        .filter(pk__in=ids)
        .select_related("conversation", "conversation__brand", "handle", "handle__person", "user")
        .defer("html", "quoted", "extra")
        .order_by("-id")
    )
    made = []
    for message in rows:
        text, spans = snippet(message.text, query.terms)
        made.append(Hit(message, text, spans, tuple(found(message.subject, query.terms))))
    return tuple(made)
