"""Movers by the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue.models import Conversation, User
from crowdalogue.relate import facts
from tests.api.conftest import Program, refused


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


def test_a_channel_that_rose(
    program: Callable[..., Program], say: Callable[..., Conversation], analyst: User, stranger: User
) -> None:
    for n in range(30):
        say(f"Words {n}", address=f"a{n}@example.com", kind="email" if n % 2 else "sms")
        say(f"Old {n}", address=f"b{n}@example.com", sent_at=timezone.now() - timedelta(days=40))
    facts.rebuild()
    caller = program(analyst)
    got = caller.get("/movers?by=channel").json()
    assert [(r["moved"], r["value"], r["people"], r["people_before"]) for r in got["rows"]] == [
        ("rose", "sms", 15, 0),
        ("fell", "email", 15, 30),
    ]
    assert got["rows"][0]["ratio"] is None and got["rows"][0]["low"] > 1
    assert "There are by" in refused(caller.get("/movers?by=mood"), 422)
    assert "no period before" in caller.get("/movers?filters=period%3Dall").json()["refused"]
    refused(program(stranger).get("/movers"), 403)
