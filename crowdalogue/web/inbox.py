"""The inbox: the list, and beside it one conversation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crowdalogue.act import inbox
from crowdalogue.web.frame import person


def page(request: HttpRequest) -> HttpResponse:
    name = request.GET.get("queue", "team")
    queue = inbox.QUEUES.get(name) or inbox.QUEUES["team"]
    filters = inbox.Filters.of(request.GET)
    found = inbox.page(person(request), queue.name, filters, request.GET.get("after", ""))
    return render(request, "inbox.html", {"queue": queue, "page": found})
