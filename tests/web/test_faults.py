"""What went wrong is said with cause and remedy, without the store, by status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from crowdalogue.errors import Failure, Refused
from crowdalogue.models import User
from crowdalogue.web import faults


def test_a_missing_page_says_so_in_our_look(helper: User, client_for: Callable[..., Client]) -> None:
    answer = client_for(helper).get("/inbox/999999/")
    assert answer.status_code == 404 and "nothing at this address" in answer.content.decode()
    assert "base.css" in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("database or disk is full", "The disk is full"),
        ("database is locked", "busy"),
        ("connection refused", "does not answer"),
    ],
)
def test_when_the_store_is_away_pages_say_so(
    helper: User, client_for: Callable[..., Client], monkeypatch: pytest.MonkeyPatch, error: str, said: str
) -> None:
    """The store itself is taken away under a real request: its first query fails as it does then."""
    from django.db import connection

    client = client_for(helper, raise_request_exception=False)

    def away(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise OperationalError(error)

    with connection.execute_wrapper(away):
        answer = client.get("/inbox/")
    assert answer.status_code == 503 and answer["Retry-After"] == "10"
    assert said in answer.content.decode() and error not in answer.content.decode()
    assert (
        "script-src" in answer["Content-Security-Policy"] or "default-src 'self'" in answer["Content-Security-Policy"]
    )


def test_a_fault_of_ours_shows_nothing_of_its_inside(
    helper: User, client_for: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    def bug(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise ValueError("secret detail")

    client = client_for(helper, raise_request_exception=False)
    with connection.execute_wrapper(bug):
        answer = client.get("/inbox/")
    assert answer.status_code == 500 and b"secret detail" not in answer.content


def test_an_address_that_is_not_ours_names_the_setting(helper: User, client_for: Callable[..., Client]) -> None:
    answer = client_for(None).get("/", headers={"host": "evil.example.com"})
    assert answer.status_code == 400 and b"CROWDALOGUE_URL" in answer.content


def test_failures_keep_their_words_and_status(rf: Any) -> None:
    assert faults.failure(rf.get("/"), Refused("No. Ask first.", status=413)).status_code == 413
    piece = faults.failure(rf.get("/", headers={"HX-Request": "true"}), Failure("No. Ask first."))
    assert piece.status_code == 422 and piece.content == b'{"text": "No. Ask first."}'
