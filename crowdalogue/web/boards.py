"""Boards: views of Explore kept together, one filter bar above them all; made, ordered and dropped by their people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from crowdalogue.errors import Failure
from crowdalogue.models import Board, BoardView, User
from crowdalogue.relate import facts, measures
from crowdalogue.relate.filters import DEFAULT, MANY, PERIODS, Filters, parse
from crowdalogue.relate.measures import DIMENSIONS, MEASURES, Measure
from crowdalogue.relate.scope import Scope
from crowdalogue.web import drill, filterbar, pictures
from crowdalogue.web.charts import Chart
from crowdalogue.web.frame import may, needs, person

MOST_VIEWS = 24  # of a board
MOST_BOARDS = 50  # of one person
LISTED = 200


@dataclass(frozen=True)
class Asked:
    """What a view of Explore shows."""

    measure: Measure
    by: str
    across: str
    filters: Filters


@dataclass(frozen=True)
class Tile:
    """One chart of a board as it is drawn. Without a chart there was nothing to count."""

    row: BoardView
    title: str
    said: str
    url: str
    chart: Chart | None
    definition: str


# --- whose


def seen_by(user: User) -> QuerySet[Board]:
    """One's own boards and those that are shared."""
    return Board.objects.filter(Q(user=user) | Q(shared=True)).select_related("user")


def changeable(request: HttpRequest, pk: int) -> Board:
    """A board of one's own; shared ones also for those who manage. 404 for all others."""
    user = person(request)
    rows = (
        Board.objects.filter(Q(user=user) | Q(shared=True))
        if may(request, "manage")
        else Board.objects.filter(user=user)
    )
    board: Board = get_object_or_404(rows, pk=pk)
    return board


# --- pages


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/boards/: one's own and the shared ones."""
    user = person(request)
    rows = list(seen_by(user).prefetch_related("views")[:LISTED])
    mine, shared = [b for b in rows if b.user_id == user.pk], [b for b in rows if b.user_id != user.pk]
    return render(request, "boards.html", {"groups": [("Mine", mine), ("Shared by others", shared)], "any": bool(rows)})


@require_GET
@needs("explore")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """/boards/4/?<filters>: every chart of the board; what the filter bar says counts for all of them."""
    user = person(request)
    board = get_object_or_404(seen_by(user), pk=pk)
    above, problem = filterbar.read(request)
    context: dict[str, Any] = {
        "board": board,
        "bar": filterbar.bar(request, above),
        "problem": problem,
        "as_of": filterbar.fresh(facts.as_of()),
        "zone": Scope.of(above).zone,
        "tiles": [tile(row, above) for row in board.views.all()[:MOST_VIEWS]],
        "mine": board.user_id == user.pk or (board.shared and may(request, "manage")),
        "most": MOST_VIEWS,
        "may_export": may(request, "export"),
    }
    return render(request, "board.html", context)


def tile(row: BoardView, above: Filters) -> Tile:
    """A view with the filters above it laid over its own."""
    asked = read(row.query)
    filters = laid_over(asked.filters, above)
    scope = Scope.of(filters)
    whole = measures.figure(scope, asked.measure.name)
    chart = pictures.of(scope, asked.measure.name, asked.by, asked.across) if whole["n"] else None
    return Tile(
        row,
        row.title or titled(asked),
        f"{pictures.said(whole, asked.measure)}, {_period(filters)}",
        drill.explore(filters, asked.measure.name, asked.by, asked.across),
        chart,
        asked.measure.definition,
    )


def _period(filters: Filters) -> str:
    """A view's own period, which may be another than the bar's."""
    if filters.start and filters.end:
        return f"{drill.name_of('day', filters.start)} to {drill.name_of('day', filters.end)}"
    return PERIODS[filters.period]


def laid_over(own: Filters, above: Filters) -> Filters:
    """The view's filters; where the bar above narrows something, the bar's."""
    changed = {n: getattr(above, n) for n in above.__dataclass_fields__ if getattr(above, n) != getattr(DEFAULT, n)}
    if above.is_narrowed("period"):
        changed |= {"period": above.period, "start": above.start, "end": above.end}
    return replace(own, **changed)


# --- views as addresses


def read(query: str) -> Asked:
    """What an address of Explore asks; what is not understood is as on Explore."""
    given = QueryDict(query[:2000])
    measure = MEASURES.get(given.get("measure", "")) or MEASURES["messages"]
    can = measures.dimensions(measure)
    by = given.get("by", "") if given.get("by", "") in can else "day"
    across = given.get("across", "") if given.get("across", "") in can and given.get("across") != by else ""
    try:
        filters = parse(given)
    except Failure:
        filters = DEFAULT
    return Asked(measure, by, across, filters)


