"""One topic: its words and messages, how it goes, what became of it; adopt, rename, merge, split, retire, move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from crowdalogue.analyze import refit, topic_deeds
from crowdalogue.errors import Failure, Refused
from crowdalogue.models import Message, Topic, TopicEvent, User
from crowdalogue.relate import facts, topicnames, topics
from crowdalogue.relate.filters import short_topic
from crowdalogue.relate.scope import Scope
from crowdalogue.web import charts, drill, filterbar, pictures
from crowdalogue.web import topics as listing
from crowdalogue.web.frame import may, needs, person
from crowdalogue.web.preferences import safe_next
from crowdalogue.web.settings import record
from crowdalogue.web.words import plural

NEWEST = 10
BEGINNING = 400  # characters of a message in the list
EVENTS = 50
RELATED = 5
ALIKE = 0.35  # cosine of the middles below which two topics are not called related
WORDS = 16
EXAMPLES = 3  # of each part of a split

# kind -> what is said of it; {other} is the other topic.
SAID = {
    "new": "Emerged",
    "split": "Broke off {other}",
    "merged": "Went into {other} by itself: their messages were no longer told apart",
    "gone": "Was no longer found",
    "adopted": "Adopted",
    "released": "No longer adopted",
    "renamed": "Renamed",
    "retired": "Put to rest",
    "restored": "Brought back",
    "joined": "Merged into {other}",
    "parted": "Split off {other}",
    "moved": "A message was moved here from {other}",
}
CAME = {"joined": "{other} was merged into this", "parted": "{other} was split off this", "split": "{other} broke off",
        "merged": "{other} went into this by itself", "moved": "A message was moved to {other}"}  # fmt: skip


@dataclass(frozen=True)
class Happened:
    """A line of what happened to a topic."""

    words: str
    other: Topic | None
    after: str
    event: TopicEvent


@require_GET
@needs("explore")
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """/topics/<id>/?<filters>: one that was merged leads to the topic it went into."""
    topic = get_object_or_404(Topic.objects.select_related("merged_into"), pk=pk)
    root = refit.root(pk)
    if root != pk:
        messages.info(request, f"{topic} was merged into this topic.")
        return redirect(reverse("topic", args=[root]))
    filters, problem = filterbar.read(request)
    scope = Scope.of(filters.cleared("topic"))
    mine = scope.with_(topic=(str(pk),))
    line = topics.one(scope, pk)
    context: dict[str, Any] = {
        "topic": topic,
        "words": [(phrase, n) for phrase, _z, n in topic.words[:WORDS]],
        "resting": topic.state == Topic.State.RETIRED,
        "emerged": listing.emerged(topic),
        "bar": filterbar.bar(request, filters.cleared("topic")),
        "problem": problem,
        "as_of": filterbar.fresh(facts.as_of()),
        "figures": figures(scope, line),
        "chart": pictures.of(mine, "messages", topics.step_of(scope)) if line else None,
        "may_export": may(request, "export"),
        "behind": drill.messages(mine.filters),
        "explore": drill.explore(mine.filters, "negative", "channel"),
        "best": voices(request, topic.representatives[:NEWEST] if topic.merged_into_id is None else []),
        "newest": voices(request, newest(topic)),
        "happened": [said(topic, e) for e in events(topic)],
        "related": related(topic),
        "choices": [c for c in listing.labelled(request) if short_topic(c) != str(pk)],
        "definition": topics.CHANGE,
        "longest": refit.LONGEST,
    }
    return render(request, "topic.html", context)


def figures(scope: Scope, line: topics.Line | None) -> list[tuple[str, str, str]]:
    """Name, value, and what stands under it."""
    if line is None:
        return [("Messages", "0", "none in this view")]
    words, _look, interval = listing.change_said(line.change)
    negative = line.negative
    few = negative is None or negative["few"] or negative["value"] is None
    return [
        ("Messages", f"{line.n:,}", f"by {plural(line.authors, 'author,authors')}"),
        ("Share of all", charts.shown(line.share, "share"), charts.between(line.share_low, line.share_high, "share")),
        ("Against before", words, interval),
        (
            "Negative",
            "too few to say" if few else listing.negative_said(negative),
            ""
            if few or not negative
            else f"{charts.between(negative['low'], negative['high'], 'share')}, n = {negative['n']:,}",
        ),
        ("Since", line.since.strftime("%-d %b %Y") if line.since else "–", "its first message"),
    ]


def newest(topic: Topic) -> list[int]:
    return list(topic.members.order_by("-message_id").values_list("message_id", flat=True)[:NEWEST])


def voices(request: HttpRequest, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Messages as they are listed, in the order of `ids`; those this person may not see are left out."""
    rows = Message.objects.seen_by(person(request)).filter(pk__in=list(ids))
    there = {m.pk: m for m in rows.select_related("handle__person", "reading", "about__user")}
    return [
        {"m": there[pk], "text": there[pk].text[:BEGINNING], "long": len(there[pk].text) > BEGINNING}
        for pk in ids
        if pk in there
    ]


