"""The field map of a webhook, made on the page from a pasted example and seen to work before it is kept."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from crowdalogue.channels import fieldmap, open_channel
from crowdalogue.channels.jsonbody import FIELDS
from crowdalogue.errors import Failure
from crowdalogue.listen import accounts
from crowdalogue.models import Account
from crowdalogue.web import settings
from crowdalogue.web.frame import needs, person

LONGEST = 200_000
OFFERED = [name for name in FIELDS if name not in ("attachments", "extra", "type", "target", "to")]


@needs("manage")
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """/settings/channels/<id>/map/: paste an example, correct what was guessed, see it read, keep it."""
    account = get_object_or_404(Account.objects.seen_by(person(request)), pk=pk)
    if account.kind != "webhook":
        raise Http404(account.kind)
    shown: dict[str, Any] = {"account": account, "example": request.POST.get("example", "")[:LONGEST], "wrong": ""}
    if request.method == "POST":
        try:
            shown |= look(request, shown["example"])
            if request.POST.get("then") == "keep":
                keep(request, account, shown["lines"])
                return redirect("channel", pk)
        except Failure as failure:
            shown["wrong"] = failure.text
    status = 422 if shown["wrong"] else 200
    return settings.draw(request, "fieldmap.html", shown, here="channels", status=status)


def look(request: HttpRequest, example: str) -> dict[str, Any]:
    """The example with its map, guessed at first and then as chosen, and what is read with it."""
    if not example.strip():
        raise Failure("There is no example. Paste one message as the other system sends it.")
    body = fieldmap.read_example(example)
    chosen = request.POST.get("then") in ("try", "keep")
    mapping = mapping_of(request) if chosen else fieldmap.guess(body)
    lines = fieldmap.lines_of(mapping)
    found: dict[str, Any] = {"lines": lines, "read": [], "trouble": ""}
    paths = fieldmap.paths_of(fieldmap.message_of(body))
    found["rows"] = [(name, FIELDS[name], mapping.get(name, "")) for name in OFFERED]
    found["paths"], found["where"] = paths, mapping.get("messages", "")
    try:
        found["read"] = [fieldmap.said(item) for item in fieldmap.preview(body, lines)]
    except Failure as failure:
        if request.POST.get("then") == "keep":
            raise
        found["trouble"] = failure.text
    return found


def mapping_of(request: HttpRequest) -> dict[str, str]:
    names = ("messages", *OFFERED)
    return {name: value for name in names if (value := request.POST.get(f"map_{name}", "").strip()[:300])}


def keep(request: HttpRequest, account: Account, lines: str) -> None:
    given = {**account.all_settings, "map": lines}
    channel = open_channel(account.kind, given)
    channel.check()
    accounts.change(account, channel, given, user=person(request))
    messages.success(request, "The field map is kept. Replay what was not understood before to read it with the map.")
