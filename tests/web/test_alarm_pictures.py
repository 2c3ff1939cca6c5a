"""The picture of an alarm: a sentence for those who hear it, the same as a table, and a mark where it was raised."""

from __future__ import annotations

from crowdalogue.web import alarm_pictures
from tests.web.test_alarms import PICTURE


def test_it_says_what_it_shows_and_has_the_same_as_a_table() -> None:
    chart = alarm_pictures.chart(PICTURE, "Lids")
    assert chart is not None
    assert "Lids: voices a day from 10 Nov to 12 Nov. Raised on 12 Nov at 26 voices" in chart.svg
    assert 'class="when"' in chart.svg and "raised 12 Nov" in chart.svg
    assert [[c.text for c in row] for row in chart.table.rows] == [
        ["12 Nov", "26", "1.2", "9"], ["11 Nov", "2", "1", "9"], ["10 Nov", "1", "–", "–"]
    ]  # fmt: skip


def test_hours_are_named_and_a_gap_is_no_zero() -> None:
    drawn = {**PICTURE, "hours": 1, "counts": [1.0, None, 26.0]}
    chart = alarm_pictures.chart(drawn, "Lids")
    assert chart is not None
    assert [row[1].text for row in chart.table.rows] == ["26", "–", "1"]
    assert "01:00" in chart.table.rows[1][0].text


def test_nothing_drawn_is_no_picture() -> None:
    assert alarm_pictures.chart({}, "Lids") is None
    assert alarm_pictures.spark({}, "Lids") == ""
    assert "29 voices" in alarm_pictures.spark(PICTURE, "Lids")
