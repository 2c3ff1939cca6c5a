"""The quick look must never keep an opening from being found."""

import pytest

from crowdalogue.analyze import rules
from crowdalogue.analyze.steps.cut import cut_text
from crowdalogue.analyze.steps.openings import AT_START, FIRST, GREETING, LINKING, OPENING


@pytest.mark.parametrize("row", [r for p in ("tune", "judge") for r in rules.examples("question", p)], ids=str)
def test_what_opens_a_question_begins_with_a_word_of_the_list(row: dict[str, str]) -> None:
    words = cut_text(row["text"])
    for word, (start, _) in zip(words.words, words.spans, strict=True):
        if OPENING.match(words.low, start) and not words.low.startswith("¿", start):
            assert word in FIRST or word.partition("'")[0] in FIRST


def test_the_lists_hold_words_as_they_are_cut() -> None:
    for word in (FIRST | AT_START | GREETING | LINKING) - {"¿"}:
        assert cut_text(word).words == [word]
