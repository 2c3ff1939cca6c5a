"""The series that alarms watch: voices by hour, from the columns, of everything or of each topic, product, channel...

A family may hold series of several kinds: with each product the complaints about it, with each topic the group of
topics it belongs to, with each intent the taught categories. A defect may show in complaints long before it shows in
all that is said of a product.

A voice is an author who wrote in an hour; of near-copies only the first of a day is looked at, so a repost is nobody's
voice. Steps are hours or days of the company's own clock: where an hour comes twice in autumn its count is halved, the
one that spring leaves out is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

import ibis
import numpy as np
from ibis import _

from crowdalogue.models import Category, Topic
from crowdalogue.relate import engine, topicnames
from crowdalogue.relate.engine import Expression, Tables
from crowdalogue.relate.filters import INTENTS, Filters, parse
from crowdalogue.relate.scope import Scope, offsets

Array: TypeAlias = Any

HOUR_S = 3_600
PAST = 84  # days that are looked at
RECENT = 28  # days that say how large a series is
LARGEST = 80  # series of one rule; the smaller ones are left out, and named as such
MOST_SERIES = 200  # of one rule that are counted at all
MOST_ROWS = 400_000  # of one question: series times hours in which somebody spoke
ALL = ""
QUIET_INTENTS = frozenset({"spam", "other"})
FAMILIES = ("all", "negative", "topic", "product", "intent", "channel", "brand", "watch")
# Kinds of series of a family besides its own, of which a series' key begins with the name.
KINDS = {"topic": ("topic",), "product": ("product", "complaint"), "intent": ("intent", "category")}
COMPLAINT = "complaint"
GROUP = "group"


@dataclass(frozen=True)
class Asked:
    """What a rule watches: a family of series within filters (an address of the filter bar, without a period)."""

    family: str
    query: str = ""

    def filters(self) -> Filters:
        """Raises Failure for an address that is not understood."""
        base = Filters(period="all", whose="any" if self.family == "watch" else "own")
        return parse(self.query, base).with_period("all")

    def clean(self) -> str:
        """The query in its fixed order, without a period. Raises Failure."""
        pairs = self.filters().to_pairs()
        usual = dict(Filters(whose="any").to_pairs()) if self.family == "watch" else {}
        return urlencode([(k, v) for k, v in pairs if k not in ("period", "from", "to") and usual.get(k) != v])


@dataclass(frozen=True)
class Node:
    """One series: its key within the rule, its name, and voices by hour since 1970, hours without any left out."""

    asked: Asked
    key: str
    name: str
    hours: Array  # since 1970, ascending
    counts: Array

    @property
    def kind(self) -> str:
        """Of a series of a kind besides its family's own, that; else the family."""
        return kind_of(self.asked.family, self.key)

    def total(self, first: int, last: int) -> float:
        """Voices from hour `first` to before hour `last`."""
        inside = (self.hours >= first) & (self.hours < last)
        return float(self.counts[inside].sum())

    def size(self, end: datetime) -> float:
        """Voices a day in the largest of the last four spans of four weeks: what fell silent is not forgotten yet."""
        hour = int(end.timestamp()) // HOUR_S
        spans = ((hour - RECENT * 24 * (i + 1), hour - RECENT * 24 * i) for i in range(4))
        return max(self.total(*span) for span in spans) / RECENT


