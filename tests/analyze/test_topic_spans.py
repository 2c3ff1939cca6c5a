"""Two words of a name, as customers say them together."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.analyze.topic_spans import together

EMPTY = frozenset({"my", "the", "a", "is", "was", "to", "i", "how", "do", "it", "but", "can"})


def test_as_most_say_it() -> None:
    said = ["How do I verify my identity?", "Verify my identity", "verify the identity", "can I verify my identity"]
    assert together(["identity", "verify"], said, EMPTY) == "verify my identity"


def test_only_in_one_go() -> None:
    """Not over the end of a sentence, another telling word, more than two empty ones, or the start of a new thought."""
    for text in ("Verify. Identity", "verify old identity", "verify to the my identity", "verify but identity"):
        assert together(["identity", "verify"], [text] * 5, EMPTY) is None


def test_too_few_do() -> None:
    apart = ["identity: I cannot verify"] * 20
    assert together(["identity", "verify"], [*apart, *["verify my identity"] * 3], EMPTY) is None
    assert together(["identity", "verify"], ["verify my identity"] * 2, EMPTY) is None
    assert together(["identity", "verify"], [], EMPTY) is None


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.text(max_size=40), max_size=8), st.lists(st.text("ab ", min_size=1, max_size=3), min_size=1, max_size=3)
)
def test_any_text(messages: list[str], words: list[str]) -> None:
    found = together(words, messages, EMPTY)
    assert found is None or set(words) <= set(found.split())
