"""What can be typed into the search box."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.text.query import Query, parse, read_day

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
