"""The API as a whole: its document, and whatever is thrown at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from crowdalogue.models import User
from tests.api.conftest import Program, refused


def test_document(client: Client, db: None) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = [o for path in document["paths"].values() for o in path.values()]
    ids = [o["operationId"] for o in operations]
    assert len(ids) == len(set(ids)) > 35
    assert all(o["summary"] and o["security"] for o in operations)
    assert all({"401", "403", "422"} <= set(o["responses"]) for o in operations)


def test_nowhere_answers_in_json(program: Callable[..., Program], owner: User) -> None:
    assert "openapi.json" in refused(program(owner).get("/nothing"), 404)
    refused(Client().get("/api/v9/"), 404)


def test_wrong_bodies(program: Callable[..., Program], owner: User) -> None:
    caller = program(owner)
    headers = {"Authorization": f"Bearer {caller.key}"}
    for body in (b"{", b"\xff", b"[" * 100_000):
        answer = caller.client.post("/api/v1/tokens", body, content_type="application/json", headers=headers)
        assert answer.status_code in (400, 422)
        refused(answer, answer.status_code)


def test_too_large(program: Callable[..., Program], owner: User, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert "too large" in refused(program(owner).post("/tokens", {"name": "x" * 2000}), 413)


def test_store_away(program: Callable[..., Program], owner: User) -> None:
    caller = program(owner)

    def away(execute: Any, sql: str, *args: Any) -> Any:
        raise OperationalError("gone")

    with connection.execute_wrapper(away):
        answer = caller.get("/me")
    assert "store is away" in refused(answer, 503)
    assert answer["Retry-After"] == "10"


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/openapi.json"])
def test_headers_protect(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
