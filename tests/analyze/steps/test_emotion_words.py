"""Feelings that are named outright."""

import pytest

from crowdalogue.analyze.steps import emotion_words
from crowdalogue.analyze.steps.cut import cut_text


@pytest.mark.parametrize(
    ("text", "emotion", "words"),
    [
        ("I am FURIOUS with you", "anger", "FURIOUS"),
        ("we feel let down", "disappointment", "let down"),
        ("I'm a bit worried", "worry", "worried"),
        ("Vielen Dank für alles", "gratitude", "Vielen Dank"),
        ("no me lo puedo creer", "surprise", "no me lo puedo"),
        ("j'adore", "joy", "adore"),
    ],
)
def test_a_feeling_is_found_with_its_words(text: str, emotion: str, words: str) -> None:
    start, end = emotion_words.found(cut_text(text))[emotion]
    assert text[start:end] == words


@pytest.mark.parametrize("text", ["", "I am not happy", "the parcel is here", "sadness is a long word", "😀"])
def test_what_is_not_named_or_denied_is_left_alone(text: str) -> None:
    assert emotion_words.found(cut_text(text)) == {}
