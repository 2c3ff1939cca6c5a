"""The outside network, faked where every outside call passes: the transport under `crowdalogue.http`.

Retries, pace, time-outs and words stay the real ones; only the wire is ours. A call nobody expects fails the test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from crowdalogue import http

Answer = httpx.Response | Exception | Callable[["Call"], httpx.Response]


@dataclass
class Call:
    """What was asked of the outside."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def path(self) -> str:
        return httpx.URL(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return dict(httpx.URL(self.url).params)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


def says(content: Any = None, status: int = 200, **headers: str) -> Answer:
    """An answer: bytes and text as they are, anything else as JSON; `Retry_After="3"` becomes that header.

    A function, so that one answer can be given many times.
    """
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(call: Call) -> httpx.Response:
        if isinstance(content, bytes | str):
            return httpx.Response(status, content=content, headers=names)
        return httpx.Response(status, json={} if content is None else content, headers=names)

    return answer


SLOW = httpx.ReadTimeout("slow")
AWAY = httpx.ConnectError("away")


@dataclass
class Outside:
    """What the outside answers: the newest rule that fits; of its answers one after the other, the last for ever."""

    calls: list[Call] = field(default_factory=list)
    rules: list[tuple[str, re.Pattern[str], list[Answer]]] = field(default_factory=list)

    def on(self, method: str, url: str, *answers: Answer) -> None:
        """`url` is a regular expression looked for in the whole address; `method` may be *."""
        self.rules.insert(0, (method, re.compile(url), list(answers)))

    def always(self, *answers: Answer) -> None:
        """Whatever is called, from now on, gets these."""
        self.on("*", "", *answers)

    def of(self, method: str, url: str = "") -> list[Call]:
        """The calls so far that fit."""
        return [c for c in self.calls if c.method == method and re.search(url, c.url)]

    def forget(self) -> None:
        self.calls.clear()
        self.rules.clear()

    def handle(self, request: httpx.Request) -> httpx.Response:
        names = {k.lower(): v for k, v in request.headers.items()}
        call = Call(request.method, str(request.url), names, request.read())
        self.calls.append(call)
        for method, pattern, answers in self.rules:
            if method in ("*", call.method) and pattern.search(call.url):
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if isinstance(answer, Exception):
                    raise answer
                return answer(call) if callable(answer) else answer
        raise AssertionError(f"nobody expected {call.method} {call.url}")


@contextmanager
def outside_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    fake = Outside()
    client = httpx.Client(transport=httpx.MockTransport(fake.handle))
    monkeypatch.setattr(http, "client_for", lambda reach: client)
    before = http._manners
    http.configure(backoff=0.001, longest_pause=0.05)
    yield fake
    http.configure(backoff=before.backoff, longest_pause=before.longest_pause)
    client.close()
