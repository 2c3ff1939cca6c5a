"""Audit: who signed in, exported, deleted and changed what; nobody can change it here."""

from __future__ import annotations

import io
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from crowdalogue.models import Audit
from crowdalogue.text.table import write_csv
from crowdalogue.web import settings
from crowdalogue.web.frame import needs

A_PAGE = 100
EXPORTED = 50_000
SAID = {
    "began": "Began with Crowdalogue",
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "sign_in_refused": "Was refused at sign-in",
    "changed_password": "Changed their password",
    "two_factor_added": "Added two-factor sign-in",
    "two_factor_removed": "Removed two-factor sign-in",
    "connected": "Connected a channel",
    "changed_settings": "Changed settings",
    "changed_promises": "Changed promises",
    "changed_brands": "Changed brands",
    "changed_role": "Changed a role",
    "looked_at_secret": "Looked at a secret",
    "looked_at_delivery": "Looked at a raw delivery",
    "import_begun": "Chose a file to import",
    "imported": "Imported a file",
    "import_stopped": "Stopped an import",
    "import_resumed": "Resumed an import",
    "exported": "Exported",
    "deleted": "Deleted",
    "added_member": "Added a colleague",
    "made_link": "Made a sign-in link",
    "deactivated": "Deactivated a colleague",
    "activated": "Activated a colleague",
    "made_token": "Made an API token",
    "ended_token": "Ended an API token",
}


def said(deed: str) -> str:
    return SAID.get(deed) or deed.replace("_", " ").capitalize()


@require_GET
@needs("audit")
def page(request: HttpRequest) -> HttpResponse:
    """/settings/audit/?deed=&q=: newest first, a page at a time."""
    found, deed, words = select(request)
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 16:
        found = found.filter(id__lt=int(before))
    some = list(found[: A_PAGE + 1])
    deeds = sorted(Audit.objects.order_by().values_list("deed", flat=True).distinct()[:200], key=said)
    options = [("", "Anything"), *((name, said(name)) for name in deeds)]
    shown = {
        "rows": [{"line": line, "said": said(line.deed), "facts": facts(line)} for line in some[:A_PAGE]],
        "next": some[A_PAGE - 1].pk if len(some) > A_PAGE else "",
        "chips": [settings.chip(request, "What", "deed", deed, options)],
        "query": request.GET.urlencode(),
        "words": words,
    }
    return settings.draw(request, "audit.html", shown, here="audit")


def select(request: HttpRequest) -> tuple[Any, str, str]:
    found = Audit.objects.order_by("-id")
    deed, words = request.GET.get("deed", ""), request.GET.get("q", "").strip()[:100]
    if deed:
        found = found.filter(deed=deed)
    if words:
        found = found.filter(who__icontains=words) | found.filter(what__icontains=words)
    return found, deed, words


def facts(line: Audit) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in line.facts.items() if value not in ("", None)
    )


@require_GET
@needs("audit")
def export(request: HttpRequest) -> HttpResponse:
    """The lines the filters leave, newest first, as CSV."""
    found, _, _ = select(request)
    out = io.StringIO()
    lines = found[:EXPORTED]
    cells = (
        [a.at.isoformat(), a.who, a.deed, a.what, json.dumps(a.facts) if a.facts else "", a.address] for a in lines
    )
    count = write_csv(cells, ["at", "who", "deed", "what", "facts", "address"], out)
    settings.record(request, "exported", "audit", lines=count)
    body = out.getvalue().encode("utf-8-sig")
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return HttpResponse(body, content_type="text/csv; charset=utf-8", headers=headers)
