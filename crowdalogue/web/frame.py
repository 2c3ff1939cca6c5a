"""What every page stands in: who may come in, what a browser may do, whose clock is shown, the rail."""

from __future__ import annotations

import time
import zoneinfo
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from crowdalogue.errors import Failure
from crowdalogue.models import Company, User
from crowdalogue.web.policy import PERMISSIONS, POLICY

# Addresses that look after themselves: doors with their own keys, and what is needed to sign in.
BEFORE_FIRST_RUN = ("/static/", "/hooks/", "/api/", "/start/", "/health/", "/favicon.ico", "/robots.txt")
OPEN_DOORS = ("/accounts/", "/chat/", "/form/", "/file/", *BEFORE_FIRST_RUN)

_company: tuple[float, Company] | None = None
COMPANY_KEPT_S = 30.0


def company() -> Company | None:
    """The one company, or None before the first run. Kept for half a minute; its absence never is."""
    global _company
    if _company and time.monotonic() - _company[0] < COMPANY_KEPT_S:
        return _company[1]
    row = Company.objects.order_by("pk").first()
    _company = (time.monotonic(), row) if row else None
    return row


def forget(**kwargs: Any) -> None:
    """Look the company up again at the next request."""
    global _company
    _company = None


post_save.connect(forget, sender=Company, dispatch_uid="crowdalogue.frame.saved")
post_delete.connect(forget, sender=Company, dispatch_uid="crowdalogue.frame.deleted")

View = Callable[..., HttpResponseBase]


def needs(right: str) -> Callable[[View], View]:
    """A page for people who have this right (the words of models.team.RIGHTS); others get a 403 page."""

    def wrap(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request, right):
                raise PermissionDenied(right)
            return view(request, *args, **kwargs)

        return inner

    return wrap


def person(request: HttpRequest) -> User:
    """Who asks. Behind Frame every page but the open doors has somebody signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied("read")
    return request.user


def may(request: HttpRequest, right: str) -> bool:
    user = request.user
    return bool(user.is_authenticated and user.may(right))


def is_partial(request: HttpRequest) -> bool:
    """True when script asked for a piece of the page (htmx, or our own fetch)."""
    return request.headers.get("HX-Request") == "true"


class Frame:
    """Everything is closed unless it is an open door; first run first; the reader's clock; the policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        away = self.turn_away(request)
        if away is not None:
            return guard(request, away)
        with timezone.override(reader_zone(request)):
            return guard(request, self.get_response(request))

    def turn_away(self, request: HttpRequest) -> HttpResponse | None:
        """Where this person has to go first, or None."""
        path = request.path
        if not path.startswith(BEFORE_FIRST_RUN) and company() is None:
            return HttpResponseRedirect(reverse("start"))
        if path.startswith(OPEN_DOORS):
            return None
        if not request.user.is_authenticated:
            return self.to_sign_in(request)
        if not request.user.may("read"):
            raise PermissionDenied("read")
        return None

    @staticmethod
    def to_sign_in(request: HttpRequest) -> HttpResponse:
        if is_partial(request):  # a piece of a page cannot hold the sign-in page
            return HttpResponse(status=401, headers={"HX-Redirect": reverse("account_login")})
        if request.path.startswith("/stream/"):
            return HttpResponse(status=401)
        return redirect_to_login(request.get_full_path(), reverse("account_login"))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A failure that was expected is worded for people already: say it, with the way back."""
        if not isinstance(error, Failure):
            return None
        from crowdalogue.web import faults

        return faults.failure(request, error)


def reader_zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    if request.path.startswith(OPEN_DOORS):
        return zoneinfo.ZoneInfo("UTC")
    home = company()
    for name in (getattr(request.user, "timezone", ""), home.timezone if home else ""):
        try:
            if name:
                return zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            continue
    return zoneinfo.ZoneInfo("UTC")


def guard(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Permissions-Policy", PERMISSIONS)
    if not request.path.startswith("/static/"):
        # Shown again only after asking us; the browser may still keep the page for its back button.
        response.headers.setdefault("Cache-Control", "private, no-cache")
        patch_vary_headers(response, ["HX-Request"])  # a piece of a page is never shown as the page
    return response


# address, name, icon, key after g, the right it needs, class in the list
RAIL = (
    ("home", "Home", "i-home", "h", "explore", "key"),
    ("inbox", "Inbox", "i-inbox", "i", "read", "key"),
    ("people", "People", "i-people", "p", "read", "key"),
    ("explore", "Explore", "i-explore", "e", "explore", "gap key"),
    ("topics", "Topics", "i-topics", "t", "explore", ""),
    ("alarms", "Alarms", "i-alerts", "a", "explore", "key"),
    ("categories", "Categories", "i-box", "c", "explore", ""),
    ("watches", "Watches", "i-eye", "w", "explore", ""),
    ("settings", "Settings", "i-settings", "s", "read", "end"),
)

# Pages that stand under an entry without beginning with its address.
WITHIN: dict[str, tuple[str, ...]] = {"explore": ("/compare/", "/weekly/", "/boards/")}


def rail(request: HttpRequest) -> dict[str, Any]:
    """For every page: the rail of this person's role, the company, theme, and whether keys are on."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"rail": [], "company": company(), "theme": "", "keys": "on"}
    return {
        "rail": [entry for line in RAIL if (entry := _entry(request, user, line))],
        "company": company(),
        "theme": user.preferences.get("theme", ""),
        "keys": "off" if user.preferences.get("keys") == "off" else "on",
        "user_may_enter": user.may("enter"),
    }


def _entry(request: HttpRequest, user: Any, line: tuple[str, ...]) -> dict[str, Any] | None:
    name, title, icon, key, right, classes = line
    if not user.may(right):
        return None
    try:
        url = reverse(name)
    except NoReverseMatch:  # that page is not part of this install
        return None
    also = WITHIN.get(name, ())
    here = request.path == url if url == "/" else request.path.startswith((url, *also))
    count = _waiting(request, user) if name == "inbox" else _alarms(user) if name == "alarms" else 0
    return {
        "title": title,
        "icon": icon,
        "key": f"g {key}",
        "url": url,
        "classes": classes,
        "here": here,
        "count": count,
    }


def _alarms(user: Any) -> int:
    """Alarms that nobody looked at."""
    from crowdalogue.web import alarms

    return alarms.open_count(user)


def _waiting(request: HttpRequest, user: Any) -> int:
    """Conversations in the team's queue, counted once a request and never beyond a thousand."""
    from crowdalogue.act import inbox

    kept: dict[str, int] | None = getattr(request, "queues", None)
    return kept["team"] if kept else inbox.count(user, "team")
