"""Topics: what customers write about, in their own words, with its trend; found anew every night and on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from crowdalogue.analyze import refit
from crowdalogue.errors import Failure
from crowdalogue.models import Topic, TopicFit
from crowdalogue.relate import facts, measures, topics
from crowdalogue.relate.filters import Filters
from crowdalogue.relate.measures import Row
from crowdalogue.relate.scope import Scope
from crowdalogue.relate.topics import Change, Line, Overview
from crowdalogue.web import charts, drill, filterbar
from crowdalogue.web.frame import may, needs, person
from crowdalogue.web.settings import record
from crowdalogue.web.words import number, plural

FRESH = timedelta(days=7)  # for so long a topic is announced as new
COUNTED = timedelta(minutes=1)  # within it the columns follow, or no worker is there
STEPS = {
    refit.ASKED: "Waiting for the worker, which looks every other second.",
    refit.READING: "Reading messages.",
    refit.GROUPING: "Finding what belongs together.",
    refit.WRITING: "Writing the topics of messages.",
}
SHOWN = {
    "": "All",
    "new": "New",
    "rising": "Rising",
    "adopted": "Adopted",
    "resting": "Resting",
}


@dataclass(frozen=True)
class Shown:
    """One line of the list: the topic, its figures as people read them, and where each number leads."""

    topic: Topic
    line: Line
    spark: SafeString
    url: str  # the page of the topic, under the same filters
    messages: str
    share: str
    between: str
    change: str
    look: str  # of the badge: up, down or nothing
    interval: str
    negative: str
    negative_url: str
    emerged: str


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/topics/?show=new&<filters>: by group, the largest group first; the other lists by what they are about."""
    filters, problem = filterbar.read(request)
    show = request.GET.get("show", "")
    show = show if show in SHOWN else ""
    scope = Scope.of(filters)
    found = topics.overview(scope)
    rows = {t.pk: t for t in Topic.objects.filter(pk__in=[line.id for line in found.lines])}
    lines = [shown(filters, found, line, rows[line.id]) for line in found.lines if line.id in rows]
    there = [one for one in lines if one.topic.state != Topic.State.RETIRED]
    listed = chosen(lines, show)
    context: dict[str, Any] = {
        **fit_of(request),
        "bar": filterbar.bar(request, filters),
        "problem": problem,
        "as_of": filterbar.fresh(facts.as_of()),
        "title": title(there),
        "tabs": [
            _tab(filters, value, words, value == show, len(chosen(lines, value))) for value, words in SHOWN.items()
        ],
        "groups": grouped(listed) if not show else [("", listed)] if listed else [],
        "show": show,
        "found": found,
        "without": drill.messages(filters.with_(topic=("-",))) if found.without else "",
        "small": found.more,
        "definition": topics.CHANGE,
        "explore": drill.explore(filters, "messages", "day", "topic"),
        "any": Topic.objects.exists(),
        "quiet": Topic.objects.exclude(state=Topic.State.RETIRED).exclude(pk__in=rows).count(),
    }
    return render(request, "topics.html", context)


def chosen(lines: Sequence[Shown], show: str) -> list[Shown]:
    there = [one for one in lines if one.topic.state != Topic.State.RETIRED]
    if show == "resting":
        return [one for one in lines if one.topic.state == Topic.State.RETIRED]
    if show == "new":
        return sorted((one for one in there if one.emerged), key=lambda one: one.topic.first_at, reverse=True)
    if show == "rising":
        rising = [
            one for one in there if one.look == "up" or (one.emerged and one.line.change and not one.line.change.before)
        ]
        return sorted(rising, key=lambda one: -(one.line.change.low if one.line.change and one.line.change.low else 0))
    return [one for one in there if one.topic.state == Topic.State.ADOPTED] if show == "adopted" else there


def grouped(lines: Sequence[Shown]) -> list[tuple[str, list[Shown]]]:
    """By the coarser topic, the group with most messages first; a group of one has no heading of its own."""
    groups: dict[str, list[Shown]] = {}
    for one in lines:
        groups.setdefault(one.topic.group, []).append(one)
    large = sorted((g for g in groups if len(groups[g]) > 1), key=lambda g: -sum(one.line.n for one in groups[g]))
    alone = [one for g in groups for one in groups[g] if len(groups[g]) == 1]
    ordered = [(g, groups[g]) for g in large]
    return [*ordered, ("on their own" if ordered else "", alone)] if alone else ordered


def title(lines: Sequence[Shown]) -> str:
    """What stands out: what is new, what rises, else how many there are."""
    new = chosen(lines, "new")
    if new:
        names = ", ".join(f"“{one.topic}”" for one in new[:2])
        return f"{plural(len(new), 'new topic,new topics')}: {names}" + (" and more" if len(new) > 2 else "")
    rising = chosen(lines, "rising")
    if rising and len(lines) > 1:
        return f"“{rising[0].topic}” rises most of {number(len(lines))} topics"
    return plural(len(lines), "topic,topics") if lines else "Topics"


def _tab(filters: Filters, value: str, words: str, here: bool, n: int) -> dict[str, Any]:
    query = "&".join(filter(None, (f"show={value}" if value else "", filters.to_query())))
    return {"url": f"?{query}", "name": words, "here": here, "n": n}


