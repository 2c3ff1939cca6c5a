"""Search over everything that was said, and the people who said it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crowdalogue.text import relevance, search, spelling
from crowdalogue.web.frame import needs, person
from crowdalogue.web.thread import marked

A_PAGE = 30
PEOPLE = 6
OTHERS = 5  # messages that say it in other words, beside those with the words


@require_safe
@needs("read")
def page(request: HttpRequest) -> HttpResponse:
    """/search/?q=refund channel:email: messages with these words, newest first, and people of that name or number
    above them; with &by=meaning what says the same in other words too, the nearest first."""
    user = person(request)
    words = request.GET.get("q", "").strip()[:400]
    after = request.GET.get("after", "")
    place = int(after) if after.isdecimal() and len(after) < 16 else None
    by_meaning = request.GET.get("by") == "meaning"
    shown = {"query": words, "first": place is None, "by_meaning": by_meaning}
    if not words:
        return render(request, "search.html", shown)
    if by_meaning:
        hits = relevance.search_meaning(user, words, limit=A_PAGE, skip=place or 0)
        return render(request, "search.html", {**shown, "hits": hits, "rows": rows_of(hits)})
    hits, meant = search.search(user, words, limit=A_PAGE, after=place), ""
    if not hits.rows and place is None and (meant := spelling.corrected(words, hits.query)):
        hits = search.search(user, meant, limit=A_PAGE)
    people = search.search_people(user, words, limit=PEOPLE) if place is None else []
    others = in_other_words(user, words, hits) if place is None else []
    found = {"hits": hits, "rows": rows_of(hits), "people": people, "meant": meant, "others": others}
    return render(request, "search.html", {**shown, **found})


def in_other_words(user: Any, words: str, hits: search.Hits) -> list[dict[str, Any]]:
    """The few nearest in meaning that have other words."""
    if not hits.query.terms:
        return []
    nearest = relevance.search_meaning(user, words, limit=4 * OTHERS)
    with_words = {hit.message.pk for hit in hits.rows}
    other = [h for h in nearest.rows if h.message.pk not in with_words and not (h.spans or h.subject_spans)]
    return rows_of(search.Hits(tuple(other[:OTHERS]), False, hits.query))


def rows_of(hits: search.Hits) -> list[dict[str, Any]]:
    return [
        {"message": hit.message, "text": marked(hit.text, hit.spans), "subject": marked_subject(hit)}
        for hit in hits.rows
    ]


def marked_subject(hit: search.Hit) -> str:
    return marked(hit.message.subject, hit.subject_spans) if hit.message.subject else ""
