"""What channels of reviews share."""

from __future__ import annotations

from datetime import UTC, datetime

from crowdalogue.channels.reviews import Known, delivery, own_reply, reply_id

AT = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_answer_we_sent_and_the_one_read_back_are_one() -> None:
    assert own_reply("r1", "Thank\n you.", AT, "Us").external_id == reply_id("r1", "Thank you. ")
    assert reply_id("r1", "Thank you.") != reply_id("r1", "Sorry.") != reply_id("r2", "Sorry.")
    said = own_reply("r1", "Thank you.", AT, "Kettles")
    assert (said.author.ours, said.parents, said.public) == (True, ("r1",), True)


def test_reviews_are_known_again() -> None:
    known = Known({})
    assert not known.meet("a")
    assert not known.meet("a")  # twice in one look is no change
    assert Known({"known": known.cursor}).meet("a")
    assert not Known({"known": known.cursor}).meet("b")
    assert not Known({"known": "nonsense"}).meet("a")


def test_what_is_known_is_bounded() -> None:
    known = Known({})
    for n in range(2500):
        known.meet(str(n))
    assert len(known.cursor) == 2000
    assert Known({"known": known.cursor}).meet("2499")


def test_a_delivery_changes_with_what_is_said() -> None:
    one = delivery({"id": "r1", "likes": 1}, ["r1", "text"])
    assert one.key == delivery({"id": "r1", "likes": 2}, ["r1", "text"], x_edited="").key
    assert one.key != delivery({"id": "r1"}, ["r1", "other"]).key
    assert delivery({}, [], x_edited="yes").headers["x-edited"] == "yes"
    assert "x-edited" not in one.headers
