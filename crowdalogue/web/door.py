"""The short way of a webhook in a rush: plain ASGI, no thread and no middleware, and still durable before the answer.

It takes what is usual: a POST of moderate size to a channel that is known and active, genuine by the channel's own
word, while deliveries come quicker than they can be filed one by one. It is kept in one transaction with whatever
else knocks at this moment, and answered after the commit. Everything else, and whatever is refused, goes on to
Django's view with the body that was read, and is judged there from the beginning: it alone words refusals.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, IntegrityError, InterfaceError, close_old_connections
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware

from crowdalogue import flow
from crowdalogue.channels.base import Channel, Raw
from crowdalogue.errors import Refused
from crowdalogue.listen import intake
from crowdalogue.models import Account, Delivery
from crowdalogue.web import frame, hooks

START = "/hooks/"
LARGEST = 1 << 20  # bytes of a body that is taken here
WAITING = 64 << 20  # bytes that may wait for the store at the same time
KEPT_S = 1.0  # how long an account is believed to be as it was read, where another process may have changed it
ACCOUNTS = 500

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Way = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


@dataclass(slots=True)
class Body:
    """What of a request was read here, so that it can be read once more by whoever takes it instead."""

    receive: Receive
    read: list[Any] = field(default_factory=list)
    place: int = 0

    async def whole(self) -> bytes | None:
        """The body; None where it is too large for here, or broke off."""
        size, more = 0, True
        while more:
            message = await self.receive()
            self.read.append(message)
            size += len(message.get("body", b""))
            if message["type"] != "http.request" or size > LARGEST:
                return None
            more = message.get("more_body", False)
        return b"".join(m.get("body", b"") for m in self.read)

    async def again(self) -> Any:
        if self.place == len(self.read):
            return await self.receive()
        self.place += 1
        return self.read[self.place - 1]


@dataclass(frozen=True, slots=True)
class Known:
    """An account as it was read, with its channel opened."""

    account: Account
    channel: Channel
    until: float


class Door:
    """Takes the requests to `START`; `otherwise` is the way of all that it leaves."""

    def __init__(self, otherwise: Way) -> None:
        self.otherwise = otherwise
        self.known: OrderedDict[str, Known] = OrderedDict()
        self.reader = ThreadPoolExecutor(1, thread_name_prefix="hook accounts")
        self.waiting = 0
        for signal in (post_save, post_delete):
            signal.connect(self.forget, sender=Account, weak=False)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        body = Body(receive)
        response = await self.answer(scope, body) if self.usual(scope) else None
        if response is None:
            return await self.otherwise(scope, body.again, send)
        content = response.content
        headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
        headers += [(b"Content-Length", str(len(content)).encode()), *policy(is_secure(scope))]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": content})
        return None

    def usual(self, scope: dict[str, Any]) -> bool:
        path = scope["path"]
        plain = path.endswith("/") and path.count("/") == 3 and not scope.get("root_path")
        return plain and scope["method"] == "POST" and self.waiting < WAITING and flow.rush().now()

    async def answer(self, scope: dict[str, Any], body: Body) -> HttpResponse | None:
        """The answer to what was kept, or that it could not be; None where it is for Django's view to judge."""
        content = await body.whole()
        known = await self.account(scope["path"].split("/")[2]) if content is not None else None
        raw = wanted(scope, content, known.channel) if content is not None and known is not None else None
        if known is None or raw is None:
            return None
        self.waiting += len(raw.body)
        try:
            with flow.rush().knock():
                delivery = await keep(known.account, raw)
        except IntegrityError:  # the account went meanwhile
            return None
        except (DatabaseError, InterfaceError) as error:
            return hooks.not_kept(error)
        finally:
            self.waiting -= len(raw.body)
        words = known.channel.respond(raw)
        if words is not None:
            return HttpResponse(words.body, content_type=words.media_type, status=words.status)
        return hooks.said_of(delivery)

    async def account(self, key: str) -> Known | None:
        """The active account of this address; None for others, and while the store is away."""
        found = self.known.get(key)
        if found is not None and time.monotonic() < found.until:
            return found
        try:
            account = await asyncio.get_running_loop().run_in_executor(self.reader, look_up, key)
        except (DatabaseError, InterfaceError):
            return None
        if account is None or account.state == Account.State.PAUSED:
            self.known.pop(key, None)
            return None
        self.known[key] = known = Known(account, flow.channel_of(account), time.monotonic() + KEPT_S)
        while len(self.known) > ACCOUNTS:
            self.known.popitem(last=False)
        return known

    def close(self) -> None:
        """Hear of no more changes, and let the thread go."""
        for signal in (post_save, post_delete):
            signal.disconnect(self.forget, sender=Account)
        self.reader.shutdown()

    def forget(self, **kwargs: Any) -> None:
        """An account was changed in this process: read them again."""
        self.known.clear()


def look_up(key: str) -> Account | None:
    close_old_connections()  # no request begins or ends in this thread
    return hooks.account_at(key)


def wanted(scope: dict[str, Any], body: bytes, channel: Channel) -> Raw | None:
    """A delivery that may be kept; None for questions, and for what Django or the channel would refuse."""
    request = ASGIRequest(scope, io.BytesIO(body))
    try:
        request.get_host()
        return flow.genuine(channel, hooks.raw_of(request, body))
    except (Refused, DisallowedHost):
        return None


async def keep(account: Account, raw: Raw) -> Delivery:
    """Kept with others in one transaction; it is durable when this returns. Raises what the store raised."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[Delivery, bool]] = loop.create_future()

    def settle(place: intake.Kept) -> None:
        if done.done():  # whoever asked was cancelled
            return
        try:
            done.set_result(place.outcome())
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            done.set_exception(error)

    def told(place: intake.Kept) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, place)

    intake.keep_for(account, raw, told)
    delivery, repeated = await done
    delivery.repeated = repeated  # type: ignore[attr-defined]
    return delivery


def is_secure(scope: dict[str, Any]) -> bool:
    """As Django would see it: by what the proxy before us says."""
    said = next((value for name, value in scope["headers"] if name == b"x-forwarded-proto"), b"")
    return bool(settings.SECURE_PROXY_SSL_HEADER) and said.split(b",")[0].strip() == b"https"


@lru_cache(maxsize=2)
def policy(secure: bool) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that the middleware gives every answer of ours at this address."""
    request, response = HttpRequest(), HttpResponse()
    request.path = START
    if secure:
        request.META["HTTP_X_FORWARDED_PROTO"] = "https"
    SecurityMiddleware(lambda _: response).process_response(request, response)
    frame.guard(request, response)
    del response["Content-Type"]
    return tuple((name.encode(), value.encode()) for name, value in response.items())
