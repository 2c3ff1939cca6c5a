"""The weekly page: what changed, how sure, what was done, what there is to decide; for all, or for what one follows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crowdalogue import flow
from crowdalogue.act import notices
from crowdalogue.errors import Failure
from crowdalogue.models import Concern, WeeklyPage
from crowdalogue.relate import filters as filtering
from crowdalogue.relate import topicnames
from crowdalogue.web import drill
from crowdalogue.web.frame import may, needs, person
from crowdalogue.web.settings import record

MOST_CONCERNS = 40  # of one person
OLDEST = timedelta(days=3700)
WHERE = {  # what a line of "to decide" opens
    "inbox": ("inbox", ""),
    "alarms": ("alarms", ""),
    "same": ("questions", ""),
    "questions": ("asked", ""),
    "deliveries": ("deliveries", "?state=failed"),
}
LOOKS = {"better": "pos", "worse": "neg", "up": "soon", "down": "soon"}


@require_GET
@needs("explore")
def newest(request: HttpRequest) -> HttpResponse:
    """/weekly/?<filters>: the last week that is over."""
    monday = flow.newest_week(timezone.now())
    query = clean(request.GET.urlencode())
    return redirect(address(monday, query))


@require_GET
@needs("explore")
def page(request: HttpRequest, day: str) -> HttpResponse:
    """/weekly/2026-11-09/?<filters>"""
    monday, last = monday_of(day), flow.newest_week(timezone.now())
    query, problem = clean(request.GET.urlencode()), ""
    try:
        row = flow.compose_week(monday, query)
    except Failure as failure:
        query, problem = "", failure.text
        row = flow.compose_week(monday, query)
    user = person(request)
    concerns = list(Concern.objects.filter(user=user)[:MOST_CONCERNS])
    content = row.content
    shown = {
        "row": row,
        "content": content,
        "problem": problem,
        "title": title(content),
        "end": monday + timedelta(days=6),
        "changed": [line_of(line) for line in content.get("changed", ())],
        "decide": [line_of(line) for line in content.get("decide", ())] if may(request, "answer") else [],
        "earlier": address(monday - timedelta(days=7), query),
        "later": address(monday + timedelta(days=7), query) if monday < last else "",
        "concerns": [(c, address(monday, c.query), c.query == query) for c in concerns],
        "everything": address(monday, ""),
        **followed_of(request, row, next((c for c in concerns if c.query == query), None)),
        "query": query,
        "whose": said(query),
        "ask": reverse("asked") + f"?about={address(monday, query)}",
    }
    return render(request, "weekly.html", shown)


@require_POST
@needs("explore")
def follow(request: HttpRequest) -> HttpResponse:
    """Get this page every week, or change how; `drop` ends it."""
    user, query = person(request), clean(request.POST.get("query", ""))
    monday = monday_of(request.POST.get("day", ""))
    if "drop" in request.POST:
        Concern.objects.filter(user=user, query=query).delete()
        messages.success(request, "You do not follow this page any more.")
    elif Concern.objects.filter(user=user).exclude(query=query).count() >= MOST_CONCERNS:
        messages.error(request, f"You follow {MOST_CONCERNS} pages already. Drop one first.")
    else:
        name = request.POST.get("name", "").strip()[:120] or said(query)
        by_mail = "by_mail" in request.POST
        Concern.objects.update_or_create(user=user, query=query, defaults={"name": name, "by_mail": by_mail})
        record(request, "followed", name, filters=query[:200])
        messages.success(
            request, f"“{name}” is composed for you every Monday" + (" and comes by mail." if by_mail else ".")
        )
    return redirect(address(monday, query))


# --- parts


def monday_of(day: str) -> date:
    """The Monday of a week that is over; 404 for anything else."""
    try:
        found = date.fromisoformat(day)
    except ValueError as error:
        raise Http404("no such week") from error
    monday = found - timedelta(days=found.weekday())
    last = flow.newest_week(timezone.now())
    if monday > last or last - monday > OLDEST:
        raise Http404("no such week")
    return monday


def followed_of(request: HttpRequest, row: WeeklyPage, concern: Concern | None) -> dict[str, Any]:
    """What one follows here, and why its mail did not come."""
    by_mail = concern is not None and concern.by_mail
    mail = concern.mails.filter(page_id=row.pk).exclude(reason="").first() if concern and by_mail else None
    return {
        "followed": concern,
        "mail": mail,
        "no_mailbox": by_mail and notices.mailbox() is None,
        "may_connect": may(request, "manage"),
    }


def clean(query: str) -> str:
    """The filters of an address without a period, as they are stored; an address nobody can read is everything."""
    try:
        filters = filtering.parse(query)
    except Failure:
        return ""
    return filters.cleared("period").to_query()[:1000]


def address(monday: date, query: str) -> str:
    return reverse("weekly", args=[monday.isoformat()]) + (f"?{query}" if query else "")


def said(query: str) -> str:
    """What the filters show, in words."""
    words = []
    for key, value in filtering.parse(query).cleared("period").to_pairs():
        if key == "topic":
            words += topicnames.said([value])
        elif key in filtering.CHOICES:
            words.append(filtering.CHOICES[key].get(value, value))
        else:
            words.append(drill.name_of(key, value))
    return ", ".join(words) or "Everything"


def title(content: dict[str, Any]) -> str:
    """The first thing that changed, as the page's headline."""
    changed = [line for line in content.get("changed", ()) if not line.get("usual") and line.get("direction")]
    if not changed:
        return "Too few to say" if content.get("refused") else "Nothing changed beyond chance"
    more = len(changed) - 1
    first = str(changed[0]["text"]).rstrip(".")
    return first + (f", and {more} more" if more else "")


def line_of(line: dict[str, Any]) -> dict[str, Any]:
    view, query = line.get("view", ""), line.get("query", "")
    if view in WHERE:
        name, tail = WHERE[view]
        url = reverse(name) + tail
    elif view == "topic":
        url = reverse("topic", args=[line["id"]])
    else:
        url = reverse(view) + f"?{query}" if view in ("messages", "explore", "compare") else ""
    compare = reverse("compare") + f"?{line['compare']}" if line.get("compare") else ""
    return {**line, "url": url, "compare_url": compare, "look": LOOKS.get(line.get("direction", ""), "")}
