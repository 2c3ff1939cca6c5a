"""What a watch looks for: clues, JSON and the typed form, and what is said of those that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.errors import Failure
from crowdalogue.text import watching
from crowdalogue.text.watching import Near, WatchQuery, clue, read, say, terms, typed


@pytest.mark.parametrize(
    ("text", "words", "how"),
    [
        ("Refund", ("refund",), "exact"),
        (" North   Pier ", ("north", "pier"), "exact"),
        ("Café", ("cafe",), "exact"),
        ("deliver*", ("deliver",), "prefix"),
        ("norvelle~", ("norvelle",), "slips"),
        ("#NorthPier", ("#northpier",), "exact"),
        ("#north-pier", ("#northpier",), "exact"),
        ("@north_pier", ("@north_pier",), "exact"),
        ("@Care.Example.com.", ("@care.example.com",), "exact"),
        ("a|b", ("a", "b"), "exact"),
    ],
)
def test_a_clue_is_read(text: str, words: tuple[str, ...], how: str) -> None:
    found = clue(text)
    assert (found.words, found.how) == (words, how)
    assert clue(found.text) == found, "its text is the same clue again"


@pytest.mark.parametrize(
    ("text", "said"),
    [("!!!", "no letter"), ("#", "no letter"), ("ab*", "needs 3 letters"), ("abcd~", "needs 5"), ("x" * 121, "longer")],
)
def test_a_clue_that_cannot_be_looked_for_says_why(text: str, said: str) -> None:
    with pytest.raises(Failure, match=said):
        clue(text)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "no word to look for"),
        ({"none": ["spam"]}, "no word to look for"),
        ({"any": ["a"], "sum": 1}, "no part called sum"),
        ({"any": [1]}, "list of words"),
        ({"any": {"a": 1}}, "list of words"),
        ({"any": [f"word{n}" for n in range(201)]}, "200 is the most"),
        ({"near": [{"one": ["a"]}]}, "both sides"),
        ({"near": [{"one": ["a"], "other": ["b"], "within": 0}]}, "1 to 50"),
        ({"near": "a b"}, "list of objects"),
        ({"any": ["a"], "languages": ["english please"]}, "language code"),
        ({"any": ["a"], "reach": "many"}, "whole number"),
        ({"any": ["a"], "reach": -1}, "whole number"),
    ],
)
def test_data_that_is_no_query_says_what_is_wrong(data: dict[str, Any], said: str) -> None:
    with pytest.raises(Failure, match=said):
        read(data)
    assert watching.stored(data) is None


def test_the_typed_form_is_read() -> None:
    query = typed(
        'any:acme any:"north pier" late -jobs none:"press release" near:"acme|pier* ~5 parcel|box" lang:en,de '
        'place:"new york" reach:1000 channel:bluesky own:yes any:norvelle~'
    )
    assert query == WatchQuery(
        any=("acme", "north pier", "norvelle~"),
        all=("late",),
        none=("jobs", "press release"),
        near=(Near(("acme", "pier*"), ("parcel", "box"), 5),),
        languages=("en", "de"),
        place=("new york",),
        reach=1000,
        kinds=("bluesky",),
        ours=True,
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("shoe:red", "not a part"),
        ("-any:acme", "minus"),
        ("near:acme", "number of words"),
        ("any: acme", "blank"),
        ("", "no word"),
        ("acme reach:lots", "whole number"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(line: str, said: str) -> None:
    with pytest.raises(Failure, match=said):
        typed(line)


WORDS = st.text("abcdeé3", min_size=5, max_size=10)
CLUES = st.one_of(
    WORDS,
    st.builds(lambda a, b: f"{a} {b}", WORDS, WORDS),
    st.builds(lambda w, e: w + e, WORDS, st.sampled_from("*~")),
    st.builds(lambda a, b: f"{a} {b}*", WORDS, WORDS),
    st.builds(lambda s, w: s + w, st.sampled_from("#@"), WORDS),
    st.builds(lambda a, b: f"{a}-{b}:{a}", WORDS, WORDS),
).map(lambda text: clue(text).text)
LISTS = st.lists(CLUES, max_size=3, unique=True).map(tuple)
SIDES = st.lists(CLUES, min_size=1, max_size=2, unique=True).map(tuple)
QUERIES = st.builds(
    WatchQuery,
    any=LISTS,
    all=LISTS,
    none=LISTS,
    near=st.lists(st.builds(Near, SIDES, SIDES, st.integers(1, 50)), max_size=2).map(tuple),
    languages=st.sampled_from([(), ("en",), ("en", "pt-br")]),
    place=LISTS,
    reach=st.integers(0, 10_000),
    kinds=st.sampled_from([(), ("email", "app_store")]),
    ours=st.booleans(),
).filter(lambda query: not query.empty)


@given(QUERIES)
def test_a_query_survives_the_store_and_the_typed_form(query: WatchQuery) -> None:
    assert read(watching.plain(query)) == query
    assert typed(say(query)) == query


@given(st.text(max_size=200))
def test_whatever_is_typed_is_a_query_or_a_worded_failure(line: str) -> None:
    try:
        query = typed(line)
    except Failure as failure:
        assert failure.text
    else:
        assert typed(say(query)) == query


def test_a_channel_is_asked_for_one_group_that_has_to_be_met() -> None:
    assert terms(typed('any:norvelle~ any:"north pier*" late')) == ("norvelle", "north pier")
    assert terms(typed("late refunded -spam")) == ("refunded",)
    assert terms(typed('near:"acme|pier ~5 parcel"')) == ("parcel",)
