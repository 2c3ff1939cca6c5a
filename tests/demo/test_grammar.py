"""Phrases: every one can be said, in every language."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from random import Random

import pytest

from crowdalogue.demo import company, people, speech
from crowdalogue.demo.grammar import read, say
from crowdalogue.demo.phrases import Language, notes, praise, public


def test_choices_and_choices_in_choices() -> None:
    said = {say("[a|b[c|d]] <x>", {"x": "[1|2]"}, Random(n)) for n in range(200)}
    assert said == {f"{a} {x}" for a in ("a", "bc", "bd") for x in "12"}


def test_an_empty_choice_and_an_unknown_slot() -> None:
    assert {say("x[|y]", {}, Random(n)) for n in range(50)} == {"x", "xy"}
    assert say("<nobody> here", {}, Random(1)) == "<nobody> here"


@pytest.mark.parametrize("broken", ["[a|b", "a]b"])
def test_brackets_are_checked(broken: str) -> None:
    if broken == "a]b":
        assert say(broken, {}, Random(1)) == broken  # a lone closing bracket is a sign like any other
    else:
        with pytest.raises(ValueError, match="not closed"):
            read(broken)


def phrases_of(language: Language) -> list[str]:
    found: list[str] = []
    for topic in language.topics.values():
        found += [*topic.what, *topic.more, *topic.ask, *topic.answer]
    for name in ("greetings", "closings", "thanks", "chasing", "details", "unsolved"):
        found += getattr(language, name)
    for name in ("agent_greetings", "agent_asks", "agent_follow_ups", "agent_ends", "agent_closings"):
        found += getattr(language, name)
    return found + [subject for subjects in language.subjects.values() for subject in subjects]


@pytest.mark.parametrize("code", list(speech.LANGUAGES))
def test_every_phrase_can_be_said(code: str) -> None:
    random = Random(1)
    language = speech.LANGUAGES[code]
    extra = [] if code != "en" else [
        *public.RUMOUR, *public.MENTIONS, *public.SPAM, *notes.COLLEAGUES, *notes.TAILS, *praise.BUTS,
        *(p for group in notes.MATTERS.values() for p in group), *(p for g in notes.OUTCOMES.values() for p in g),
    ]  # fmt: skip
    customer = people.make_customer(random, 1)
    customer.language, customer.first = code, "Åsa"
    phrases = [*phrases_of(language), *extra]
    assert len(phrases) > (100 if code == "en" else 50)
    for phrase in phrases:
        slots = speech.slots_for(random, customer, random.choice(company.PRODUCTS), datetime(2026, 5, 20, tzinfo=UTC))
        text = say(phrase, slots, random)
        assert not re.search(r"<\w+>|\[|\]|\|", text), (phrase, text)
    assert set(language.subjects) == set(language.topics)
