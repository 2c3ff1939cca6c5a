"""Categories a team teaches: the list, how each one stands, its versions side by side, and history judged anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crowdalogue.analyze import categories_judged, categories_taught
from crowdalogue.analyze.categories_measured import Compared, Measured, Share, of
from crowdalogue.errors import Failure
from crowdalogue.flow import categories as verbs
from crowdalogue.models import Category, CategoryReplay, CategoryVersion, Message, MessageCategory
from crowdalogue.web import charts
from crowdalogue.web.frame import may, needs, person
from crowdalogue.web.settings import record
from crowdalogue.web.words import number

NEWEST = 12  # messages shown of what it caught
VERSIONS = 20
LINES = 60  # weeks of a replay shown


@dataclass(frozen=True, slots=True)
class Said:
    """A share in words: 83%, its interval, and what it rests on."""

    value: str
    between: str
    n: int


def said(share: Share) -> Said:
    if share.few:
        return Said(f"too few to say (n = {share.n})", "", share.n)
    return Said(charts.shown(share.value, "share"), charts.between(share.low, share.high, "share"), share.n)


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/categories/: each with what it caught this week, how good it is, and by which version."""
    rows = list(Category.objects.seen_by(person(request)).order_by("name")[: categories_taught.MOST])
    now = timezone.now()
    ids = [row.pk for row in rows]
    week = categories_judged.caught_since(ids, now - timedelta(days=7))
    before = categories_judged.caught_since(ids, now - timedelta(days=14))
    used = {v.category_id: v for v in CategoryVersion.objects.filter(category__in=ids, state="active").defer("head")}
    newer = set(CategoryVersion.objects.filter(category__in=ids, state="waiting").values_list("category_id", flat=True))
    lines = [
        {
            "category": row,
            "week": week.get(row.pk, 0),
            "before": before.get(row.pk, 0) - week.get(row.pk, 0),
            "version": used.get(row.pk),
            "newer": row.pk in newer,
            "figures": figures_of(used.get(row.pk)),
        }
        for row in rows
    ]
    return render(request, "categories.html", {"lines": lines})


def figures_of(version: CategoryVersion | None) -> dict[str, Said] | None:
    """Precision and recall as they were when the version was made."""
    if version is None or "drawn" not in version.figures:
        return None
    measured = of(version.figures["drawn"])
    return {"precision": said(measured.precision), "recall": said(measured.recall)}


# --- one of them


def find(request: HttpRequest, pk: int) -> Category:
    found: Category = get_object_or_404(Category.objects.seen_by(person(request)), pk=pk)
    return found


@require_GET
@needs("explore")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """/categories/<id>/: figures, the trend counted and corrected, versions, history, and what it caught."""
    category = find(request, pk)
    version = categories_taught.active(category)
    waiting = category.versions.filter(state="waiting").first()
    members = list(categories_judged.members(category, person(request))[: NEWEST + 1])
    shown: dict[str, Any] = {
        "category": category,
        "version": version,
        "counts": categories_taught.counts(category),
        "members": members[:NEWEST],
        "more_members": len(members) > NEWEST,
        "versions": versions(category),
        "waiting": waiting,
        "may_change": may(request, "manage"),
        **standing(version),
        **weeks(category),
        **replaying(category),
    }
    if waiting is not None and version is not None:
        shown["compared"] = side_by_side(version, waiting)
    return render(request, "category.html", shown)


def standing(version: CategoryVersion | None) -> dict[str, Any]:
    """How good the version in use is on the labels drawn so far; else on its own examples."""
    if version is None:
        return {"broken": "", "good": None, "given": None}
    try:
        measured = categories_taught.measured(version)
    except Failure as failure:
        return {"broken": failure.text, "good": None, "given": None}
    given = of(version.figures["given"]) if "given" in version.figures else None
    few = measured.precision.few and measured.recall.few
    return {
        "broken": "",
        "good": in_words(measured),
        "given": in_words(given) if few and given and not given.recall.few else None,
        "drawn": measured.n,
    }


def in_words(measured: Measured) -> list[tuple[str, Said, str]]:
    return [
        ("Precision", said(measured.precision), "of the messages it catches, so many are in the category"),
        ("Recall", said(measured.recall), "of the messages in the category, it catches so many"),
        ("How common it is", said(measured.prevalence), "of all messages of customers, from the same labels"),
    ]


