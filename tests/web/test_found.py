import pytest

from crowdalogue.analyze import rules
from crowdalogue.web import found


@pytest.mark.parametrize(
    ("step", "finding", "words"),
    [
        ("question", {"label": "asked"}, "Asks a question"),
        ("hearsay", {"label": "first_hand"}, "First-hand"),
        ("place", {"label": "DE", "extra": {"by": "number"}}, "Germany (by phone prefix)"),
        (
            "place",
            {"label": "GB", "extra": {"by": "stated", "name": "Leeds"}},
            "Leeds, United Kingdom (said in the text)",
        ),
        ("place", {"label": "FR", "extra": {"by": "profile", "name": "Lyon"}}, "France (from the profile)"),
        (
            "place",
            {"label": "und", "extra": {"name": "Hamilton", "among": ["CA", "NZ"]}},
            "Hamilton: Canada or New Zealand",
        ),
        ("place", {"label": "GB"}, "United Kingdom"),
        ("products", {"label": "7", "extra": {"named": [{"id": "7", "name": "Tarn Kettle"}]}}, "Tarn Kettle"),
        ("products", {"label": "several", "extra": {"named": [{"among": ["1", "2"], "name": "A / B"}]}}, "A / B?"),
        ("products", {"label": "several"}, "Several products"),
        (
            "personal_data",
            {"label": "card", "extra": {"kinds": ["email", "card", "email"]}},
            "E-mail address, card number",
        ),
        ("personal_data", {"label": "card", "extra": "odd"}, "Card number"),
        ("sentiment", {"label": "positive"}, "Positive"),
    ],
)
def test_findings_in_words(step: str, finding: dict[str, object], words: str) -> None:
    assert found.shown(step, finding) == words


def test_every_label_a_person_may_choose_has_words() -> None:
    for step in rules.STEPS.values():
        for label in step.labels:
            assert "_" not in found.chosen(step.name, label)


def test_aspects_say_how_each_is_felt() -> None:
    named = [{"aspect": "price", "polarity": "negative"}, {"aspect": "app", "polarity": "und"}]
    assert found.shown("aspects", {"label": "price", "extra": {"named": named}}) == "Price (negative), App (not sure)"
    assert found.shown("aspects", {"label": "price"}) == "Price"
    assert found.shown("emotion", {"label": "und"}) == "Emotion not sure"
