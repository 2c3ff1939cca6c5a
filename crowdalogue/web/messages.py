"""The messages behind a number: the same filters, newest first, with the words that were found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from crowdalogue.analyze import masking
from crowdalogue.models import Message
from crowdalogue.relate import facts, measures, volume
from crowdalogue.relate.filters import Filters
from crowdalogue.relate.scope import Scope
from crowdalogue.web import drill, filterbar, home, taken
from crowdalogue.web.frame import may, needs, person
from crowdalogue.web.thread import marked, spans_of
from crowdalogue.web.words import number

A_PAGE = 50
BEGINNING = 600  # characters of a message in the list
A_FILE = 10_000  # messages; a longer list is narrowed first
LABELS = ("Language", "Sentiment", "Intent", "Topic")
HEADER = ("Sent", "Channel", "Direction", "Brand", "Author", "Text", *LABELS, "Address")


@require_GET
@needs("explore")
def page(request: HttpRequest) -> HttpResponse:
    """/messages/?<filters>&after=...: a page of the messages; with format=csv up to ten thousand as a file, what is
    personal hidden with masked=yes."""
    filters, problem = filterbar.read(request)
    scope = Scope.of(filters)
    if request.GET.get("format") == "csv":
        return _file(request, scope)
    n = measures.figure(scope, "messages")["n"]
    found = volume.behind(scope, after=read_place(request.GET.get("after", "")), limit=A_PAGE + 1)
    rows = _rows(request, [i for i, _at in found[:A_PAGE]])
    following = place(found[A_PAGE - 1]) if len(found) > A_PAGE else ""
    shown: dict[str, Any] = {
        "bar": filterbar.bar(request, filters),
        "problem": problem,
        "as_of": filterbar.fresh(facts.as_of()),
        "n": n,
        "title": "1 message" if n == 1 else f"{number(n)} messages",
        "rows": [{"message": m, "text": _beginning(m), "long": len(m.text) > BEGINNING} for m in rows],
        "next": f"?{filters.to_query()}&after={following}".replace("?&", "?") if following else "",
        "newest": f"?{filters.to_query()}",
        "first": not request.GET.get("after"),
        "explore": drill.explore(filters, "messages", "day"),
        "files": _files(request, filters) if may(request, "export") and n else [],
        "csv_note": n > A_FILE,
    }
    if not n:
        shown["nothing"] = home.nothing(filters)
    return render(request, "messages.html", shown)


def place(row: tuple[int, datetime]) -> str:
    """Where a page ended: the time in microseconds, and the number of the message."""
    return f"{int(row[1].timestamp() * 1_000_000)}-{row[0]}"


def read_place(text: str) -> tuple[datetime, int] | None:
    at, _dash, pk = text.partition("-")
    if not (at.isdecimal() and pk.isdecimal() and len(at) < 17 and len(pk) < 19):
        return None
    seconds, micros = divmod(int(at), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros), int(pk)


def _rows(request: HttpRequest, ids: list[int], *related: str) -> list[Message]:
    """Fetched through what this person may see; what was deleted a moment ago is left out."""
    rows = Message.objects.seen_by(person(request)).filter(pk__in=ids)
    rows = rows.select_related("handle__person", "user", "reading", "conversation__brand", "about__topic", *related)
    there = {m.pk: m for m in rows}
    return [there[pk] for pk in ids if pk in there]


def _beginning(message: Message) -> SafeString:
    spans = [(a, b) for a, b in spans_of(message) if b <= BEGINNING]
    return marked(message.text[:BEGINNING], spans)


def _masked(request: HttpRequest) -> bool:
    """Whether a file hides what is personal: as asked for, else unless one manages."""
    return {"yes": True, "no": False}.get(request.GET.get("masked", ""), not may(request, "manage"))


def _files(request: HttpRequest, filters: Filters) -> list[dict[str, str]]:
    """The two files, the one that suits the role first."""
    named = {"no": "CSV", "yes": "CSV, masked"}
    order = ("yes", "no") if _masked(request) else ("no", "yes")
    return [{"name": named[m], "url": f"?{filters.to_query()}&format=csv&masked={m}".replace("?&", "?")} for m in order]


def _file(request: HttpRequest, scope: Scope) -> HttpResponse:
    taken.check(request)
    masked = _masked(request)
    ids = [i for i, _at in volume.behind(scope, limit=A_FILE)]
    related = masking.RELATED if masked else ()
    parts = (_rows(request, ids[start : start + 500], *related) for start in range(0, len(ids), 500))
    lines = (_line(m, masked=masked) for part in parts for m in part)
    name = "messages-masked.csv" if masked else "messages.csv"
    return taken.table(request, name, HEADER, lines, filters=scope.filters.to_query())


def _line(m: Message, *, masked: bool) -> list[Any]:
    reading = getattr(m, "reading", None)
    labels = [reading.language, reading.sentiment, reading.intent] if reading else ["", "", ""]
    brand = m.conversation.brand.name if m.conversation.brand else ""
    author = masking.author_of(m) if masked else str(m.handle or m.user or "")
    about = getattr(m, "about", None)
    labels.append(str(about.topic) if about else "")
    text, url = (masking.text_of(m), "") if masked else (m.text, m.url)
    return [m.sent_at.isoformat(), m.channel, m.direction, brand, author, text, *labels, url]
