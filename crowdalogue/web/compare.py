"""Compare: what sets two groups apart, each made by the filter bar. The address holds both, so a link is a view."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from crowdalogue.errors import Failure
from crowdalogue.relate import facts, groups
from crowdalogue.relate.comparison import FEWEST_PEOPLE, FEWEST_WITH, RATE
from crowdalogue.relate.filters import DEFAULT, MANY, Filters, parse
from crowdalogue.relate.groups import Contrast, Row
from crowdalogue.relate.scope import company_zone
from crowdalogue.web import contrasted, drill, filterbar, taken
from crowdalogue.web.contrasted import Side
from crowdalogue.web.frame import may, needs

SIDES = ("a", "b")
NAMES = {"a": "First group", "b": "Second group"}
WORDS = 24  # of each side
TABLE = 60  # rows of the table on the page; the file has all
WARNINGS = 4
HEADER = (
    "Kind", "Value", "First with", "First of", "First share", "Second with", "Second of", "Second share",
    "Ratio", "95% from", "95% to", "Points", "95% from", "95% to", "p", "Least rate at which it stands", "Log-odds z",
    "Stands", "Warnings",
)  # fmt: skip


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/compare/?a=<filters of the first>&b=<of the second>; with format=csv the whole table as a file.

    Without `b` the second is the rest, or, where the first is narrowed by its period only, the period before.
    """
    if request.GET.get("set") in SIDES:  # the form of dates in a bar: its own filters, and the other side as it was
        return redirect(_changed(request))
    first, problem = _read(request.GET.get("a", ""))
    second, other_problem = _read(request.GET["b"]) if "b" in request.GET else (other_of(first), "")
    found = groups.contrast(first, second)
    if request.GET.get("format") == "csv":
        return _file(request, found)
    sides = Side(first, contrasted.who(first, second)), Side(second, contrasted.who(second, first))
    stand = sum(bool(found.figures.stands[r.at]) for r in found.rows) if found.figures else 0
    labels = [r for r in found.rows if r.kind != "word"]
    words = [r for r in found.rows if r.kind == "word" and found.figures and found.figures.stands[r.at]]
    warned = [r for r in found.rows if r.warned]
    warned.sort(
        key=lambda r: (not any(w.turned for w in r.warned), r.kind == "word")
    )  # evidence stays the order within
    shown: dict[str, Any] = {
        "title": contrasted.title(found, sides),
        "as_of": filterbar.fresh(facts.as_of()),
        "zone": company_zone(),
        "groups": [_group(request, 0, found, problem), _group(request, 1, found, other_problem)],
        "found": found,
        "sides": sides,
        "stand": stand,
        "rate": round(100 * RATE),
        "few": FEWEST_WITH,
        "few_people": FEWEST_PEOPLE,
        "picture": contrasted.picture(found, labels, sides),
        "words": contrasted.words(found, words, sides, WORDS),
        "table": contrasted.table(found, _first_rows(found), sides),
        "too_few": sum(not found.figures.said[r.at] for r in found.rows) if found.figures else 0,
        "warnings": [w for row in warned[:WARNINGS] for w in contrasted.warnings(found, row, sides)],
        "left_out": [drill_label(name).lower() for name in found.chosen_by],
        "unchecked": [drill_label(name).lower() for name in found.unchecked],
        "shortcuts": _shortcuts(first, second),
        "csv": address(first, second, format="csv") if may(request, "export") and found.rows else "",
    }
    return render(request, "compare.html", shown)


def address(first: Filters, second: Filters, **more: str) -> str:
    """Where these two groups are compared."""
    return f"{reverse('compare')}?{urlencode({'a': first.to_query(), 'b': second.to_query(), **more})}"


def from_here(filters: Filters) -> str:
    """Where what is shown is compared with the rest, for links from other pages."""
    return address(filters, other_of(filters))


def other_of(filters: Filters) -> Filters:
    """The usual second group: the rest of the same days, else the period before, else everything."""
    rest = filters
    for name in (*MANY, "needs_answer", "wait", "weekday", "hour", "author"):
        rest = rest.cleared(name)
    if rest != filters:
        return rest
    return filters.before(company_zone(), contrasted.now()) or filters.cleared("period")


