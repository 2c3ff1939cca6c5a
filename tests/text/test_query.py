"""What can be typed into the search box."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.text.query import Query, Term, parse, read_day
from crowdalogue.text.snippet import LENGTH, found, snippet

TODAY = date(2026, 5, 20)


def words(query: Query) -> list[list[str]]:
    return [[" ".join(term.words) + "*" * term.prefix for term in group] for group in query.wanted]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("refund late", [["refund"], ["late"]]),
        ('"never arrived" refund', [["never arrived"], ["refund"]]),
        ("refund OR money back", [["refund", "money"], ["back"]]),
        ("OR refund OR", [["refund"]]),
        ("deliver*", [["deliver*"]]),
        ("it*", [["it"]]),
        ("Réfund CAFÉ", [["refund"], ["cafe"]]),
        ("don't e-mail", [["don t"], ["e mail"]]),
        ("re: your order", [["re"], ["your"], ["order"]]),
        ("https://example.com/x", [["https example com x"]]),
        ('"open phrase', [["open phrase"]]),
        ("!!! 🙂 --", []),
        ("in:refund", [["refund"]]),
    ],
)
def test_words(typed: str, wanted: list[list[str]]) -> None:
    assert words(parse(typed, today=TODAY)) == wanted


def test_fields() -> None:
    query = parse('late channel:Email brand:"North Pier" from:anna out: -spam -"thank you" after:7d before:2026-06')
    assert query.channels == ("email",)
    assert query.brands == ("north pier",)
    assert query.authors == ("anna",)
    assert query.directions == ("out",)
    assert [term.words for term in query.unwanted] == [("spam",), ("thank", "you")]
    assert query.until == date(2026, 6, 1)
    assert query.problem == ""


def test_fields_beside_the_words() -> None:
    query = parse("late", {"channel": "email", "direction": "in", "before": "2026", "brand": ""})
    assert (query.channels, query.directions, query.until, query.brands) == (("email",), ("in",), date(2026, 1, 1), ())


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026", date(2026, 1, 1)),
        ("2026-02", date(2026, 2, 1)),
        ("2026-02-30", None),
        ("yesterday", date(2026, 5, 19)),
        ("7d", date(2026, 5, 13)),
        ("9999m", date(1970, 1, 1)),
        ("soon", None),
    ],
)
def test_days(value: str, day: date | None) -> None:
    assert read_day(value, TODAY) == day


def test_what_was_not_understood_is_said() -> None:
    assert "before: needs a day such as 2026-05-20" in parse("late before:soon", today=TODAY).problem
    assert "a beginning needs 3 letters" in parse("it*").problem
    assert "Add a word to look for" in parse("-spam").problem
    assert "Only the first" in parse(" ".join(f"w{i}" for i in range(60))).problem


@given(st.text())
def test_anything_can_be_typed(typed: str) -> None:
    query = parse(typed, {"channel": typed, "brand": typed, "before": typed})
    assert all(term.words and all(term.words) for term in query.terms)


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
