import pytest

from crowdalogue.analyze.document import NOTHING
from crowdalogue.analyze.steps import head, hearsay
from crowdalogue.analyze.steps.hearsay import judged, run, weighed
from tests.analyze.steps.bad import check, found, quoted


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I ordered a lamp two weeks ago and it is still not here", "first_hand"),
        ("third parcel broken in a month", "first_hand"),
        ("my neighbour's kettle from them exploded", "hearsay"),
        ("a friend of mine heard they are closing half their stores", "hearsay"),
    ],
)
def test_who_lived_through_it(text: str, label: str) -> None:
    finding = found(run, "hearsay", text)
    assert finding is not None
    assert finding.label == label
    assert finding.words
    assert finding.confidence >= hearsay.SURE


@pytest.mark.parametrize("text", ["what are your opening hours on sunday", "is the kettle available in blue"])
def test_what_nobody_lived_through_leaves_nothing(text: str) -> None:
    assert found(run, "hearsay", text) is None


def test_words_that_tell_whose_story_it_is_count_beside_the_head() -> None:
    believed = {"first_hand": 0.5, "hearsay": 0.2, NOTHING: 0.3}
    plain = weighed(believed, None)
    told = weighed(believed, ("hearsay", ((0, 4),)))
    assert sum(told.values()) == pytest.approx(1)
    assert told["hearsay"] > plain["hearsay"]
    finding = judged(told, ("hearsay", ((0, 4),)), "1")
    assert finding is not None
    assert (finding.label, finding.words) == ("hearsay", ((0, 4),))


def test_what_it_is_not_sure_of_is_nothing() -> None:
    assert judged({"first_hand": 0.45, "hearsay": 0.2, NOTHING: 0.35}, None, "1") is None
    assert judged({"first_hand": 0.2, "hearsay": 0.2, NOTHING: 0.6}, None, "1") is None


def test_the_words_shown_are_those_that_tell() -> None:
    text = "according to the paper they sold all data"
    finding = found(run, "hearsay", text)
    assert finding is not None
    assert quoted(text, finding) == ["according to"]


def test_what_we_wrote_ourselves_is_not_asked() -> None:
    assert found(run, "hearsay", "I ordered a new one for you", inbound=False) is None


def test_strange_texts_are_read() -> None:
    check(run, "hearsay")


def test_its_head_says_all_of_its_labels() -> None:
    assert set(hearsay.STEP.labels) == {"first_hand", "hearsay", NOTHING} == set(head.load("hearsay").labels)
