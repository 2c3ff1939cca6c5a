"""The parts of a message of Telegram: text with links, and whatever else may stand where they are expected."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels import telegram_reading as reading
from crowdalogue.channels.base import NotUnderstood

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
WORDS = sorted(reading.FRAME | set(reading.FILES) | {"sticker", "photo", "venue", "poll", "contact", "text", "caption"})
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*WORDS, "id", "file_id"]), inner),
    max_leaves=5,
)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(TEXT, TEXT, TEXT)
def test_a_link_is_written_right_behind_its_words(before: str, words: str, after: str) -> None:
    link = {"type": "text_link", "offset": units(before), "length": units(words), "url": "https://example.com"}
    found = reading.with_links(before + words + after, [link])
    assert found == (before + words + " (https://example.com)" + after if words else before + after)


def test_many_links_keep_their_places() -> None:
    links = [{"type": "text_link", "offset": n, "length": 1, "url": f"https://example.com/{n}"} for n in (0, 2)]
    assert reading.with_links("a b", links) == "a (https://example.com/0) b (https://example.com/2)"


@given(st.dictionaries(st.sampled_from(WORDS), JUNK, max_size=6))
def test_whatever_is_there_is_read_or_named(message: dict[str, Any]) -> None:
    for read in (reading.text_of, reading.attachments, reading.origin_of, lambda m: reading.parents(m, "1")):
        try:
            read(message)
        except NotUnderstood as fault:
            assert fault.text


def test_names_and_addresses() -> None:
    assert reading.name_of({"title": "Kettles"}) == "Kettles"
    assert reading.name_of({"first_name": "", "username": "robinv"}) == "robinv"
    hidden = {"type": "supergroup", "id": -1001555}
    assert reading.url_of(hidden, 7) == "https://t.me/c/1555/7"
    assert reading.url_of({"type": "private", "id": 5}, 7) == ""
    assert reading.origin_of({"forward_origin": {"type": "hidden_user", "sender_user_name": "Kit"}}) == "Kit"


def test_a_key_does_not_depend_on_the_order_of_names() -> None:
    assert reading.key_of({"update_id": 1, "a": 2}) == reading.key_of({"a": 2, "update_id": 1})
    assert reading.key_of({"update_id": 1, "a": 2}) != reading.key_of({"update_id": 1, "a": 3})


@pytest.mark.parametrize("reaction", [{"type": "paid"}, {}, {"emoji": "🔥"}])
def test_every_reaction_has_a_name(reaction: dict[str, Any]) -> None:
    assert reading.emoji_of(reaction)
