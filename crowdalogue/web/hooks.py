"""The door for webhooks: one function for every channel. It answers 2xx only once the delivery is durable."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from crowdalogue import flow
from crowdalogue.channels.base import Raw
from crowdalogue.errors import Refused
from crowdalogue.models import Account, Delivery

log = logging.getLogger(__name__)

MAX_BODY = 10 * 1024 * 1024
MAX_HEADERS = 60
LONGEST_HEADER = 2000


@csrf_exempt  # programs knock here; the channel's own signature stands in for it
def knock(request: HttpRequest, key: str) -> HttpResponse:
    """POST /hooks/<account key>/ (GET where a provider asks whether the address is ours)

    200 {"kept": id, "repeated": false, "state": "filed", "reason": ""}; 202 when it is kept but not understood, or
    in a rush not filed yet (state "kept"); or what the channel's provider wants to hear.
    403 or 400 with the reason where the channel refuses it, 404 for an unknown address, 413 when it is too large,
    503 while the store is away or the channel paused: send it again later.
    """
    if request.method not in ("POST", "GET"):
        return refuse(405, "Deliveries come by POST. Post the message's bytes to this address.")
    try:
        return take(request, key)
    except Refused as refused:
        log.info("delivery refused (%s)", refused.status)
        return refuse(refused.status, refused.text)
    except (DatabaseError, InterfaceError) as error:
        return not_kept(error)


def take(request: HttpRequest, key: str) -> HttpResponse:
    body = read(request)  # first, so that an open connection is not left with unread bytes
    account = account_at(key)
    if account is None:
        raise Refused("There is no channel at this address. Copy it again from the channel's settings.", status=404)
    if account.state == Account.State.PAUSED:
        return later("This channel is paused. Resume it in its settings; then send this again.", seconds=600)
    delivery, wanted = flow.knock(account, raw_of(request, body))
    if wanted is not None:
        return HttpResponse(wanted.body, content_type=wanted.media_type, status=wanted.status)
    assert delivery is not None
    return said_of(delivery)


def account_at(key: str) -> Account | None:
    """Plain SQL: making the same statement anew for every knock would cost more than all the rest of it."""
    return next(iter(Account.objects.raw("SELECT * FROM crowdalogue_account WHERE key = %s", [key])), None)


def raw_of(request: HttpRequest, body: bytes) -> Raw:
    return Raw(body, headers_of(request), method=request.method or "", url=public_url(request))


def said_of(delivery: Delivery) -> JsonResponse:
    """Our own answer to what was kept."""
    answer = {
        "kept": delivery.pk,
        "repeated": bool(getattr(delivery, "repeated", False)),
        "state": delivery.state,
        "reason": delivery.reason,
    }
    return JsonResponse(answer, status=200 if delivery.state == Delivery.State.FILED else 202)


def public_url(request: HttpRequest) -> str:
    """The address as the provider called it: ours as it is known outside, whatever proxy stands before us."""
    query = request.META.get("QUERY_STRING", "")
    return settings.URL + request.path + (f"?{query}" if query else "")


def read(request: HttpRequest) -> bytes:
    declared = request.headers.get("content-length", "")
    too_large = declared.isdecimal() and int(declared) > MAX_BODY
    body = b"" if too_large else request.read(MAX_BODY + 1)
    if too_large or len(body) > MAX_BODY:
        raise Refused(f"This is larger than {MAX_BODY >> 20} MB. Send fewer messages at once.", status=413)
    return bytes(body)


def headers_of(request: HttpRequest) -> dict[str, str]:
    """Names in lower case, as channels expect; what is endless is cut."""
    pairs = list(request.headers.items())[:MAX_HEADERS]
    return {name.lower(): value[:LONGEST_HEADER].replace("\x00", "") for name, value in pairs}


def refuse(status: int, text: str) -> JsonResponse:
    """The shape of every error of ours to programs, here and in the API."""
    headers = {"Allow": "POST"} if status == 405 else None
    return JsonResponse({"error": {"status": status, "text": text}}, status=status, headers=headers)


def not_kept(error: Exception) -> JsonResponse:
    """What is said where the store did not take it."""
    log.error("the store did not take a delivery: %s", type(error).__name__)
    full = "full" in str(error).lower()
    cause = "The disk is full" if full else "The store is away"
    return later(f"{cause}, so nothing was kept. Send it again in a while.", seconds=10)


def later(text: str, *, seconds: int) -> JsonResponse:
    response = refuse(503, text)
    response["Retry-After"] = str(seconds)
    return response
