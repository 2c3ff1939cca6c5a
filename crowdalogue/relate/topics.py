"""Figures of topics side by side: how many, who, what share, how it moves against the stretch before, since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp, log, sqrt
from typing import Any

from ibis import _

from crowdalogue.relate import engine, measures, topicnames
from crowdalogue.relate.engine import Expression, Tables
from crowdalogue.relate.filters import NONE, short_topic
from crowdalogue.relate.measures import Row
from crowdalogue.relate.scope import QUARTER_S, Scope
from crowdalogue.relate.statistics import Z, wilson

MOST = 300  # topics side by side
FEWEST = 10  # messages of both stretches: with fewer nothing is said of a change
BY_DAY = 31  # days up to which a trend has a column a day; longer ones have a column a week
LONGEST = 366  # days of a trend of all time: the last of them
ROWS = 60_000  # topics by days of both stretches
CHANGE = (
    "Messages a day in the period against the stretch of the same length before. The 95% interval allows for days "
    "that differ more than chance (quasi-Poisson, by days or weeks). Up or down is said where it leaves out no change."
)


@dataclass(frozen=True)
class Change:
    """`ratio` of the daily numbers with its 95 % interval; None: too little to tell. `before` are the earlier ones."""

    before: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def clear(self) -> str:
        """up, down, or nothing where the interval holds no change."""
        if self.low is None or self.high is None:
            return ""
        return "up" if self.low > 1 else "down" if self.high < 1 else ""


@dataclass(frozen=True)
class Line:
    """One topic in a scope. `trend` has a number for each of `Overview.steps`."""

    id: int
    name: str
    n: int
    authors: int
    share: float
    share_low: float
    share_high: float
    negative: Row | None
    change: Change | None
    trend: tuple[int, ...]
    since: date | None  # of its first message of all, whatever the filters


@dataclass(frozen=True)
class Overview:
    """The topics of a scope, the largest first. `without`: messages that have none (yet); `more`: topics left out."""

    lines: tuple[Line, ...]
    n: int
    without: int
    more: int
    step: str
    steps: tuple[date, ...]


def overview(scope: Scope, most: int = MOST) -> Overview:
    """Count the topics of everything in scope."""
    counted = measures.table(scope, "messages", ("topic",), limit=engine.MOST_ROWS)
    total = sum(row["n"] for row in counted)
    rows = [row for row in counted if row["topic"] != NONE]
    shown = rows[:most]
    narrowed = scope.with_(topic=tuple(short_topic(row["topic"]) for row in shown))
    authors = _by_topic(narrowed, "authors") if shown else {}
    negative = _by_topic(narrowed, "negative") if shown else {}
    step, steps, trends = _trends(narrowed) if shown else ("day", (), {})
    changes = _changes(narrowed) if shown else {}
    firsts = _firsts(scope) if shown else {}
    lines = []
    for row in shown:
        label, n = row["topic"], row["n"]
        pk = int(short_topic(label))
        low, high = wilson(n, total) or (0.0, 1.0)
        lines.append(
            Line(
                id=pk,
                name=topicnames.name(label),
                n=n,
                authors=authors[label]["n"] if label in authors else 0,
                share=n / total,
                share_low=low,
                share_high=high,
                negative=negative.get(label),
                change=changes.get(pk, Change(0)) if changes is not None else None,
                trend=tuple(trends.get(label, {}).get(day, 0) for day in steps),
                since=firsts.get(pk),
            )
        )
    return Overview(tuple(lines), total, total - sum(r["n"] for r in rows), len(rows) - len(shown), step, steps)


def one(scope: Scope, pk: int) -> Line | None:
    """One topic, its share of everything in scope; None where it has no message there."""
    alone = scope.with_(topic=(str(pk),))
    found = overview(alone, 1).lines
    if not found:
        return None
    line = found[0]
    # The columns may have grown between the two questions.
    everything = max(measures.figure(scope.with_(topic=()), "messages")["n"], line.n, 1)
    low, high = wilson(line.n, everything) or (0.0, 1.0)
    return Line(**{**line.__dict__, "share": line.n / everything, "share_low": low, "share_high": high})


def _by_topic(scope: Scope, name: str) -> dict[str, Row]:
    return {row["topic"]: row for row in measures.table(scope, name, ("topic",))}


# --- over time


def step_of(scope: Scope) -> str:
    """day, or week where a column a day would be too many."""
    days = scope.filters.days(scope.zone, scope.now)
    return "day" if days is not None and (days[1] - days[0]).days < BY_DAY else "week"


def _trends(scope: Scope) -> tuple[str, tuple[date, ...], dict[str, dict[date, int]]]:
    days = scope.filters.days(scope.zone, scope.now)
    if days is None:  # of all time: the last year
        last = scope.now.astimezone(scope.zone).date()
        days = last - timedelta(days=LONGEST - 1), last
        scope = Scope.of(scope.filters.with_(start=days[0], end=days[1]), now=scope.now)
    first, last = days
    step = step_of(scope)
    found: dict[str, dict[date, int]] = {}
    for row in measures.table(scope, "messages", (step, "topic"), limit=ROWS):
        found.setdefault(row["topic"], {})[row[step]] = row["n"]
    if step == "week":
        first -= timedelta(days=first.weekday())
    length = 7 if step == "week" else 1
    return step, tuple(first + timedelta(days=i) for i in range(0, (last - first).days + 1, length)), found


def _firsts(scope: Scope) -> dict[int, date]:
    """The local day of each topic's first message from a customer."""

    def build(tables: Tables) -> Expression:
        rows = tables.messages.filter((_.direction == scope.code("in")) & (_.apart == 0) & _["topic"].notnull())
        return rows.group_by("topic").agg(first=_.quarter.min())

    rows = engine.run(build, limit=ROWS, key=("first of topics", scope.words))
    zone = scope.zone
    return {r["topic"]: datetime.fromtimestamp(r["first"] * QUARTER_S, zone).date() for r in rows}


