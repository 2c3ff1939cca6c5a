"""Comparisons by the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crowdalogue.models import Conversation, User
from crowdalogue.relate import facts
from tests.api.conftest import Program, refused


def test_two_groups_are_compared(
    program: Callable[..., Program], say: Callable[..., Conversation], analyst: User, stranger: User
) -> None:
    for n in range(22):
        say(f"The battery dies {n}", address=f"a{n}@example.com", id=f"a{n}")
        say(f"Lovely colour {n}", address=f"b{n}@example.com", id=f"b{n}", kind="sms")
    facts.rebuild()
    caller = program(analyst)
    got: dict[str, Any] = caller.get("/comparisons?one=channel%3Demail&two=channel%3Dsms&rows=1").json()
    assert (got["one"]["authors"], got["two"]["authors"], got["refused"]) == (22, 22, "")
    [row] = got["rows"]
    assert (row["kind"] == "word" and row["stands"] and row["ratio"] is None) or row["ratio"] == 0
    assert got["stand"] >= 2 and got["left_out"] == ["channel"]
    assert "too few" in caller.get("/comparisons?one=channel%3Dx&two=").json()["refused"].lower()
    assert "Period" in refused(caller.get("/comparisons?one=period%3Dsoon"), 422)
    refused(caller.get("/comparisons?rows=0"), 422)
    refused(program(stranger).get("/comparisons"), 403)
