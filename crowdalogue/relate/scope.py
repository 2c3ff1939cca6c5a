"""What a number is about: the filters, made concrete with the company's zone, its brands and a moment called now."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import ibis
from ibis import _

from crowdalogue.models import Brand, Category, Company, Tag, Watch
from crowdalogue.relate import engine, topicnames
from crowdalogue.relate.engine import Expression, Tables
from crowdalogue.relate.filters import NONE, Filters

QUARTER_S = 900
# Numbers that stand in an expression for the period's ends and for now, so that its SQL holds for any period.
START, END, NOW_S = 2_000_000_001, 2_000_000_002, 900_000_000_003
MESSAGE_FIELDS = (
    *("sentiment", "intent", "language", "urgency", "needs_answer", "author"),
    *("rated", "bought", "product", "topic", "country", "hearsay", "category", "watch", "about", "apart"),
)
NEARLY = 1e-9  # shares of stars are fractions: 0.7 and 7 of 10 are the same
MOST_WATCHES = 1_000
VOICES = (Watch.Purpose.BRAND, Watch.Purpose.COMPETITOR)


@dataclass(frozen=True)
class Scope:
    """Filters with everything needed to run them. `start` and `end` are quarter hours since 1970."""

    filters: Filters
    zone: ZoneInfo
    now: datetime
    names: dict[int, str]  # of brands
    rivals: frozenset[int]  # brands that are competitors
    tags: dict[str, int]
    words: tuple[str, ...]  # see engine.words
    start: int
    end: int
    watches: tuple[tuple[int, str, int], ...] = ()  # id, name, and the brand whose name it hears; 0: none
    topics: tuple[int, ...] = ()  # the topics that the filters name; 0: messages without one
    categories: tuple[int, ...] = ()  # those that the filters name

    @classmethod
    def of(cls, filters: Filters, *, now: datetime | None = None) -> Scope:
        """Look up what the filters name. Unknown brands and tags match nothing.

        Without a `now` it is the start of this minute, so that what was just asked need not be reckoned again.
        """
        moment = now or datetime.now(UTC).replace(second=0, microsecond=0)
        zone = company_zone()
        brands = list(Brand.objects.values_list("id", "name", "competitor"))
        tags = dict(Tag.objects.filter(name__in=filters.tag).values_list("name", "id")) if filters.tag else {}
        bounds = filters.bounds(zone, moment)
        start, end = (_quarter(bounds[0]), _quarter(bounds[1])) if bounds else span()
        rivals = frozenset(i for i, _, competitor in brands if competitor)
        names = {i: name for i, name, _ in brands}
        topics = topicnames.resolve(filters.topic) if filters.topic else ()
        more = (watches(), topics, named_categories(filters.category))
        return cls(filters, zone, moment, names, rivals, tags, tuple(engine.words()), start, end, *more)

    def ask(
        self, what: Hashable, build: Callable[[Tables], Expression], *, limit: int = engine.MOST_ROWS
    ) -> list[dict[str, Any]]:
        """Rows of an expression over this scope's tables. `what` names the expression apart from the scope."""
        now = int(self.now.timestamp())
        values = ((START, self.start), (END, self.end), (NOW_S, now))
        return engine.run(build, limit=limit, key=(what, self._shape()), values=values)

    def _shape(self) -> Hashable:
        """Everything the SQL of a question depends on, besides the values put in its places."""
        f = self.filters.with_period("all")
        names = tuple(sorted(self.names)) if f.whose == "own" or f.brand else ()
        brands = tuple(sorted(self.names.items())) if f.brand or f.about else ()
        turns = tuple(pair for pair in offsets(self.zone, self.start, self.end)[1:])
        first = offsets(self.zone, self.start, self.end)[0][1]
        tags = tuple(sorted(self.tags.items()))
        return f, first, turns, names, brands, self.rivals, tags, self.words, self.watches, self.topics, self.categories

    def code(self, word: str) -> int:
        """The number columns have for a word; 0 for none, -1 (which matches nothing) for one never seen."""
        if word in ("", NONE):
            return 0
        return self.words.index(word) + 1 if word in self.words else -1

    def word(self, code: int) -> str:
        return self.words[code - 1] if 0 < code <= len(self.words) else NONE

    def with_(self, **changes: Any) -> Scope:
        """The same with some filters changed that are not the period."""
        topics = topicnames.resolve(changes["topic"]) if "topic" in changes else self.topics
        inside = named_categories(changes["category"]) if "category" in changes else self.categories
        return replace(self, filters=replace(self.filters, **changes), topics=topics, categories=inside)

    def before(self) -> Scope | None:
        """The stretch of the same length just before; None for all time."""
        earlier = self.filters.before(self.zone, self.now)
        return Scope.of(earlier, now=self.now) if earlier else None

    # --- tables, narrowed

    def messages(self, tables: Tables) -> Expression:
        """The messages shown. Notes only where they are asked for by name; what is kept apart or was taken back where
        it was said only where the filter `apart` says so."""
        f = self.filters
        rows = self._common(tables.messages, tables)
        if f.direction != "any":
            rows = rows.filter(_.direction == self.code(f.direction))
        else:
            rows = rows.filter(_.direction != self.code("note"))
        rows = self._readings(rows)
        return self._of_waits(rows, tables) if f.wait else rows

    def waits(self, tables: Tables) -> Expression:
        """The waits that began in the period; filters on what was said look at the message that began them."""
        f = self.filters
        rows = self._common(tables.waits, tables).filter(~_.waived)
        if any(f.is_narrowed(name) for name in MESSAGE_FIELDS):
            said = self._readings(tables.messages.filter(_.direction == self.code("in")))
            rows = rows.semi_join(said, [rows.conversation == said.conversation, rows.started_at == said.sent_at])
        return narrow_waits(rows, f.wait) if f.wait else rows

    def _common(self, rows: Expression, tables: Tables) -> Expression:
        f = self.filters
        rows = rows.filter((_.quarter >= START) & (_.quarter < END))
        rows = self._chosen(self._branded(rows), "channel", f.channel)
        if f.tag:
            wanted = [self.tags.get(name, -1) for name in f.tag]
            tagged = tables.conversations.filter(ibis.or_(*[_.tags.contains(i) for i in wanted]))
            rows = rows.semi_join(tagged, rows.conversation == tagged.id)
        if f.weekday is not None:
            rows = rows.filter(self.weekday(_.quarter) == f.weekday)
        if f.hour is not None:
            rows = rows.filter(self.hour(_.quarter) == f.hour)
        return rows

    def _branded(self, rows: Expression) -> Expression:
        f = self.filters
        if f.brand:
            wanted = {i for i, name in self.names.items() if name in f.brand} | ({0} if NONE in f.brand else set())
        elif f.whose == "competitor":
            wanted = set(self.rivals)
        elif f.whose == "own" and self.rivals:
            wanted = {0, *self.names} - self.rivals
        else:
            return rows
        return rows.filter(_.brand.isin(sorted(wanted or {-1})))

    def _chosen(self, rows: Expression, name: str, values: tuple[str, ...]) -> Expression:
        return rows.filter(_[name].isin(sorted({self.code(v) for v in values}))) if values else rows

    def _readings(self, rows: Expression) -> Expression:
        f = self.filters
        for name in ("sentiment", "intent", "language", "urgency", "country", "hearsay"):
            rows = self._chosen(rows, name, getattr(f, name))
        if f.needs_answer == "read":
            rows = rows.filter(_.needs_answer.notnull())
        elif f.needs_answer:
            rows = rows.filter(_.needs_answer == (f.needs_answer == "yes"))
        rows = self._standing(self._said(rows))
        return rows if f.author is None else rows.filter(_.author == f.author)

    def _said(self, rows: Expression) -> Expression:
        """What a source says beside the words, and who heard it."""
        f = self.filters
        if f.rated_from is not None:
            rows = rows.filter(_.rating_share >= f.rated_from - NEARLY)
        if f.rated_to is not None:
            rows = rows.filter(_.rating_share <= f.rated_to + NEARLY)
        if f.bought:
            rows = rows.filter(_.verified_purchase == (f.bought == "yes"))
        if f.product:
            named = _["product"].isin(sorted(f.product)).fill_null(False)
            rows = rows.filter(named | _["product"].isnull() if NONE in f.product else named)
        if f.topic:
            rows = rows.filter(_["topic"].fill_null(0).isin(self.topics))
        if f.category:
            rows = rows.filter(any_of(_.categories, self.categories))
        if f.watch:
            rows = rows.filter(caught_by([pk for pk, name, _brand in self.watches if name in f.watch]))
        if f.about:
            brands = [pk for pk, name in self.names.items() if name in f.about]
            heard = caught_by([pk for pk, _name, brand in self.watches if brand in brands])
            rows = rows.filter(_.brand.isin(brands or [-1]) | heard)
        return rows

    def _standing(self, rows: Expression) -> Expression:
        which = self.filters.apart
        if which == "any":
            return rows
        if which == "deleted":
            return rows.filter(_.taken_back)
        if which == "only":
            return rows.filter((_.apart != 0) | _.taken_back)
        return rows.filter(_.apart == self.code(which)) if which else rows.filter((_.apart == 0) & ~_.taken_back)

    def _of_waits(self, rows: Expression, tables: Tables) -> Expression:
        begun = narrow_waits(tables.waits.filter(~_.waived), self.filters.wait)
        rows = rows.filter(_.direction == self.code("in"))
        return rows.semi_join(begun, [rows.conversation == begun.conversation, rows.sent_at == begun.started_at])

    # --- local time, made of quarter hours

    def local(self, quarter: Expression) -> Expression:
        """Quarter hours since the zone's own 1970-01-01 00:00."""
        pieces = offsets(self.zone, self.start, self.end)
        moved = quarter + pieces[-1][1]
        for (_from, offset), (until, _next) in reversed(list(pairwise(pieces))):
            moved = ibis.ifelse(quarter < until, quarter + offset, moved)
        return moved

    def day(self, quarter: Expression) -> Expression:
        """Days since 1970-01-01, in the company's zone."""
        return (self.local(quarter) // 96).cast("int64")

    def hour(self, quarter: Expression) -> Expression:
        return ((self.local(quarter) // 4) % 24).cast("int64")

    def weekday(self, quarter: Expression) -> Expression:
        """0 is Monday; 1970-01-01 was a Thursday."""
        return ((self.day(quarter) + 3) % 7).cast("int64")


def caught_by(watches: list[int]) -> Expression:
    """Of a message: one of these watches caught it."""
    return any_of(_.watches, watches)


def any_of(listed: Expression, wanted: Iterable[int]) -> Expression:
    """Of a message: one of the wanted numbers is among those listed with it."""
    found = [listed.contains(pk) for pk in sorted(wanted)]
    return ibis.or_(*found).fill_null(False) if found else ibis.literal(False)


def is_over() -> Expression:
    """Of a wait: its promised time has passed, or there was none."""
    return _.due_at.isnull() | (_.due_at.epoch_seconds() <= NOW_S)


def narrow_waits(rows: Expression, which: str) -> Expression:
    """Some of the waits, by the words of the filter `wait`. What breaks a promise is its time, not a check."""
    over = is_over()
    choices: dict[str, Callable[[], Expression]] = {
        "started": lambda: rows,
        "decided": lambda: rows.filter(_.answered_at.notnull() | over),
        "promised": lambda: rows.filter(_.due_at.notnull() & (_.answered_at.notnull() | over)),
        "answered": lambda: rows.filter(_.answered_at.notnull()),
        "unanswered": lambda: rows.filter(_.answered_at.isnull() & over),
        "kept": lambda: rows.filter(_.answered_at.notnull() & (_.answered_at <= _.due_at)),
        "broken": lambda: rows.filter(
            (_.answered_at > _.due_at) | (_.answered_at.isnull() & _.due_at.notnull() & over)
        ),
        "first": lambda: rows.filter(_["first"] & _.opened_by_customer & _.calendar_s.notnull()),
    }
    return choices[which]()


def watches() -> tuple[tuple[int, str, int], ...]:
    """Watches, and of those of a brand's or competitor's name that brand."""
    rows = Watch.objects.order_by("pk").values_list("pk", "name", "brand_id", "purpose")[:MOST_WATCHES]
    return tuple((pk, name, brand if brand and purpose in VOICES else 0) for pk, name, brand, purpose in rows)


def named_categories(names: Iterable[str]) -> tuple[int, ...]:
    """The numbers of categories of these names."""
    wanted = list(names)
    return tuple(Category.objects.filter(name__in=wanted).values_list("pk", flat=True)) if wanted else ()


def company_zone() -> ZoneInfo:
    """The zone days and hours are counted in."""
    name = Company.objects.values_list("timezone", flat=True).first()
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):  # a zone this system's tables do not know
        return ZoneInfo("UTC")


def span() -> tuple[int, int]:
    """The first and last quarter hour anything was said in, the last one left out."""
    found = engine.one(lambda t: t.messages.agg(low=_.quarter.min(), high=_.quarter.max()))
    return (found["low"], found["high"] + 1) if found["low"] is not None else (0, 1)


def _quarter(moment: datetime) -> int:
    return int(moment.timestamp()) // QUARTER_S


@lru_cache(maxsize=64)
def offsets(zone: ZoneInfo, start: int, end: int) -> list[tuple[int, int]]:
    """Pieces of constant offset from UTC: (first quarter hour of the piece, offset in quarter hours)."""
    first, day = start - 96, 96
    pieces = [(first, _offset(zone, first))]
    for after in range(first + day, end + 2 * day, day):
        if _offset(zone, after) != pieces[-1][1]:
            turn = next(q for q in range(after - day + 1, after + 1) if _offset(zone, q) != pieces[-1][1])
            pieces.append((turn, _offset(zone, turn)))
    return pieces


def _offset(zone: ZoneInfo, quarter: int) -> int:
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=quarter * QUARTER_S)
        offset = moment.astimezone(zone).utcoffset() or timedelta()
    except OverflowError:
        return 0
    return int(offset.total_seconds()) // QUARTER_S
