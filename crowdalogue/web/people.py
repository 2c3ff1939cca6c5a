"""People: finding one, and everything one person said and the business knows of them on one line of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from crowdalogue import channels
from crowdalogue.listen import merging, standing
from crowdalogue.models import BusinessRecord, Conversation, Handle, Merge, Person, Resemblance, Standing
from crowdalogue.relate import profile
from crowdalogue.relate.profile import KINDS, Found, Line
from crowdalogue.web.frame import needs, person
from crowdalogue.web.settings import chip

A_PAGE = 50
SHOWN = 100  # addresses, merges, questions on one person's page
RECORD_LOOKS = {
    "order": ("i-box", "Order"),
    "shipment": ("i-truck", "Shipment"),
    "return": ("i-return", "Return"),
    "ticket": ("i-chat", "Service contact"),
}
# Kinds of handles nobody writes from.
HANDLE_LOOKS = {"customer": ("i-user", "Customer number"), "page": ("i-link", "Page")}
STANDINGS = {"vip": "VIP", "influencer": "Influencer", "advocate": "Advocate", "detractor": "Detractor"}
FOREMOST = ("vip", "detractor", "influencer", "advocate")  # which of several is shown where there is room for one
STANDING_LOOKS = {"vip": "own", "influencer": "own", "advocate": "pos", "detractor": "neg"}


@require_safe
@needs("read")
def page(request: HttpRequest) -> HttpResponse:
    """/people/?q=: found by name, address, digits of a number, or an order; else the newest. ?standing=: only those."""
    user = person(request)
    words = request.GET.get("q", "").strip()[:200]
    kind = request.GET.get("standing", "")
    kind = kind if kind in STANDINGS else ""
    options = [("", "Whoever wrote"), *((k, f"{v}s") for k, v in STANDINGS.items())]
    shown = {
        "words": words,
        "chips": [chip(request, "Who", "standing", kind, options)],
        "questions": open_questions(user).count(),
        "standing": STANDINGS.get(kind, ""),
        "may_manage": user.may("manage"),
    }
    if words:
        return render(request, "people.html", {**shown, "rows": rows_of(profile.find(user, words, limit=A_PAGE))})
    before = request.GET.get("before", "")
    some, following = standing_page(user, kind, before) if kind else newest_page(user, before)
    return render(request, "people.html", {**shown, "rows": rows_of([Found(p) for p in some]), "next": following})


def standing_page(user: Any, kind: str, before: str) -> tuple[list[Person], str]:
    rows = Person.objects.seen_by(user).filter(merged_into__isnull=True, standings__kind=kind).order_by("-id")
    if before.isdecimal() and len(before) < 16:
        rows = rows.filter(id__lt=int(before))
    some = list(rows[: A_PAGE + 1])
    return some[:A_PAGE], str(some[A_PAGE - 1].pk) if len(some) > A_PAGE else ""


def newest_page(user: Any, before: str) -> tuple[list[Person], str]:
    """Whoever wrote last comes first: of each person the newest conversation, walked by its index."""
    newer = Conversation.objects.filter(person=OuterRef("person")).filter(
        Q(last_at__gt=OuterRef("last_at")) | Q(last_at=OuterRef("last_at"), pk__gt=OuterRef("pk"))
    )
    rows = Conversation.objects.seen_by(user).filter(~Exists(newer), person__isnull=False).select_related("person")
    at, _, pk = before.partition("_")
    try:
        when = datetime.fromisoformat(at.replace(" ", "+"))
        rows = rows.filter(Q(last_at__lt=when) | Q(last_at=when, pk__lt=int(pk[:15])))
    except ValueError:
        pass  # the beginning
    some = list(rows.order_by("-last_at", "-id")[: A_PAGE + 1])
    last = some[A_PAGE - 1] if len(some) > A_PAGE else None
    return [r.person for r in some[:A_PAGE]], f"{last.last_at.isoformat()}_{last.pk}" if last else ""


def rows_of(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Each person with their addresses, standings and the newest thing they said: one query each a page."""
    ids = [one.person.pk for one in found]
    handles: dict[int, list[dict[str, Any]]] = {pk: [] for pk in ids}
    for handle in Handle.objects.filter(person_id__in=ids).order_by("id"):
        if handle.person_id is not None and handle.kind not in HANDLE_LOOKS and not handle.facts.get("said"):
            handles[handle.person_id].append(look(handle))
    standings: dict[int, list[dict[str, str]]] = {pk: [] for pk in ids}
    for row in Standing.objects.filter(person_id__in=ids, kind__in=STANDINGS).order_by("kind"):
        standings[row.person_id].append(badge(row))
    newest: dict[int, Any] = {}
    for conversation in Conversation.objects.filter(person_id__in=ids).order_by("-last_at")[: 20 * A_PAGE]:
        newest.setdefault(conversation.person_id or 0, conversation)
    return [
        {
            "person": one.person,
            "found": one,
            "handles": handles[one.person.pk],
            "standings": standings[one.person.pk],
            "newest": newest.get(one.person.pk),
        }
        for one in found
    ]


