"""Pictures of numbers, drawn on the server as SVG: columns, lines, a heat map, and tables with a drawn column.

Every picture says in a sentence what it shows (for those who hear it) and has the same as a table beside it. What is
pointed at leads to the messages behind it: that layer is apart, because a picture that is read as one thing holds
no links; the table has the same links for the keyboard. Colours are classes of the stylesheet; there is no inline
style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from crowdalogue.web.words import duration, number

HEIGHT = 150  # of the drawing; the labels stand below it
LABELS = 18
ROW = 23  # of a heat map
EMPTY = mark_safe("")
HIT = '<a href="{}" tabindex="-1"><rect x="{}" y="{}" width="{}" height="{}"/><title>{}</title></a>'


@dataclass(frozen=True)
class Point:
    """One value of a line or column: where it stands, what it is, and the messages behind it."""

    label: str
    value: float | None
    href: str = ""
    low: float | None = None
    high: float | None = None
    said: str = ""  # the value in words, with its n


@dataclass(frozen=True)
class Cell:
    """A cell of a table: text, and where it leads."""

    text: str
    href: str = ""
    faint: bool = False
    shade: int = -1


@dataclass(frozen=True)
class Table:
    """The same as a table. The first cell of a row names it."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    csv: str = ""
    svg: str = ""  # the picture as a file, where there is one


@dataclass(frozen=True)
class Chart:
    """A picture with its table. `legend` stands below, in words."""

    svg: SafeString
    table: Table
    legend: SafeString = field(default=EMPTY)
    drawn: str = "figure"  # or "table": the picture is a table with a drawn column already


def shown(value: float | None, unit: str) -> str:
    """A value as a person reads it: 1,284 or 24% or 11 min."""
    if value is None:
        return "–"
    if unit == "share":
        if 0 < value < 0.0005 or 0.9995 <= value < 1:  # not none and not all, so not 0.0% and not 100.0%
            return "under 0.1%" if value < 0.5 else "over 99.9%"
        return f"{100 * value:.0f}%" if value in (0, 1) or 0.1 <= value <= 0.9 else f"{100 * value:.1f}%"
    if unit == "seconds":
        return duration(value)
    return number(round(value))


def between(low: float | None, high: float | None, unit: str) -> str:
    """An interval as a person reads it."""
    if low is None or high is None:
        return ""
    if unit == "share":
        digits = 1 if high - low < 0.1 else 0  # what a narrow interval can bear
        return f"{100 * low:.{digits}f}% to {100 * high:.{digits}f}%"
    return f"{shown(low, unit)} to {shown(high, unit)}"


# --- axes

SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400)


def ticks(top: float, unit: str) -> list[float]:
    """Round values from zero to at or above `top`, three or four steps."""
    if top < 1e-9:
        return [0, 1] if unit == "count" else [0, 0.1] if unit == "share" else [0, 60]
    rough = top / 3
    if unit == "seconds" and rough <= SECONDS[-1]:
        step = next(float(s) for s in SECONDS if s >= rough * 0.999)
    elif unit == "seconds":
        step = _round(rough / 86_400) * 86_400
    else:
        step = max(_round(rough), 1.0) if unit == "count" else _round(rough)
    steps = int(-(-top // step))
    values = [round(step * i, 10) for i in range(max(steps, 1) + 1)]
    return [v for v in values if unit != "share" or v <= 1.0001]


def _round(rough: float) -> float:
    size = 10.0 ** floor(log10(rough))
    return float(next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough * 0.999))


def _axis(values: list[float], unit: str, top: float) -> SafeString:
    lines = []
    for value in values:
        y = _y(value, top)
        kind = "axis" if value == 0 else "grid"
        lines.append((kind, y, y, y + 4, shown(value, unit)))
    return format_html_join(
        "", '<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/><text class="r" x="-8" y="{}">{}</text>', lines
    )


def _along(labels: Sequence[str], middle: bool) -> SafeString:
    """Up to five labels below: the first, the last and some between. Columns have theirs under the middle."""
    n = len(labels)
    y = HEIGHT + LABELS
    if n == 0:
        return EMPTY
    at = sorted({round(i * (n - 1) / 4) for i in range(5)}) if n > 5 else range(n)
    parts = []
    for i in at:
        place = (i + 0.5) / n if middle else (i / (n - 1) if n > 1 else 0)
        anchor = "m"
        if i == 0 and n > 5:
            place, anchor = 0.0, ""
        elif i == n - 1 and n > 5:
            place, anchor = 1.0, "r"
        inner = " hide-s" if n > 5 and i not in (0, n - 1, round((n - 1) / 2)) else ""
        parts.append((anchor + inner, _pc(place), y, labels[i]))
    return format_html_join("", '<text class="{}" x="{}" y="{}">{}</text>', parts)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - HEIGHT * min(value, top) / top, 2) if top else HEIGHT