def written(asked: Asked) -> str:
    head = {"measure": asked.measure.name, "by": asked.by, "across": asked.across}
    return urlencode([*((k, v) for k, v in head.items() if v), *asked.filters.to_pairs()])


def titled(asked: Asked) -> str:
    """Negative share by week and channel: brand Tallowmere."""
    split = DIMENSIONS[asked.by].lower() + (f" and {DIMENSIONS[asked.across].lower()}" if asked.across else "")
    kept = [(k, v) for k, v in asked.filters.to_pairs() if k in MANY]
    words = ", ".join(drill.name_of(k, v) for k, v in kept[:4])
    return f"{asked.measure.label} by {split}" + (f": {words}" if words else "")


def choices(request: HttpRequest) -> dict[str, Any]:
    """What Explore's "Keep on a board" offers: boards with room, and this view as it is kept."""
    mine = Board.objects.filter(user=person(request)).order_by("name", "pk")[:MOST_BOARDS]
    return {"boards": mine, "view": written(read(request.META.get("QUERY_STRING", "")))}


# --- deeds


@require_POST
@needs("explore")
def keep(request: HttpRequest) -> HttpResponse:
    """Keep a view of Explore on a board of one's own, or on a new one."""
    user = person(request)
    asked = read(request.POST.get("query", ""))
    query = written(asked)
    back = redirect(f"{reverse('explore')}?{query}")
    if len(query) > 1000:
        messages.error(request, "Not kept: this view has too many filters. Take some away, then keep it again.")
        return back
    chosen = request.POST.get("board", "")
    with transaction.atomic():
        board = _board(request, user) if chosen in ("", "new") else changeable(request, _number(chosen))
        if board is None:
            return back
        last = board.views.aggregate(last=Max("place"))
        if board.views.count() >= MOST_VIEWS:
            messages.error(request, f"Not kept: {board} has {MOST_VIEWS} views already. Drop one there first.")
            return redirect("board", board.pk)
        title = " ".join(request.POST.get("title", "").split())[:120]
        board.views.create(query=query, title=title, place=(last["last"] or 0) + 1)
    messages.success(request, f"Kept on {board}.")
    return redirect("board", board.pk)


def _board(request: HttpRequest, user: User) -> Board | None:
    """A new board, if it has a name and there is room; else None, and the person is told."""
    name = " ".join(request.POST.get("name", "").split())[:80]
    if not name:
        messages.error(request, "Not kept: the new board has no name. Type one, then keep it again.")
        return None
    if Board.objects.filter(user=user).count() >= MOST_BOARDS:
        messages.error(request, f"Not kept: you have {MOST_BOARDS} boards. Drop one first.")
        return None
    return Board.objects.create(user=user, name=name, shared=bool(request.POST.get("shared")))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


@require_POST
@needs("explore")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a board, share it or keep it to oneself, or drop it whole."""
    board = changeable(request, pk)
    if "drop" in request.POST:
        board.delete()
        messages.success(request, f"{board} is dropped. Messages and numbers stay.")
        return redirect("boards")
    if not (name := " ".join(request.POST.get("name", "").split())[:80]):
        messages.error(request, "Not renamed: a board needs a name.")
        return redirect("board", pk)
    board.name, board.shared = name, bool(request.POST.get("shared"))
    board.save(update_fields=["name", "shared"])
    messages.success(request, "Saved.")
    return redirect("board", pk)


@require_POST
@needs("explore")
def view(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One view of a board: `deed` is earlier, later, rename (with `title`) or drop."""
    board = changeable(request, pk)
    row = get_object_or_404(board.views, pk=number)
    deed = request.POST.get("deed", "")
    if deed == "drop":
        row.delete()
        messages.success(request, "The view is dropped from this board.")
    elif deed == "rename":
        row.title = " ".join(request.POST.get("title", "").split())[:120]
        row.save(update_fields=["title"])
    elif deed in ("earlier", "later"):
        _move(board, row, -1 if deed == "earlier" else 1)
    return redirect(f"{reverse('board', args=[pk])}#v{number}" if deed != "drop" else reverse("board", args=[pk]))


def _move(board: Board, row: BoardView, step: int) -> None:
    """One place earlier or later; places are numbered anew, so none is there twice."""
    with transaction.atomic():
        rows = list(board.views.all()[:MOST_VIEWS])
        at = next(i for i, other in enumerate(rows) if other.pk == row.pk)
        to = min(max(at + step, 0), len(rows) - 1)
        rows.insert(to, rows.pop(at))
        for place, other in enumerate(rows, 1):
            other.place = place
        BoardView.objects.bulk_update(rows, ["place"])
