"""Posts of X in any shape: lengths and odd values. What whole pages mean: test_x.py."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.base import NotUnderstood, Raw
from crowdalogue.channels.tweets import length
from crowdalogue.channels.x import X

NAMES = st.sampled_from([
    "id", "id_str", "data", "text", "author_id", "user", "type", "source", "target", "sender_id", "message_create",
    "entities", "urls", "media", "includes", "users", "status", "referenced_tweets", "event_type", "payload",
])  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.sampled_from(["tweet_create_events", "favorite_events", "follow_events", "direct_message_events", "data"])


@given(st.text(max_size=60))
def test_length_is_never_more_than_twice(text: str) -> None:
    assert 0 <= length(text) <= 2 * len(text) + 23 * text.count(".") + 23 * text.count("://")


@given(st.dictionaries(EVENTS, ANYTHING, max_size=3), st.sampled_from(["", "mentions", "direct", "search"]))
def test_nothing_is_too_odd(body: dict[str, Any], door: str) -> None:
    x = X({"access_token": "7-t", "api_secret": "s"})
    try:
        x.parse(Raw(json.dumps(body).encode(), {"x-asked": door} if door else {}))
    except NotUnderstood as fault:
        assert fault.text
