"""Alarms: what left its normal range, one page each, and what people say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crowdalogue import live
from crowdalogue.act import alarm_account, alarms, notices
from crowdalogue.errors import Failure
from crowdalogue.models import AlarmEpisode, AlarmRule, Message
from crowdalogue.relate.alarm_series import Asked, kind_of, topics_with
from crowdalogue.relate.filters import DEFAULT, Filters
from crowdalogue.web import alarm_pictures, drill
from crowdalogue.web.charts import shown
from crowdalogue.web.frame import may, needs, person
from crowdalogue.web.settings import record
from crowdalogue.web.thread import marked, spans_of
from crowdalogue.web.words import channel_name, number, plural, said

A_PAGE = 30
BEGINNING = 600
ON_HOME = 3
WEEKS = 8
MOST_OF_GROUP = 30  # topics in an address
States = AlarmEpisode.State
SHOWN = (("", "To look at"), ("on", "Going on"), ("judged", "Judged"), ("all", "All"))
MUTES = (("1", "a day"), ("7", "a week"), ("30", "30 days"), ("90", "90 days"))
FAMILIES = {
    "all": "everything",
    "negative": "negative",
    "topic": "topic",
    "product": "product",
    "intent": "intent",
    "channel": "channel",
    "brand": "brand",
    "watch": "watch",
    "group": "group of topics",
    "complaint": "complaints",
    "category": "category",
}
LOOKS = {States.OPEN: "soon", States.ACKNOWLEDGED: "own", States.MUTED: "", States.TRUE: "late", States.FALSE: ""}


@dataclass(frozen=True)
class Line:
    """An episode as it is listed."""

    row: AlarmEpisode
    name: str
    family: str
    sentence: str
    look: str
    ratio: str


def line_of(row: AlarmEpisode) -> Line:
    return Line(row, name_of(row), kind_name(row.family, row.key), sentence(row), LOOKS[States(row.state)], times(row))


def name_of(row: AlarmEpisode) -> str:
    """The series as a person reads it."""
    return series_name(row.family, row.key, row.name)


def series_name(family: str, key: str, name: str) -> str:
    kind = kind_of(family, key)
    if kind == "channel":
        return channel_name(name)
    return said(name) if kind == "intent" else name


def kind_name(family: str, key: str) -> str:
    """What kind of series it is, as a person reads it."""
    return FAMILIES.get(kind_of(family, key), family)


def sentence(row: AlarmEpisode) -> str:
    usual = number(round(row.expected))
    return f"{plural(round(row.count), 'voice,voices')}, {usual} {'is' if usual == '1' else 'are'} usual"


def times(row: AlarmEpisode) -> str:
    """How many times the usual, as far as that can be said."""
    if row.expected < 0.5:
        return "new"
    ratio = row.count / row.expected
    return f"× {ratio:.1f}" if ratio < 10 else f"× {ratio:.0f}"


# --- the list


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/alarms/?show=on|judged|all&before=<id>: alarms, newest first, and how the promise is kept."""
    show = request.GET.get("show", "")
    show = show if show in dict(SHOWN) else ""
    rows = chosen(AlarmEpisode.objects.seen_by(person(request)), show)
    before = request.GET.get("before", "")
    older = AlarmEpisode.objects.filter(pk=int(before)).first() if before.isdecimal() and len(before) < 19 else None
    if older is not None:
        rows = rows.filter(raised_at__lte=older.raised_at).exclude(pk__gte=older.pk, raised_at=older.raised_at)
    found = list(rows.select_related("rule", "state_by").defer("past").order_by("-raised_at", "-id")[: A_PAGE + 1])
    waiting = alarms.waiting(AlarmEpisode.objects.seen_by(person(request))).count()
    account = alarm_account.account(alarm_account.monday_of(timezone.now()))
    return render(
        request,
        "alarms.html",
        {
            "title": title_of(waiting),
            "tabs": [{"url": f"?show={v}" if v else "?", "name": n, "here": v == show} for v, n in SHOWN],
            "show": show,
            "first": older is None,
            "lines": [line_of(row) for row in found[:A_PAGE]],
            "next": f"?show={show}&before={found[A_PAGE - 1].pk}" if len(found) > A_PAGE else "",
            "account": account,
            "promised": f"{account.promised:.1f}".removesuffix(".0"),
            "weeks": alarm_account.weeks(WEEKS),
            "rules": AlarmRule.objects.filter(active=True).count(),
            "live": live.newest_id(),
        },
    )


