"""Persons by the API."""

from __future__ import annotations

from collections.abc import Callable

from crowdalogue.models import Conversation, User
from tests.api.conftest import Program, refused


def test_persons(program: Callable[..., Program], say: Callable[..., Conversation], analyst: User) -> None:
    row = say(address="Ada@Example.com", name="Ada Ex")
    say(address="bob@example.com", name="Bob")
    caller = program(analyst)
    one = caller.get(f"/persons/{row.person_id}").json()
    assert one["handles"] == [{"kind": "email", "address": "ada@example.com", "name": "Ada Ex"}]
    assert [p["name"] for p in caller.get("/persons").json()["items"]] == ["Bob", "Ada Ex"]
    assert [p["name"] for p in caller.get("/persons?handle=ADA@example.com").json()["items"]] == ["Ada Ex"]
    assert caller.get("/persons?handle=ada@example.com&kind=phone").json()["items"] == []
    refused(caller.get("/persons/99999"), 404)
