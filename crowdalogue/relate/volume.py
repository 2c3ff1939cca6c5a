"""Volume over time: a measure by day or week without gaps, and by hour and weekday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import ibis
from ibis import _

from crowdalogue.relate import engine, measures
from crowdalogue.relate.engine import Expression, Tables
from crowdalogue.relate.measures import MEASURES, Row
from crowdalogue.relate.scope import Scope

LONGEST_BY_DAY = 120  # days; longer stretches are drawn by week
LINES = 6  # of one chart; what is smaller is put together


@dataclass(frozen=True)
class Series:
    """One line: a name and a row for every step of time, from the first to the last, zeros included."""

    name: Any
    rows: list[Row]

    @property
    def total(self) -> int:
        return sum(row["n"] for row in self.rows)


def step_of(scope: Scope) -> str:
    """day, or week where days would be too many to draw."""
    days = scope.filters.days(scope.zone, scope.now)
    length = (days[1] - days[0]).days + 1 if days else (scope.end - scope.start) // 96
    return "day" if length <= LONGEST_BY_DAY else "week"


def over_time(scope: Scope, name: str, *, across: str = "", step: str = "", lines: int = LINES) -> list[Series]:
    """A measure by step of time, one series in all or one for each value of `across`, the largest first.

    Of counts, values beyond the largest `lines` - 1 are added up as "others" (unique counts are not, as they cannot
    be added). Only the largest are asked for, so the answer stays small.
    """
    step = step or step_of(scope)
    if not across:
        rows = measures.table(scope, name, (step,))
        return [Series("", _filled(name, step, rows, steps(scope, step, rows)))]
    ranked = [row[across] for row in measures.table(scope, name, (across,), limit=1_000)]
    rows = measures.table(scope, name, (step, across))
    adds_up = name in ("messages", "conversations")
    shown = ranked if len(ranked) <= lines else ranked[: lines - 1 if adds_up else lines]
    series = [Series(value, [r for r in rows if r[across] == value]) for value in shown]
    if adds_up and len(ranked) > len(shown):
        series.append(Series("others", _added([r for r in rows if r[across] not in shown], step)))
    days = steps(scope, step, rows)  # the same for all: of all time, one series may begin later than another
    return [Series(s.name, _filled(name, step, s.rows, days)) for s in series]


def heat(scope: Scope, name: str = "messages") -> list[list[Row]]:
    """Seven lists, Monday first, of 24 rows each: the measure in that hour of all such weekdays."""
    grid = [[_empty(name) for _hour in range(24)] for _day in range(7)]
    for row in measures.table(scope, name, ("weekday", "hour")):
        grid[row["weekday"]][row["hour"]] = row
    return grid


def steps(scope: Scope, step: str, rows: list[Row]) -> list[date]:
    """Every day, or every week's Monday, of the period; of all time from the first row to the last."""
    days = scope.filters.days(scope.zone, scope.now)
    if days is None:
        if not rows:
            return []
        days = min(r[step] for r in rows), max(r[step] for r in rows)
    first, last = days
    if step == "week":
        first -= timedelta(days=first.weekday())
    length = 7 if step == "week" else 1
    return [first + timedelta(days=i) for i in range(0, (last - first).days + 1, length)]


def _filled(name: str, step: str, rows: list[Row], days: list[date]) -> list[Row]:
    there = {row[step]: row for row in rows}
    return [{**_empty(name), **there.get(day, {}), step: day} for day in days]


def _empty(name: str) -> Row:
    none = {"n": 0, "value": 0, "low": None, "high": None, "few": False}
    return none if MEASURES[name].unit == "count" else {**none, "value": None, "few": True}


def _added(rows: list[Row], step: str) -> list[Row]:
    sums: dict[date, int] = {}
    for row in rows:
        sums[row[step]] = sums.get(row[step], 0) + row["n"]
    return [{**_empty("messages"), step: day, "n": n, "value": n} for day, n in sorted(sums.items())]


def newest(scope: Scope) -> datetime | None:
    """When the newest message of the scope was sent."""
    rows = scope.ask("newest", lambda t: scope.messages(t).agg(at=_.sent_at.max()))
    found: datetime | None = rows[0]["at"]
    return found


def said_beside() -> dict[str, bool]:
    """Which of the filters on what sources say beside the words would find anything, among all there is."""

    def build(tables: Tables) -> Expression:
        return tables.messages.agg(
            rated=_.rating_share.notnull().any(),
            bought=_.verified_purchase.notnull().any(),
            product=_["product"].notnull().any(),
            topic=_["topic"].notnull().any(),
            country=(_.country != 0).any(),
            hearsay=(_.hearsay != 0).any(),
            category=_.categories.notnull().any(),
            watch=_.watches.notnull().any(),
            apart=((_.apart != 0) | _.taken_back).any(),
        )

    (row,) = engine.run(build, key="said beside")
    return {name: bool(found) for name, found in row.items()}


def behind(scope: Scope, *, after: tuple[datetime, int] | None = None, limit: int = 50) -> list[tuple[int, datetime]]:
    """The messages a number counts, newest first: (id, sent_at), at most `limit` of those older than `after`."""

    def build(tables: Tables) -> Expression:
        rows = scope.messages(tables)
        if after is not None:
            rows = rows.filter((_.sent_at < after[0]) | ((_.sent_at == after[0]) & (_.id < after[1])))
        return rows.order_by([ibis.desc("sent_at"), ibis.desc("id")]).select("id", "sent_at")

    return [(row["id"], row["sent_at"]) for row in scope.ask(("behind", after), build, limit=limit)]
