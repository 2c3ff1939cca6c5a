"""Comparisons in words: numbers a person can read, groups and rows as parts of a sentence."""

from __future__ import annotations

from datetime import date
from math import inf

import pytest

from crowdalogue.relate.filters import DEFAULT, Filters
from crowdalogue.relate.groups import Row
from crowdalogue.web.contrasted import does, label, points, times, who


@pytest.mark.parametrize(
    ("ratio", "said"), [(0, "0"), (0.4249, "0.42"), (1.04, "1.04"), (1.84, "1.8"), (12.4, "12"), (inf, "∞")]
)
def test_ratios_have_the_digits_they_can_bear(ratio: float, said: str) -> None:
    assert times(ratio) == said


@pytest.mark.parametrize(("value", "said"), [(0.27, "+27"), (-0.034, "−3.4"), (0.0, "0"), (-0.0001, "0"), (-1, "−100")])
def test_differences_are_points_with_a_sign(value: float, said: str) -> None:
    assert points(value) == said


def test_a_group_is_said_by_what_the_other_is_not() -> None:
    letters, all_of = DEFAULT.with_(channel=("email",)), DEFAULT
    assert who(letters, all_of).startswith("wrote by ") and who(all_of, letters) == "is among the rest"
    same = letters.with_(sentiment=("negative",))
    assert who(same, letters) == "wrote something negative"
    assert who(DEFAULT.with_(intent=("complaint",)), DEFAULT) == "complained"
    assert who(letters.with_period("90d"), letters) == "wrote in the last 90 days"
    assert who(letters.with_period("today"), letters) == "wrote today"
    january = Filters(start=date(2026, 1, 1), end=date(2026, 1, 31))
    assert who(january, DEFAULT).startswith("wrote from 1 Jan")
    assert who(DEFAULT.with_(weekday=0, hour=9), DEFAULT) == "wrote on a Monday and wrote from 09 to 10"
    assert who(DEFAULT.with_(whose="competitor"), DEFAULT) == "is under “competitors”"
    assert who(DEFAULT.with_(author=7), DEFAULT) == "is that person"


def test_rows_are_deeds_in_a_sentence_and_labels_in_a_picture() -> None:
    assert does(Row("intent", "complaint", 0)) == "complain"
    assert does(Row("sentiment", "negative", 0)) == "write something negative"
    assert does(Row("word", "battery dies", 0)) == "write “battery dies”"
    assert does(Row("needs_answer", "yes", 0)) == "need an answer"
    assert (label(Row("intent", "churn_risk", 0)), label(Row("language", "fr", 0))) == ("May leave us", "Language: fr")
