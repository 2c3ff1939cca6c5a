"""How large a request may be: through the application as uvicorn calls it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from crowdalogue.web import limits
from crowdalogue.web.server import application


def ask(path: str, chunks: Iterator[bytes], headers: tuple[tuple[bytes, bytes], ...] = ()) -> tuple[int, bytes, int]:
    """Post chunks; (status, body, how many chunks were taken)."""
    sent: list[Any] = []
    taken = 0

    async def receive() -> Any:
        nonlocal taken
        chunk = next(chunks, None)
        if chunk is None:
            await asyncio.sleep(60)  # an open connection on which nothing more comes
        taken += 1
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    asyncio.run(asyncio.wait_for(application(scope, receive, send), 30))
    body = b"".join(m.get("body", b"") for m in sent)
    return sent[0]["status"], body, taken


def test_what_is_announced_as_too_large_is_not_read() -> None:
    status, body, taken = ask("/hooks/x/", iter([b"x"]), ((b"content-length", b"99999999999"),))
    assert (status, taken) == (413, 0)
    assert "larger than 11 MB" in json.loads(body)["error"]["text"]


def test_what_never_ends_is_cut_off() -> None:
    status, _, taken = ask("/hooks/x/", iter(lambda: b"x" * (1 << 20), b""))
    assert (status, taken) == (413, 12)


@pytest.mark.parametrize(
    ("path", "megabytes"),
    [("/inbox/1/say/", 40), ("/hooks/x/", 11), ("/imports/new/", 4096), ("/api/v1/imports", 4096)],
)
def test_limits(path: str, megabytes: int) -> None:
    assert limits.limit_of(path) == megabytes << 20