def events(topic: Topic) -> list[TopicEvent]:
    mine = TopicEvent.objects.filter(topic=topic) | TopicEvent.objects.filter(other=topic)
    return list(mine.select_related("topic", "other", "user").order_by("-at", "-pk")[:EVENTS])


def said(topic: Topic, event: TopicEvent) -> Happened:
    """An event from this topic's side, the other topic's name cut out to be a link."""
    here = event.topic_id == topic.pk
    other = event.other if here else event.topic
    words = (SAID if here else CAME).get(event.kind, event.kind.capitalize())
    before, _hole, after = words.partition("{other}")
    return Happened(before.strip() or "", other if "{other}" in words else None, after.strip(), event)


def related(topic: Topic) -> list[Topic]:
    """The topics whose middles are nearest."""
    if not topic.centroid:
        return []
    rows = list(Topic.objects.exclude(state=Topic.State.RETIRED).exclude(pk=topic.pk).exclude(centroid=b"")[:2_000])
    if not rows:
        return []
    mine = refit.vector_of(topic.centroid)
    middles = [refit.vector_of(row.centroid) for row in rows]
    same = [(row, m) for row, m in zip(rows, middles, strict=True) if len(m) == len(mine)]
    alike = np.array([float(m @ mine) for _row, m in same])
    return [same[i][0] for i in np.argsort(-alike)[:RELATED].tolist() if alike[i] >= ALIKE]


# --- deeds


@require_POST
@needs("explore")
def do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """One of DEEDS; what it needs stands in the form, or, for an undo, in the address."""
    topic = get_object_or_404(Topic.objects.select_related("merged_into"), pk=pk)
    if deed not in DEEDS:
        raise Http404
    try:
        words, undo = DEEDS[deed](request, person(request), topic)
    except Failure as failure:
        messages.error(request, failure.text)
        return redirect(safe_next(request, reverse("topic", args=[pk])))
    record(request, "changed_topic", f"{topic}: {deed}", topic=pk)
    messages.success(request, words, extra_tags=undo)
    return redirect(safe_next(request, reverse("topic", args=[refit.root(pk)])))


def given(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, request.GET.get(name, "")).strip()[:200]


def chosen(request: HttpRequest, name: str) -> Topic:
    """The topic a field names, by number or name. Raises `Refused`."""
    value = given(request, name)
    found = [pk for pk in topicnames.resolve([value]) if pk > 0] if value else []
    topic = Topic.objects.filter(pk__in=found).first() if len(found) == 1 else None
    if topic is None:
        raise Refused(
            f"There is no topic “{value}”. Choose one of the list." if value else "Choose a topic.", status=422
        )
    return topic


def address(topic: Topic, deed: str, **more: str) -> str:
    return reverse("topic_do", args=[topic.pk, deed]) + (f"?{urlencode(more)}" if more else "")


Done = tuple[str, str]  # what is said, and the address that undoes it


def _adopt(request: HttpRequest, user: User, topic: Topic) -> Done:
    topic_deeds.adopt(user, topic)
    return f"{topic} is adopted. No night takes it away.", address(topic, "release")


def _release(request: HttpRequest, user: User, topic: Topic) -> Done:
    topic_deeds.release(user, topic)
    return f"{topic} is no longer adopted. It stays as long as it is found.", address(topic, "adopt")


