"""API tokens: keys for programs. A key acts for the person who made it, and is shown once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from crowdalogue.models import Token
from crowdalogue.web import settings
from crowdalogue.web.frame import needs, person


@needs("manage")
def page(request: HttpRequest) -> HttpResponse:
    """/settings/tokens/: all of them, and making one."""
    shown: dict[str, Any] = {}
    if request.method == "POST":
        name = " ".join(request.POST.get("name", "").split())[:120]
        if name:
            token, key = Token.make(person(request), name)
            settings.record(request, "made_token", str(token))
            shown = {"made": token, "key": key}
        else:
            shown = {"wrong": "The token has no name. Write what it is for, such as Warehouse sync."}
    found = Token.objects.select_related("user").order_by("ended_at", "-id")[:500]
    active = [token for token in found if token.ended_at is None]
    ended = [token for token in found if token.ended_at is not None]
    shown |= {"active": active, "ended": ended}
    return settings.draw(request, "tokens.html", shown, here="tokens", status=422 if "wrong" in shown else 200)


@require_POST
@needs("manage")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(Token.objects.filter(ended_at__isnull=True), pk=pk)
    Token.objects.filter(pk=pk).update(ended_at=timezone.now())
    settings.record(request, "ended_token", str(token))
    messages.success(request, f"{token.name} has ended. Programs that use it are refused.")
    return redirect("tokens")
