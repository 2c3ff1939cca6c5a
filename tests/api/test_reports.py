"""Reports by the API."""

from __future__ import annotations

from collections.abc import Callable

from crowdalogue.models import Conversation, User
from crowdalogue.relate import facts
from tests.api.conftest import Program, refused


def test_every_report(program: Callable[..., Program], say: Callable[..., Conversation], analyst: User) -> None:
    say()
    facts.rebuild()
    caller = program(analyst)
    names = caller.get("/reports").json()["reports"]
    assert "response" in names
    for name in names:
        got = caller.get(f"/reports/{name}?period=all&whose=any").json()
        assert got["report"] == name
        assert set(got) >= {"definition", "as_of", "rows", "timezone"}
    waiting = caller.get("/reports/response?period=all&whose=any").json()["rows"]
    assert sum(row["conversations"] for row in waiting) == 1


def test_unknown_reports_and_filters(program: Callable[..., Program], analyst: User) -> None:
    assert "Reports are:" in refused(program(analyst).get("/reports/nothing"), 422)
    refused(program(analyst).get("/reports/response?period=soon"), 422)
