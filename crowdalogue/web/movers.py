"""Movers: of one dimension, what rose and what fell against the period before, each row opening its messages."""

from __future__ import annotations

from math import ceil, isfinite, log
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from crowdalogue.relate import facts, movers
from crowdalogue.relate.comparison import FEWEST_WITH, RATE
from crowdalogue.relate.filters import Filters
from crowdalogue.relate.measures import DIMENSIONS
from crowdalogue.relate.movers import Moved, Mover
from crowdalogue.relate.scope import Scope
from crowdalogue.web import drill, filterbar, taken
from crowdalogue.web.charts import shown
from crowdalogue.web.contrasted import times
from crowdalogue.web.frame import may, needs
from crowdalogue.web.words import number

OFFERED = movers.OFFERED
SHOWN = 15  # rows that rose, and as many that fell; the file has all
STILL = 40
WIDEST = 16.0  # ratio at the edge of the drawing
EDGE = 44.0  # percent of the drawing either side of the middle
HEADER = (
    "Moved", "Value", "People", "Of", "People before", "Of before", "Messages", "Messages before",
    "Times", "95% from", "95% to", "Least rate at which it stands",
)  # fmt: skip


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/explore/movers/?by=topic&<filters>; with format=csv every row as a file."""
    filters, problem = filterbar.read(request)
    by = request.GET.get("by", "")
    by = by if by in OFFERED else "topic"
    scope = Scope.of(filters)
    found = movers.movers(scope, by)
    if request.GET.get("format") == "csv":
        return _file(request, scope, found)
    earlier = scope.before()
    before = earlier.filters if earlier else filters
    top = _reach((*found.rose[:SHOWN], *found.fell[:SHOWN]))
    parts = [
        {"id": id_, "name": name, "rows": _drawn(rows[:SHOWN], by, filters, before, top), "more": len(rows) - SHOWN}
        for id_, name, rows in (("rose", "Rose", found.rose), ("fell", "Fell", found.fell))
        if rows
    ]
    context: dict[str, Any] = {
        "bar": filterbar.bar(request, filters),
        "problem": problem,
        "title": title(found),
        "as_of": filterbar.fresh(facts.as_of()),
        "zone": scope.zone,
        "found": found,
        "label": DIMENSIONS[by],
        "by": [(name, DIMENSIONS[name], name == by) for name in OFFERED],
        "kept": filters.to_pairs(),
        "parts": parts,
        "scale": scale(top),
        "still": [_line(row, by, filters, before) for row in found.still[:STILL]],
        "definition": movers.DEFINITION,
        "rate": round(100 * RATE),
        "few": FEWEST_WITH,
        "before": before,
        "csv": address(filters, by, format="csv") if may(request, "export") and found.looks else "",
        "explore": drill.explore(filters, "authors", by),
    }
    return render(request, "movers.html", context)


def address(filters: Filters, by: str, **more: str) -> str:
    return f"{reverse('movers')}?{urlencode([('by', by), *more.items(), *filters.to_pairs()])}"


def title(found: Moved) -> str:
    """The surest rise and the surest fall as a sentence."""
    label = DIMENSIONS[found.by]
    if found.refused:
        return "Too few to say" if found.people != (0, 0) else f"{label}: what rose and what fell"
    if not found.rose and not found.fell:
        return f"No {label.lower()} rose or fell beyond chance"
    said = []
    if found.rose:
        first = found.rose[0]
        said.append(f"{_named(found.by, first)} rose most: {_times(first)}")
    if found.fell:
        first = found.fell[0]
        said.append(f"{_named(found.by, first)} fell most: {_times(first)}")
    return "; ".join(said)


def _named(by: str, row: Mover) -> str:
    """Topics are in customers' words, so they stand in quotes."""
    name = drill.name_of(by, row.name)
    return f"“{name}”" if by == "topic" else name


def _times(row: Mover) -> str:
    return f"{times(row.ratio)} times as often" if isfinite(row.ratio) else "nobody before"


# --- rows as people read them


def _line(row: Mover, by: str, filters: Filters, before: Filters) -> dict[str, Any]:
    value: dict[str, Any] = {by: (row.name,)}
    return {
        "name": drill.name_of(by, row.name),
        "now": f"{number(row.k1)} of {number(row.n1)}",
        "before": f"{number(row.k2)} of {number(row.n2)}",
        "share": shown(row.k1 / row.n1, "share"),
        "share_before": shown(row.k2 / row.n2, "share"),
        "href": drill.messages(filters.with_(**value)) if row.messages[0] else "",
        "href_before": drill.messages(before.with_(**value)) if row.messages[1] else "",
        "times": times(row.ratio) if isfinite(row.ratio) else "new",
        "interval": f"{times(row.low)} to {times(row.high)}" if isfinite(row.high) else f"{times(row.low)} or more",
    }


def _drawn(rows: tuple[Mover, ...], by: str, filters: Filters, before: Filters, top: float) -> list[dict[str, Any]]:
    return [{**_line(row, by, filters, before), "dot": _dot(row, top)} for row in rows]


def _reach(rows: tuple[Mover, ...]) -> float:
    """The largest ratio of the scale: 2, 4, 8 or 16, and the same below one."""
    far = [1.5]
    for row in rows:
        far += [max(x, 1 / x) for x in (row.ratio, row.low, row.high) if x > 0 and isfinite(x)]
    return float(min(2.0 ** ceil(log(max(far), 2)), WIDEST))


def _x(ratio: float, top: float) -> str:
    place = -1.0 if ratio <= 0 else 1.0 if not isfinite(ratio) else max(-1.0, min(1.0, log(ratio) / log(top)))
    return f"{50 + EDGE * place:.2f}%"


def _dot(row: Mover, top: float) -> SafeString:
    """The ratio with its interval; the line in the middle is no change."""
    return format_html(
        '<svg class="dot" aria-hidden="true"><line class="zero" x1="50%" x2="50%" y1="0" y2="100%"/>'
        '<line class="ci own" x1="{}" x2="{}" y1="50%" y2="50%"/><circle class="own" cx="{}" cy="50%" r="5"/></svg>',
        *(_x(value, top) for value in (row.low, row.high, row.ratio)),
    )


def scale(top: float) -> SafeString:
    """Marks of the drawing, from a part to a multiple."""
    steps = round(log(top, 2))
    marks = [(2.0**i, "same" if i == 0 else f"{2**i}×" if i > 0 else f"1/{2**-i}") for i in range(-steps, steps + 1)]
    marks = marks if steps <= 2 else marks[:: 2 if steps % 2 == 0 else 1]
    return format_html(
        '<svg class="dot scale" aria-hidden="true"><line class="axis" x1="0" x2="100%" y1="20.5" y2="20.5"/>{}</svg>',
        format_html_join("", '<text class="m" x="{}" y="36">{}</text>', [(_x(v, top), t) for v, t in marks]),
    )


# --- as a file


def _file(request: HttpRequest, scope: Scope, found: Moved) -> HttpResponse:
    taken.check(request)
    groups = (("rose", found.rose), ("fell", found.fell), ("", found.still))
    lines = [_cells(word, found.by, row) for word, rows in groups for row in rows]
    return taken.table(request, f"movers-by-{found.by}.csv", HEADER, lines, filters=scope.filters.to_query())


def _cells(word: str, by: str, row: Mover) -> list[Any]:
    figures = [round(x, 4) if isfinite(x) else None for x in (row.ratio, row.low, row.high, row.q)]
    people = [row.k1, row.n1, row.k2, row.n2]
    return [word, drill.name_of(by, row.name), *people, *row.messages, *figures]
