import pytest

from crowdalogue.analyze.steps import hearsay_words
from crowdalogue.analyze.steps.cut import cut_text


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I ordered a lamp two weeks ago", "first_hand"),
        ("my parcel is still not here", "first_hand"),
        ("I was told by your agent that it ships today", "first_hand"),
        ("Ich habe vor drei Wochen bestellt", "first_hand"),
        ("j'ai reçu le mauvais article", "first_hand"),
        ("llevo tres días sin internet", "first_hand"),
        ("my neighbour's kettle from them exploded", "hearsay"),
        ("I heard they are closing half their stores", "hearsay"),
        ("according to the paper they sold all data", "hearsay"),
        ("angeblich schließen die alle Filialen", "hearsay"),
        ("mi vecina tuvo que esperar dos meses", "hearsay"),
        ("RT @newsdesk: Brindlecove announces new plant", "hearsay"),
    ],
)
def test_whose_story_it_is(text: str, label: str) -> None:
    told = hearsay_words.found(cut_text(text))
    assert told is not None
    assert told[0] == label
    assert all(0 <= start < end <= len(text) for start, end in told[1])


@pytest.mark.parametrize("text", ["", "what are your opening hours", "great brand", "lol", "my son is nine"])
def test_what_has_no_word_for_either_tells_nothing(text: str) -> None:
    assert hearsay_words.found(cut_text(text)) is None


def test_who_speaks_of_others_and_then_acts_tells_their_own_story() -> None:
    text = "my sister recommended it so I bought one"
    told = hearsay_words.found(cut_text(text))
    assert told is not None
    assert (told[0], [text[a:b] for a, b in told[1]]) == ("first_hand", ["I bought"])
