"""Words and phrases: who used which, counted once, against a plain count."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.relate import phrases as module
from crowdalogue.relate.phrases import GLUE, phrases
from crowdalogue.text.normalise import folded


def used(texts: list[str], *, fewest: int = 1) -> dict[str, set[int]]:
    found = phrases(texts, range(len(texts)), fewest=fewest)
    out: dict[str, set[int]] = defaultdict(set)
    for owner, name in zip(found.owner.tolist(), found.name.tolist(), strict=True):
        assert owner not in out[found.names[name]], "a pair stands once"
        out[found.names[name]].add(owner)
    return dict(out)


def test_words_and_neighbours_are_found_without_glue_numbers_and_links() -> None:
    found = used(["The battery, the BATTERY is flat: https://example.com/x 12345", "Flat tyre and battery"])
    assert found == {"battery": {0, 1}, "flat": {0, 1}, "flat tyre": {1}, "flat 12345": {0}}


def test_a_word_met_in_one_phrase_is_that_phrase() -> None:
    texts = [f"customer service {word}" for word in ("slow", "rude", "away", "late")]
    assert set(used(texts, fewest=4)) == {"customer service"}
    assert set(used([*texts, "a customer", "some customer"], fewest=4)) == {"customer", "customer service"}


def test_nothing_is_no_error() -> None:
    assert used([]) == {} and used(["", "  ", "!!!", "the and of", "in November"]) == {}


def test_the_most_used_are_kept_when_there_are_too_many() -> None:
    texts = [f"parcel w{n}" for n in range(module.MOST_WORDS + 40)]
    found = phrases(texts, range(len(texts)), fewest=1)
    assert len(found.names) <= module.MOST_WORDS + module.MOST_PHRASES and "parcel" in found.names


@given(st.lists(st.text(alphabet="ab cdé .", max_size=30), max_size=12), st.integers(1, 3))
def test_single_words_are_those_of_a_plain_count(texts: list[str], fewest: int) -> None:
    found = used(texts, fewest=fewest)
    plain: dict[str, set[int]] = defaultdict(set)
    for i, text in enumerate(texts):
        for word in folded(text).split():
            plain[word].add(i)
    for name, owners in found.items():
        if " " not in name:
            assert owners == plain[name] and len(owners) >= fewest and name not in GLUE
        else:
            assert owners <= plain[name.split()[0]] & plain[name.split()[1]]
    for word, owners in plain.items():
        covered = any(word in name.split() and len(o) >= 0.9 * len(owners) for name, o in found.items() if " " in name)
        if len(owners) >= fewest and word not in GLUE and len(word) > 1:
            assert word in found or covered


def test_one_owner_of_many_texts_may_be_given() -> None:
    found = phrases(["late parcel", "late parcel"], [0, 0], fewest=1)
    assert np.bincount(found.name).tolist() == [1] * len(found.names)