def drill_label(name: str) -> str:
    return contrasted.KINDS.get(name, name)


def _read(query: str) -> tuple[Filters, str]:
    try:
        return parse(query[:4_000]), ""
    except Failure as failure:
        return DEFAULT, failure.text


def _changed(request: HttpRequest) -> str:
    """The view with one side's filters replaced by those that stand in the address by themselves."""
    side = request.GET["set"]
    other = request.GET.get("b" if side == "a" else "a", "")
    try:
        own = parse(request.GET).to_query()
    except Failure:
        own = request.GET.urlencode()  # kept as it is: the page then says what is wrong with it
    given = {side: own, "b" if side == "a" else "a": other}
    return f"{reverse('compare')}?{urlencode({name: given[name] for name in SIDES})}"


def _group(request: HttpRequest, number: int, found: Contrast, problem: str) -> dict[str, Any]:
    """One side: its filter bar, whose links keep the other side, and how many it holds."""
    group = (found.one, found.two)[number]
    side, both = SIDES[number], [found.one.filters, found.two.filters]
    bar = filterbar.bar(request, group.filters)

    def here(url: str) -> str:
        mine = url.lstrip("?")
        return "?" + urlencode({s: mine if s == side else both[i].to_query() for i, s in enumerate(SIDES)})

    for part in ("chips", "more"):
        bar[part] = [
            replace(c, without=here(c.without), options=[replace(o, url=here(o.url)) for o in c.options])
            for c in bar[part]
        ]
    bar["clear"] = here("") if bar["clear"] else ""
    bar["kept"] = [(k, v) for k, v in bar["kept"] if k not in ("measure", "by", "across")]
    bar["kept"] += [("set", side), (SIDES[1 - number], both[1 - number].to_query())]
    bar["label"] = f"{NAMES[side]}: what is in it"
    return {
        "name": NAMES[side],
        "id": side,
        "bar": bar,
        "problem": problem,
        "group": group,
        "some": group.read < group.messages,
        "messages": drill.messages(group.filters),
    }


def _shortcuts(first: Filters, second: Filters) -> list[tuple[str, str]]:
    out = [("Swap", address(second, first))]
    rest = other_of(first)
    before = first.before(company_zone(), contrasted.now())
    if rest not in (second, before):
        out.append(("Against the rest", address(first, rest)))
    if before and before != second:
        out.append(("Against the period before", address(first, before)))
    return out


def _first_rows(found: Contrast) -> list[Row]:
    """Labels and words that are said, each by evidence, up to the length of the table; words leave room for labels."""
    said = [r for r in found.rows if found.figures and found.figures.said[r.at]]
    labels = [r.at for r in said if r.kind != "word"][: TABLE - WORDS]
    words = [r.at for r in said if r.kind == "word"][: TABLE - len(labels)]
    kept = {*labels, *words}
    return [r for r in said if r.at in kept]


# --- as a file


def _file(request: HttpRequest, found: Contrast) -> HttpResponse:
    """The table as CSV, every row of it, with both groups named in the record of who took it."""
    taken.check(request)
    rows = groups.plain(found, rows=len(found.rows))["rows"]
    queries = f"{found.one.filters.to_query()} against {found.two.filters.to_query()}"
    return taken.table(request, "comparison.csv", HEADER, [_line(row) for row in rows], filters=queries)


def _line(row: dict[str, Any]) -> list[Any]:
    shares = [round(row[f"k{g}"] / row[f"n{g}"], 4) if row[f"n{g}"] else None for g in (1, 2)]
    warned = "; ".join(f"{'turns round' if w['turned'] else 'moves'} by {w['by']}" for w in row["warnings"])
    return [
        *(contrasted.KINDS[row["kind"]], contrasted.value_name(row["kind"], row["value"])),
        *(row["k1"], row["n1"], shares[0], row["k2"], row["n2"], shares[1]),
        *(row[name] for name in groups.FIGURES),
        "too few to say" if row["too_few"] else "yes" if row["stands"] else "no",
        warned,
    ]
