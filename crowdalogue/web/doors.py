"""The way of a webhook through the web server: body, one hop into a thread, answer.

Django's own way takes four hops between the event loop and threads for each request, which for a small delivery is
most of the work. A few threads are enough, each with its connection to the store: more would only take the time
from each other, and whoever waits is served in the order of coming.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.urls import set_script_prefix

START = "/hooks/"
THREADS = 8

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


class Doors:
    """Takes the requests to `START` for a handler, whose whole chain of middleware and views they pass."""

    def __init__(self, handler: ASGIHandler) -> None:
        self.handler = handler
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="door")

    async def take(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        try:
            body = await self.handler.read_body(receive)
        except RequestAborted:  # gone before the end, or too large: whoever counts answers
            return
        status, headers, content = await asyncio.get_running_loop().run_in_executor(
            self.threads, self.answer, scope, body
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def answer(self, scope: dict[str, Any], body: IO[bytes]) -> Answer:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self.handler), scope=scope)
        request, response = self.handler.create_request(scope, body)
        if request is not None:
            response = self.handler.get_response(request)
        assert response is not None
        try:
            headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
            return response.status_code, headers, b"".join(response)
        finally:
            response.close()
            body.close()
