"""A field map out of a pasted example."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels import open_channel
from crowdalogue.channels.base import Incoming, NotUnderstood, Raw
from crowdalogue.channels.fieldmap import guess, lines_of, missing, paths_of, preview, read_example, said

HELPDESK = {
    "event": "comment.created",
    "data": {
        "items": [
            {
                "comment": {"id": 77, "body": "Where is my parcel?", "created_at": "2026-03-01T12:00:00Z"},
                "user": {"email": "mara@example.com", "display_name": "Mara Lind"},
                "ticket": {"ticket_id": 9, "subject": "Parcel", "url": "https://desk.example.com/9"},
            },
            {
                "comment": {"id": 78, "body": "Hello?", "created_at": "2026-03-01T12:05:00Z"},
                "user": {"email": "mara@example.com", "display_name": "Mara Lind"},
                "ticket": {"ticket_id": 9, "subject": "Parcel", "url": "https://desk.example.com/9"},
            },
        ]
    },
}
FORM = {"phone": "555-0100", "message": "Please call me", "timestamp": 1772366400, "lang": "en", "score": 4}


def test_a_help_desk_is_recognised_and_read() -> None:
    mapping = guess(HELPDESK)
    assert mapping["messages"] == "data.items"
    assert (mapping["text"], mapping["author"], mapping["name"]) == ("comment.body", "user.email", "user.display_name")
    assert (mapping["id"], mapping["sent_at"], mapping["conversation"]) == (
        "comment.id", "comment.created_at", "ticket.ticket_id",
    )  # fmt: skip
    first, second = preview(HELPDESK, lines_of(mapping))
    assert isinstance(first, Incoming) and isinstance(second, Incoming)
    assert (first.text, first.author.address, first.external_id) == ("Where is my parcel?", "mara@example.com", "77")
    assert first.threads == second.threads == ("9",)
    assert said(first)["author"] == "Mara Lind (mara@example.com)"


def test_the_map_works_in_the_channel_itself() -> None:
    hook = open_channel("webhook", {"secret": "s" * 40, "map": lines_of(guess(HELPDESK))})
    assert len(hook.parse(Raw(json.dumps(HELPDESK).encode()))) == 2


def test_one_flat_object() -> None:
    mapping = guess(FORM)
    assert (mapping["author"], mapping["text"], mapping["sent_at"]) == ("phone", "message", "timestamp")
    [item] = preview(FORM, lines_of(mapping))
    assert isinstance(item, Incoming)
    assert item.extra == {"score": 4}
    assert missing(mapping) == []


def test_a_list_and_an_example_without_an_author() -> None:
    mapping = guess([{"body": "Hello", "colour": "red"}])
    assert mapping == {"text": "body"}
    assert missing(mapping) == ["author"]
    with pytest.raises(NotUnderstood, match="say who wrote it"):
        preview([{"body": "Hello"}], lines_of(mapping))


def test_what_is_no_json_says_where_it_breaks() -> None:
    with pytest.raises(NotUnderstood, match="line 1, column 10"):
        read_example('{"text": }')


def test_names_that_cannot_be_said_in_a_path_are_left_out() -> None:
    assert paths_of({"a.b": 1, "c": {"d": "x" * 200}}) == [("c.d", "x" * 80)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=25,
)


@given(json_values)
def test_whatever_is_pasted_is_guessed_at_or_refused_in_words(body: Any) -> None:
    mapping = guess(body)
    assert all(path for path in mapping.values())
    try:
        preview(body, lines_of(mapping))
    except NotUnderstood as failure:
        assert failure.text