def _pc(part: float) -> str:
    return f"{100 * part:.2f}".rstrip("0").rstrip(".") + "%"


def _hits(points: Sequence[Point]) -> SafeString:
    """The layer that leads to the messages: one strip for each point, for the pointer only."""
    n = len(points)
    strips = [
        (p.href, _pc(i / n), 0, _pc(1 / n), HEIGHT, f"{p.label}: {p.said}") for i, p in enumerate(points) if p.href
    ]
    if not strips:
        return EMPTY
    return format_html(
        '<svg class="plot hits" height="{}" aria-hidden="true" focusable="false">{}</svg>',
        HEIGHT + LABELS + 6,
        format_html_join("", HIT, strips),
    )


def _plot(inside: SafeString, sentence: str, points: Sequence[Point]) -> SafeString:
    return format_html(
        '<svg class="plot" height="{}" role="img" aria-label="{}">{}</svg>{}',
        HEIGHT + LABELS + 6,
        sentence,
        inside,
        _hits(points),
    )


# --- pictures


def columns(points: Sequence[Point], sentence: str, look: str = "own") -> SafeString:
    """Counts as columns from zero."""
    top = (values := ticks(max((p.value or 0 for p in points), default=0), "count"))[-1]
    n = max(len(points), 1)
    bars = [
        (look, _pc((i + 0.12) / n), _y(p.value or 0, top), _pc(0.76 / n), round(HEIGHT - _y(p.value or 0, top), 2))
        for i, p in enumerate(points)
        if p.value
    ]
    drawn = format_html_join("", '<rect class="bar {}" x="{}" y="{}" width="{}" height="{}" rx="1"/>', bars)
    labels = _along([p.label for p in points], True)
    return _plot(format_html("{}{}{}", _axis(values, "count", top), drawn, labels), sentence, points)


def line(points: Sequence[Point], sentence: str, unit: str, look: str = "own") -> SafeString:
    """A share or a time over days, with its 95 % interval as a band. Where there were too few the line is cut."""
    top = (values := ticks(_highest(points), unit))[-1]
    n = len(points)
    places = [(100 * i / (n - 1) if n > 1 else 50.0, p) for i, p in enumerate(points)]
    runs = _runs(places)
    bands = format_html_join("", '<polygon class="band" points="{}"/>', [(_around(run, top),) for run in runs])
    paths = format_html_join("", '<path class="l-{}" d="{}"/>', [(look, _path(run, top)) for run in runs])
    alone = format_html_join(
        "",
        '<circle class="p-{}" cx="{}" cy="{}" r="3"/>',
        [(look, _pc(run[0][0] / 100), _y(run[0][1].value or 0, top)) for run in runs if len(run) == 1],
    )
    stretched = format_html(
        '<svg width="100%" height="{}" viewBox="0 0 100 {}" preserveAspectRatio="none" overflow="visible">{}{}</svg>',
        HEIGHT,
        HEIGHT,
        bands,
        paths,
    )
    last = _last(places, top, unit, look)
    labels = _along([p.label for p in points], False)
    return _plot(format_html("{}{}{}{}{}", _axis(values, unit, top), stretched, alone, last, labels), sentence, points)


def _highest(points: Sequence[Point]) -> float:
    """Of what is drawn: the values, and their intervals unless these dwarf the values."""
    value = max((p.value for p in points if p.value is not None), default=0.0)
    high = max((p.high for p in points if p.value is not None and p.high is not None), default=0.0)
    return max(value, min(high, 1.6 * value))


Placed = tuple[float, Point]