def title_of(waiting: int) -> str:
    return f"{plural(waiting, 'alarm waits,alarms wait')} for a look" if waiting else "Nothing is out of the ordinary"


def chosen(rows: QuerySet[AlarmEpisode], show: str) -> QuerySet[AlarmEpisode]:
    if show == "on":
        return rows.filter(ended__isnull=True)
    if show == "judged":
        return rows.filter(state__in=alarms.JUDGED)
    return rows if show == "all" else alarms.waiting(rows)


def open_count(user: Any) -> int:
    """For the rail: alarms nobody looked at, never beyond a thousand."""
    return alarms.waiting(AlarmEpisode.objects.seen_by(user)).order_by()[:1000].count()


def on_home(request: HttpRequest) -> dict[str, Any]:
    """The newest alarms that wait for a look, for the start page."""
    rows = alarms.waiting(AlarmEpisode.objects.seen_by(person(request))).select_related("rule")
    newest = list(rows.order_by("-raised_at", "-id")[:ON_HOME])
    items = [
        {"line": line_of(row), "spark": alarm_pictures.spark(row.evidence.get("picture", {}), name_of(row))}
        for row in newest
    ]
    return {"items": items, "n": rows.count(), "live": live.newest_id()}


# --- one of them


@require_GET
@needs("explore")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """/alarms/<id>/: since when, how many people, which words, channels and places, what may have caused it."""
    rows = AlarmEpisode.objects.seen_by(person(request)).select_related("rule", "state_by")
    row = get_object_or_404(rows, pk=pk)
    found = row.evidence
    shown_now = {
        "line": line_of(row),
        "alarm": row,
        "chart": alarm_pictures.chart(found.get("picture", {}), name_of(row)),
        "drawn_as": f"Voices {alarm_pictures.step_of(found.get('picture', {}))}",
        "found": found,
        "filters": address_of(row),
        "topic": topic_address(row),
        "words": [word_of(w) for w in found.get("words", ())],
        "changed": [change_of(c) for c in found.get("changed", ())],
        "level": level_of(found.get("change")),
        "channels": parts_of(row, "channel"),
        "places": parts_of(row, "place"),
        "causes": found.get("causes", ()),
        "explains": [named(e) | {"share": shown(e["share"], "share")} for e in found.get("explains", ())],
        "also": [named(e) for e in found.get("also", ())],
        "examples": examples(request, found.get("examples", ())),
        **told_of(request, row),
        "mutes": MUTES,
        "one_in": one_in(row.rule.budget) if row.rule else "",
        "may_undo": bool(row.past),
    }
    return render(request, "alarm.html", shown_now)


def told_of(request: HttpRequest, row: AlarmEpisode) -> dict[str, Any]:
    """Who was told, and whether mails wait for a mailbox."""
    rows = list(row.notices.order_by("pk")[:40])
    waits = any(n.way == "email" and n.state != "sent" for n in rows)
    return {
        "notices": rows,
        "no_mailbox": waits and notices.mailbox() is None,
        "may_connect": may(request, "manage"),
    }


def one_in(budget: float) -> str:
    days = 30 / budget
    return plural(round(days), "day,days") if days >= 1 else f"{days * 24:.0f} hours"


def named(of: dict[str, Any]) -> dict[str, Any]:
    return {"name": series_name(of["family"], "", of["name"]), "family": FAMILIES.get(of["family"], "")}


def word_of(word: dict[str, Any]) -> dict[str, Any]:
    ratio = f"× {word['ratio']:.1f}" if word["ratio"] is not None else "new"
    return {
        "word": word["word"],
        "people": number(word["k1"]),
        "share": shown(word["k1"] / word["n1"], "share") if word["n1"] else "–",
        "before": shown(word["k2"] / word["n2"], "share") if word["n2"] else "–",
        "ratio": ratio,
        "between": f"{word['low']:.1f} to {word['high']:.1f}" if word["low"] and word["high"] else "",
    }


def change_of(change: dict[str, Any]) -> str:
    value, kind = change["value"], change["kind"]
    named: dict[str, Callable[[str], str]] = {"channel": channel_name, "language": "Language {}".format, "place": str}
    name = named.get(kind, said)(value)
    now, before = shown(change["k1"] / change["n1"], "share"), shown(change["k2"] / change["n2"], "share")
    ratio = f", × {change['ratio']:.1f}" if change["ratio"] is not None else ""
    interval = f" ({change['low']:.1f} to {change['high']:.1f})" if change["low"] and change["high"] else ""
    return f"{name}: {now} of people, {before} before{ratio}{interval}"


