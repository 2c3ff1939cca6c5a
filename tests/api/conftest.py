"""What every test of the API has: programs that act for somebody, and a filed conversation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account, Conversation, Token, User


class Program:
    """A program with somebody's token: `program.get("/me")`, `program.post("/tokens", {"name": "x"})`."""

    def __init__(self, user: User | None = None, key: str = "") -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.key = key or (Token.make(user, "test")[1] if user else "")

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        response: HttpResponse = getattr(self.client, method)(f"/api/v1{path}", headers=sent, **more)
        return response

    def get(self, path: str, **headers: str) -> Any:
        return self.call("get", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("post", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.call("patch", path, body)

    def delete(self, path: str) -> Any:
        return self.call("delete", path)

    def everything(self, path: str, limit: int = 2) -> list[Any]:
        """All items of a list, page by page."""
        found: list[Any] = []
        mark = "&" if "?" in path else "?"
        page = self.get(f"{path}{mark}limit={limit}").json()
        while True:
            found += page["items"]
            if page["next"] is None:
                return found
            page = self.get(f"{path}{mark}limit={limit}&cursor={page['next']}").json()


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def program(db: None) -> Callable[..., Program]:
    """`program(user)` acts for them; `program()` has no token; `program(key="...")` any key."""

    def make(user: User | None = None, key: str = "") -> Program:
        return Program(user, key)

    return make


@pytest.fixture
def say(account: Callable[..., Account]) -> Callable[..., Conversation]:
    """`say("Where is it?", address="ada@example.com")` files one message; returns its conversation."""
    numbers = itertools.count(1)
    made: dict[str, Account] = {}

    def file(
        text: str = "Where is my parcel?", *, kind: str = "email", address: str = "ada@example.com", **more: Any
    ) -> Any:
        if kind not in made:
            made[kind] = account(kind)
        number = next(numbers)
        more.setdefault("sent_at", timezone.now() - timedelta(minutes=5))
        item = Incoming(more.pop("id", f"m{number}"), Author(address, more.pop("name", "Ada Ex")), text, **more)
        filed = flow.file(made[kind], [item])
        return Conversation.objects.get(pk=next(iter(filed.touched)))

    return file


ERRORS = {"status", "text", "fields"}


def refused(response: Any, status: int) -> str:
    """Assert that it is a Problem of this status; its text."""
    assert response.status_code == status, response.content[:300]
    error = response.json()["error"]
    assert set(error) == ERRORS
    assert error["status"] == status
    return str(error["text"])
