"""Who knocks at the chat: which account, from which site, which visitor; and how often they may.

No cookies: a visitor is a signed token that the widget keeps and sends. Cross-origin answers go to the sites the
account allows and to our own pages, to nobody else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from math import ceil
from threading import Lock
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from crowdalogue.channels import webpage
from crowdalogue.errors import Failure, Refused
from crowdalogue.models import Account
from crowdalogue.web.hooks import later, refuse

log = logging.getLogger(__name__)

SALT = "crowdalogue.visitor"
TOKEN_S = 180 * 24 * 3600
PREFLIGHT_S = 7200
LARGEST_JSON = 64 * 1024
View = Callable[..., HttpResponseBase]


class TooMany(Refused):
    """Too often; `seconds` says when to come again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"This is too much at once. Try again in {seconds} seconds.", status=429)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Visitor:
    """`id` is the address of their handle. The rest is what the site vouched for."""

    id: str
    customer_id: str = ""
    email: str = ""
    name: str = ""

    @property
    def vouched(self) -> bool:
        return bool(self.customer_id or self.email)


# --- tokens


def token_of(account: Account, visitor: Visitor) -> str:
    said = {"a": account.key, "v": visitor.id, "c": visitor.customer_id, "e": visitor.email, "n": visitor.name}
    return signing.dumps({k: v for k, v in said.items() if v}, salt=SALT, compress=True)


def read_token(account: Account, token: str) -> Visitor | None:
    """Whose token this is; None where it is not ours, of another channel, or older than `TOKEN_S`."""
    try:
        said = signing.loads(token[:2000], salt=SALT, max_age=TOKEN_S)
    except signing.BadSignature:
        return None
    if not isinstance(said, dict) or said.get("a") != account.key:
        return None
    return Visitor(said["v"], said.get("c", ""), said.get("e", ""), said.get("n", ""))


def new_visitor() -> Visitor:
    return Visitor("visitor-" + named(secrets.token_bytes(8)))


def named(number: bytes) -> str:
    """60 bits in twelve small letters and digits: short enough for people to tell two visitors apart."""
    return base64.b32encode(number).decode().lower()[:12]


def known_customer(account: Account, customer_id: str, email: str, name: str) -> Visitor:
    """Somebody the site vouches for: the same visitor on every device they sign in with."""
    who = f"{account.key}\n{customer_id or 'mail:' + email.casefold()}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), b"crowdalogue.customer\n" + who, hashlib.sha256).digest()
    return Visitor("customer-" + named(digest), customer_id, email, name)