def level_of(change: dict[str, Any] | None) -> str:
    """Since when the level is another, as a sentence; nothing where it is not known."""
    if not change:
        return ""
    day = timezone.localtime(datetime.fromisoformat(change["day"]))
    before, since = (f"{change[name]:.1f}".removesuffix(".0") for name in ("before", "since"))
    return f"The level changed about {day.day} {day:%B}: {since} voices a day since then, {before} before."


def parts_of(row: AlarmEpisode, label: str) -> list[dict[str, Any]]:
    """People by channel or place, with a link to their messages where the filter bar knows it."""
    parts = []
    for part in row.evidence.get(f"{label}s", ()):
        filters = filters_of(row)
        url = drill.messages(filters.with_(channel=(part["value"],))) if label == "channel" and filters else ""
        name = channel_name(part["value"]) if label == "channel" else part["value"]
        parts.append({"name": name, "n": number(part["n"]), "usual": f"{part['usual']:g}", "url": url})
    return parts


def examples(request: HttpRequest, ids: Any) -> list[dict[str, Any]]:
    """The messages kept as examples, as this person may see them."""
    wanted = [int(pk) for pk in ids][:20]
    rows = Message.objects.seen_by(person(request)).filter(pk__in=wanted)
    there = {m.pk: m for m in rows.select_related("handle__person", "reading", "conversation__brand")}
    found = [there[pk] for pk in wanted if pk in there]
    return [
        {
            "message": m,
            "text": marked(m.text[:BEGINNING], [(a, b) for a, b in spans_of(m) if b <= BEGINNING]),
            "long": len(m.text) > BEGINNING,
        }
        for m in found
    ]


# --- where it leads


def filters_of(row: AlarmEpisode) -> Filters | None:
    """The filter bar on the messages of an alarm: its series, on the days from its beginning to its end."""
    try:
        filters = Asked(row.family, row.query).filters()
    except Failure:
        return None
    first = timezone.localtime(row.began).date()
    last = timezone.localtime(row.last_at - timedelta(seconds=1)).date()
    filters = replace(filters, period=DEFAULT.period, start=first, end=max(first, last))
    return filters.with_(**narrowing(row))


def narrowing(row: AlarmEpisode) -> dict[str, tuple[str, ...]]:
    kind, _colon, value = row.key.partition(":")
    if row.family == "negative":
        return {"sentiment": ("negative",)}
    if kind in ("brand", "watch", "category"):
        return {kind: (row.name,)}
    if kind == "complaint":
        return {"product": (value,), "intent": ("complaint",)}
    if kind == "group" and value.isdecimal():
        return {"topic": tuple(str(pk) for pk in topics_with(int(value))[:MOST_OF_GROUP])}
    return {kind: (value,)} if kind in ("topic", "product", "intent", "channel") else {}


def address_of(row: AlarmEpisode) -> str:
    filters = filters_of(row)
    return drill.messages(filters) if filters else ""


def topic_address(row: AlarmEpisode) -> str:
    kind, _colon, value = row.key.partition(":")
    if kind != "topic" or not value.isdecimal():
        return ""
    try:
        return reverse("topic", args=[int(value)])
    except NoReverseMatch:
        return ""


# --- what people say of them


@require_POST
@needs("explore")
def do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Acknowledge, mute for some days, judge true or false, undo."""
    row = get_object_or_404(AlarmEpisode.objects.seen_by(person(request)), pk=pk)
    undo = reverse("alarm_do", args=[pk, "undo"])
    if deed == "undo":
        done = alarms.undo(row)
        messages.success(request, "Undone." if done else "There is nothing to undo.")
    elif deed == "acknowledge":
        alarms.acknowledge(person(request), row)
        messages.success(request, "Acknowledged.", extra_tags=undo)
    elif deed == "mute":
        until = muted_until(request.POST.get("days", "7"))
        alarms.mute(person(request), row, until)
        messages.success(request, f"Muted until {timezone.localtime(until):%d %B}.", extra_tags=undo)
    elif deed in ("true", "false"):
        alarms.judge(person(request), row, deed == "true", request.POST.get("why", ""))
        words = "there was something to know" if deed == "true" else "it counts against the promise"
        messages.success(request, f"Judged {deed}: {words}.", extra_tags=undo)
    else:
        return redirect("alarm", pk)
    record(request, "judged_alarm", f"{row.name}: {deed}")
    return redirect("alarm", pk)


def muted_until(days: str) -> datetime:
    length = int(days) if days.isdecimal() and len(days) < 4 and 1 <= int(days) <= 366 else 7
    return timezone.now() + timedelta(days=length)
