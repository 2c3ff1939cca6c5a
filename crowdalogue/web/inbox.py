"""The inbox: the list of a queue, its filters and saved views, and the rows script asks for when news comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from crowdalogue import channels, live
from crowdalogue.act import inbox
from crowdalogue.models import Account, Brand, Conversation, Tag, User, View
from crowdalogue.web import words
from crowdalogue.web.frame import needs, person
from crowdalogue.web.people import foremost
from crowdalogue.web.words import said

ASKED_AT_ONCE = 200  # rows script may ask for at a time
SENTIMENTS = ("negative", "neutral", "positive")
INTENTS = ("question", "complaint", "praise", "idea", "purchase_intent", "churn_risk", "review", "spam", "other")
WORDS = {"sentiment": "Feeling", "intent": "What it is"}  # one name everywhere; the others are their own
KEPT_IN_ADDRESS = ("queue", "brand", "channel", "sentiment", "intent", "owner", "tag")


@require_safe
@needs("read")
def page(request: HttpRequest) -> HttpResponse:
    """/inbox/?queue=team&channel=email: the list with nothing open. With HX-Request only the list pane."""
    shown = listing(request)
    if request.headers.get("HX-Request") == "true":
        return render(request, "inbox_list.html", shown)
    return render(request, "inbox.html", shown)


def listing(request: HttpRequest) -> dict[str, Any]:
    """Everything the list pane draws: rows of one page, queues with counts, filters, saved views."""
    user = person(request)
    queue = inbox.QUEUES.get(request.GET.get("queue", "team")) or inbox.QUEUES["team"]
    filters = inbox.Filters.of(request.GET)
    counts = inbox.queues(user)
    request.queues = counts  # type: ignore[attr-defined]  # the rail shows one of them
    found = inbox.page(user, queue.name, filters, request.GET.get("after", ""))
    kept = keep(request.GET)
    return {
        "queue": queue,
        "page": found,
        "lines": lines(found.rows, user, kept),
        "aside": queue.title if queue.name not in ("team", "mine", "older") else "",
        "tabs": [tab(name, counts, queue.name, kept) for name in inbox.QUEUES],
        "count": inbox.count(user, queue.name, filters) if filters or queue.name not in counts else counts[queue.name],
        "kept": kept,
        "next": address(kept, after=found.after) if found.after else "",
        "first": request.GET.get("after", "") == "",
        "filters": filters,
        "chips": chosen(filters, kept, user),
        "choices": choices(user, filters),
        "views": View.objects.filter(Q(user=user) | Q(user=None), page="inbox").order_by("name"),
        "may_answer": user.may("answer"),
        "live_id": live.newest_id(),
    }


def lines(rows: Sequence[Conversation], user: User, kept: str) -> list[dict[str, Any]]:
    """What the list draws of each conversation, as plain words: a template that looks through rows costs more than
    everything else on the page."""
    channel_of, feeling_of = cache(words.channel), cache(words.feeling)
    ending = f"?{kept}" if kept else ""
    standings = foremost({row.person_id for row in rows if row.person_id})
    return [
        {
            "pk": row.pk,
            "id": str(row.pk),
            "whom": whom or "somebody unknown",
            "who": whom or "Somebody unknown",
            "look": "row" if row.unread else "row read",
            "url": f"/inbox/{row.pk}/{ending}",
            "channel": channel_of(row.kind),
            "high": row.priority > 1,
            "standing": standings.get(row.person_id or 0),
            "clock": clock_of(row),
            "text": row.preview or row.subject or "No text",
            "feeling": feeling_of(row.sentiment),
            "about": about(row, user),
            "last": words.when(row.last_at),
        }
        for row in rows
        for whom in [str(row.person or row.handle or "")]
    ]


def clock_of(row: Conversation) -> str:
    if row.state == Conversation.State.SNOOZED:
        return format_html('<span class="clock ok">{}</span>', words.when(row.snoozed_until))
    return words.promise(row)


def about(row: Conversation, user: User) -> str:
    """What it is, its tags, and whose it is."""
    owner = "you" if row.owner_id == user.pk else str(row.owner or "no owner")
    named: list[str] = row.tag_names  # type: ignore[attr-defined]
    return " · ".join([*([said(row.intent)] if row.intent else []), *named, owner])


def keep(query: QueryDict) -> str:
    """The part of the address that says what is shown, so that links and forms lead back to the same list."""
    return urlencode({name: query[name] for name in KEPT_IN_ADDRESS if query.get(name)})


def address(kept: str, **more: str) -> str:
    query = QueryDict(kept, mutable=True)
    for name, value in more.items():
        query[name] = value
        if not value:
            del query[name]
    return reverse("inbox") + (f"?{query.urlencode()}" if query else "")


def tab(name: str, counts: dict[str, int], here: str, kept: str) -> dict[str, Any]:
    queue = inbox.QUEUES[name]
    url = address(kept, queue="" if name == "team" else name)
    return {"name": name, "title": queue.title, "count": counts.get(name, 0), "here": name == here, "url": url}


def chosen(filters: inbox.Filters, kept: str, user: User) -> list[dict[str, str]]:
    """The filters in force, each with the address without it."""
    names: dict[str, Callable[[str], str]] = {
        "brand": lambda v: str(Brand.objects.filter(pk=v).first() or "unknown"),
        "channel": channels.label_of,
        "sentiment": said,
        "intent": said,
        "owner": lambda v: "nobody" if v == "none" else "you" if v == str(user.pk) else owner_name(v),
        "tag": str,
    }
    return [
        {"key": WORDS.get(name, name.capitalize()), "value": name_of(value), "without": address(kept, **{name: ""})}
        for name, name_of in names.items()
        if (value := getattr(filters, name))
    ]


def owner_name(pk: str) -> str:
    return str(User.objects.filter(pk=pk).first() or "unknown")


def choices(user: User, filters: inbox.Filters) -> list[dict[str, Any]]:
    """The filter menu's fields: (name, words, [(value, words)])."""
    kinds = Account.objects.order_by("kind").values_list("kind", flat=True).distinct()
    people = [("none", "Nobody"), (str(user.pk), "You")]
    people += [(str(u.pk), str(u)) for u in colleagues() if u.pk != user.pk]
    fields: list[tuple[str, str, list[tuple[str, str]]]] = [
        ("channel", "Channel", [(k, channels.label_of(k)) for k in kinds]),
        ("brand", "Brand", [(str(b.pk), b.name) for b in Brand.objects.all()[:200]]),
        ("sentiment", WORDS["sentiment"], [(s, said(s)) for s in SENTIMENTS]),
        ("intent", WORDS["intent"], [(i, said(i)) for i in INTENTS]),
        ("owner", "Owner", people),
        ("tag", "Tag", [(t.name, t.name) for t in Tag.objects.all()[:200]]),
    ]
    return [{"name": n, "words": w, "options": o, "value": getattr(filters, n)} for n, w, o in fields if o]


