"""Measured rows as pictures: which picture fits which measure and dimension, with links to the messages behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from crowdalogue.relate import measures, volume
from crowdalogue.relate.measures import DIMENSIONS, IN_TIME, MEASURES, Measure, Row
from crowdalogue.relate.scope import Scope
from crowdalogue.web import charts, drill
from crowdalogue.web.charts import Cell, Chart, Drawn, Point, Table, between, shown
from crowdalogue.web.words import number

MOST = 25  # rows of a drawn table; the rest is in the table's file
MOST_COLUMNS = 8


def of(scope: Scope, name: str, by: str, across: str = "") -> Chart:
    """The picture of a measure split by one dimension, or by two."""
    measure = MEASURES[name]
    if across:
        return (
            small_multiples(scope, measure, by, across) if by in ("day", "week") else cross(scope, measure, by, across)
        )
    if by in ("day", "week"):
        return over_time(scope, measure, volume.over_time(scope, name, step=by)[0].rows, by)
    rows = measures.table(scope, name, (by,))
    return by_kind(scope, measure, by, in_order(by, rows))


def in_order(by: str, rows: list[Row]) -> list[Row]:
    """Hours and weekdays in their order, all of them; the rest as it comes, the largest first."""
    if by not in ("hour", "weekday"):
        return rows
    there = {r[by]: r for r in rows}
    none = {"n": 0, "value": None, "low": None, "high": None, "few": True}
    return [there.get(i, {**none, by: i}) for i in range(24 if by == "hour" else 7)]


def too_few(row: Row) -> str:
    return f"too few to say (n = {row['n']})"


def said(row: Row, measure: Measure) -> str:
    """The value in words with its interval and n."""
    if measure.unit == "count":
        return number(row["n"])
    if row["few"] or row["value"] is None:
        return too_few(row)
    span = between(row["low"], row["high"], measure.unit)
    return f"{shown(row['value'], measure.unit)}{f' ({span})' if span else ''}, n = {number(row['n'])}"


def point(scope: Scope, measure: Measure, row: Row, by: tuple[str, ...], label: str) -> Point:
    few = row["few"] and measure.unit != "count"
    return Point(
        label,
        None if few else row["value"],
        drill.behind(scope.filters, measure, row, by, hits=True) if row["n"] else "",
        row["low"],
        row["high"],
        said(row, measure),
    )


def over_time(scope: Scope, measure: Measure, rows: list[Row], step: str, *, linked: bool = True) -> Chart:
    """Columns for counts, a line with its interval for shares and times; `linked` to the messages behind."""
    points = [point(scope, measure, r, (step,), drill.name_of(step, r[step])) for r in rows]
    points = points if linked else [replace(p, href="") for p in points]
    sentence = _sentence_of_time(measure, points, step)
    if measure.unit == "count":
        svg = charts.columns(points, sentence)
    else:
        svg = charts.line(
            points, sentence, measure.unit, "neg" if measure.name in ("negative", "complaints") else "own"
        )
    return Chart(svg, table(scope, measure, step, rows))


def _sentence_of_time(measure: Measure, points: Sequence[Point], step: str) -> str:
    known = [p for p in points if p.value is not None]
    if not known:
        return f"{measure.label} by {step}: too few to draw."
    low, high = min(known, key=lambda p: p.value or 0), max(known, key=lambda p: p.value or 0)
    return (
        f"{measure.label} by {step}, {len(points)} {step}s from {points[0].label} to {points[-1].label}. "
        f"Lowest {shown(low.value, measure.unit)} on {low.label}, highest {shown(high.value, measure.unit)} on "
        f"{high.label}, last {shown(known[-1].value, measure.unit)}."
    )


def by_kind(scope: Scope, measure: Measure, by: str, rows: list[Row]) -> Chart:
    """Bars or dots with intervals, one row each."""
    drawn, level = drawn_rows(scope, measure, by, rows)
    caption = f"{measure.label} by {DIMENSIONS[by].lower()}"
    picture = charts.drawn_table(drawn, measure.unit, caption, (DIMENSIONS[by], unit_name(measure)), level)
    return Chart(picture, table(scope, measure, by, rows), drawn="table")


def drawn_rows(scope: Scope, measure: Measure, by: str, rows: list[Row]) -> tuple[list[Drawn], float | None]:
    """The rows of a drawn table, and the value of all together, which is drawn as a line."""
    total = sum(r["n"] for r in rows)
    drawn = [_drawn(scope, measure, by, row, total) for row in rows[:MOST]]
    mean = None if measure.unit == "count" else measures.figure(scope, measure.name)
    return drawn, mean["value"] if mean and not mean["few"] else None


def unit_name(measure: Measure) -> str:
    return {"count": "Number", "share": "Share", "seconds": "Time"}[measure.unit]


def _drawn(scope: Scope, measure: Measure, by: str, row: Row, total: int) -> Drawn:
    name, href = drill.name_of(by, row[by]), drill.behind(scope.filters, measure, row, (by,)) if row["n"] else ""
    look = "same" if by == "brand" and row[by] in {scope.names.get(i) for i in scope.rivals} else "own"
    if measure.unit == "count":
        # Parts of unique counts do not add up, so they have no share of all.
        share = row["n"] / total if total and measure.name in ("messages", "conversations") else None
        return Drawn(name, row["n"], href, high=share, n=row["n"], look=look)
    note = too_few(row) if row["few"] or row["value"] is None else ""
    return Drawn(name, row["value"], href, row["low"], row["high"], row["n"], note, look)


def small_multiples(scope: Scope, measure: Measure, by: str, across: str) -> Chart:
    """One small picture a row: the largest values of `across`, each over time."""
    series = volume.over_time(scope, measure.name, across=across, step=by)
    whole = {r[across]: r for r in measures.table(scope, measure.name, (across,), limit=1_000)}
    lines = [small(scope, measure, across, s, whole.get(s.name)) for s in series]
    first, last = (series[0].rows[0][by], series[0].rows[-1][by]) if series and series[0].rows else (None, None)
    span = f"{drill.name_of(by, first)} to {drill.name_of(by, last)}, each to its own height" if first else ""
    picture = format_html(
        '<table class="sparks"><caption class="vh">{} by {} and {}</caption><thead><tr><th scope="col">{}</th>'
        '<th scope="col" class="draw">{}</th><th scope="col" class="num">{}</th><th scope="col" class="num">{}</th>'
        "</tr></thead><tbody>{}</tbody></table>",
        measure.label,
        by,
        DIMENSIONS[across].lower(),
        DIMENSIONS[across],
        span,
        unit_name(measure),
        "of all" if measure.unit == "count" else "n",
        format_html_join(
            "",
            '<tr><th scope="row"><a href="{}">{}</a></th><td class="draw">{}</td><td class="num"><b>{}</b></td>'
            '<td class="num faint">{}</td></tr>',
            ((line.href, line.name, line.drawn, line.value, line.beside) for line in lines),
        ),
    )
    return Chart(picture, _wide(scope, measure, by, across, series), drawn="table")


@dataclass(frozen=True)
class Small:
    """One row of small pictures: its name and address, the columns, the value of all its time, n or its share."""

    name: str
    href: str
    drawn: SafeString
    value: str
    beside: str


def small(scope: Scope, measure: Measure, across: str, series: volume.Series, whole: Row | None) -> Small:
    name = drill.name_of(across, series.name)
    row = whole or {
        "n": series.total,
        "value": series.total,
        "low": None,
        "high": None,
        "few": False,
        across: series.name,
    }
    values = [0.0 if r["few"] and measure.unit != "count" else float(r["value"] or 0) for r in series.rows]
    look = "same" if across == "brand" and series.name in {scope.names.get(i) for i in scope.rivals} else "own"
    said_row = f"{name}: {said(row, measure)} in all, at most {shown(max(values, default=0), measure.unit)}"
    few = measure.unit != "count" and row["few"]
    return Small(
        name,
        drill.behind(scope.filters, measure, {**row, across: series.name}, (across,)),
        charts.spark(values, said_row, look),
        too_few(row) if few else shown(row["value"], measure.unit),
        _part(scope, measure, row) if measure.unit == "count" else number(row["n"]),
    )


def _part(scope: Scope, measure: Measure, row: Row) -> str:
    total = measures.figure(scope, measure.name)["n"]
    return shown(row["n"] / total, "share") if total and measure.name in ("messages", "conversations") else ""


# --- tables


def table(scope: Scope, measure: Measure, by: str, rows: list[Row]) -> Table:
    """The same as a table: value, interval, n; every n leads to its messages."""
    counted = measure.unit == "count"
    header = [DIMENSIONS[by], measure.label] + ([] if counted else ["95%", "n"])
    lines = [[Cell(drill.name_of(by, r[by])), *_cells(scope, measure, r, (by,))] for r in rows[:366]]
    return Table(f"{measure.label} by {DIMENSIONS[by].lower()}", header, lines, *_files(scope, measure, by))


def _files(scope: Scope, measure: Measure, by: str, across: str = "") -> tuple[str, str]:
    """Where the table and the picture are to be had as files."""
    csv, svg = (drill.explore(scope.filters, measure.name, by, across, format=kind) for kind in ("csv", "svg"))
    return csv, svg


def _cells(scope: Scope, measure: Measure, row: Row, by: tuple[str, ...]) -> list[Cell]:
    href = drill.behind(scope.filters, measure, row, by) if row["n"] else ""
    if measure.unit == "count":
        return [Cell(number(row["n"]), href)]
    if row["few"] or row["value"] is None:
        return [Cell("too few to say", faint=True), Cell(""), Cell(number(row["n"]), href)]
    span = between(row["low"], row["high"], measure.unit)
    hits = drill.behind(scope.filters, measure, row, by, hits=True) if measure.hit and row["hits"] else ""
    return [Cell(shown(row["value"], measure.unit), hits), Cell(span, faint=True), Cell(number(row["n"]), href)]


def cross(scope: Scope, measure: Measure, by: str, across: str) -> Chart:
    """Rows by columns, shaded; the eight largest columns."""
    rows = measures.table(scope, measure.name, (by, across))
    heads = in_order(across, measures.table(scope, measure.name, (across,), limit=1_000))
    heads = heads if across in IN_TIME else heads[:MOST_COLUMNS]
    sides = in_order(by, measures.table(scope, measure.name, (by,), limit=1_000))[:MOST]
    at = {(r[by], r[across]): r for r in rows}
    top = max((r["value"] or 0 for r in rows if not r["few"]), default=0)
    header = [DIMENSIONS[by], *(drill.name_of(across, h[across]) for h in heads)]
    lines = [
        [
            Cell(drill.name_of(by, s[by])),
            *(_crossed(scope, measure, at.get((s[by], h[across])), (by, across), top) for h in heads),
        ]
        for s in sides
    ]
    caption = f"{measure.label} by {DIMENSIONS[by].lower()} and {DIMENSIONS[across].lower()}"
    whole = Table(caption, header, lines, *_files(scope, measure, by, across))
    return Chart(_drawn_cross(whole), whole, drawn="cross")


def _crossed(scope: Scope, measure: Measure, row: Row | None, by: tuple[str, ...], top: float) -> Cell:
    if row is None:
        return Cell("", faint=True)
    href = drill.behind(scope.filters, measure, row, by)
    if measure.unit == "count":
        return Cell(number(row["n"]), href, shade=charts.shade(row["n"], top))
    if row["few"] or row["value"] is None:
        return Cell(f"n = {row['n']}", href, faint=True)
    return Cell(
        f"{shown(row['value'], measure.unit)} (n = {number(row['n'])})", href, shade=charts.shade(row["value"], top)
    )


def _drawn_cross(whole: Table) -> SafeString:
    heads = format_html_join("", '<th scope="col" class="num">{}</th>', ((h,) for h in whole.header[1:]))
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        (
            (
                line[0].text,
                format_html_join(
                    "",
                    '<td class="num{}{}">{}</td>',
                    (
                        (f" c{min(c.shade, 4)}" if c.shade > 0 else "", " faint" if c.faint else "", _linked(c))
                        for c in line[1:]
                    ),
                ),
            )
            for line in whole.rows
        ),
    )
    return format_html(
        '<div class="wide" tabindex="0" role="group" aria-label="{0}"><table class="cross">'
        '<caption class="vh">{0}</caption><thead><tr><th scope="col">{1}</th>{2}</tr></thead>'
        "<tbody>{3}</tbody></table></div>",
        whole.caption,
        whole.header[0],
        heads,
        body,
    )


def _linked(cell: Cell) -> SafeString | str:
    return format_html('<a href="{}">{}</a>', cell.href, cell.text) if cell.href else cell.text


def _wide(scope: Scope, measure: Measure, by: str, across: str, series: Sequence[Any]) -> Table:
    header = [DIMENSIONS[by], *(drill.name_of(across, s.name) for s in series)]
    days = [r[by] for r in series[0].rows] if series else []
    lines = []
    for i, day in list(enumerate(days))[-366:]:
        cells = [_crossed(scope, measure, {**s.rows[i], across: s.name}, (by, across), 0) for s in series]
        lines.append([Cell(drill.name_of(by, day)), *cells])
    caption = f"{measure.label} by {by} and {DIMENSIONS[across].lower()}"
    return Table(caption, header, lines, *_files(scope, measure, by, across))


def heat(scope: Scope, sentence: str) -> Chart:
    """Messages by hour and weekday, in the company's time."""
    measure = MEASURES["messages"]
    grid = volume.heat(scope)
    points = [
        [
            point(
                scope,
                measure,
                {**row, "weekday": d, "hour": h},
                ("weekday", "hour"),
                f"{drill.WEEKDAYS[d]}, {h:02d} to {h + 1:02d}",
            )
            for h, row in enumerate(hours)
        ]
        for d, hours in enumerate(grid)
    ]
    svg, legend = charts.heat(points, sentence)
    parts = ((0, 6), (6, 9), (9, 12), (12, 18), (18, 22), (22, 24))
    header = ["Weekday", *(f"{a} to {b}" for a, b in parts)]
    lines = [
        [Cell(drill.WEEKDAYS[d]), *(Cell(number(sum(r["n"] for r in hours[a:b]))) for a, b in parts)]
        for d, hours in enumerate(grid)
    ]
    files = _files(scope, measure, "weekday", "hour")
    return Chart(svg, Table("Messages by weekday and part of the day", header, lines, *files), legend)
