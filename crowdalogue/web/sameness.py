"""Who is who, decided by people: questions one after the other, merges and their undoing, addresses parted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from crowdalogue.errors import Failure
from crowdalogue.flow import people as flow
from crowdalogue.listen import merging
from crowdalogue.models import Conversation, Handle, Merge, Message, Person, Resemblance
from crowdalogue.relate import profile
from crowdalogue.web.frame import needs, person
from crowdalogue.web.people import badge, look, open_questions
from crowdalogue.web.preferences import safe_next

SAID = 3  # newest words of each shown beside a question
LISTED = 20


@require_safe
@needs("read")
def questions(request: HttpRequest) -> HttpResponse:
    """/people/same/?skip=: the surest open question, both sides beside each other; y and n answer it."""
    rows = open_questions(person(request)).select_related("one", "other")
    skipped = [int(pk) for pk in request.GET.get("skip", "").split("-")[-50:] if pk.isdecimal() and len(pk) < 16]
    row = rows.exclude(pk__in=skipped).first()
    count = rows.count()
    shown: dict[str, Any] = {"row": row, "count": count, "skipped": len(skipped)}
    if row is not None:
        shown["sides"] = [side(row.one), side(row.other)]
        shown["skip"] = "-".join(str(pk) for pk in [*skipped, row.pk])
        shown["may_change"] = person(request).may("answer")
    return render(request, "questions.html", shown)


def side(who: Person) -> dict[str, Any]:
    """What is shown of one of two people who may be one."""
    said = Message.objects.filter(handle__person=who, direction=Message.Direction.IN).order_by("-sent_at")
    return {
        "who": who,
        "handles": [look(handle) for handle in who.handles.order_by("pk")[:LISTED]],
        "standings": [
            badge(row) for row in who.standings.filter(kind__in=("vip", "influencer", "advocate", "detractor"))
        ],
        "said": list(said.defer("html", "quoted", "extra")[:SAID]),
        "conversations": Conversation.objects.filter(person=who).count(),
        "orders": list(who.records.filter(kind="order").order_by("-at")[:SAID]),
    }


@require_POST
@needs("answer")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """POST answer=same|apart: decided, with an undo; back to the next question or to where it was asked."""
    user = person(request)
    row = get_object_or_404(Resemblance.objects.seen_by(user), pk=pk)
    same = request.POST.get("answer") == "same"
    undo = reverse("question_reopen", args=[row.pk])
    flow.decide(user, row, same)
    words = "They are one person now." if same else "They stay two people, and are not asked about again."
    messages.success(request, words, extra_tags=undo)
    return redirect(safe_next(request, reverse("questions")))


@require_POST
@needs("answer")
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an answer back."""
    user = person(request)
    flow.reopen(user, get_object_or_404(Resemblance.objects.seen_by(user), pk=pk))
    messages.success(request, "The answer is taken back.")
    return redirect("questions")


@require_POST
@needs("answer")
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """POST with=: a person's number in the address of their page, an address, a number or an order. They become one."""
    user = person(request)
    kept = get_object_or_404(Person.objects.seen_by(user), pk=pk)
    try:
        row = flow.join(user, kept, the_other(user, kept, request.POST.get("with", "").strip()[:200]))
    except Failure as failure:
        messages.error(request, failure.text)
        return redirect("person", pk)
    messages.success(
        request, f"{row.gone} and {row.kept} are one person now.", extra_tags=reverse("merge_undo", args=[row.pk])
    )
    return redirect("person", row.kept_id)


def the_other(user: Any, kept: Person, words: str) -> Person:
    if words.isdecimal() and len(words) < 10:
        found = list(Person.objects.seen_by(user).filter(pk=int(words)).exclude(pk=kept.pk))
        if found:
            return merging.root_of(found[0])
    hits = [one.person for one in profile.find(user, words, limit=5) if one.person.pk != kept.pk] if words else []
    if len(hits) == 1:
        return hits[0]
    if not hits:
        raise Failure(f"Nobody else was found for {words or 'nothing'}. Type an address or number exactly.")
    raise Failure(f"Several people were found for {words}. Type the whole address or number of one of them.")


@require_POST
@needs("answer")
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a merge: both are as they were."""
    user = person(request)
    row = flow.part(user, get_object_or_404(Merge.objects.seen_by(user), pk=pk))
    messages.success(request, f"{row.gone} and {row.kept} are two people again.")
    return redirect("person", merging.root_of(row.kept).pk)


@require_POST
@needs("answer")
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """An address is somebody else's: they get a page of their own, with what was said from it."""
    user = person(request)
    handle = get_object_or_404(Handle.objects.filter(person__isnull=False), pk=pk)
    before = handle.person_id or 0
    try:
        new = flow.split(user, handle)
    except Failure as failure:
        messages.error(request, failure.text)
        return redirect("person", before)
    messages.success(request, f"{handle.address} has a page of its own now.")
    return redirect("person", new.pk)


@require_POST
@needs("answer")
def stand(request: HttpRequest, pk: int) -> HttpResponse:
    """POST do=give|take, kind, reason: a standing by hand, which no rule changes."""
    user = person(request)
    who = get_object_or_404(Person.objects.seen_by(user), pk=pk)
    kind = request.POST.get("kind", "")
    try:
        if request.POST.get("do") == "take":
            flow.take_standing(user, who, kind)
            messages.success(request, "Taken away. No rule gives it again.")
        else:
            flow.give_standing(user, who, kind, request.POST.get("reason", ""))
            messages.success(request, "Saved. No rule changes it.")
    except Failure as failure:
        messages.error(request, failure.text)
    return redirect("person", pk)
