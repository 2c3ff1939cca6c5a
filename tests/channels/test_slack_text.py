"""Slack's way of writing text, read and written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.base import NotUnderstood
from crowdalogue.channels.slack_text import blocks_text, escaped, plain, text_of


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Hi <@U0123>", "Hi @U0123"),
        ("Hi <@U0123|robin>", "Hi @robin"),
        ("in <#C0123|repairs>", "in #repairs"),
        ("in <#C0123>", "in #C0123"),
        ("<!here> <!channel> <!subteam^S01|@care>", "@here @channel @care"),
        ("<!subteam^S01>", "@S01"),
        ("due <!date^1700000000^{date}|14 Nov 2023>", "due 14 Nov 2023"),
        ("<https://example.com/a?b=1&amp;c=2>", "https://example.com/a?b=1&c=2"),
        ("<https://example.com/a|the manual>", "the manual (https://example.com/a)"),
        ("<http://example.com|example.com>", "http://example.com"),
        ("<mailto:robin@example.com|robin@example.com>", "robin@example.com"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_reading(written: str, read: str) -> None:
    assert plain(written) == read


@given(st.text(max_size=60))
def test_what_we_write_is_read_as_it_was(text: str) -> None:
    assert plain(escaped(text)) == text


def test_programs_that_write_blocks_or_attachments_are_read() -> None:
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Order "},
                    {"type": "link", "url": "https://example.com/9", "text": "9"},
                    {"type": "emoji", "name": "fire"},
                    {"type": "user", "user_id": "U1"},
                ],
            }
        ],
    }
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "New ticket"}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "It <https://example.com|leaks>"},
            "fields": [{"text": "A"}],
        },
        rich,
    ]
    assert text_of({"text": "", "blocks": blocks}) == (
        "New ticket\nIt leaks (https://example.com)\nA\nOrder 9 (https://example.com/9):fire:@U1"
    )
    attached = {"pretext": "Alert", "title": "Down", "text": "since 9", "fields": [{"title": "Who", "value": "Kit"}]}
    assert text_of({"attachments": [attached]}) == "Alert\nDown\nsince 9\nWho: Kit"
    assert text_of({"attachments": [{"fallback": "only this"}]}) == "only this"
    assert text_of({"text": "words", "blocks": blocks}) == "words"


NAMES = st.sampled_from(["type", "text", "elements", "fields", "url", "rich_text_section", "blocks", "attachments"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(JUNK)
def test_whatever_a_block_holds_it_is_read_or_named(junk: Any) -> None:
    try:
        assert isinstance(blocks_text(junk), list)
        text_of({"blocks": junk, "attachments": junk if isinstance(junk, list) else []})
    except NotUnderstood as fault:
        assert fault.text
