"""Values out of a provider's JSON: what is there, what is absent, what is of the wrong sort."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels import open_channel, payload
from crowdalogue.channels.base import Ignored, Incoming, NotUnderstood, Raw, Unknown

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_what_is_there() -> None:
    item: dict[str, Any] = {
        "a": {"b": 1},
        "l": [{"c": 2}],
        "t": "x\x00\r\ny",
        "n": "12",
        "at": 1_700_000_000,
        "f": True,
    }
    assert payload.part(item, "a") == {"b": 1}
    assert payload.parts(item, "l") == [{"c": 2}]
    assert payload.word(item, "t") == "x\ny"
    assert payload.word(item, "at") == "1700000000"
    assert payload.number(item, "n") == 12
    assert payload.moment(item, "at") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert payload.flag(item, "f")


def test_what_is_absent_is_empty() -> None:
    assert payload.part({}, "a") == {}
    assert payload.parts({}, "a") == []
    assert payload.word({"a": None}, "a") == ""
    assert payload.number({"a": ""}, "a") is None
    assert payload.moment({"a": "yesterday"}, "a") is None
    assert not payload.flag({"a": "true"}, "a")
    with pytest.raises(NotUnderstood, match='"a" is missing'):
        payload.word({}, "a", needed=True)


@given(ANY_JSON)
def test_whatever_is_there_only_one_error_is_raised(found: Any) -> None:
    for take in (payload.part, payload.parts, payload.listed, payload.word, payload.number, payload.moment):
        try:
            take({"x": found}, "x")
        except NotUnderstood as fault:
            assert '"x"' in fault.text


def test_a_broken_one_of_a_batch_does_not_lose_the_others() -> None:
    def read(thing: dict[str, Any]) -> list[Ignored]:
        return [Ignored(payload.word(thing, "why", needed=True))]

    found = payload.each([{"why": "one"}, {}, "two", {"why": "three"}], read, "entry")
    assert found == [
        Ignored("one"),
        Unknown('entry 2: "why" is missing.'),
        Unknown("entry 3: it must be an object."),
        Ignored("three"),
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"nothing", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_object_says_so(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        payload.load_object(body)


# --- a delivery with something else somewhere in it


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a JSON value."""
    found = [path]
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        found.extend(places(inner, (*path, name)))
    return found


def put(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], junk)
    return copy