# --- against the stretch before


def _changes(scope: Scope) -> dict[int, Change] | None:
    """For each topic of either stretch; None where there is no stretch before (all time)."""
    earlier = scope.before()
    days = scope.filters.days(scope.zone, scope.now)
    if earlier is None or days is None:
        return None
    length = (days[1] - days[0]).days + 1
    first = days[0] - timedelta(days=length)
    rows = [*_daily(earlier), *_daily(scope)]
    counts: dict[int, list[int]] = {}
    for row in rows:
        counts.setdefault(row["topic"], [0] * (2 * length))[(measures.EPOCH - first).days + row["day"]] += row["n"]
    elapsed = _elapsed(scope, days)
    return {pk: change(found[:length], found[length:], elapsed) for pk, found in counts.items()}


def _daily(scope: Scope) -> list[dict[str, Any]]:
    def build(tables: Tables) -> Expression:
        rows = scope.messages(tables).mutate(day=scope.day(_.quarter))
        return rows.group_by("topic", "day").agg(n=_.count())

    return scope.ask("topics by day", build, limit=MOST * 800)


def _elapsed(scope: Scope, days: tuple[date, date]) -> float:
    """How many days of the period are over: the last one may be today."""
    bounds = scope.filters.bounds(scope.zone, scope.now)
    assert bounds is not None
    return max((min(bounds[1], scope.now) - bounds[0]).total_seconds() / 86_400, 1 / 24)


def change(before: Sequence[int], after: Sequence[int], elapsed: float | None = None) -> Change:
    """Numbers by day of two stretches of the same length; `elapsed`: days of the second that are over.

    The ratio of the daily means with a 95 % interval: its logarithm is taken as normal, with a variance as of counts
    times how much more the days (of long stretches: the weeks) differ than counts would. Where they do differ more, the
    quantile is Student's for so many days or weeks.
    """
    n0, n1, length = sum(before), sum(after), len(before)
    elapsed = elapsed or float(length)
    if n0 + n1 < FEWEST or length < 3 or not n0:
        return Change(n0)
    size = 7 if length >= 28 else 1
    blocks = [_blocks(before, length // size, size), _blocks(after, int(elapsed) // size, size)]
    freedom = sum(len(b) - 1 for b in blocks if b)
    if freedom < 3:
        return Change(n0)
    spread = sum(_pearson(b) for b in blocks) / freedom
    k0, k1 = n0 + 0.5, n1 + 0.5
    ratio = (k1 / elapsed) / (k0 / length)
    # Where days differ no more than counts do, nothing was estimated that Student's would allow for.
    half = (_student(freedom) * sqrt(spread) if spread > 1 else Z) * sqrt(1 / k0 + 1 / k1)
    return Change(n0, ratio, exp(log(ratio) - half), exp(log(ratio) + half))


def _blocks(counts: Sequence[int], many: int, size: int) -> list[int]:
    return [sum(counts[i * size : (i + 1) * size]) for i in range(many)]


def _pearson(blocks: Sequence[int]) -> float:
    mean = sum(blocks) / len(blocks) if blocks else 0.0
    return sum((b - mean) ** 2 for b in blocks) / mean if mean else 0.0


def _student(freedom: int) -> float:
    """The 97.5 % quantile of Student's distribution, by its expansion around the normal's; within 1 % from 3 on."""
    z: float = Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum((term / freedom ** (i + 1) for i, term in enumerate(terms)), 0.0)
