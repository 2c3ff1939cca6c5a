"""The weekly page and questions by the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crowdalogue.models import User
from crowdalogue.relate import facts
from tests.api.conftest import Program, refused


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Any, db: None) -> None:
    settings.HOME = tmp_path
    facts.rebuild()


def test_the_last_week(program: Callable[..., Program], analyst: User, stranger: User) -> None:
    caller = program(analyst)
    week = caller.get("/weekly").json()
    assert week["people"] == 0 and "Too few" in week["refused"] and week["decide"] == []
    assert caller.get("/weekly?query=channel%3Demail%26period%3D7d").json()["query"] == "channel=email"
    assert "not over" in refused(caller.get("/weekly?start=2999-01-01"), 422)
    assert "Period" in refused(caller.get("/weekly?query=period%3Dsoon"), 422)
    refused(program(stranger).get("/weekly"), 403)


def test_questions(program: Callable[..., Program], analyst: User, helper: User) -> None:
    asker, answerer = program(helper), program(analyst)
    made = asker.post("/weekly/questions", {"text": "Why is the kettle returned?", "due": "2026-12-01"}).json()
    assert made["owner"] is None and made["answer"] == ""
    refused(asker.post("/weekly/questions", {"text": " "}), 422)
    refused(asker.post(f"/weekly/questions/{made['id']}/answer", {"answer": "The lid."}), 403)
    answered = answerer.post(f"/weekly/questions/{made['id']}/answer", {"answer": "The lid."}).json()
    assert answered["answered_by"] == str(analyst)
    alike = asker.get("/weekly/questions?alike=reasons%20for%20kettle%20returns").json()["items"]
    assert [q["id"] for q in alike] == [made["id"]]
    refused(answerer.post("/weekly/questions/999/answer", {"answer": "x"}), 404)
