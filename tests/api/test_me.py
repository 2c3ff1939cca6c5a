"""Whose token this is."""

from __future__ import annotations

from collections.abc import Callable

from crowdalogue.models import User
from tests.api.conftest import Program


def test_me(program: Callable[..., Program], owner: User, analyst: User, stranger: User) -> None:
    assert program(owner).get("/me").json()["role"] == "owner"
    assert program(analyst).get("/me").json()["rights"] == ["explore", "export", "read"]
    me = program(stranger).get("/me").json()
    assert (me["email"], me["rights"]) == (stranger.email, [])