def visitor_of(request: HttpRequest, account: Account) -> Visitor:
    """Who asks, by the token in the header Authorization. Raises `Refused` with 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    visitor = read_token(account, token.strip()) if scheme.casefold() == "bearer" else None
    if visitor is None:
        raise Refused("This visitor is not known, or was away for half a year. Start again.", status=401)
    return visitor


# --- how often


class Counts:
    """How often each name came within its span. Bounded: beyond `MOST` names the oldest half is forgotten."""

    MOST = 50_000

    def __init__(self) -> None:
        self.lock = Lock()
        self.spans: dict[str, tuple[float, int]] = {}  # name -> when its span ends, how often

    def add(self, name: str, seconds: int, now: float) -> tuple[int, int]:
        """Count one. Returns (how often within this span, whole seconds until it ends)."""
        with self.lock:
            ends, count = self.spans.pop(name, (0.0, 0))
            if ends <= now:
                ends, count = now + seconds, 0
            if len(self.spans) >= self.MOST:
                kept = sorted(((n, s) for n, s in self.spans.items() if s[0] > now), key=lambda pair: pair[1][0])
                self.spans = dict(kept[-self.MOST // 2 :])
            self.spans[name] = (ends, count + 1)
            return count + 1, max(1, ceil(ends - now))

    def forget(self) -> None:
        with self.lock:
            self.spans.clear()


OFTEN = Counts()


def allow(what: str, who: str, count: int, seconds: int = 60) -> None:
    """Count one; raise `TooMany` beyond `count` within `seconds`. Each web process counts for itself."""
    came, left = OFTEN.add(f"{what}\n{who}", seconds, time.monotonic())
    if came > count:
        raise TooMany(left)


def address_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


# --- the door


def account_of(key: str, kind: str) -> Account:
    """The account of this address. Raises `Refused` with 404 where there is none, 503 where it is paused."""
    account: Account | None = Account.objects.filter(key=key, kind=kind).first()
    if account is None:
        raise Refused("There is no such channel here. Copy its line again from the settings.", status=404)
    if account.state == Account.State.PAUSED:
        raise Refused("This channel is paused. Resume it in its settings.", status=503)
    return account


def origins_of(account: Account) -> tuple[str, ...]:
    try:
        return webpage.origins_of(account.settings.get("origins"))
    except Failure:
        return ()


def may_stand_on(account: Account, origin: str) -> bool:
    return origin == settings.URL or webpage.origin_fits(origin, origins_of(account))


def door(*methods: str, kind: str = "webchat") -> Callable[[View], View]:
    """A view `(request, account, ...)` for the widget: CORS for the allowed sites, no cookies, errors as JSON."""

    def wrap(view: View) -> View:
        @csrf_exempt  # there is no cookie a foreign page could ride on; the visitor's token stands in for it
        @wraps(view)
        def inner(request: HttpRequest, key: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            origin = request.headers.get("origin", "").lower()
            allowed = False
            try:
                account = account_of(key, kind)
                allowed = may_stand_on(account, origin)
                response = _inside(request, account, origin, allowed, methods, view, args, kwargs)
            except TooMany as often:
                response = refuse(often.status, often.text)
                response["Retry-After"] = str(often.seconds)
            except Refused as refused:
                response = refuse(refused.status, refused.text)
                allowed = allowed or refused.status in (404, 503)
            except (DatabaseError, InterfaceError) as error:
                log.error("the store did not take a visitor's call: %s", type(error).__name__)
                response = later("The store is away, so nothing was kept. It is tried again.", seconds=10)
            return _open(response, origin if allowed else "")

        return inner

    return wrap


def _inside(
    request: HttpRequest,
    account: Account,
    origin: str,
    allowed: bool,
    methods: tuple[str, ...],
    view: View,
    args: Any,
    kwargs: Any,
) -> HttpResponseBase:
    if origin and not allowed:
        raise Refused(f"{origin[:100]} is not among the sites this channel may stand on. Add it in its settings.")
    if request.method == "OPTIONS":
        return HttpResponse(
            status=204,
            headers={
                "Access-Control-Allow-Methods": ", ".join(methods),
                "Access-Control-Allow-Headers": "authorization, content-type",
                "Access-Control-Max-Age": str(PREFLIGHT_S),
            },
        )
    if request.method not in methods:
        return refuse(405, f"Only {' and '.join(methods)} here.")
    if request.method != "GET" and not origin:
        raise Refused("The browser did not say which site this comes from.")
    return view(request, account, *args, **kwargs)


def _open(response: HttpResponseBase, origin: str) -> HttpResponseBase:
    if origin:
        response["Access-Control-Allow-Origin"] = origin
    patch_vary_headers(response, ["Origin"])
    response.headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def json_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that was posted. Raises `Refused`."""
    body = request.read(LARGEST_JSON + 1)
    if len(body) > LARGEST_JSON:
        raise Refused("This is too long.", status=413)
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused("This is no JSON object.", status=400)
    return found


def text_at(given: Any, name: str, longest: int) -> str:
    """The text at `name`, on its own and cut; empty where there is none. Raises `Refused` for anything else."""
    found = given.get(name) or ""
    if not isinstance(found, str):
        raise Refused(f'"{name}" must be text.', status=400)
    return found.strip()[:longest]


def address_in(text: str) -> str:
    """The text, if it is an e-mail address; else empty."""
    try:
        validate_email(text)
    except ValidationError:
        return ""
    return text