def shown(filters: Filters, found: Overview, line: Line, topic: Topic) -> Shown:
    mine = filters.with_(topic=(str(line.id),))
    words, look, interval = change_said(line.change)
    negative = line.negative
    few = negative is None or negative["few"] or negative["value"] is None
    query = filters.cleared("topic").to_query()
    return Shown(
        topic=topic,
        line=line,
        spark=spark(found, line),
        url=f"/topics/{line.id}/" + (f"?{query}" if query else ""),
        messages=drill.messages(mine),
        share=charts.shown(line.share, "share"),
        between=charts.between(line.share_low, line.share_high, "share"),
        change=words,
        look=look,
        interval=interval,
        negative="too few to say" if few else negative_said(negative),
        negative_url="" if few else drill.messages(mine, measures.MEASURES["negative"], hits=True),
        emerged=emerged(topic),
    )


def negative_said(row: Row | None) -> str:
    return charts.shown(row["value"], "share") if row else ""


def change_said(change: Change | None) -> tuple[str, str, str]:
    """In words, the look of it, and the interval: up 40%, up, (12% to 75%)."""
    if change is None:
        return "nothing before", "", ""
    if change.ratio is None or change.low is None or change.high is None:
        return ("none before" if not change.before else "too little to tell"), "", ""
    interval = f"{_percent(change.low)} to {_percent(change.high)}"
    if not change.clear:
        return "no clear change", "", interval
    moved = f"{abs(change.ratio - 1):.0%}" if change.ratio < 3 else f"{change.ratio:.1f} times"
    return f"{change.clear} {moved}" if change.ratio < 3 else f"{moved} as many", change.clear, interval


def _percent(ratio: float) -> str:
    return f"{ratio - 1:+.0%}".replace("-", "−") if ratio < 10 else f"{ratio:.0f} times"


def spark(found: Overview, line: Line) -> SafeString:
    total, top = sum(line.trend), max(line.trend, default=0)
    sentence = f"{line.name}: {plural(total, 'message,messages')} in {len(found.steps)} {found.step}s"
    if top:
        most = found.steps[line.trend.index(top)]
        sentence += f", most in the week of {said_day(most)}" if found.step == "week" else f", most on {said_day(most)}"
        sentence += f" with {number(top)}"
    return charts.spark([float(n) for n in line.trend], sentence + ".")


def said_day(day: date) -> str:
    return f"{day.day} {day:%B}"


def emerged(topic: Topic) -> str:
    """How long ago a topic emerged, where that is news: not of those found by the very first fit."""
    now = timezone.now()
    if topic.state == Topic.State.RETIRED or now - topic.first_at > FRESH or topic.first_at < _news_from():
        return ""
    days = (timezone.localdate(now) - timezone.localdate(topic.first_at)).days
    return "emerged today" if days < 1 else f"emerged {plural(days, 'day,days')} ago"


def _news_from() -> datetime:
    first = TopicFit.objects.order_by("day").values_list("started_at", flat=True).first()
    return (first or timezone.now()) + timedelta(days=1)


# --- finding them now


def fit_of(request: HttpRequest) -> dict[str, Any]:
    """When topics were found last, from how many messages, and whether they are being found now."""
    now = timezone.now()
    newest = TopicFit.objects.order_by("-day").first()
    running = newest is not None and refit.running(newest, now)
    done = TopicFit.objects.filter(ended_at__isnull=False).order_by("-ended_at").first()
    counting = not running and done is not None and _is_being_counted(done, now)
    return {
        "fit": done,
        "running": running or counting,
        "step": "Counting the messages." if counting else STEPS.get(newest.version, "") if newest and running else "",
        "began": newest.started_at if newest and running and newest.version != refit.ASKED else None,
        "failed": newest is not None and newest.version == refit.FAILED,
        "stayed": f"{done.stayed:.0%}" if done and done.stayed is not None else "",
        "days": refit.DAYS,
        "fewest": refit.FEWEST,
        "may_find": may(request, "manage"),
    }


def _is_being_counted(done: TopicFit, now: datetime) -> bool:
    """Whether the columns, a few seconds behind, still lack what the fit wrote."""
    as_of = facts.as_of()
    if done.ended_at is None or as_of is None or not timedelta(0) <= now - done.ended_at < COUNTED:
        return False
    return as_of <= done.ended_at


@require_GET
@needs("explore")
def progress(request: HttpRequest) -> HttpResponse:
    """The line about the fit, asked for while one runs; when it is over the whole page is drawn anew."""
    context = fit_of(request)
    answer = render(request, "topics_fit.html", context)
    if not context["running"]:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@needs("manage")
def find(request: HttpRequest) -> HttpResponse:
    """Find topics now: the worker does it."""
    try:
        refit.ask(timezone.now())
    except Failure as failure:
        messages.error(request, failure.text)
        return redirect("topics")
    record(request, "asked_topics", "topics are found anew")
    messages.success(request, "Topics are being found. The page follows.")
    return redirect("topics")


def labelled(request: HttpRequest) -> list[str]:
    """Topics to choose from, as the fields for a topic take them: "17 late parcel"."""
    person(request)
    rows = Topic.objects.exclude(state=Topic.State.RETIRED).order_by("-messages_count", "pk")
    return [f"{row.pk} {row}" for row in rows.only("pk", "name", "own_name")[: topics.MOST]]