RICH: dict[str, list[dict[str, Any]]] = {
    "telegram": [
        {
            "update_id": 1,
            "message": {
                "message_id": 2,
                "from": {"id": 5, "first_name": "Robin", "username": "r"},
                "chat": {"id": -1001, "type": "supergroup", "title": "T", "username": "t"},
                "date": 1_770_000_000,
                "caption": "a b",
                "caption_entities": [{"type": "text_link", "offset": 0, "length": 1, "url": "https://example.com"}],
                "photo": [{"file_id": "p", "width": 1, "height": 2}],
                "document": {"file_id": "d", "file_name": "x", "mime_type": "y/z"},
                "sticker": {"file_id": "s", "emoji": "x"},
                "reply_to_message": {"message_id": 1, "chat": {"id": -1001}},
                "external_reply": {"chat": {"id": 9}, "message_id": 3},
                "forward_origin": {"type": "user", "sender_user": {"id": 8, "first_name": "Kit"}},
                "quote": {"text": "q"},
                "venue": {"title": "v", "address": "w", "location": {"latitude": 1.5, "longitude": 2.5}},
                "poll": {"question": "q", "options": [{"text": "o"}]},
                "media_group_id": "m",
            },
        },
        {
            "update_id": 2,
            "message_reaction": {
                "chat": {"id": 1},
                "message_id": 2,
                "user": {"id": 5, "first_name": "R"},
                "date": 3,
                "old_reaction": [{"type": "emoji", "emoji": "x"}],
                "new_reaction": [{"type": "custom_emoji", "custom_emoji_id": "7"}],
            },
        },
        {"update_id": 3, "my_chat_member": {"chat": {"id": 1, "type": "private"}, "from": {"id": 5}, "date": 1}},
        {"update_id": 4, "deleted_business_messages": {"chat": {"id": 1}, "message_ids": [1, 2]}},
        {
            "update_id": 5,
            "callback_query": {"id": "1", "from": {"id": 5}, "message": {"chat": {"id": 1}, "message_id": 2}},
        },
    ],
    "slack": [
        {
            "type": "event_callback",
            "team_id": "T1",
            "api_app_id": "A1",
            "authorizations": [{"user_id": "U0", "is_bot": True}],
            "event": {
                "type": "message",
                "subtype": "message_changed",
                "channel": "C1",
                "ts": "2.1",
                "message": {
                    "type": "message",
                    "user": "U1",
                    "text": "",
                    "ts": "1.1",
                    "thread_ts": "0.5",
                    "edited": {"user": "U1", "ts": "2.0"},
                    "files": [{"id": "F1", "name": "f", "mimetype": "a/b", "url_private": "https://files.slack.com/1"}],
                    "attachments": [{"title": "t", "fields": [{"title": "a", "value": "b"}], "blocks": []}],
                    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "fields": [{"text": "y"}]}],
                    "bot_profile": {"name": "n", "app_id": "A2"},
                },
            },
        },
        {
            "type": "event_callback",
            "event": {
                "type": "reaction_added",
                "user": "U",
                "reaction": "x",
                "event_ts": "1.1",
                "item": {"type": "message", "channel": "C", "ts": "1.1"},
            },
        },
        {"type": "profile", "event": {"id": "U1", "name": "n", "updated": 5, "profile": {"real_name": "N"}}},
        {
            "type": "history",
            "channel": "C1",
            "us": {"user": "U0"},
            "event": {"user": "U1", "text": "x", "ts": "1.1", "reactions": [{"name": "x", "users": ["U2"]}]},
        },
    ],
    "discord": [
        {
            "kind": "message",
            "me": "5",
            "channel": {"id": "1", "type": 11, "guild_id": "7", "name": "n"},
            "event": {
                "id": "1001",
                "type": 19,
                "author": {"id": "80", "username": "r", "avatar": "a", "bot": False},
                "content": "Hi <@80> <t:5>",
                "mentions": [{"id": "80", "username": "r"}],
                "timestamp": "2026-03-01T12:00:00+00:00",
                "edited_timestamp": None,
                "attachments": [{"filename": "f", "content_type": "a/b", "url": "https://cdn.discordapp.com/f"}],
                "embeds": [{"title": "t", "fields": [{"name": "a", "value": "b"}]}],
                "message_reference": {"type": 0, "message_id": "1000"},
                "message_snapshots": [{"message": {"content": "c"}}],
                "sticker_items": [{"name": "s"}],
                "poll": {"question": {"text": "q"}, "answers": [{"poll_media": {"text": "a"}}]},
            },
        },
        {
            "kind": "reaction",
            "channel": {},
            "event": {"id": "1", "emoji": "x", "users": [{"id": "80", "username": "r"}]},
        },
        {
            "id": "9",
            "type": 2,
            "channel_id": "1",
            "guild_id": "7",
            "member": {"user": {"id": "80", "username": "r"}},
            "data": {"name": "ask", "options": [{"name": "w", "type": 1, "options": [{"name": "x", "value": "y"}]}]},
        },
        {"id": "9", "type": 5, "user": {"id": "80"}, "data": {"components": [{"components": [{"value": "x"}]}]}},
    ],
    "discourse": [
        {
            "post": {
                "id": 7,
                "user_id": 101,
                "username": "r",
                "name": "R",
                "avatar_template": "/a/{size}.png",
                "created_at": "2026-03-01T12:00:00Z",
                "updated_at": "2026-03-01T12:00:00Z",
                "version": 2,
                "raw": '[quote="x"]q[/quote] text',
                "cooked": '<p>x<img src="/u.png"></p>',
                "post_number": 3,
                "post_type": 1,
                "topic_id": 9,
                "topic_slug": "s",
                "topic_title": "t",
                "topic_archetype": "regular",
                "deleted_at": None,
            }
        },
    ],
}


@pytest.mark.parametrize("kind", sorted(RICH))
@given(data=st.data())
def test_whatever_stands_anywhere_is_read_or_named(kind: str, data: st.DataObject) -> None:
    """The delivery stays with a reason, and no other error comes out of a reader."""
    channel = open_channel(kind, {"url": "https://forum.example.com"})
    body = data.draw(st.sampled_from(RICH[kind]))
    for _ in range(data.draw(st.integers(1, 3))):
        body = put(body, data.draw(st.sampled_from(places(body))), data.draw(ANY_JSON))
    raw = Raw(json.dumps(body).encode(), {"x-discourse-event": "post_created"})
    channel.delivery_key(raw)
    channel.respond(raw)
    channel.handshake(raw)
    try:
        items = channel.parse(raw)
    except NotUnderstood as fault:
        assert fault.text
        return
    assert items
    for item in items:
        if isinstance(item, Incoming):
            assert item.external_id and item.author.address
            json.dumps([item.extra, dict(item.author.facts)], allow_nan=False)


@pytest.mark.parametrize("kind", sorted(RICH))
def test_the_deliveries_themselves_are_read(kind: str) -> None:
    channel = open_channel(kind, {"url": "https://forum.example.com"})
    for body in RICH[kind]:
        assert channel.parse(Raw(json.dumps(body).encode(), {"x-discourse-event": "post_created"}))
