"""The parts of a message of Discord: text with marks, and whatever else may stand where they are expected."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels import discord_reading as reading
from crowdalogue.channels.base import NotUnderstood


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@80> and <@!80>", "@Robin and @Robin"),
        ("<@81> <@&5>", "@81 @5"),
        ("in <#100>", "in #100"),
        ("<:kettle:123> <a:steam:124>", ":kettle: :steam:"),
        ("<t:1700000000:R> <t:1700000000>", "2023-11-14 22:13 UTC 2023-11-14 22:13 UTC"),
        ("<t:99999999999999:R>", "<t:99999999999999:R>"),
        ("a < b > c <https://example.com>", "a < b > c <https://example.com>"),
    ],
)
def test_marks(written: str, read: str) -> None:
    assert reading.plain(written, {"80": "Robin"}) == read


@given(st.text(max_size=60))
def test_text_without_marks_stays(text: str) -> None:
    assert reading.plain(text.replace("<", "("), {}) == text.replace("<", "(")


@given(st.datetimes(datetime(2015, 1, 2), datetime(2080, 1, 1)))
def test_ids_follow_time(at: datetime) -> None:
    at = at.replace(tzinfo=UTC, microsecond=0)
    assert reading.born(reading.snowflake(at)) == at


def test_programs_polls_and_stickers_have_words() -> None:
    embed = {"title": "Down", "description": "since 9", "fields": [{"name": "Who", "value": "Kit"}]}
    assert reading.text_of({"content": "", "embeds": [embed]}) == "Down\nsince 9\nWho: Kit"
    assert reading.text_of({"content": "See", "embeds": [embed]}) == "See"
    poll = {"question": {"text": "Which?"}, "answers": [{"poll_media": {"text": "Red"}}]}
    assert reading.text_of({"poll": poll}) == "Which?\n- Red"
    assert reading.text_of({"content": "Hi", "sticker_items": [{"name": "Wave"}]}) == "Hi\n[Wave]"


NAMES = [
    "content",
    "mentions",
    "embeds",
    "attachments",
    "message_snapshots",
    "message",
    "message_reference",
    "poll",
    "id",
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "url", "answers"]), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(NAMES), JUNK))
def test_whatever_is_there_is_read_or_named(message: dict[str, Any]) -> None:
    for read in (
        reading.text_of,
        reading.attachments,
        lambda m: reading.parents(m, {}),
        lambda m: reading.author_of(m, frozenset()),
    ):
        try:
            read(message)
        except NotUnderstood as fault:
            assert fault.text
