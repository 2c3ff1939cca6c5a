"""People: finding one, and everything one person said with what the business knows of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from crowdalogue.models import BusinessRecord, Conversation, Handle, Interaction, Message, Person
from crowdalogue.text.search import search_people
from crowdalogue.web.frame import needs, person

A_PAGE = 50
RECORD_LOOKS = {
    "order": ("i-box", "Order"),
    "shipment": ("i-truck", "Shipment"),
    "return": ("i-return", "Return"),
    "ticket": ("i-chat", "Service contact"),
}


@require_safe
@needs("read")
def page(request: HttpRequest) -> HttpResponse:
    """/people/?q=: found by the beginning of a name or address, or digits of a number; else the newest."""
    user = person(request)
    words = request.GET.get("q", "").strip()[:200]
    if words:
        found = [(hit.person, hit.handle) for hit in search_people(user, words, limit=A_PAGE)]
        return render(request, "people.html", {"words": words, "rows": with_handles(found), "next": ""})
    rows = Person.objects.seen_by(user).order_by("-id")
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 16:
        rows = rows.filter(id__lt=int(after))
    some = list(rows[: A_PAGE + 1])
    following = str(some[A_PAGE - 1].pk) if len(some) > A_PAGE else ""
    found = [(one, None) for one in some[:A_PAGE]]
    return render(request, "people.html", {"words": "", "rows": with_handles(found), "next": following})


def with_handles(found: list[tuple[Person, Handle | None]]) -> list[dict[str, Any]]:
    """Each person with their handles (one query) and the newest thing they said (one query each page)."""
    ids = [one.pk for one, _ in found]
    handles: dict[int, list[Handle]] = {pk: [] for pk in ids}
    for handle in Handle.objects.filter(person_id__in=ids).order_by("id"):
        if handle.person_id is not None:
            handles[handle.person_id].append(handle)
    newest: dict[int, Any] = {}
    for conversation in Conversation.objects.filter(person_id__in=ids).order_by("-last_at")[: 20 * A_PAGE]:
        newest.setdefault(conversation.person_id or 0, conversation)
    return [{"person": one, "by": by, "handles": handles[one.pk], "newest": newest.get(one.pk)} for one, by in found]


@require_safe
@needs("read")
def person_page(request: HttpRequest, pk: int) -> HttpResponse:
    """/people/<id>/: handles, conversations, records and one timeline, newest first."""
    who = get_object_or_404(Person.objects.seen_by(person(request)), pk=pk)
    handles = list(who.handles.all()[:100])
    conversations = list(who.conversations.select_related("owner", "brand").order_by("-last_at", "-id")[:A_PAGE])
    records = list(BusinessRecord.objects.filter(person=who).select_related("brand").order_by("-at")[:A_PAGE])
    shown = {
        "who": who,
        "handles": handles,
        "conversations": conversations,
        "records": records,
        "timeline": timeline(handles, records),
        "facts": {k: v for k, v in who.facts.items() if isinstance(v, str | int | float) and v not in ("", None)},
    }
    return render(request, "person.html", shown)


def timeline(handles: list[Handle], records: list[BusinessRecord]) -> list[dict[str, Any]]:
    """Messages, interactions and records of one person, the newest hundred, newest first."""
    ids = [h.pk for h in handles]
    said = Message.objects.filter(handle_id__in=ids).select_related("conversation").order_by("-sent_at")[:A_PAGE]
    lines = [{"at": m.sent_at, "message": m} for m in said]
    did = Interaction.objects.filter(handle_id__in=ids).select_related("handle").order_by("-at")[:A_PAGE]
    lines += [{"at": i.at, "interaction": i} for i in did]
    for record in records:
        icon, words = RECORD_LOOKS.get(record.kind, ("i-box", record.kind.capitalize()))
        lines.append({"at": record.at, "record": record, "icon": icon, "words": words})
    return sorted(lines, key=lambda line: line["at"], reverse=True)[: 2 * A_PAGE]
