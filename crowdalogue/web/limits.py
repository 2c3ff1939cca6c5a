"""How large a request may be, judged while it comes in: Django would put all of it on the disk first."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

MEGABYTE = 1 << 20
USUAL = 40 * MEGABYTE  # an answer with its attachments
# The longest beginning of the address that fits counts; files of past messages may be large.
LIMITS = (
    ("/hooks/", 11 * MEGABYTE),
    ("/chat/", 9 * MEGABYTE),
    ("/form/", 9 * MEGABYTE),
    ("/imports/", 4096 * MEGABYTE),
    ("/api/v1/imports", 4096 * MEGABYTE),
)


def limit_of(path: str) -> int:
    """Bytes a request to this address may have."""
    return next((limit for start, limit in LIMITS if path.startswith(start)), USUAL)


class Counted:
    """A request's `receive` that counts, and hangs up on the application when it becomes too much."""

    def __init__(self, scope: dict[str, Any], receive: Receive) -> None:
        self.limit = limit_of(scope["path"])
        self.inner = receive
        declared = dict(scope.get("headers") or ()).get(b"content-length", b"")
        self.taken = int(declared) if declared.isdigit() and int(declared) > self.limit else 0

    @property
    def over(self) -> bool:
        return self.taken > self.limit

    async def receive(self) -> Any:
        message = await self.inner()
        self.taken += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.over else message


async def refuse(counted: Counted, send: Send) -> None:
    """413, in the shape of every error to programs; browsers show its text."""
    text = f"This is larger than {counted.limit // MEGABYTE} MB. Send less at once."
    body = json.dumps({"error": {"status": 413, "text": text}}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
