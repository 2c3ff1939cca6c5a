"""A view of Explore as one SVG file that can be opened anywhere: title, drawing, definition, n and as of are in it.

The colours are those of the light theme, written into the file, on a white ground: a picture goes into a document or
a slide. There is no script, no link and nothing that is fetched.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.contrib.staticfiles import finders
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from crowdalogue.relate import measures, volume
from crowdalogue.relate.measures import DIMENSIONS, MEASURES, Measure, Row
from crowdalogue.relate.scope import Scope
from crowdalogue.web import charts, drill, pictures

WIDTH, EDGE = 960, 32
NAMES, DRAWN, VALUE = 230, 440, 820  # where the drawing of a row begins, how wide it is, where its value ends
ROW = 30
HEAD, SCALE = 24, 46  # height of the line of heads, and of one with a scale in it
LETTER = 6.4  # px a letter of 12 px text is wide, about
LONGEST_NAME = 30  # letters
# Not allowed in XML, whatever somebody named a brand.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif; font-size: 12px;
  fill: {ink-3}; font-variant-numeric: tabular-nums; }
svg { overflow: visible; }
.ground { fill: {surface}; }
.title { font-size: 20px; font-weight: 600; fill: {ink}; }
.sub { font-size: 14px; fill: {ink-2}; }
.name { font-size: 13px; fill: {ink}; }
.value { font-size: 13px; font-weight: 600; fill: {ink}; text-anchor: end; }
.cell { fill: {ink}; text-anchor: end; }
.r { text-anchor: end; } .m { text-anchor: middle; }
.rule, .grid { stroke: {grid}; } .axis { stroke: {line-2}; }
.own { fill: {own}; } .bad { fill: {neg}; font-weight: 600; } text.own { font-weight: 600; }
.band { fill: {band}; }
.bar.own, .p-own { fill: {own}; } .bar.same { fill: {rival-2}; } .bar.neg, .p-neg { fill: {neg}; }
path { fill: none; vector-effect: non-scaling-stroke; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.l-own { stroke: {own}; } .l-neg { stroke: {neg}; }
circle { stroke: {surface}; stroke-width: 1.5; }
.zero { stroke: {ink-3}; stroke-dasharray: 2 3; }
.ci { stroke-width: 2; stroke-linecap: round; } .ci.own { stroke: {own}; } .ci.same { stroke: {rival-2}; }
circle.own { fill: {own}; } circle.same { fill: {surface}; stroke: {rival-1}; stroke-width: 2; }
.c1 { fill: {heat-1}; } .c2 { fill: {heat-2}; } .c3, .c4 { fill: {heat-3}; }
"""


@dataclass(frozen=True)
class Words:
    """What stands around the drawing. `about` is the filters in words, `foot` definition, n and as of."""

    title: str
    about: str
    foot: Sequence[str]


@dataclass(frozen=True)
class Drawing:
    inside: SafeString
    width: int
    height: int


def of(scope: Scope, name: str, by: str, across: str, words: Words) -> str:
    """The SVG file of a measure by one dimension or two: what `pictures.of` draws on the page."""
    return framed(_drawing(scope, MEASURES[name], by, across), words)


def _drawing(scope: Scope, measure: Measure, by: str, across: str) -> Drawing:
    if across and by in ("day", "week"):
        return _small(scope, measure, by, across)
    if across:
        return _crossed(pictures.cross(scope, measure, by, across).table)
    if by in ("day", "week"):
        rows = volume.over_time(scope, measure.name, step=by)[0].rows
        return _plot(pictures.over_time(scope, measure, rows, by, linked=False).svg)
    return _kinds(scope, measure, by, pictures.in_order(by, measures.table(scope, measure.name, (by,))))


# --- the frame


def framed(drawing: Drawing, words: Words) -> str:
    """A drawing with its words as a whole file."""
    letters = int((drawing.width - 2 * EDGE) / LETTER)
    parts: list[SafeString] = []
    y = EDGE + 14
    for text, look, step, wide in ((words.title, "title", 26, 1.75), (words.about, "sub", 20, 1.25)):
        for line in _wrapped(text, int(letters / wide)):
            parts.append(_text(look, EDGE, y, line))
            y += step
    y += 10
    parts.append(format_html('<g transform="translate(0 {})">{}</g>', y, drawing.inside))
    y += drawing.height + 30
    for text in words.foot:
        for line in _wrapped(text, letters):
            parts.append(_text("foot", EDGE, y, line))
            y += 17
    whole = format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img">'
        "<title>{2}</title><desc>{3}</desc><style>{4}</style>"
        '<rect class="ground" width="{0}" height="{1}"/>{5}</svg>\n',
        drawing.width,
        y + EDGE - 17,
        words.title,
        " ".join((words.about, *words.foot)),
        _style(),
        _joined(parts),
    )
    return FORBIDDEN.sub("", whole)


def _text(look: str, x: float, y: float, text: str) -> SafeString:
    return format_html('<text class="{}" x="{}" y="{}">{}</text>', look, x, y, text)


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _wrapped(text: str, letters: int) -> list[str]:
    return textwrap.wrap(text, letters, max_lines=5, placeholder=" …")


@lru_cache(maxsize=1)
def _style() -> SafeString:
    """The style with the light colours of tokens.css in it, which is their only home."""
    path = finders.find("tokens.css")
    assert isinstance(path, str), "tokens.css is part of the product"
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - finders give strings
        colours = dict(re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}),", file.read()))
    return mark_safe(re.sub(r"\{([a-z0-9-]+)\}", lambda found: colours[found[1]], STYLE))  # noqa: S308 - our own text


