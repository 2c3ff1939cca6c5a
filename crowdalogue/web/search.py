"""Search over everything that was said, and the people who said it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crowdalogue.text import search
from crowdalogue.web.frame import needs, person
from crowdalogue.web.thread import marked

A_PAGE = 30
PEOPLE = 6


@require_safe
@needs("read")
def page(request: HttpRequest) -> HttpResponse:
    """/search/?q=refund channel:email: messages newest first, and people of that name or number above them."""
    user = person(request)
    words = request.GET.get("q", "").strip()[:400]
    after = request.GET.get("after", "")
    place = int(after) if after.isdecimal() and len(after) < 16 else None
    hits = search.search(user, words, limit=A_PAGE, after=place) if words else None
    rows = [
        {"message": hit.message, "text": marked(hit.text, hit.spans), "subject": marked_subject(hit)}
        for hit in (hits.rows if hits else ())
    ]
    people = search.search_people(user, words, limit=PEOPLE) if words and place is None else []
    return render(
        request, "search.html", {"query": words, "hits": hits, "rows": rows, "people": people, "first": place is None}
    )


def marked_subject(hit: search.Hit) -> str:
    return marked(hit.message.subject, hit.subject_spans) if hit.message.subject else ""
