"""Values out of a provider's JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.base import Ignored, Item, NotUnderstood, Unknown
from crowdalogue.channels.picking import body_of, digest, each, flag, link, must, objects, tidy, when, whole, words

THING = {
    "user": {"name": "Ada\x00", "id": 7},
    "n": "12",
    "on": True,
    "at": "2026-03-01T12:00:00+02:00",
    "list": [{}, 1],
}


def test_values_at_a_path() -> None:
    assert words(THING, "user.name") == "Ada"
    assert words(THING, "user.id") == "7"
    assert words(THING, "on") == words(THING, "user") == words(THING, "nobody") == ""
    assert whole(THING, "n") == 12
    assert whole(THING, "user.name") is whole(THING, "on") is None
    assert flag(THING, "on") and not flag(THING, "n")
    assert when(THING, "at") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert when(1772359200000) == when("1772359200") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert when(THING, "user.name") is when(True) is when("") is None
    assert objects(THING, "list") == [{}]
    assert objects(THING, "n") == []
    assert must(THING, "user.id") == "7"
    with pytest.raises(NotUnderstood, match=r'"user\.mail" is missing'):
        must(THING, "user.mail")


def test_links_are_of_the_web() -> None:
    assert link("https://example.com/a") == "https://example.com/a"
    assert link("javascript:alert(1)") == link("https://" + "a" * 3000) == link(7) == ""


def test_bodies() -> None:
    assert body_of(b'{"a": 1}') == {"a": 1}
    for body in (b"[]", b"7", b"{", b"\xff"):
        with pytest.raises(NotUnderstood):
            body_of(body)


def test_one_broken_part_keeps_the_others() -> None:
    def read(part: Any) -> Item | list[Item]:
        return [Ignored(part["a"]), Ignored("two")] if part.get("many") else Ignored(must(part, "a"))

    found = each([{"a": "1"}, {}, None, {"a": "3", "many": True}], read, "comment")
    assert [type(i) for i in found] == [Ignored, Unknown, Unknown, Ignored, Ignored]
    assert isinstance(found[1], Unknown)
    assert found[1].what == 'comment 2 could not be read: "a" is missing.'


def test_tidy_and_digest() -> None:
    assert tidy({"a": 0, "b": "", "c": None, "d": [], "e": False}) == {"a": 0, "e": False}
    assert digest("ü") == digest("ü".encode())
    assert len(digest("\ud800")) == 64


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
)


@given(ANYTHING)
def test_nothing_is_too_odd(value: Any) -> None:
    moment = when(value, "a")
    assert moment is None or moment.tzinfo is UTC
    assert isinstance(words(value, "a.b"), str)
    assert isinstance(objects(value, "a"), list)
    assert whole(value, "a") is None or isinstance(whole(value, "a"), int)
