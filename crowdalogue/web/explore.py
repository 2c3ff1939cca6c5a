"""Explore: any measure by any dimension, over what the filter bar says. The address is the view."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crowdalogue.relate import facts, measures
from crowdalogue.relate.filters import DEFAULT
from crowdalogue.relate.measures import DIMENSIONS, IN_TIME, MEASURES, Measure, Row
from crowdalogue.relate.scope import Scope
from crowdalogue.relate.statistics import FEW
from crowdalogue.web import boards, compare, drill, filterbar, findings, home, movers, pictures, stills, taken, voice
from crowdalogue.web.frame import may, needs
from crowdalogue.web.settings import record
from crowdalogue.web.words import exact

UNIT_WORDS = {"count": "", "share": "95% intervals by Wilson", "seconds": "95% intervals by order statistics"}


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/explore/?measure=answered&by=channel&across=brand&<filters>; format=csv is the table, format=svg the picture."""
    filters, problem = filterbar.read(request)
    measure = MEASURES.get(request.GET.get("measure", "")) or MEASURES["messages"]
    can = measures.dimensions(measure)
    by = request.GET.get("by", "day")
    by = by if by in can else "day"
    across = request.GET.get("across", "")
    across = across if across in can and across != by else ""
    scope = Scope.of(filters)
    if request.GET.get("format") == "csv":
        return _file(request, scope, measure, by, across)
    if request.GET.get("format") == "svg":
        return _picture(request, scope, measure, by, across)
    whole = measures.figure(scope, measure.name)
    shown: dict[str, Any] = {
        "bar": filterbar.bar(request, filters),
        "problem": problem,
        "as_of": filterbar.fresh(facts.as_of()),
        "zone": scope.zone,
        "measure": measure,
        "measures": _groups(measure),
        "by": _choices(can, by),
        "across": [("", "nothing", not across), *_choices({k: v for k, v in can.items() if k != by}, across)],
        "kept": filters.to_pairs(),
        "whole": pictures.said(whole, measure),
        "title": _title(scope, measure, by, across, whole),
        "method": UNIT_WORDS[measure.unit],
        "few": FEW,
        "compare": compare.from_here(filters),
        "movers": movers.address(filters, by if by in movers.OFFERED else "topic"),
        "voice": voice.address(filters),
        "kept_on": boards.choices(request),
        "weekly": filters.cleared("period").to_query(),
        "behind": drill.messages(filters, measure) if whole["n"] else "",
        "may_export": may(request, "export"),
    }
    if whole["n"]:
        shown["chart"] = pictures.of(scope, measure.name, by, across)
    else:
        shown["nothing"] = home.nothing(filters)
    return render(request, "explore.html", shown)


def _title(scope: Scope, measure: Measure, by: str, across: str, whole: Row) -> str:
    """What stands out, where anything does beyond chance; else the number itself."""
    split = DIMENSIONS[by].lower() + (f" and {DIMENSIONS[across].lower()}" if across else "")
    if not whole["n"]:
        return f"{measure.label} by {split}"
    if measure.unit != "count" and not across and by not in ("day", "week"):
        rows = measures.table(scope, measure.name, (by,))
        if found := findings.of_kinds(rows, whole, by, measure.unit):
            return found
    if measure.name == "messages" and not across and by not in IN_TIME:
        return findings.of_largest(measures.table(scope, "messages", (by,)), by)
    return f"{measure.label} by {split}: {pictures.said(whole, measure)}"


def _groups(chosen: Measure) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    groups = {"count": "Counts", "share": "Shares", "seconds": "Times"}
    return [
        (words, [(m.name, m.label, m is chosen) for m in measures.ALL if m.unit == unit])
        for unit, words in groups.items()
    ]


def _choices(options: dict[str, str], chosen: str) -> list[tuple[str, str, bool]]:
    return [(value, words, value == chosen) for value, words in options.items()]


# --- as a file


def _file(request: HttpRequest, scope: Scope, measure: Measure, by: str, across: str) -> HttpResponse:
    """The table as CSV, every row of it, with what was asked in its name."""
    taken.check(request)
    dimensions = (by, across) if across else (by,)
    rows = measures.table(scope, measure.name, dimensions)
    header, lines = _lines(measure, dimensions, rows)
    name = f"{measure.name}-by-{'-'.join(dimensions)}.csv"
    return taken.table(request, name, header, lines, filters=scope.filters.to_query())


def _picture(request: HttpRequest, scope: Scope, measure: Measure, by: str, across: str) -> HttpResponse:
    """The drawing as a file that stands by itself; who took it is recorded as for the table."""
    taken.check(request)
    whole = measures.figure(scope, measure.name)
    if not whole["n"]:
        raise Http404("no message in this period")
    as_of = facts.as_of()
    few = {"share": f"Below n = {FEW} no share is shown. ", "seconds": f"Below n = {FEW} no time is shown. "}
    words = stills.Words(
        _title(scope, measure, by, across, whole),
        f"{boards.titled(boards.Asked(measure, by, across, DEFAULT))}. {filterbar.in_words(scope.filters)}.",
        (
            f"{measure.label}: {measure.definition} {few.get(measure.unit, '')}{_sentence(UNIT_WORDS[measure.unit])}",
            f"{pictures.said(whole, measure)}{' in all' if measure.unit == 'count' else ' all together'}. "
            f"Days and hours in {scope.zone} time. " + (f"As of {exact(as_of)}." if as_of else ""),
        ),
    )
    name = f"{measure.name}-by-{'-'.join((by, across) if across else (by,))}.svg"
    record(request, "exported", name, filters=scope.filters.to_query()[:200])
    return taken.file(stills.of(scope, measure.name, by, across, words), name, "image/svg+xml")


def _sentence(words: str) -> str:
    return f"{words}." if words else ""


def _lines(measure: Measure, by: tuple[str, ...], rows: list[Row]) -> tuple[list[str], list[list[Any]]]:
    header = [DIMENSIONS[d] for d in by]
    if measure.unit == "count":
        header = [*header, measure.label]
        return header, [[*_names(row, by), row["n"]] for row in rows]
    unit = " (seconds)" if measure.unit == "seconds" else ""
    header = [*header, measure.label + unit, "95% from", "95% to", "n"]
    return header, [[*_names(row, by), *(_plain(row, k) for k in ("value", "low", "high")), row["n"]] for row in rows]


def _plain(row: Row, key: str) -> Any:
    """Too few to say is said by an empty cell beside the n."""
    return None if row["few"] or row[key] is None else round(row[key], 4)


def _names(row: Row, by: tuple[str, ...]) -> list[str]:
    return [row[d].isoformat() if isinstance(row[d], date) else drill.name_of(d, row[d]) for d in by]
