"""Drawing a conversation: days in the reader's zone, words marked where they were found, events in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.models import Event, Message, Reading
from crowdalogue.web import thread

SPANS = st.lists(st.tuples(st.integers(-5, 80), st.integers(-5, 80)), max_size=6)


def message(text: str, spans: object) -> Message:
    row = Message(text=text, direction="in", sent_at=datetime(2026, 3, 4, tzinfo=UTC))
    row.reading = Reading(findings={"intent": {"label": "x", "words": spans}})  # type: ignore[misc]
    return row


@given(st.text(max_size=60), SPANS)
def test_marking_never_changes_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    from html import unescape

    drawn = thread.body_of(message(text, [list(s) for s in spans]))
    assert unescape(re.sub(r"</?mark>", "", drawn)) == text
    assert drawn.count("<mark>") == drawn.count("</mark>")


@given(st.text(max_size=200), SPANS)
def test_a_quote_is_always_of_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    from html import unescape

    for quote in thread.quotes_of(text, spans):
        assert unescape(re.sub(r"</?mark>", "", quote)).strip("…") in text + "…"


def test_words_are_marked_once_where_they_overlap() -> None:
    assert thread.body_of(message("It dies <fast>", [[3, 7], [5, 14]])) == "It <mark>dies &lt;fast&gt;</mark>"
    assert thread.body_of(message("It dies", "nonsense")) == "It dies"
    assert thread.body_of(message("It dies", [[3, "x"], [1]])) == "It dies"


def test_a_quote_shows_the_words_with_what_stands_around_them() -> None:
    text = "When I came home in the evening it dies after eight minutes and nobody can tell me why that is so."
    start = text.index("dies")
    (quote,) = thread.quotes_of(text, [(start, start + 4)])
    assert quote == "…I came home in the evening it <mark>dies</mark> after eight minutes and nobody…"


def test_days_are_those_of_the_reader() -> None:
    lines = [thread.Line(datetime(2026, 3, 4, hour, tzinfo=UTC)) for hour in (1, 23)]
    assert len(thread.by_day(lines)) == 1
    with timezone.override("America/New_York"):  # 20:00 the day before, and 18:00
        assert [d.day.day for d in thread.by_day(lines)] == [3, 4]


def test_events_are_sentences() -> None:
    def words(deed: str, what: str = "") -> str:
        line = thread.line_of(Event(deed=deed, what=what, at=datetime(2026, 3, 4, tzinfo=UTC)))
        assert line is not None
        return line.words

    assert words("assigned", "Hana") == "gave it to Hana"
    assert words("set_apart", "") == "kept it apart"
    assert words("snoozed", "2026-03-05T09:00+00:00") == "snoozed it until Thu 5 Mar, 09:00"
    assert words("undone", "snoozed") == "took back the snooze"
    assert words("something_new", "x") == "something new x"


def test_languages_have_names() -> None:
    assert thread.language_name("sv") == "Swedish" and thread.language_name("xx") == "xx"
