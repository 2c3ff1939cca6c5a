"""From a row to a message, and how equal rows are told apart in little memory."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.listen.files.mapper import Mapper, NotFiled, Seen

NOW = datetime(2026, 11, 22, tzinfo=UTC)
COLUMNS = ["id", "text", "author", "size"]


def mapper(**more: object) -> Mapper:
    mapping = {"form": {"format": "csv"}, "extras": {"size": "number"}}
    fields = {name: name for name in ("id", "text", "author")}
    return Mapper(COLUMNS, mapping | {"fields": fields} | more, NOW)


def test_ids_that_went_through_a_number_column_are_the_same_ids() -> None:
    assert mapper().key(["17.0", "hello", "ann", ""]).id == mapper().key(["17", "hello", "ann", ""]).id == "17"


def test_facts_are_typed_and_nobody_is_everybody() -> None:
    found = mapper()
    row = ["", "hello", "", "4"]
    one = found.read(row, found.key(row))
    two = found.read(row, found.key(row), 1)
    assert one.extra == {"size": 4} and one.external_id.startswith("row-")
    assert two.external_id == one.external_id + "-2"
    assert one.author.address != two.author.address  # two people nobody knows are not one person


def test_without_text_there_is_no_message() -> None:
    with pytest.raises(NotFiled, match="no text"):
        mapper().read(["1", "  ", "ann", ""], mapper().key(["1", "  ", "ann", ""]))


@given(st.lists(st.lists(st.integers(0, 30), max_size=20), max_size=20), st.integers(1, 40))
def test_seen_counts_like_a_counter_whatever_it_has_put_away(batches: list[list[int]], gather: int) -> None:
    seen, plain = Seen(gather), Counter[int]()
    for batch in batches:
        expected = []
        for key in batch:
            expected.append(plain[key])
            plain[key] += 1
        assert seen.ordinals(batch) == expected
