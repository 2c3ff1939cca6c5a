"""Values out of a provider's JSON: what is there, what is absent, what is of the wrong sort."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels import payload
from crowdalogue.channels.base import Ignored, NotUnderstood, Unknown

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
