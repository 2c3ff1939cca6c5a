"""Share of voice: ours and competitors', in all, week by week and by channel; and how fast they answer in public."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from crowdalogue.relate import facts, measures, voice
from crowdalogue.relate.filters import DEFAULT, Filters
from crowdalogue.relate.measures import MEASURES, Row
from crowdalogue.relate.scope import Scope
from crowdalogue.web import charts, drill, filterbar, pictures
from crowdalogue.web.charts import Cell, Drawn, between, shown
from crowdalogue.web.frame import needs
from crowdalogue.web.words import number

BRANDS = 12  # of each table, those heard most
CHANNELS = 8


@dataclass(frozen=True)
class Line:
    """One brand: its share in words, where its messages are, and its shares week by week, drawn."""

    name: str
    rival: bool
    share: str
    interval: str
    n: str
    href: str
    spark: SafeString


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/explore/voice/?by=brand&<filters>. Without anything said it is about all brands; the `by`, which the bar keeps,
    tells that from a bar that was set to our own."""
    if not request.GET:
        return redirect(address(DEFAULT))
    filters, problem = filterbar.read(request)
    scope = Scope.of(filters)
    brands = voice.of_brands(scope)
    weeks = voice.split(scope, "week")
    drawn = [_drawn(filters, row) for row in brands[:BRANDS]]
    heads = [r["brand"] for r in brands[:BRANDS]]
    context: dict[str, Any] = {
        "bar": filterbar.bar(request, filters),
        "problem": problem,
        "as_of": filterbar.fresh(facts.as_of()),
        "zone": scope.zone,
        "title": title(brands),
        "brands": brands,
        "picture": charts.drawn_table(drawn, "share", "Share of voice by brand", ("Brand", "Share"), None),
        "lines": [_line(filters, row, weeks) for row in brands[:BRANDS]],
        "heads": heads,
        "weeks": _table(filters, weeks, "week", heads)[-53:],
        "channels": _table(filters, voice.split(scope, "channel"), "channel", heads)[:CHANNELS],
        "answers": answers(scope),
        "definition": voice.DEFINITION,
        "answered": MEASURES["answered"].definition,
    }
    return render(request, "voice.html", context)


def address(filters: Filters) -> str:
    query = replace(filters, whose="any", brand=()).to_query()
    return f"{reverse('voice')}?by=brand&{query}"


def title(brands: list[Row]) -> str:
    """The brand that is heard most, unless there are too few to say."""
    if not brands or brands[0]["few"]:
        return "Share of voice"
    first = brands[0]
    span = between(first["share_low"], first["share_high"], "share")
    return f"{first['brand']} is named most: {shown(first['share'], 'share')} of all mentions ({span})"


def _drawn(filters: Filters, row: Row) -> Drawn:
    look = "same" if row["competitor"] else "own"
    note = f"too few to say (n = {row['n']})" if row["few"] else ""
    href = drill.messages(voice.behind(filters, row["brand"]))
    return Drawn(row["brand"], row["share"], href, row["share_low"], row["share_high"], row["n"], note, look)


def _line(filters: Filters, row: Row, weeks: list[Row]) -> Line:
    order = list(dict.fromkeys(r["week"] for r in weeks))
    mine = {r["week"]: r for r in weeks if r["brand"] == row["brand"]}
    values = [0.0 if (r := mine.get(w)) is None or r["few"] else float(r["share"]) for w in order]
    said = f"{row['brand']}: share of voice week by week, at most {shown(max(values, default=0), 'share')}"
    return Line(
        row["brand"],
        row["competitor"],
        "" if row["few"] else shown(row["share"], "share"),
        "" if row["few"] else between(row["share_low"], row["share_high"], "share"),
        number(row["n"]),
        drill.messages(voice.behind(filters, row["brand"])),
        charts.spark(values, said, "same" if row["competitor"] else "own"),
    )


def _table(filters: Filters, rows: list[Row], by: str, heads: list[str]) -> list[list[Cell]]:
    """A line a week or channel, a cell a brand: its share with its interval, leading to the messages."""
    lines: dict[Any, dict[str, Row]] = {}
    for row in rows:
        lines.setdefault(row[by], {})[row["brand"]] = row
    return [
        [Cell(drill.name_of(by, part)), *(_cell(filters, by, part, of.get(head)) for head in heads)]
        for part, of in lines.items()
    ]


def _cell(filters: Filters, by: str, part: Any, row: Row | None) -> Cell:
    if row is None:
        return Cell("–", faint=True)
    narrowed = drill.narrowed(voice.behind(filters, row["brand"]), {by: part}, (by,))
    if row["few"]:
        return Cell(f"n = {number(row['n'])}", drill.messages(narrowed), faint=True)
    span = between(row["share_low"], row["share_high"], "share")
    return Cell(f"{shown(row['share'], 'share')} ({span})", drill.messages(narrowed))


def answers(scope: Scope) -> list[dict[str, str]]:
    """By brand: answered share and first response, with intervals. Of competitors it is what could be seen in public.

    A competitor has no row before one of its own replies was seen: without its accounts nothing is known.
    """
    found = {n: {r["brand"]: r for r in measures.table(scope, n, ("brand",))} for n in ("answered", "first_response")}
    rivals = {scope.names[pk] for pk in scope.rivals}
    lines = []
    for name, share in list(found["answered"].items())[:BRANDS]:
        if name == "-" or (name in rivals and not share["hits"]):
            continue
        time = found["first_response"].get(name)
        brand = {"brand": (name,)}
        lines.append(
            {
                "brand": name,
                "whose": "seen in public" if name in rivals else "ours",
                "answered": pictures.said(share, MEASURES["answered"]),
                "time": pictures.said(time, MEASURES["first_response"]) if time else "–",
                "href": drill.messages(scope.filters.with_(**brand), MEASURES["answered"]),
            }
        )
    return lines
