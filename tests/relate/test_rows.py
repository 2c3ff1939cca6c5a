"""What a row becomes in columns, and that no text is copied there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from crowdalogue.relate import engine, facts
from crowdalogue.relate.rows import SPECS, Words
from tests.relate.seen import NOW, shown

pytestmark = pytest.mark.django_db


def test_a_message_with_its_reading_and_waits(make: Any, brand: Any) -> None:
    talk = make.conversation(brand=brand)
    person, handle = make.person()
    message = make.message(talk, handle=handle, sentiment="negative", reading={"intent": "complaint"})
    make.wait(talk, answer_s=600)
    done = facts.refresh()
    assert done.done and done.rows >= 1
    row = shown()[message.pk]
    assert (row["brand"], row["author"], row["sentiment"], row["intent"]) == (
        brand.pk,
        person.pk,
        "negative",
        "complaint",
    )
    assert row["quarter"] == int(NOW.timestamp()) // 900
    assert row["sent_at"] == NOW
    (wait,) = engine.run(lambda t: t.waits)
    assert (wait["calendar_s"], wait["opened_by_customer"], wait["brand"]) == (600, True, brand.pk)


def test_no_text_is_copied(make: Any, own_columns: Path) -> None:
    make.message(text="Weizenbierglas")
    facts.refresh()
    assert all(b"Weizenbierglas" not in p.read_bytes() for p in own_columns.glob("*"))
    assert {s.name for s in SPECS} == {"messages", "conversations", "waits"}
    assert Path(settings.HOME) == own_columns.parent


def test_words_keep_their_places() -> None:
    words = Words(["email"])
    assert words.encode(["sms", "", None, "email", "sms"]).to_pylist() == [2, 0, 0, 1, 2]
    assert words.words == ["email", "sms"]
    assert Words(words.words).encode(["email"]).to_pylist() == [1]