def _runs(places: Sequence[Placed]) -> list[list[Placed]]:
    runs: list[list[Placed]] = []
    before = False
    for x, point in places:
        if point.value is not None:
            if not before:
                runs.append([])
            runs[-1].append((x, point))
        before = point.value is not None
    return runs


def _path(run: Sequence[Placed], top: float) -> str:
    return "M" + " L".join(f"{x:.2f} {_y(p.value or 0, top)}" for x, p in run)


def _around(run: Sequence[Placed], top: float) -> str:
    known = [(x, p.low, p.high) for x, p in run if p.low is not None and p.high is not None]
    lower = [f"{x:.2f},{_y(low, top)}" for x, low, _ in known]
    upper = [f"{x:.2f},{_y(high, top)}" for x, _, high in reversed(known)]
    return " ".join(lower + upper)


def _last(places: Sequence[Placed], top: float, unit: str, look: str) -> SafeString:
    known = [(x, p) for x, p in places if p.value is not None]
    if not known or known[-1][0] < 90:
        return EMPTY
    x, point = known[-1]
    y = _y(point.value or 0, top)
    return format_html(
        '<circle class="p-{0}" cx="{1}" cy="{2}" r="4.5"/><text class="{3}" x="{1}" dx="9" y="{4}">{5}</text>',
        look,
        _pc(x / 100),
        y,
        "bad" if look == "neg" else "own",
        y + 4,
        shown(point.value, unit),
    )


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def heat(grid: Sequence[Sequence[Point]], sentence: str) -> tuple[SafeString, SafeString]:
    """Hour by weekday in six steps of one colour. Returns picture and legend."""
    top = max((p.value or 0 for row in grid for p in row), default=0)
    rects, hits = [], []
    for d, row in enumerate(grid):
        for h, p in enumerate(row):
            x, y, w = _pc(h / 24), d * ROW, _pc(1 / 24)
            rects.append((shade(p.value or 0, top), x, y, w, ROW))
            hits.append((p.href, x, y, w, ROW, f"{p.label}: {p.said}"))
    names = format_html_join(
        "", '<text class="r" x="-8" y="{}">{}</text>', [(d * ROW + 16, name) for d, name in enumerate(DAYS)]
    )
    cells = format_html_join("", '<rect class="h{}" x="{}" y="{}" width="{}" height="{}" rx="4"/>', rects)
    hours = format_html_join(
        "", '<text class="{}" x="{}" y="180">{}</text>', [("", _pc(h / 24), f"{h:02d}") for h in (0, 6, 12, 18)]
    )
    picture = format_html(
        '<svg class="plot heat" height="186" role="img" aria-label="{}">{}{}{}<text class="r" x="100%" y="180">24'
        '</text></svg><svg class="plot heat hits" height="186" aria-hidden="true" focusable="false">{}</svg>',
        sentence,
        names,
        cells,
        hours,
        format_html_join("", HIT, hits),
    )
    swatches = format_html_join(
        "", '<rect class="h{}" x="{}" width="12" height="12" rx="3"/>', [(i, 12 * i) for i in range(6)]
    )
    legend = format_html(
        '<span><svg width="72" aria-hidden="true">{}</svg>0 to {}</span>', swatches, number(round(top))
    )
    return picture, legend


def shade(value: float, top: float) -> int:
    """Step 0 (none) to 5 (the most)."""
    return 0 if not value or not top else min(5, 1 + int(4.999 * value / top))


# --- tables with a drawn column


@dataclass(frozen=True)
class Drawn:
    """A row of a drawn table: a name, a value with its interval, and two cells of figures."""

    name: str
    value: float | None
    href: str = ""
    low: float | None = None
    high: float | None = None
    n: int = 0
    note: str = ""  # instead of a drawing: too few to say
    look: str = "own"


