"""What a person chose for themselves: the look, and whether letters are keys."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

CHOICES = {"theme": ("system", "light", "dark"), "keys": ("on", "off")}


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert user.is_authenticated
    chosen = {name: request.POST[name] for name, allowed in CHOICES.items() if request.POST.get(name) in allowed}
    if chosen.get("theme") == "system":
        chosen["theme"] = ""
    if chosen:
        user.preferences = {**user.preferences, **chosen}
        user.save(update_fields=["preferences"])
    return redirect(safe_next(request))


def safe_next(request: HttpRequest, otherwise: str = "/") -> str:
    """The address a form says to go back to, if it is one of ours."""
    given = request.POST.get("next", "")
    good = url_has_allowed_host_and_scheme(given, {request.get_host()}, require_https=request.is_secure())
    return given if given and good else otherwise
