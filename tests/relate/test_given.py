"""What sources say beside the words, and the rule that makes ratings of many scales comparable."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from crowdalogue.relate import given

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["rating", "rating_max", "verified_purchase", "product", "version", "place", "other"])


@pytest.mark.parametrize(
    ("rating", "most", "share"),
    [
        (1, 5, 0.0),
        (4, 5, 0.75),
        (5, 5, 1.0),
        (0, 5, None),  # nobody can give no star
        (0, 10, 0.0),
        (7, 10, 0.7),
        (88, 100, 0.88),
        (4, None, None),  # nearly the best, or nearly the worst
        (6, 5, None),
        (3, 0, None),
        (None, 5, None),
    ],
)
def test_the_share_of_a_rating(rating: Any, most: Any, share: float | None) -> None:
    found = given.said(json.dumps({"rating": rating, "rating_max": most})).share
    assert found == (None if share is None else pytest.approx(share))


def test_everything_a_review_says() -> None:
    review = {"rating": "4", "rating_max": 5, "verified_purchase": True, "product": " Kettle \n 2 ", "version": "1.4"}
    assert given.said(json.dumps(review)) == (4.0, 5.0, 0.75, True, "Kettle 2", "1.4", None)
    assert given.author(json.dumps({"followers": 1200, "verified": False, "place": "Graz"})) == (1200, False, "Graz")


def test_what_is_none_of_it_is_nothing() -> None:
    for text in (None, "", "{}", '{"versions": []}', "[1]", '{"rating": tru', '"rating": 3'):
        assert given.said(text) == given.NOTHING
        assert given.author(text) == given.NOBODY
    odd = {"rating": True, "verified_purchase": "yes", "product": 7, "place": ["x"]}
    assert given.said(json.dumps(odd)) == given.NOTHING
    assert given.author(json.dumps({"followers": -1, "verified": "no"})) == given.NOBODY


@drawn(st.dictionaries(NAMES, JSON))
def test_anything_a_source_may_write_is_read(extra: dict[str, Any]) -> None:
    found = given.said(json.dumps(extra))
    assert found.share is None or 0 <= found.share <= 1
    assert (found.share is None) or (found.rating is not None and found.most is not None)
    assert all(text is None or 0 < len(text) <= given.LONGEST for text in (found.product, found.version, found.place))