def colleagues() -> Any:
    """People who can own a conversation."""
    return User.objects.filter(is_active=True, role__in=("owner", "manager", "agent")).order_by("name", "email")[:200]


@require_safe
@needs("read")
def rows(request: HttpRequest) -> HttpResponse:
    """/inbox/rows/?ids=1,2&queue=..: of these conversations the rows that stand in the queue now, and all counts.

    Script asks this when the stream names them; what is not in the answer has left the queue.
    """
    user = person(request)
    ids = [int(i) for i in request.GET.get("ids", "").split(",")[:ASKED_AT_ONCE] if i.isdecimal() and len(i) < 16]
    queue = inbox.QUEUES.get(request.GET.get("queue", "team")) or inbox.QUEUES["team"]
    found = inbox.among(user, queue.name, inbox.Filters.of(request.GET), ids)
    shown = {"lines": lines(found, user, keep(request.GET)), "counts": inbox.queues(user)}
    return render(request, "inbox_rows.html", shown)


@require_POST
@needs("answer")
def take(request: HttpRequest) -> HttpResponse:
    """Take the one waiting longest that nobody has, and open it."""
    from crowdalogue.act import handling

    user = person(request)
    free = inbox.page(user, "team", inbox.Filters(owner="none"), limit=1).rows
    free = free or inbox.page(user, "older", inbox.Filters(owner="none"), limit=1).rows
    if not free:
        messages.info(request, "Nothing waits without an owner.")
        return redirect("inbox")
    handling.assign(user, free, user)
    return redirect(reverse("conversation", args=[free[0].pk]) + "?queue=mine")


@require_POST
@needs("read")
def save_view(request: HttpRequest) -> HttpResponse:
    """Name the address that is shown now, for oneself or for everybody."""
    user = person(request)
    name = " ".join(request.POST.get("name", "").split())[:80]
    query = keep(QueryDict(request.POST.get("query", "")[:1000]))
    shared = request.POST.get("shared") == "on" and user.may("manage")
    if not name:
        messages.error(request, "The view was not saved: it has no name. Type one, then save it again.")
        return redirect(address(query))
    try:
        with transaction.atomic():
            View.objects.update_or_create(
                page="inbox", user=None if shared else user, name=name, defaults={"query": query}
            )
    except IntegrityError:
        messages.error(request, f"A view called {name} is there already. Choose another name.")
    else:
        messages.success(request, f"Saved as {name}.")
    return redirect(address(query))


@require_POST
@needs("read")
def drop_view(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    mine = View.objects.filter(pk=pk, page="inbox", user=user)
    shared = View.objects.filter(pk=pk, page="inbox", user=None) if user.may("manage") else View.objects.none()
    gone, _ = (mine | shared).delete()
    if gone:
        messages.success(request, "The view is removed. Its conversations stay.")
    return redirect("inbox")


def seen(request: HttpRequest, pk: int) -> Conversation:
    """The conversation this person may see, or 404."""
    from django.shortcuts import get_object_or_404

    wanted = Conversation.objects.seen_by(person(request)).select_related(
        "person", "handle", "owner", "brand", "account"
    )
    row: Conversation = get_object_or_404(wanted, pk=pk)
    return row
