"""What the open networks share: characters as people see them, marks by bytes, names of records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.social.richtext import expanded, facets, graphemes
from crowdalogue.channels.social.xrpc import record_key

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", 0),
        ("parcel", 6),
        ("e\u0301te\u0301", 3),  # accents of their own
        ("👩‍👩‍👧‍👦", 1),  # a family joined of four
        ("👍🏽👍", 2),  # with and without a colour
        ("🇩🇪🇫🇷🇮", 3),  # two flags and half of one
        ("❤️‍🔥", 1),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 1),  # a flag spelt in tags
        ("1️⃣ 2", 3),
        ("नमस्ते", 4),
        ("한국", 2),
        ("\u1112\u1161\u11ab", 1),  # the same syllable in its parts
        ("a\r\nb", 3),
        ("مرحبا", 5),
    ],
)
def test_length_is_what_a_reader_counts(text: str, seen: int) -> None:
    assert graphemes(text) == seen


@given(st.text(), st.text(alphabet="abc .,", min_size=1))
def test_length_never_exceeds_the_code_points_and_grows(text: str, more: str) -> None:
    assert graphemes(text) <= len(text)
    assert graphemes(text + more) <= graphemes(text) + len(more)
    assert graphemes(more) == len(more)


def dids(handle: str) -> str:
    return "" if handle.startswith("nobody") else f"did:plc:{handle.partition('.')[0]}"


def marked(text: str) -> list[tuple[str, str]]:
    content = text.encode()
    return [
        (
            content[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode(),
            next(iter(list(f["features"][0].values())[1:])),
        )
        for f in facets(text, dids)
    ]


def test_links_mentions_and_tags_are_found_where_they_are() -> None:
    text = "👋 @ada.example.com (see https://example.com/a_(b)?x=1#y), #lids #2026 bob@example.com @nobody.example.com"
    assert marked(text) == [
        ("@ada.example.com", "did:plc:ada"),
        ("https://example.com/a_(b)?x=1#y", "https://example.com/a_(b)?x=1#y"),
        ("#lids", "lids"),
    ]
    assert marked("Look: https://example.com/a.") == [("https://example.com/a", "https://example.com/a")]
    assert marked("(https://example.com/a)") == [("https://example.com/a", "https://example.com/a")]


@given(st.lists(st.sampled_from(["👩‍👧 ", "é", "@ada.example.com ", "https://example.com/é ", "#tag ", "مرحبا "])))
def test_marks_are_in_order_and_never_overlap(pieces: list[str]) -> None:
    text = "".join(pieces)
    last = 0
    for facet in facets(text, dids):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert last <= start < end <= len(text.encode())
        text.encode()[start:end].decode()
        last = end


def test_only_shortened_links_are_written_out() -> None:
    def mark(start: int, end: int, uri: object) -> dict[str, object]:
        return {"index": {"byteStart": start, "byteEnd": end}, "features": [{"uri": uri}]}

    text = "é example.com/abc… and example.com"
    start = len("é ".encode())
    end = start + len("example.com/abc…".encode())
    whole = "https://example.com/abcdef"
    assert expanded(text, [mark(start, end, whole)]) == f"é {whole} and example.com"
    assert expanded(text, [mark(start, start + 5, whole)]) == text
    for odd in (mark(5, 999, whole), mark(-1, 4, whole), mark(start, end, 7), {"index": 3}, {}):
        assert expanded(text, [odd]) == text
    assert expanded(text, [mark(start, end, whole), mark(start, end, whole)]) == f"é {whole} and example.com"


@given(st.text(), st.text())
def test_a_record_has_one_name_for_one_key(one: str, other: str) -> None:
    for at in (None, AT):
        names = record_key(one, at), record_key(other, at)
        assert (names[0] == names[1]) == (one == other)
        assert all(len(n) == 13 and n[0] in "234567abcdefghij" and n.isascii() and n == n.lower() for n in names)


def test_names_of_records_sort_by_the_time_they_are_for() -> None:
    keys = [record_key(f"key {n}", AT + timedelta(seconds=n)) for n in range(200)]
    assert keys == sorted(keys)
