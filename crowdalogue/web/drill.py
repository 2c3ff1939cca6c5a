"""From a number to the messages behind it, and to the same number elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from crowdalogue.analyze.document import NOTHING
from crowdalogue.relate import topicnames
from crowdalogue.relate.filters import Filters
from crowdalogue.relate.measures import Measure, Row
from crowdalogue.web import found
from crowdalogue.web.words import channel_name, said

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DIRECTIONS = {"in": "From customers", "out": "From us", "note": "Internal notes"}


def narrowed(filters: Filters, row: Row, by: tuple[str, ...]) -> Filters:
    """The filters under which only this row's messages are shown."""
    changes: dict[str, Any] = {}
    for dimension in by:
        changes |= _chosen(dimension, row[dimension])
    return replace(filters, **changes)


def _chosen(dimension: str, value: Any) -> dict[str, Any]:
    if dimension == "day":
        return {"start": value, "end": value}
    if dimension == "week":
        return {"start": value, "end": value + timedelta(days=6)}
    if dimension in ("hour", "weekday", "direction"):
        return {dimension: value}
    return {dimension: (value,)}


def messages(filters: Filters, measure: Measure | None = None, *, hits: bool = False) -> str:
    """The address of the messages these filters show: those the measure's n counts, or the hits of its share."""
    if measure is not None:
        filters = replace(filters, **dict((hits and measure.hit) or measure.link))
    query = filters.to_query()
    return reverse("messages") + (f"?{query}" if query else "")


def behind(filters: Filters, measure: Measure, row: Row, by: tuple[str, ...], *, hits: bool = False) -> str:
    """The address of the messages behind one row. "others" is no value of its own, so it leads to all."""
    if any(row.get(d) == "others" for d in by):
        return messages(filters, measure, hits=hits)
    return messages(narrowed(filters, row, by), measure, hits=hits)


def explore(filters: Filters, measure: str, by: str, across: str = "", **more: str) -> str:
    """The address of a table in Explore."""
    own = {"measure": measure, "by": by, "across": across, **more}
    head = "&".join(f"{k}={v}" for k, v in own.items() if v)
    query = filters.to_query()
    return f"{reverse('explore')}?{head}" + (f"&{query}" if query else "")


def name_of(dimension: str, value: Any, step: str = "") -> str:
    """A row's value as a person reads it."""
    if isinstance(value, date):
        return f"{value.day} {value:%b}" + ("" if abs((date.today() - value).days) < 300 else f" {value.year}")  # noqa: DTZ011
    if dimension in ("country", "hearsay"):
        return _found(dimension, value)
    if value == "-":
        return f"No {dimension}" if dimension in ("brand", "channel", "product", "topic") else "Not read yet"
    if dimension == "channel":
        return "Others" if value == "others" else channel_name(value)
    if dimension == "weekday":
        return WEEKDAYS[value]
    if dimension == "hour":
        return f"{value:02d} to {value + 1:02d}"
    if dimension == "direction":
        return DIRECTIONS.get(value, str(value))
    if dimension == "topic":
        return "Others" if value == "others" else topicnames.name(value)
    if dimension in ("brand", "product", "watch", "category"):
        return str(value)
    return said(value) if dimension != "language" else language(value)


def _found(dimension: str, value: Any) -> str:
    if value == "others":
        return "Others"
    if dimension == "country":
        return "No country" if value == "-" else found.country_name(str(value))
    return found.chosen(dimension, NOTHING if value == "-" else str(value))


def language(code: str) -> str:
    return {"und": "Not recognised"}.get(code, code)
