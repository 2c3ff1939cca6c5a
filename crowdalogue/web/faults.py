"""Pages for what went wrong: each says the cause and the remedy, and touches no store."""

from __future__ import annotations

import logging
import sys

from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader

from crowdalogue.errors import Failure, Refused
from crowdalogue.web.policy import POLICY

log = logging.getLogger(__name__)


def page(status: int, title: str, text: str, *, back: bool = True) -> HttpResponse:
    """A page of our look without rail or store, so that it can be shown whatever broke."""
    body = loader.get_template("fault.html").render({"status": status, "title": title, "text": text, "back": back})
    return HttpResponse(body, status=status, headers={"Cache-Control": "no-store", "Content-Security-Policy": POLICY})


def bad(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, DisallowedHost):
        return page(
            400,
            "The server does not know this address",
            "Open it by the address in CROWDALOGUE_URL, or set CROWDALOGUE_URL to the one you use and start it again.",
            back=False,
        )
    return page(400, "This request was not understood", "The address or the form is damaged. Go back and try again.")


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(
        403,
        "Your role does not include this page",
        "An owner or manager can change your role under Settings, Team.",
    )


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(
        404,
        "There is nothing at this address",
        "It was removed, or the address is not complete. The search finds messages, people and conversations.",
    )


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(
        403,
        "This form was open too long",
        "It could not be matched with your session, so nothing was changed. Go back, load the page again and send "
        "it once more. If that does not help, allow cookies for this site.",
    )


def broken(request: HttpRequest) -> HttpResponse:
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        return store_away(request, error)
    return page(
        500,
        "Something broke on our side",
        "Nothing you typed was sent. Try again; if it happens twice, tell an administrator the time of day: the "
        "server's log has the reason.",
    )


def store_away(request: HttpRequest, error: BaseException) -> HttpResponse:
    """The database is away, full or locked for longer than we wait."""
    log.error("the store did not answer: %s", type(error).__name__)
    said = str(error).lower()
    if "full" in said:
        text = "The disk is full, so nothing can be saved. Make room on the server, then load this page again."
    elif "locked" in said:
        text = "The store is busy with a long piece of work. Wait a few seconds and load this page again."
    else:
        text = (
            "The database does not answer. Messages that come in meanwhile are fetched later. Start it again, or "
            "look at CROWDALOGUE_DATABASE_URL; `crowdalogue doctor` says more."
        )
    response = page(503, "The store is away", text, back=False)
    response["Retry-After"] = "10"
    return response


def failure(request: HttpRequest, error: Failure) -> HttpResponse:
    """An expected failure that no page caught: its own words."""
    status = error.status if isinstance(error, Refused) else 422
    if request.headers.get("HX-Request") == "true":
        return JsonResponse({"text": error.text}, status=status)
    return page(status, "That did not work", error.text)
