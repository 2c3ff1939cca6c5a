"""How things are said on each channel."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.demo import company, people, speech
from crowdalogue.demo.people import Customer

WHEN = datetime(2026, 5, 20, 10, 0, tzinfo=UTC)


def customer(**more: object) -> Customer:
    made = people.make_customer(Random(3), 3)
    made.language, made.first, made.last = "en", "Ada", "Larkmoor"
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_a_letter_has_a_greeting_a_body_and_a_name() -> None:
    person = customer(careful=1.0, mood=0.0)
    slots = speech.slots_for(Random(1), person, company.PRODUCTS[0], WHEN)
    letters = [speech.letter(Random(n), person, ["One thing.", "Another."], slots) for n in range(30)]
    assert all("One thing. Another." in letter for letter in letters)
    assert all(letter.rstrip().endswith(("Ada Larkmoor", "Ada", "A. Larkmoor")) for letter in letters)


def test_words_of_the_moment_follow_the_language() -> None:
    german = speech.slots_for(Random(1), customer(language="de"), company.PRODUCTS[0], WHEN)
    assert german["weekday"].endswith(("tag", "woch"))
    assert german["amount"] == "59 Euro"
    by_hand = speech.slots_for(Random(1), customer(language="de"), company.PRODUCTS[0], WHEN, by_hand=True)
    assert by_hand["weekday"].endswith("day")


def test_a_question_and_its_answer_belong_together() -> None:
    for product in company.PRODUCTS:
        pairs = dict(product.uses)
        for seed in range(10):
            slots = speech.slots_for(Random(seed), customer(), product, WHEN)
            assert pairs[slots["use"]] == slots["howto"]


@given(st.text(), st.integers(0, 10**6))
def test_a_slip_changes_little(text: str, seed: int) -> None:
    slipped = speech.slip(Random(seed), text)
    assert abs(len(slipped) - len(text)) <= 1


@given(st.text(min_size=1, max_size=60), st.sampled_from(["email", "webchat", "social", "review"]), st.integers(0, 999))
def test_moods_never_lose_the_text(text: str, kind: str, seed: int) -> None:
    angry = customer(mood=-1.0, careful=0.2)
    assert len(speech.roughen(Random(seed), text, angry, kind)) >= len(text.rstrip(".!")) * 0.4 - 3


def test_topics_a_language_lacks_become_the_nearest() -> None:
    swedish = speech.LANGUAGES["sv"]
    assert speech.topic_of(swedish, "damaged") is swedish.topics["fault"]
    assert speech.topic_of(swedish, "idea") is swedish.topics["how_to"]