@dataclass(frozen=True, slots=True)
class Beside:
    """Two versions on the same labels."""

    rows: list[tuple[str, Said, Said]]
    better: int
    worse: int
    n: int
    enough: bool
    verdict: str


def side_by_side(old: CategoryVersion, new: CategoryVersion) -> Beside | None:
    try:
        both: Compared = categories_taught.compared(old, new)
    except Failure:
        return None
    names = ("precision", "recall", "prevalence")
    words = ("Precision", "Recall", "How common it is")
    rows = [(w, said(getattr(both.old, n)), said(getattr(both.new, n))) for n, w in zip(names, words, strict=True)]
    return Beside(rows, both.better, both.worse, both.new.n, both.enough, verbs.verdict(old, new))


def versions(category: Category) -> list[dict[str, Any]]:
    rows = category.versions.defer("head").select_related("user")[:VERSIONS]
    return [{"version": row, "figures": figures_of(row)} for row in rows]


def weeks(category: Category) -> dict[str, Any]:
    """The trend: what was counted, and the share without the versions' errors."""
    found = categories_judged.trend(category, timezone.now())
    if not found:
        return {"counted": None}
    used = sorted({v for week in found for v in week.versions})
    by = f"by version {', '.join(str(v) for v in used)}" if used else ""
    header = ("Week of", "Judged", "Counted", "Share counted", "Share corrected", "Version")
    caption = "In the category, a week"
    rows = [
        [
            charts.Cell(day(w.week)),
            charts.Cell(number(w.judged)),
            charts.Cell(number(w.caught), faint=not w.caught),
            charts.Cell(charts.shown(w.caught / w.judged, "share")),
            charts.Cell(corrected_words(w)),
            charts.Cell(", ".join(str(v) for v in w.versions)),
        ]
        for w in reversed(found)
    ]
    table = charts.Table(caption, header, rows)
    counts = [charts.Point(short(w.week), w.caught, said=f"{number(w.caught)} of {number(w.judged)}") for w in found]
    drawn = charts.columns(counts, f"Messages counted in the category, a week, {by}.")
    corrected = None
    if any(w.corrected for w in found):
        points = [
            charts.Point(short(w.week), w.corrected.value, low=w.corrected.low, high=w.corrected.high)
            if w.corrected
            else charts.Point(short(w.week), None)
            for w in found
        ]
        sentence = "Share of all messages that are in the category, corrected for what each version overlooks and adds."
        corrected = charts.Chart(charts.line(points, sentence, "share"), table)
    return {"counted": charts.Chart(drawn, table), "corrected": corrected, "by": by, "newest_week": found[-1]}


def corrected_words(week: categories_judged.Week) -> str:
    if week.corrected is None:
        return "cannot be corrected"
    c = week.corrected
    return f"{charts.shown(c.value, 'share')} ({charts.between(c.low, c.high, 'share')})"


def day(of_week: date) -> str:
    return f"{of_week.day} {of_week:%B %Y}"


def short(of_week: date) -> str:
    return f"{of_week.day} {of_week:%b}"


# --- history judged anew


@require_GET
@needs("explore")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far history is, asked for while it runs."""
    category = find(request, pk)
    shown = {"category": category, "may_change": may(request, "manage"), **replaying(category)}
    return render(request, "category_replay.html", shown)


def replaying(category: Category) -> dict[str, Any]:
    replay = category.replays.select_related("version", "user").first()
    if replay is None:
        return {"replay": None}
    counts = sorted(replay.weeks.get("counts", {}).items(), reverse=True)
    rows = [
        {"week": day(date.fromisoformat(w)), "judged": c[0], "before": c[1], "after": c[2], "new": c[3], "gone": c[4]}
        for w, c in counts
    ]
    names = ("judged", "before", "after", "new", "gone")
    return {
        "replay": replay,
        "replay_weeks": rows[:LINES],
        "replay_sum": {name: sum(row[name] for row in rows) for name in names},
        "replay_part": min(100, round(100 * replay.judged / replay.total)) if replay.total else 100,
    }


# --- what people do


@require_POST
@needs("explore")
def do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Learn; and, for those who manage: take over, refuse, go through history, stop, go on, rest, remove."""
    category = find(request, pk)
    if deed == "learn":
        return learned(request, category)
    if not may(request, "manage"):
        raise PermissionDenied("manage")
    words = DEEDS[deed](request, category) if deed in DEEDS else ""
    if words:
        messages.success(request, words)
        record(request, "changed_category", f"{category.name}: {deed}")
    return redirect("categories") if deed == "remove" and words else redirect("category", pk)