def drawn_table(
    rows: Sequence[Drawn], unit: str, caption: str, head: tuple[str, str], mean: float | None
) -> SafeString:
    """Bars from zero for counts; dots with intervals, and a line for all together, for shares and times."""
    top = (values := reach(rows, unit))[-1]
    body = [
        (
            format_html('<a href="{}">{}</a>', r.href, r.name) if r.href else r.name,
            "draw faint" if r.note else "draw",
            r.note or format_html('<svg class="dot" aria-hidden="true">{}</svg>', strip(r, unit, top, mean)),
            "" if r.note else shown(r.value, unit),
            beside(r, unit),
        )
        for r in rows
    ]
    return format_html(
        '<table class="dots chart {}"><caption class="vh">{}</caption><thead><tr><th scope="col">{}</th>'
        '<th scope="col" class="draw">{}<span class="vh">Drawn</span></th><th scope="col" class="num">{}</th>'
        '<th scope="col" class="num">{}</th></tr></thead><tbody>{}</tbody></table>',
        "bars" if unit == "count" else "",
        caption,
        head[0],
        scale(values, unit, mean) if unit != "count" else "",
        head[1],
        "n" if unit != "count" else "of all",
        format_html_join(
            "",
            '<tr><th scope="row">{}</th><td class="{}">{}</td><td class="num"><b>{}</b></td>'
            '<td class="num faint">{}</td></tr>',
            body,
        ),
    )


def reach(rows: Sequence[Drawn], unit: str) -> list[float]:
    """The round values of the scale on which all rows are drawn."""
    given = [r.value for r in rows if r.value is not None and not r.note]
    highs = [r.high for r in rows if r.high is not None and not r.note]
    return ticks(max([*given, *highs], default=0), unit)


def strip(row: Drawn, unit: str, top: float, mean: float | None) -> SafeString:
    """What is drawn of one row, from zero at the left edge to `top` at the right one."""
    return format_html("{}{}", _line_at(mean, top), (_bar if unit == "count" else _dot)(row, top))


def beside(row: Drawn, unit: str) -> str:
    """What stands behind the value: n, or of counts the share of all."""
    if unit != "count":
        return number(row.n)
    return shown(row.high, "share") if row.high is not None else ""


def scale(values: list[float], unit: str, mean: float | None) -> SafeString:
    top = values[-1]
    marks = format_html_join(
        "", '<text class="{}" x="{}" y="36">{}</text>', [(_side(v / top), _pc(v / top), shown(v, unit)) for v in values]
    )
    together = (
        format_html(
            '<text class="{}" x="{}" y="12">all {}</text>',
            _side(mean / top),
            _pc(min(mean / top, 1)),
            shown(mean, unit),
        )
        if mean is not None
        else EMPTY
    )
    return format_html(
        '<svg class="dot scale" aria-hidden="true">{}<line class="axis" x1="0" x2="100%" y1="20.5" y2="20.5"/>{}</svg>',
        together,
        marks,
    )


def _side(place: float) -> str:
    """Which end of a label stands at its place, so that it stays inside the drawing."""
    return "" if place < 0.08 else "r" if place > 0.92 else "m"


def _line_at(mean: float | None, top: float) -> SafeString:
    if mean is None:
        return EMPTY
    return format_html('<line class="zero" x1="{0}" x2="{0}" y1="0" y2="100%"/>', _pc(min(mean / top, 1)))


def _dot(row: Drawn, top: float) -> SafeString:
    x = _pc(min((row.value or 0) / top, 1))
    whisker = EMPTY
    if row.low is not None and row.high is not None:
        ends = (_pc(min(row.low / top, 1)), _pc(min(row.high / top, 1)))
        whisker = format_html('<line class="ci {}" x1="{}" x2="{}" y1="50%" y2="50%"/>', row.look, *ends)
    return format_html('{}<circle class="{}" cx="{}" cy="50%" r="5"/>', whisker, row.look, x)


def _bar(row: Drawn, top: float) -> SafeString:
    width = _pc(min((row.value or 0) / top, 1)) if top else "0"
    return format_html('<rect class="bar {}" x="0" y="25%" width="{}" height="50%" rx="2"/>', row.look, width)


def spark(values: Sequence[float], sentence: str, look: str = "own") -> SafeString:
    """Small columns for one row of a table; each row has its own height."""
    top, n = max(values, default=0) or 1, max(len(values), 1)
    bars = [
        (look, _pc((i + 0.1) / n), round(22 - 22 * v / top, 1), _pc(0.8 / n), round(22 * v / top, 1))
        for i, v in enumerate(values)
        if v
    ]
    return format_html(
        '<svg class="spark-row" height="22" role="img" aria-label="{}">{}</svg>',
        sentence,
        format_html_join("", '<rect class="bar {}" x="{}" y="{}" width="{}" height="{}"/>', bars),
    )
