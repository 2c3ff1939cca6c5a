"""Messages out of JSON: every field, and characters no store can hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels import jsonbody
from crowdalogue.channels.base import Incoming, Interaction, Kind


def read(item: dict[str, Any]) -> Any:
    return jsonbody.Reader({"author": "ada", "text": "Hello", **item}, {}, 1, "spare").read()


def test_every_field() -> None:
    message = read(
        {
            "id": 42,
            "sent_at": "2026-03-01T12:00:00+01:00",
            "subject": " A \n heading ",
            "author": {"address": "care", "name": "Care", "brand": "Northwind", "facts": {"followers": 3}},
            "direction": "out",
            "to": [{"address": "ada@example.com", "name": "Ada"}],
            "conversation": "thread-9",
            "in_reply_to": ["41", "40"],
            "kind": "automatic",
            "url": "https://example.com/42",
            "public": True,
            "language": "en",
            "attachments": [{"name": "a.txt", "media_type": "text/plain", "content": "aGVs\nbG8="}],
            "extra": {"order": "A-1"},
            "stars": 2,
        }
    )
    assert isinstance(message, Incoming)
    assert message.external_id == "42"
    assert message.sent_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert message.subject == "A heading"
    assert message.author.ours and message.author.brand == "Northwind" and message.author.facts == {"followers": 3}
    assert message.to[0].address == "ada@example.com" and not message.to[0].ours
    assert message.threads == ("thread-9",)
    assert message.parents == ("41", "40")
    assert message.kind is Kind.AUTOMATIC
    assert message.public and message.url == "https://example.com/42"
    assert message.attachments[0].content == b"hello"
    assert message.extra == {"order": "A-1", "stars": 2}


def test_interaction() -> None:
    like = read({"type": "interaction", "id": "l1", "kind": "like", "target": "42", "sent_at": 1772366400})
    assert like == Interaction("l1", like.author, "like", datetime(2026, 3, 1, 12, tzinfo=UTC), "42")


@pytest.mark.parametrize(
    "said",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01 12:00",
        "2026-03-01T14:00:00.000+02:00",
        1772366400,
        1772366400000,
        "1772366400",
        "Sun, 01 Mar 2026 13:00:00 +0100",
    ],
)
def test_moments(said: str | int) -> None:
    assert read({"sent_at": said}).sent_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("said", ["soon", "0001-01-01", 10**30, -(10**20), True, [1], "9999-12-31T23:59:59-12:00"])
def test_odd_moments_are_named(said: Any) -> None:
    with pytest.raises(jsonbody.NotUnderstood, match='"sent_at" must be a date'):
        read({"sent_at": said})


def test_html_stays_text_and_links_are_links() -> None:
    message = read({"text": "<script>alert(1)</script>", "url": "javascript:alert(1)"})
    assert message.text == "<script>alert(1)</script>"
    assert message.html == "" and message.url == ""


def test_control_characters_go_and_emoji_stay() -> None:
    message = read(
        {"text": "a\x00b\x1b[31mc\r\nd\te \ud800 👩‍👩‍👧 שלום مرحبا \u202eabc", "extra": {"k\x00": ["v\x00"]}}
    )
    assert message.text == "ab[31mc\nd\te  👩‍👩‍👧 שלום مرحبا \u202eabc"
    assert message.extra == {"k": ["v"]}


@given(st.text())
def test_clean_text_can_be_stored(text: str) -> None:
    cleaned = jsonbody.clean(text)
    assert "\x00" not in cleaned
    assert cleaned.encode().decode() == cleaned
    assert jsonbody.clean(cleaned) == cleaned


def test_deep_extra_is_cut() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert len(json.dumps(read({"extra": {"deep": deep}}).extra)) < 200


def test_without_takes_out_what_was_read() -> None:
    item = {"a": {"b": 1, "c": 2}, "d": {"e": 1}, "f": 3}
    assert jsonbody.without(item, {"a.b", "d.e", "x"}) == {"a": {"c": 2}, "f": 3}
    assert jsonbody.without({"a": {}}, {"b"}) == {"a": {}}


def test_take_walks_lists_and_objects() -> None:
    assert jsonbody.take({"items": [{"t": "x"}]}, "items.0.t") == "x"
    assert jsonbody.take({"items": []}, "items.0.t") is None
    assert jsonbody.take("text", "a.b") is None
