import time

import pytest

from crowdalogue.analyze.steps.place import gazetteer, of_profile, run
from tests.analyze.steps.bad import check, found, quoted


@pytest.mark.parametrize(
    ("text", "country", "words"),
    [
        ("no signal here in Leeds since noon", "GB", "Leeds"),
        ("the queue in your Berlin store was endless", "DE", "Berlin"),
        ("livraison à Lyon toujours pas arrivée", "FR", "Lyon"),
        ("in Wien funktioniert das Internet nicht", "AT", "Wien"),
        ("internet is out in Austin, TX", "US", "Austin"),
        ("Leeds, UK: still no water", "GB", "Leeds"),
        ("trains late in london again", "GB", "london"),
        ("do you ship from Germany", "DE", "Germany"),
    ],
)
def test_what_is_stated(text: str, country: str, words: str) -> None:
    finding = found(run, "place", text)
    assert finding is not None
    assert (finding.label, quoted(text, finding), finding.extra["name"]) == (country, [words], words)
    assert finding.extra["by"] in ("stated", "store")


@pytest.mark.parametrize(
    "text",
    [
        "flight to Rome was late",
        "nice kettle",
        "I was reading the manual",
        "let's split the bill",
        "Paris is my dog's name",
    ],
)
def test_a_word_that_is_a_town_too_is_none(text: str) -> None:
    assert found(run, "place", text) is None


def test_which_of_two_towns_is_settled_by_the_profile_or_the_number_and_else_left_open() -> None:
    text = "power is out in Hamilton"
    finding = found(run, "place", text)
    assert finding is not None
    assert (finding.label, finding.extra["among"]) == ("und", ["CA", "NZ"])
    assert finding.confidence == 0.5
    for facts in ({"place": "Auckland, New Zealand"}, {"phone": "+64 21 555 0123"}):
        settled = found(run, "place", text, facts=facts)
        assert settled is not None
        assert (settled.label, settled.extra["by"]) == ("NZ", "stated")


def test_profile_and_number_say_which_they_are() -> None:
    profile = found(run, "place", "nothing works", facts={"place": "Leeds, UK", "phone": "+49 171 5550123"})
    number = found(run, "place", "nothing works", facts={"phone": "+49 171 5550123"})
    canada = found(run, "place", "nothing works", facts={"phone": "+1 416 555 0123"})
    assert profile is not None
    assert (profile.label, profile.extra["by"], profile.words) == ("GB", "profile", ())
    assert number is not None
    assert (number.label, number.extra["by"]) == ("DE", "number")
    assert canada is not None
    assert canada.label == "CA"


def test_own_stores_are_places() -> None:
    known = {"places": gazetteer((("Fernhollow Quay", "GB"),))}
    text = "nobody answers at your Fernhollow Quay store"
    finding = found(run, "place", text, known=known)
    assert finding is not None
    assert (finding.label, finding.extra["by"], quoted(text, finding)) == ("GB", "store", ["Fernhollow Quay"])
    assert found(run, "place", text) is None


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        ("Leeds, UK", ("GB",)),
        ("Austin, TX", ("US",)),
        ("Toronto, ON", ("CA",)),
        ("Köln", ("DE",)),
        ("México", ("MX",)),
        ("somewhere over the rainbow", ()),
        ("they/them", ()),
        ("", ()),
    ],
)
def test_profiles(text: str, countries: tuple[str, ...]) -> None:
    assert of_profile(text)[0] == countries


def test_strange_texts_and_profiles_are_read_and_quickly() -> None:
    began = time.process_time()
    check(run, "place")
    check(run, "place", facts={"place": "🌍 " * 5_000, "phone": "+" + "9" * 5_000})
    assert time.process_time() - began < 10