@dataclass(frozen=True)
class Axis:
    """Steps of `hours` (1 or 24) on the company's clock, from a midnight to the step that holds the last hour."""

    hours: int
    start: int  # first UTC hour since 1970
    weekday: int  # of the first day, Monday 0
    step: Array  # of each UTC hour from the first

    @classmethod
    def of(cls, scope: Scope, start: datetime, end: datetime, hours: int) -> Axis:
        """From the first midnight at or after `start` to the step that `end` lies in, that step whole.

        Empty where there is no whole day.
        """
        here = start.astimezone(scope.zone)
        midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
        if midnight < here:
            midnight = (midnight + timedelta(days=1)).replace(hour=0)
        first = int(midnight.astimezone(UTC).timestamp()) // HOUR_S
        last = int(end.timestamp()) // HOUR_S
        local = np.array(_local(scope, first, last), dtype=np.int64)
        return cls(hours, first, midnight.weekday(), (local - local[0]) // hours if len(local) else local)

    @property
    def per_day(self) -> int:
        return 24 // self.hours

    @property
    def first(self) -> int:
        """The step of the week of the first step, for `alarms.watch`."""
        return self.weekday * self.per_day

    def __len__(self) -> int:
        return int(self.step[-1]) + 1 if len(self.step) else 0

    def fold(self, node: Node) -> Array:
        """The node's voices by step."""
        at = np.asarray(node.hours) - self.start
        inside = (at >= 0) & (at < len(self.step))
        counts = np.bincount(self.step[at[inside]], np.asarray(node.counts)[inside], minlength=len(self)).astype(float)
        if self.hours == 1:
            seen = np.bincount(self.step, minlength=len(self))
            counts = np.where(seen > 0, counts / np.maximum(seen, 1), np.nan)
        return counts

    def begins(self, step: int) -> datetime:
        """When a step begins; a step after the last one begins a whole step later."""
        last = len(self) - 1
        at = int(np.searchsorted(self.step, min(step, last)))
        return datetime.fromtimestamp((self.start + at + max(step - last, 0) * self.hours) * HOUR_S, UTC)


def _local(scope: Scope, first: int, last: int) -> Iterable[int]:
    """Hours of the company's clock for UTC hours `first` to `last`, both included."""
    pieces = offsets(scope.zone, 4 * first, 4 * last + 4)
    hours = np.arange(first, last + 1)
    moved = np.zeros(len(hours), dtype=np.int64)
    for quarter, offset in pieces:
        moved = np.where(4 * hours >= quarter, offset, moved)
    found: list[int] = ((4 * hours + moved) // 4).tolist()
    return found


# --- counted


def nodes(scope: Scope, asked: Asked, start: datetime, end: datetime) -> list[Node]:
    """Every series of a rule with its voices from `start` to `end`, the largest first.

    `scope` is of the rule's filters; its period does not matter.
    """
    scope = within(scope, start, end)
    made: list[Node] = []
    for kind in KINDS.get(asked.family, (asked.family,)):
        made += _of_kind(scope, asked, kind)
    if asked.family == "topic":
        made += _groups(asked, made)
    made.sort(key=lambda node: (-node.size(end), node.key))
    return made[:MOST_SERIES]


def _of_kind(scope: Scope, asked: Asked, kind: str) -> list[Node]:
    rows = _counted(scope, kind)
    names = _names(kind, {row["key"] for row in rows})
    found: dict[str, tuple[str, list[int], list[int]]] = {}
    for row in rows:
        key, name = _called(scope, kind, row["key"], names)
        if key is None:
            continue
        _name, hours, counts = found.setdefault(key, (name, [], []))
        hours.append(row["hour"])
        counts.append(row["n"])
    if kind in ("all", "negative") and not found:
        found[ALL] = (_called(scope, kind, None, {})[1], [], [])
    return [_node(asked, key, *parts) for key, parts in found.items()]


def _groups(asked: Asked, topics: Iterable[Node]) -> list[Node]:
    """Groups of more than one topic: an author counts once in each topic and hour."""
    there = {node.key: node for node in topics}
    found = []
    for name, ids in grouped(int(key.partition(":")[2]) for key in there).items():
        parts = [there[f"topic:{pk}"] for pk in ids]
        hours, place = np.unique(np.concatenate([node.hours for node in parts]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([node.counts for node in parts]))
        found.append(Node(asked, f"{GROUP}:{min(ids)}", name, hours, counts))
    return found


def grouped(topics: Iterable[int]) -> dict[str, list[int]]:
    """The groups that more than one of these topics belongs to, with their topics."""
    found: dict[str, list[int]] = {}
    for pk, name in Topic.objects.filter(pk__in=list(topics)).exclude(group="").values_list("pk", "group"):
        found.setdefault(name, []).append(pk)
    return {name: ids for name, ids in sorted(found.items()) if len(ids) > 1}


def topics_with(topic: int) -> list[int]:
    """The topics of the group that a topic belongs to, itself among them."""
    name = Topic.objects.filter(pk=topic).values_list("group", flat=True).first()
    rows = Topic.objects.filter(group=name) if name else Topic.objects.filter(pk=topic)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_SERIES]) or [topic]


def kind_of(family: str, key: str) -> str:
    """The kind of a series: its family, or another one that its key begins with."""
    kind = key.partition(":")[0]
    return kind if kind in (GROUP, *KINDS.get(family, ())) else family


def within(scope: Scope, start: datetime, end: datetime) -> Scope:
    """The scope from `start` to `end` instead of its period."""
    return replace(scope, start=int(start.timestamp()) // 900, end=int(end.timestamp()) // 900 + 1)


def _node(asked: Asked, key: str, name: str, hours: list[int], counts: list[int]) -> Node:
    order = np.argsort(np.array(hours, dtype=np.int64), kind="stable")
    return Node(asked, key, name, np.array(hours, np.int64)[order], np.array(counts, np.float64)[order])


def voices(scope: Scope, tables: Tables) -> Expression:
    """Messages of the scope, of near-copies only the first of a day, with `hour` and `who`."""
    rows = scope.messages(tables)
    place = ibis.row_number().over(ibis.window(group_by=[_.copies, _.quarter // 96], order_by=[_.sent_at, _.id]))
    first = rows.mutate(place=place).filter(_.place == 0)
    return first.mutate(hour=(_.quarter // 4).cast("int64"), who=_.author.fill_null(-(2**40) - _.id))


def _counted(scope: Scope, family: str) -> list[dict[str, Any]]:
    def build(tables: Tables) -> Expression:
        rows = split(scope, family, voices(scope, tables))
        return rows.group_by("key", "hour").agg(n=_.who.nunique())

    return scope.ask(("alarm series", family), build, limit=MOST_ROWS)


def split(scope: Scope, family: str, rows: Expression) -> Expression:
    """Rows with the `key` of the series they belong to; of watches a row for each."""
    if family == "negative":
        return rows.filter(_.sentiment == scope.code("negative")).mutate(key=ibis.literal(0))
    if family in ("product", "topic"):
        return rows.filter(_[family].notnull()).mutate(key=_[family])
    if family == COMPLAINT:
        rows = rows.filter(_["product"].notnull() & (_.intent == scope.code(COMPLAINT)))
        return rows.mutate(key=_["product"])
    if family == "category":
        told = rows.filter(_.categories.notnull()).mutate(key=_.categories.unnest())
        return told.select("id", "hour", "who", "key")
    if family in ("intent", "channel", "brand"):
        return rows.filter(_[family] != 0).mutate(key=_[family])
    if family == "watch":
        rivals = rows.filter(_.brand.isin(sorted(scope.rivals) or [-1])).mutate(key=-_.brand.cast("int64"))
        heard = rows.filter(_.watches.notnull()).mutate(key=_.watches.unnest())
        columns = ["id", "hour", "who", "key"]
        return rivals.select(columns).union(heard.select(columns))
    return rows.mutate(key=ibis.literal(0))


def _names(kind: str, codes: set[Any]) -> dict[int, str]:
    """Names of topics and categories by their numbers."""
    if kind == "topic":
        return topicnames.labels(codes)
    if kind == "category":
        return dict(Category.objects.filter(pk__in=codes).values_list("pk", "name")[:MOST_SERIES])
    return {}


def _called(scope: Scope, family: str, code: Any, names: dict[int, str]) -> tuple[str | None, str]:
    """Key and name of a series; the key is None for what nobody wants to watch."""
    if family == "all":
        return ALL, "Everything customers say"
    if family == "negative":
        return ALL, "Negative messages"
    if family == "topic":
        return (f"topic:{code}", topicnames.name(names[code])) if code in names else (None, "")
    if family == "category":
        return (f"category:{code}", names[code]) if code in names else (None, "")
    if family == "product":
        return f"product:{code}"[:160], str(code)[:200]
    if family == COMPLAINT:
        return f"{COMPLAINT}:{code}"[:160], f"Complaints about {code}"[:200]
    if family == "brand":
        return (f"brand:{code}", scope.names[code]) if code in scope.names else (None, "")
    if family == "watch":
        if code < 0:
            return (f"brand:{-code}", scope.names[-code]) if -code in scope.names else (None, "")
        named = {pk: name for pk, name, _brand in scope.watches}
        return (f"watch:{code}", named[code]) if code in named else (None, "")
    word = scope.word(code)
    if family == "intent" and (word in QUIET_INTENTS or word not in INTENTS):
        return None, ""
    return f"{family}:{word}", word


def beginning(now: datetime, days: int = PAST) -> datetime:
    """From when on to count: so many days ago, or where the store's first message lies."""
    row = engine.one(lambda t: t.messages.agg(low=_.quarter.min()))
    first = datetime.fromtimestamp((row["low"] or 0) * 900, UTC) if row["low"] is not None else now
    return max(first, now - timedelta(days=days))