def look(handle: Handle) -> dict[str, Any]:
    """An address with its icon and name; `said` where somebody only named it."""
    icon, name = HANDLE_LOOKS.get(handle.kind) or (channels.icon_of(handle.kind), channels.label_of(handle.kind))
    return {"row": handle, "icon": icon, "name": name, "said": bool(handle.facts.get("said"))}


def foremost(persons: Iterable[int]) -> dict[int, dict[str, str]]:
    """The one standing of each person that an agent should know first, with the reasons of all: one query a page."""
    found: dict[int, list[Standing]] = {}
    for row in Standing.objects.filter(person__in=list(persons), kind__in=STANDINGS):
        found.setdefault(row.person_id, []).append(row)
    made: dict[int, dict[str, str]] = {}
    for person_id, several in found.items():
        rows = in_order(several)
        reasons = "; ".join(f"{STANDINGS[row.kind]}: {row.reason}" for row in rows)
        made[person_id] = {**badge(rows[0]), "reasons": reasons}
    return made


def in_order(rows: Iterable[Standing]) -> list[Standing]:
    return sorted(rows, key=lambda row: FOREMOST.index(row.kind))


def badge(row: Standing) -> dict[str, str]:
    return {"kind": row.kind, "name": STANDINGS[row.kind], "look": STANDING_LOOKS[row.kind], "reason": row.reason}


def open_questions(user: Any) -> Any:
    """Pairs that may be one person, to be decided; the surest first."""
    rows = Resemblance.objects.seen_by(user).filter(state=Resemblance.State.OPEN)
    return rows.filter(one__merged_into__isnull=True, other__merged_into__isnull=True).order_by("-confidence", "id")


@require_safe
@needs("read")
def person_page(request: HttpRequest, pk: int) -> HttpResponse:
    """/people/<id>/?kind=&before=: who they are and why, and one line of time; or who they became by a merge."""
    user = person(request)
    who = get_object_or_404(Person.objects.seen_by(user), pk=pk)
    if who.merged_into_id is not None:
        return redirect("person", merging.root_of(who).pk)
    kind = request.GET.get("kind", "")
    kinds = [kind] if kind in KINDS else []
    timeline = profile.timeline(who, kinds=kinds, after=request.GET.get("before", ""), limit=A_PAGE)
    handles = list(who.handles.order_by("pk")[:SHOWN])
    records = list(BusinessRecord.objects.filter(person=who, kind="order").order_by("-at")[:10])
    shown = {
        "who": who,
        "handles": [look(handle) for handle in handles],
        "conversations": list(who.conversations.select_related("owner", "brand").order_by("-last_at", "-id")[:10]),
        "records": records,
        "timeline": [drawn(line) for line in timeline.lines],
        "after": timeline.after,
        "later": bool(request.GET.get("before")),
        "chips": [chip(request, "Show", "kind", kind if kinds else "", [("", "Everything"), *KINDS.items()])],
        "standings": [{**badge(row), "row": row} for row in standing.shown(who)],
        "grantable": list(STANDINGS.items()),
        "questions": questions_of(user, who),
        "merges": merges_of(who),
        "facts": {k: said_fact(v) for k, v in who.facts.items() if isinstance(v, str | int | float) and v != ""},
        "may_change": user.may("answer"),
    }
    return render(request, "person.html", shown)


def said_fact(value: str | float) -> str | float:
    return ("yes" if value else "no") if isinstance(value, bool) else value


def questions_of(user: Any, who: Person) -> list[dict[str, Any]]:
    """Others this person may be, with why."""
    rows = open_questions(user)
    mine = [*rows.filter(one=who).select_related("other")[:10], *rows.filter(other=who).select_related("one")[:10]]
    return [{"row": row, "other": row.other if row.one_id == who.pk else row.one} for row in mine]


def merges_of(who: Person) -> list[Merge]:
    rows = Merge.objects.filter(kept__in=profile.absorbed(who), undone_at__isnull=True)
    return list(rows.select_related("gone", "user").order_by("-at", "-pk")[:SHOWN])


def drawn(line: Line) -> dict[str, Any]:
    """A line with what the template needs: icon, words, link."""
    shown: dict[str, Any] = {"at": line.at, "kind": line.kind, "row": line.row}
    if line.kind in ("orders", "service"):
        icon, words = RECORD_LOOKS.get(line.row.kind, ("i-box", line.row.kind.capitalize()))
        shown.update(icon=icon, words=words)
    return shown