def _rename(request: HttpRequest, user: User, topic: Topic) -> Done:
    was, state = topic.own_name, topic.state
    topic_deeds.rename(user, topic, given(request, "name"))
    if given(request, "state") == Topic.State.EMERGING:
        topic_deeds.release(user, topic)
    return f"It is called {topic} now.", address(topic, "rename", name=was, state=state)


def _retire(request: HttpRequest, user: User, topic: Topic) -> Done:
    state = topic.state
    topic_deeds.retire(user, topic)
    return f"{topic} rests. What is found there again stays quiet.", address(topic, "restore", state=state)


def _restore(request: HttpRequest, user: User, topic: Topic) -> Done:
    topic_deeds.restore(user, topic)
    if given(request, "state") == Topic.State.EMERGING:
        topic_deeds.release(user, topic)
    return f"{topic} is back.", address(topic, "retire")


def _merge(request: HttpRequest, user: User, topic: Topic) -> Done:
    into = chosen(request, "into")
    topic_deeds.merge(user, into, topic)
    return f"{topic} is part of {into} now.", address(topic, "part")


def _part(request: HttpRequest, user: User, topic: Topic) -> Done:
    into = topic.merged_into
    topic_deeds.part(user, topic)
    again = address(topic, "merge", into=str(into.pk)) if into else ""
    return f"{topic} is a topic of its own again.", again


def _rejoin(request: HttpRequest, user: User, topic: Topic) -> Done:
    """Undo a split: what was split off becomes part of it again."""
    numbers = [int(pk) for pk in given(request, "parts").split("-")[:20] if pk.isdecimal() and len(pk) < 10]
    for gone in Topic.objects.filter(pk__in=numbers, merged_into__isnull=True).exclude(pk=topic.pk):
        topic_deeds.merge(user, topic, gone)
    return f"{topic} is one topic again.", ""


def _move(request: HttpRequest, user: User, topic: Topic) -> Done:
    """A message becomes this topic's (the address of an undo), or that of the topic named in the form."""
    to = chosen(request, "to") if given(request, "to") else topic
    wanted = given(request, "message")
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
    message = Message.objects.seen_by(user).filter(pk=number).first()
    if message is None:
        raise Refused("That message is not here any more.", status=404)
    was = topic_deeds.move(user, message, to)
    undo = address(was, "move", message=str(message.pk)) if was is not None and was != to else ""
    return f"The message is about {to} now. Every fit keeps it there.", undo


DEEDS: dict[str, Callable[[HttpRequest, User, Topic], Done]] = {
    "adopt": _adopt,
    "release": _release,
    "rename": _rename,
    "retire": _retire,
    "restore": _restore,
    "merge": _merge,
    "part": _part,
    "rejoin": _rejoin,
    "move": _move,
}


# --- a split


@needs("explore")
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """/topics/<id>/split/: the parts a finer fit finds, to be chosen and named; a POST makes topics of them."""
    topic = get_object_or_404(Topic, pk=pk)
    if request.method == "POST":
        wanted = request.POST.getlist("part")
        parts = {int(p): given(request, f"name_{p}") for p in wanted[:20] if p.isdecimal() and len(p) < 3}
        try:
            made = topic_deeds.split(person(request), topic, parts, given(request, "digest"))
        except Failure as failure:
            messages.error(request, failure.text)
            return redirect("topic_split", pk)
        record(request, "changed_topic", f"{topic}: split", topic=pk, parts=[t.pk for t in made])
        undo = address(topic, "rejoin", parts="-".join(str(t.pk) for t in made))
        messages.success(request, f"{plural(len(made), 'topic was,topics were')} split off {topic}.", extra_tags=undo)
        return redirect("topic", pk)
    try:
        shown = topic_deeds.finer(topic)
    except Failure as failure:
        messages.error(request, failure.text)
        return redirect("topic", pk)
    parts_shown = [
        {"at": i, "part": part, "share": charts.shown(part.size / shown.looked_at, "share"),
         "voices": voices(request, part.representatives[:EXAMPLES]), "words": [w for w, _z, _n in part.words[:8]]}
        for i, part in enumerate(shown.parts)
    ]  # fmt: skip
    context = {"topic": topic, "shown": shown, "parts": parts_shown, "longest": refit.LONGEST}
    return render(request, "topic_split.html", context)
