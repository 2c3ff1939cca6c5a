"""What columns mean, by name and by what stands in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crowdalogue.listen.files.columns import best_of, direction_of, kind_of, plain, recognise, shape_of, types_of

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_names_are_compared_in_plain_letters() -> None:
    assert plain("Ticket_ID") == plain("ticketId") == plain(" Ticket  ID ") == "ticket id"
    assert plain("Überschrift") == "uberschrift"


@pytest.mark.parametrize(
    ("cell", "ours_if_true", "said"),
    [
        ("True", False, "in"),
        ("False", False, "out"),
        ("True", True, "out"),
        ("Customer", False, "in"),
        ("End-User", False, "in"),
        ("agent", False, "out"),
        ("note", False, "note"),
        ("sideways", False, ""),
    ],
)
def test_who_spoke(cell: str, ours_if_true: bool, said: str) -> None:
    assert direction_of(cell, ours_if_true) == said


def test_a_name_that_what_stands_there_belies_is_not_believed() -> None:
    columns = ["text", "date", "direction"]
    rows = [["hello there", "red", "north"], ["hello again", "blue", "south"]]
    assert recognise(columns, rows, NOW) == {"text": "text"}


def test_times_of_something_else_are_left_alone() -> None:
    columns = ["text", "Date of Purchase", "First Response Time", "updated_at"]
    assert "sent_at" not in recognise(columns, [["hello there", "2024-01-01", "2024-01-02", "2024-01-03"]], NOW)


def test_a_ticket_number_that_repeats_names_the_conversation() -> None:
    rows = [[str(i // 10), f"message {i} of this"] for i in range(100)]
    assert recognise(["ticket id", "text"], rows, NOW) == {"text": "text", "thread": "ticket id"}


def test_shapes() -> None:
    assert shape_of(["tweet_id", "inbound", "text"], {}) == "tweets"
    assert shape_of(["Ticket ID", "Ticket Subject"], {}) == "tickets"
    assert shape_of(["content", "overall_rating", "food_rating"], {}) == "reviews"
    assert shape_of(["text", "who"], {}) == "messages"


def test_channels_by_the_names_people_use() -> None:
    assert [kind_of(n) for n in ("Twitter", "E-Mail", "Live Chat", "Social media", "App Store!", "???")] == [
        *("x", "email", "webchat", "social", "app-store", "import"),
    ]


def test_numbers_are_numbers_and_names_made_of_digits_are_not() -> None:
    rows = [["4.5", "007", "12345678901234", "", "x"], ["3", "008", "12345678901235", "", "1"]]
    assert types_of(["rating", "code", "phone", "empty", "mixed"], rows) == {
        "rating": "number",
        "code": "text",
        "phone": "text",
        "empty": "text",
        "mixed": "text",
    }


@pytest.mark.parametrize(
    ("name", "values", "best"),
    [
        ("stars", ["2"], 5),
        ("rating", ["5", "4"] * 10, 5),
        ("rating", ["5", "4"], None),
        ("rating", ["4", "3"] * 50, None),
        ("overall_rating", ["9.0", "2.0", ""], 10),
        ("NPS", ["3", "4"], 10),
        ("score", ["87", "40"], 100),
        ("score", ["-3", "4"], None),
        ("score", ["400"], None),
        ("rating", ["good", ""], None),
        ("CSAT", [3, 4.0, None], 5),
    ],
)
def test_the_best_of_a_scale_is_known_only_where_values_tell(name: str, values: list[object], best: int | None) -> None:
    assert best_of(name, values) == best
