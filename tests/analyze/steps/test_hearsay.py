import time

import pytest

from crowdalogue.analyze.steps.hearsay import run
from tests.analyze.steps.bad import check, found, quoted


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
def test_who_lived_through_it(text: str, label: str) -> None:
    finding = found(run, "hearsay", text)
    assert finding is not None
    assert finding.label == label
    assert finding.words


@pytest.mark.parametrize("text", ["what are your opening hours", "great brand", "lol", "my son is nine"])
def test_what_tells_neither_leaves_nothing(text: str) -> None:
    assert found(run, "hearsay", text) is None


def test_who_speaks_of_others_and_then_acts_tells_their_own_story_less_surely() -> None:
    text = "my sister recommended it so I bought one"
    finding = found(run, "hearsay", text)
    assert finding is not None
    assert (finding.label, quoted(text, finding)) == ("first_hand", ["I bought"])
    assert finding.confidence < 0.8


def test_what_we_wrote_ourselves_is_not_asked() -> None:
    assert found(run, "hearsay", "I ordered a new one for you", inbound=False) is None


def test_strange_texts_are_read_and_quickly() -> None:
    began = time.process_time()
    check(run, "hearsay")
    assert time.process_time() - began < 10
