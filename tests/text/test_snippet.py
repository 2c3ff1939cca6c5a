"""The part of a message that shows why it was found."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.text.query import Term, parse
from crowdalogue.text.snippet import LENGTH, found, snippet


@given(st.text(), st.lists(st.text(alphabet="abé -ß", max_size=6), max_size=4))
def test_spans_lie_in_the_snippet(text: str, typed: list[str]) -> None:
    terms = parse(" ".join([*typed, text[:20]])).terms
    shown, spans = snippet(text, terms)
    assert all(0 <= start < end <= len(shown) for start, end in spans)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_the_snippet_shows_the_words_as_they_stand() -> None:
    text = "Hello.\n" + "filler words go here " * 40 + "and the Café never  arrived, so a refund. " + "more " * 90
    shown, spans = snippet(text, parse('cafe "never arrived" refund').terms)
    assert [shown[a:b] for a, b in spans] == ["Café", "never", "arrived", "refund"]
    assert shown.startswith("… ")
    assert shown.endswith("…")
    assert "\n" not in shown
    assert len(shown) < LENGTH + 70


def test_only_whole_phrases_and_words_are_marked() -> None:
    text = "never was arrived. Never arrived. refunded refund"
    marked = [text[a:b] for a, b in found(text, (Term("", ("never", "arrived")), Term("", ("refund",))))]
    assert marked == ["Never", "arrived", "refund"]