# --- drawings


def _plot(svg: SafeString) -> Drawing:
    """Columns or a line; their labels stand left, right and below of what they are given."""
    height = charts.HEIGHT + charts.LABELS + 6
    place = format_html('<svg x="{}" width="{}" height="{}">{}</svg>', EDGE + 56, WIDTH - 2 * EDGE - 120, height, svg)
    return Drawing(place, WIDTH, height)


def _kinds(scope: Scope, measure: Measure, by: str, rows: list[Row]) -> Drawing:
    drawn, mean = pictures.drawn_rows(scope, measure, by, rows)
    top = (values := charts.reach(drawn, measure.unit))[-1]
    head = EMPTY if measure.unit == "count" else _placed(charts.scale(values, measure.unit, mean), 0, 40)
    lines = [
        _line(
            i,
            row.name,
            _text("", NAMES, 20, row.note)
            if row.note
            else format_html(
                '<svg x="{}" width="{}" height="{}">{}</svg>',
                NAMES,
                DRAWN,
                ROW,
                charts.strip(row, measure.unit, top, mean),
            ),
            "" if row.note else charts.shown(row.value, measure.unit),
            charts.beside(row, measure.unit),
        )
        for i, row in enumerate(drawn)
    ]
    rest = len(rows) - len(drawn)
    if rest > 0:
        lines.append(_text("", EDGE, ROW * len(lines) + 20, f"{rest:,} more are in the table’s file."))
    return _listed(lines, DIMENSIONS[by], measure, head, HEAD if measure.unit == "count" else SCALE)


def _small(scope: Scope, measure: Measure, by: str, across: str) -> Drawing:
    series = volume.over_time(scope, measure.name, across=across, step=by)
    whole = {r[across]: r for r in measures.table(scope, measure.name, (across,), limit=1_000)}
    lines = []
    for i, one in enumerate(series):
        row = pictures.small(scope, measure, across, one, whole.get(one.name))
        spark = format_html('<svg x="{}" y="4" width="{}" height="22">{}</svg>', NAMES, DRAWN, row.drawn)
        lines.append(_line(i, row.name, spark, row.value, row.beside))
    span = ""
    if series and series[0].rows:
        first, last = (drill.name_of(by, series[0].rows[i][by]) for i in (0, -1))
        span = f"{first} to {last}, a {by} each, every row to its own height"
    return _listed(lines, DIMENSIONS[across], measure, _text("", NAMES, HEAD - 10, span), HEAD)


def _listed(lines: list[SafeString], name: str, measure: Measure, head: SafeString, top: int) -> Drawing:
    """Rows under a line of heads that is `top` high; `head` is what stands above their drawings."""
    y, beside = top - 10, "of all" if measure.unit == "count" else "n"
    heads = format_html(
        '{0}<text x="{1}" y="{2}">{3}</text><text class="r" x="{4}" y="{2}">{5}</text>'
        '<text class="r" x="{6}" y="{2}">{7}</text>',
        *(head, EDGE, y, name, VALUE, pictures.unit_name(measure), WIDTH - EDGE, beside),
    )
    body = format_html('<g transform="translate(0 {})">{}</g>', top, _joined(lines))
    return Drawing(format_html("{}{}", heads, body), WIDTH, top + ROW * len(lines))


def _line(i: int, name: str, drawn: SafeString, value: str, beside: str) -> SafeString:
    return format_html(
        '<g transform="translate(0 {})"><line class="rule" x1="{}" x2="{}"/>{}{}'
        '<text class="value" x="{}" y="20">{}</text><text class="r" x="{}" y="20">{}</text></g>',
        *(
            i * ROW,
            EDGE,
            WIDTH - EDGE,
            _text("name", EDGE, 20, _short(name)),
            drawn,
            VALUE,
            value,
            WIDTH - EDGE,
            beside,
        ),
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _placed(svg: SafeString, y: int, height: int) -> SafeString:
    return format_html('<svg x="{}" y="{}" width="{}" height="{}">{}</svg>', NAMES, y, DRAWN, height, svg)


def _crossed(table: charts.Table) -> Drawing:
    """Rows by columns, shaded as on the page; as wide as its words need."""
    heads = [_short(head) for head in table.header]
    lines = [[_short(cell.text) for cell in row] for row in table.rows]
    widths = [int(LETTER * max(len(line[i]) for line in (heads, *lines))) + 18 for i in range(len(heads))]
    ends = [EDGE + sum(widths[: i + 1]) for i in range(len(widths))]
    parts = [_text("", EDGE, HEAD - 10, heads[0])]
    parts += [_text("r", ends[i] - 8, HEAD - 10, head) for i, head in enumerate(heads) if i]
    for y, (row, texts) in enumerate(zip(table.rows, lines, strict=True)):
        top = HEAD + y * ROW
        parts.append(_text("name", EDGE, top + 20, texts[0]))
        for i, cell in enumerate(row[1:], 1):
            if cell.shade > 0:
                shape = '<rect class="c{}" x="{}" y="{}" width="{}" height="{}"/>'
                parts.append(format_html(shape, min(cell.shade, 4), ends[i - 1], top, widths[i], ROW - 1))
            parts.append(_text("r" if cell.faint else "cell", ends[i] - 8, top + 20, texts[i]))
    return Drawing(_joined(parts), max(WIDTH, ends[-1] + EDGE), HEAD + ROW * len(lines))


EMPTY = mark_safe("")
