"""The API as a whole: OpenAPI 3.1 at /api/v1/openapi.json, one shape of error, every resource behind a token."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from crowdalogue.api import (
    accounts,
    alarms,
    apart,
    boards,
    categories,
    categories_history,
    comparisons,
    conversations,
    deliveries,
    imports,
    me,
    messages,
    movers,
    persons,
    replies,
    reports,
    sameness,
    search,
    tables,
    tokens,
    topics,
    watches,
    weekly,
)
from crowdalogue.api.keys import Bearer
from crowdalogue.api.shapes import told
from crowdalogue.errors import Failure, Refused

log = logging.getLogger(__name__)

DESCRIPTION = """
Everything the pages can do, for programs. Send `Authorization: Bearer <token>`; a token acts for the person who made
it, with their rights. Lists come in pages, `{"items": [...], "next": "..."}`: send `next` back as `cursor` until it is
null. Whatever sends something takes an `Idempotency-Key`: the same key again does nothing twice. An error is
`{"error": {"status", "text", "fields"}}`, its text the cause and then the remedy.
"""

api = NinjaAPI(
    title="Crowdalogue",
    version="1",
    description=DESCRIPTION.strip(),
    docs_url=None,
    auth=Bearer(),
    urls_namespace="api",
)
for _path, _module, _tag in (
    ("/me", me, "me"),
    ("/tokens", tokens, "tokens"),
    ("/messages", messages, "messages"),
    ("/movers", movers, "movers"),
    ("/conversations", conversations, "conversations"),
    ("/replies", replies, "replies"),
    ("/persons", persons, "persons"),
    ("/identity", sameness, "identity"),
    ("/accounts", accounts, "accounts"),
    ("/alarms", alarms, "alarms"),
    ("/apart", apart, "apart"),
    ("/boards", boards, "boards"),
    ("/deliveries", deliveries, "deliveries"),
    ("/imports", imports, "imports"),
    ("/reports", reports, "reports"),
    ("/comparisons", comparisons, "comparisons"),
    ("/search", search, "search"),
    ("/tables", tables, "tables"),
    ("/watches", watches, "watches"),
    ("/categories", categories, "categories"),
    ("/categories", categories_history, "categories"),
    ("/topics", topics, "topics"),
    ("/weekly", weekly, "weekly"),
):
    api.add_router(_path, _module.router, tags=[_tag])


def refuse(request: HttpRequest, status: int, text: str, **more: Any) -> HttpResponse:
    response = api.create_response(request, told(status, text, **more), status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        response["Retry-After"] = "60" if status == 429 else "10"
    return response


@api.exception_handler(Failure)
def failed(request: HttpRequest, error: Failure) -> HttpResponse:
    return refuse(request, error.status if isinstance(error, Refused) else 422, error.text)


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return refuse(
        request, 401, "The token is missing, wrong or ended. Send Authorization: Bearer with a token of yours."
    )


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Names of fields and what is expected of them; never the values, which may be a customer's words."""
    fields = [(".".join(str(part) for part in e["loc"][1:]) or str(e["loc"][0]), e["msg"]) for e in error.errors[:20]]
    names = ", ".join(dict.fromkeys(name for name, _ in fields))
    return refuse(request, 422, f"Not understood: {names}. See `fields`, and the OpenAPI document.", fields=fields)


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return refuse(request, 404, "There is nothing at this address. See /api/v1/openapi.json.")


@api.exception_handler(HttpError)
def worded(request: HttpRequest, error: HttpError) -> HttpResponse:
    text = "The body is not JSON. Send one JSON object." if error.status_code == 400 else str(error)
    return refuse(request, error.status_code, text)


@api.exception_handler(SuspiciousOperation)
def suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    if isinstance(error, RequestDataTooBig):
        return refuse(request, 413, "The body is too large. Send less at once, or import a file.")
    return refuse(request, 400, "The request is damaged. Send it again.")


@api.exception_handler(DataError)
def unstorable(request: HttpRequest, error: DataError) -> HttpResponse:
    return refuse(request, 422, "A value does not fit the store. Send shorter or plainer values.")


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def away(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("the store did not answer the API: %s", type(error).__name__)
    return refuse(request, 503, "The store is away. Send it again in a while.")


@csrf_exempt  # nothing is here to be protected, and programs want JSON
def nowhere(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Addresses under /api/ that are none."""
    return refuse(request, 404, "There is nothing at this address. See /api/v1/openapi.json.")
