"""A table of Explore for programs: the rows of the page's CSV, with the words that define them.

plain("negative", "channel", "", parse("period=90d"))
{"measure": "negative", "unit": "share", "by": ["channel"], "definition": "...", "rows": [{"channel": "email", ...}]}
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from crowdalogue.errors import Failure
from crowdalogue.relate import engine, facts, measures
from crowdalogue.relate.filters import NONE, Filters
from crowdalogue.relate.measures import MEASURES, Measure, Row
from crowdalogue.relate.scope import Scope
from crowdalogue.relate.statistics import FEW


def plain(measure: str, by: str, across: str, filters: Filters, *, now: datetime | None = None) -> dict[str, Any]:
    """The measure by one dimension, or by two, or as one figure where both are empty, as JSON-ready data.

    Shares are 0 to 1 and times seconds, rounded to four digits as in the CSV; both are null where n is too small.
    Raises Failure for a measure or a dimension there is none of.
    """
    asked = chosen(measure, by, across)
    dimensions = tuple(d for d in (by, across) if d)
    scope = Scope.of(filters, now=now)
    rows = measures.table(scope, asked.name, dimensions)
    fresh = facts.as_of()
    return {
        "measure": asked.name,
        "label": asked.label,
        "unit": asked.unit,
        "by": list(dimensions),
        "definition": asked.definition,
        "filters": filters.to_query(),
        "timezone": str(scope.zone),
        "too_few_below": FEW,
        "as_of": fresh.isoformat() if fresh else None,
        "whole": _row(asked, (), measures.figure(scope, asked.name)),
        "cut_off": len(rows) >= engine.MOST_ROWS,
        "rows": [_row(asked, dimensions, row) for row in rows],
    }


def chosen(measure: str, by: str, across: str) -> Measure:
    """The measure of this name, if it can be split like that. Raises Failure otherwise, naming what there is."""
    asked = MEASURES.get(measure)
    if asked is None:
        raise Failure(f"There is no measure “{measure[:40]}”. Measures are: {', '.join(MEASURES)}.")
    can = measures.dimensions(asked)
    for dimension in filter(None, (by, across)):
        if dimension not in can:
            raise Failure(f"{asked.label} cannot be split by “{dimension[:40]}”. It can by: {', '.join(can)}.")
    if across and not by:
        raise Failure("There is an `across` without a `by`. Name the first dimension in `by`.")
    if across and across == by:
        raise Failure("`by` and `across` are the same. Leave `across` empty.")
    return asked


def _row(measure: Measure, by: tuple[str, ...], row: Row) -> Row:
    out: Row = {d: _value(row[d]) for d in by}
    if measure.unit == "count":
        return {**out, "n": row["n"]}
    return {**out, **{k: _figure(row, k) for k in ("value", "low", "high")}, "n": row["n"], "few": row["few"]}


def _value(value: Any) -> Any:
    """Days as ISO dates; what has none of it, or was not read yet, is null."""
    if isinstance(value, date):
        return value.isoformat()
    return None if value == NONE else value


def _figure(row: Row, key: str) -> float | None:
    return None if row["few"] or row[key] is None else round(row[key], 4)
