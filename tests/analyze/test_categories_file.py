"""Examples out of files and pasted lists, whatever is in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.analyze import categories_file
from crowdalogue.errors import Failure


def test_lines_are_examples() -> None:
    assert categories_file.lines("one\n\n  two \n", yes=True) == [("one", True), ("two", True)]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("text,label\na,yes\nb,no\nc,Late\nd,oos\n", [("a", True), ("b", False), ("c", True), ("d", False)]),
        ("\ufefftext\na\n", [("a", True)]),
        ("Text;Label\na;1\nb;0\n", [("a", True), ("b", False)]),
        ("text\tlabel\na\tYES\n", [("a", True)]),
        ("one\ntwo\n", [("one", True), ("two", True)]),
        ("text,label\na\n", [("a", False)]),
    ],
)
def test_tables_as_people_make_them(content: str, found: list[tuple[str, bool]]) -> None:
    assert categories_file.table(content.encode(), "some.csv", "late") == found


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"  \n", "is empty"),
        (b"\xff\xfe", "UTF-8"),
        (b"a,b\n1,2\n", "no column text"),
        (b"text\n" + b"x\n" * (categories_file.MOST_ROWS + 1), "more than"),
        (b"x" * (categories_file.BIGGEST + 1), "larger than"),
    ],
)
def test_what_cannot_be_read_is_said(content: bytes, words: str) -> None:
    with pytest.raises(Failure, match=words):
        categories_file.table(content, "some.csv")


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_failure_in_words(content: bytes) -> None:
    try:
        assert all(isinstance(yes, bool) for _, yes in categories_file.table(content, "some.csv"))
    except Failure as failure:
        assert failure.text.startswith("some.csv")
