"""Deliveries over ASGI: the same answers as by Django's own way, many at once, and none left half taken."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from crowdalogue.channels.webhook import sign
from crowdalogue.models import Account, Delivery
from crowdalogue.web import server

SECRET = "a secret of forty characters, more or less"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hook(account: Callable[..., Account]) -> Account:
    return account("webhook", secrets={"secret": SECRET})


async def post(path: str, pieces: list[bytes], headers: dict[str, str], *, cut: bool = False) -> tuple[int, Any, Any]:
    """Post a body in pieces; (status, JSON of the answer, headers). `cut` hangs up after the last piece."""
    coming = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    if not cut:
        coming[-1]["more_body"] = False
    sent: list[Any] = []

    async def receive() -> Any:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await server.application(
        {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": path,
            "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
            "headers": [(b"host", b"127.0.0.1"), *((k.lower().encode(), v.encode()) for k, v in headers.items())],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        },
        receive,
        send,
    )  # fmt: skip
    if not sent:
        return 0, None, {}
    body = b"".join(m.get("body", b"") for m in sent)
    return sent[0]["status"], json.loads(body or b"null"), dict(sent[0]["headers"])


def delivery(number: int) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"id": str(number), "author": f"p{number}@example.com", "text": f"hello {number}"}).encode()
    return body, {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "X-Crowdalogue-Signature": sign(SECRET, body, int(time.time())),
    }


def test_many_at_once_are_each_kept_once_and_answered(hook: Account) -> None:
    async def work() -> list[tuple[int, Any, Any]]:
        asked = []
        for number in (*range(40), *range(10)):
            body, headers = delivery(number)
            asked.append(post(f"/hooks/{hook.key}/", [body[:7], body[7:]], headers))
        return await asyncio.gather(*asked)

    answers = asyncio.run(work())
    assert {status for status, *_ in answers} <= {200, 202}
    assert len({answer["kept"] for _, answer, _ in answers}) == Delivery.objects.count() == 40
    assert sum(answer["repeated"] for _, answer, _ in answers) == 10


def test_refusals_keep_their_shape_and_every_answer_its_policy(hook: Account) -> None:
    body, headers = delivery(1)
    wrong = {**headers, "X-Crowdalogue-Signature": "t=1,v1=00"}
    status, answer, said = asyncio.run(post(f"/hooks/{hook.key}/", [body], wrong))
    assert status == 403
    assert "signature" in answer["error"]["text"]
    assert b"Content-Security-Policy" in said
    status, answer, _ = asyncio.run(post("/hooks/nowhere/", [body], headers))
    assert (status, answer["error"]["status"]) == (404, 404)


def test_who_hangs_up_in_the_middle_leaves_nothing(hook: Account) -> None:
    body, headers = delivery(1)
    assert asyncio.run(post(f"/hooks/{hook.key}/", [body[:5]], headers, cut=True))[0] == 0
    assert not Delivery.objects.exists()