def learned(request: HttpRequest, category: Category) -> HttpResponse:
    try:
        version = verbs.learn(person(request), category)
    except Failure as failure:
        messages.error(request, failure.text)
        return redirect("category", category.pk)
    if version is None:
        words = "There is much to read first. The worker learns from it, and the new version is shown here."
    elif version.state == "active":
        words = f"Version {version.number} is in use. Nothing new was said since."
        if categories_taught.active(category) == version and version.number == 1:
            words = "Version 1 is in use, and history is gone through."
    else:
        words = f"Version {version.number} waits. Compare it with the one in use, then take it or not."
    messages.success(request, words)
    record(request, "changed_category", f"{category.name}: learned")
    return redirect("category", category.pk)


def _version(request: HttpRequest, category: Category) -> CategoryVersion:
    given = request.POST.get("version", "")
    pk = int(given) if given.isdecimal() and len(given) < 19 else 0
    found: CategoryVersion = get_object_or_404(CategoryVersion, pk=pk, category=category)
    return found


def _take(request: HttpRequest, category: Category) -> str:
    version = _version(request, category)
    verbs.take_over(person(request), version)
    return f"Version {version.number} judges from now on. History keeps the old judgements until you go through it."


def _refuse(request: HttpRequest, category: Category) -> str:
    version = _version(request, category)
    verbs.refuse(person(request), version)
    return f"Version {version.number} was not taken."


def _replay(request: HttpRequest, category: Category) -> str:
    verbs.replay_category(person(request), category)
    return "History is gone through. It goes on when this page is closed."


def _stop(request: HttpRequest, category: Category) -> str:
    verbs.stop_replay(person(request), category)
    return "Stopped. It can go on from there."


def _resume(request: HttpRequest, category: Category) -> str:
    replay = get_object_or_404(CategoryReplay, category=category, pk=category.replays.values("pk")[:1])
    verbs.resume_replay(replay)
    return "It goes on through history."


def _pause(request: HttpRequest, category: Category) -> str:
    verbs.pause(category, active=False)
    return f"{category.name} rests. What it caught stays."


def _go(request: HttpRequest, category: Category) -> str:
    verbs.pause(category, active=True)
    return f"{category.name} judges again. Go through history for what came meanwhile."


def _remove(request: HttpRequest, category: Category) -> str:
    if request.POST.get("sure", "").strip().casefold() != category.name.casefold():
        messages.error(request, "Type the category’s name to remove it. Its examples go with it.")
        return ""
    verbs.remove(category)
    return f"{category.name} was removed. The messages stay."


DEEDS = {
    "take": _take,
    "refuse": _refuse,
    "replay": _replay,
    "stop": _stop,
    "resume": _resume,
    "pause": _pause,
    "go": _go,
    "remove": _remove,
}


# --- the categories of one message, on its conversation


def chips(message: Message) -> dict[str, Any]:
    """What a message is in, and what it could be said to be in."""
    rows = list(MessageCategory.objects.filter(message=message).select_related("category", "version", "user"))
    inside = [row for row in rows if row.yes]
    there = {row.category_id for row in inside}
    others = Category.objects.exclude(pk__in=there).order_by("name")[: categories_taught.MOST]
    return {"inside": sorted(inside, key=lambda row: row.category.name), "others": list(others)}


@require_POST
@needs("answer")
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """A person says that a message is, or is not, in a category; it is an example from then on."""
    message = get_object_or_404(Message.objects.seen_by(person(request)), pk=pk)
    given = request.POST.get("category", "")
    category = find(request, int(given) if given.isdecimal() and len(given) < 19 else 0)
    yes = request.POST.get("yes") == "yes"
    verbs.label(person(request), category, {message.pk: yes}, "correction")
    messages.success(request, f"{'In' if yes else 'Not in'} {category.name}. The category learns from it.")
    return redirect("conversation", message.conversation_id)
