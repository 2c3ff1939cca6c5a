"""The classifier on small data of our own: what it learns, refuses and survives."""

from collections.abc import Sequence

import numpy as np
import pytest

from crowdalogue.analyze import classifier
from crowdalogue.text.encoder import WIDTH

CARDS = [f"my {kind} card was {what}" for kind in ("debit", "credit", "bank") for what in ("lost", "stolen", "taken")]
TRAINS = [f"the {kind} was {what}" for kind in ("train", "tram", "metro") for what in ("late", "delayed", "cancelled")]
OTHER = [f"{what} my {thing}" for what in ("paint", "sing about", "dream of") for thing in ("garden", "cat", "hill")]


def taught(more: Sequence[str] = ()) -> classifier.Classifier:
    labels = ["card"] * len(CARDS) + ["train"] * len(TRAINS) + [classifier.OUT] * len(more)
    return classifier.fit([*CARDS, *TRAINS, *more], labels)


def test_it_learns_what_two_labels_mean() -> None:
    found = taught().label(["somebody stole the card", "our bus came late"])
    assert [name for name, _ in found] == ["card", "train"]
    assert all(0.5 <= sure <= 1 for _, sure in found)


def test_none_of_these_is_an_answer_when_taught() -> None:
    model = taught(OTHER)
    assert model.threshold is not None
    found = [name for name, _ in model.label(["sing about a garden", "my card is gone", "the tram is delayed"])]
    assert found == [classifier.OUT, "card", "train"]


def test_odd_texts_get_an_answer() -> None:
    found = taught().label(["", "\U0001f600", "word " * 20_000, "\ud800", "\x00"])
    assert len(found) == 5
    assert all(np.isfinite(sure) for _, sure in found)


def test_the_same_examples_give_the_same_classifier() -> None:
    texts = ["a lost train card", "the late cat"]
    assert np.array_equal(taught().scores(texts), taught().scores(texts))


def test_two_examples_of_each_are_enough_to_answer() -> None:
    model = classifier.fit(["good soup", "great soup", "bad soup", "awful soup"], ["up", "up", "down", "down"])
    assert [name for name, _ in model.label(["great", "awful"])] == ["up", "down"]


def test_more_examples_than_fit_in_one_table_are_learned_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "MOST", 10)
    found = [name for name, _ in taught().label(["the card was stolen", "the train was cancelled"])]
    assert found == ["card", "train"]


def test_the_words_a_text_is_judged_on_decide() -> None:
    things = ["soup", "bread", "waiter", "room", "wine", "cake", "view", "music"]
    texts, labels = [], []
    for one, other in zip(things, things[1:] + things[:1], strict=True):
        for good, bad in (("lovely", "awful"), ("excellent", "terrible")):
            texts += [f"the $T$ {one} $T$ was {good} but the {other} was {bad}"]
            texts += [f"the {one} was {good} but the $T$ {other} $T$ was {bad}"]
            labels += ["up", "down"]
    found = classifier.fit(texts, labels).label(
        [
            "the $T$ coffee $T$ was lovely but the tea was terrible",
            "the coffee was excellent but the $T$ tea $T$ was awful",
        ]
    )
    assert [name for name, _ in found] == ["up", "down"]


def test_the_names_of_labels_help_where_examples_are_few() -> None:
    texts = ["one of these", "another of these", "something", "some more", "a thing", "things"]
    labels = ["lost_luggage", "lost_luggage", "card_refund", "card_refund", "wet_weather", "wet_weather"]
    found = classifier.fit(texts, labels).label(["my suitcase is lost", "refund it to my card", "rain and wet feet"])
    assert [name for name, _ in found] == ["lost_luggage", "card_refund", "wet_weather"]


def test_many_examples_are_not_joined_by_names() -> None:
    assert classifier._named(["first", "second", "third"], 100) == []
    assert classifier._named(["0", "1", "2"], 6) == []
    assert classifier._named(["up", "down"], 4) == []


def test_every_row_is_left_out_as_if_it_had_not_been_there() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(12, 5)).astype(np.float32)
    likeness = (points @ points.T).astype(np.float32)
    numbers = np.array([0, 1] * 5 + [-1, -1])
    targets, counts = classifier._targets(numbers, 2)
    _, left_out = classifier._left_out(likeness.copy(), targets, counts, 0.5)
    for row in range(12):
        others = np.arange(12) != row
        among = likeness[np.ix_(others, others)] + np.diag(0.5 / counts[others])
        expected = likeness[row, others] @ np.linalg.solve(among, targets[others])
        assert np.allclose(left_out[row], expected, atol=1e-3)


def test_rows_of_none_speak_against_every_label() -> None:
    targets, _ = classifier._targets(np.array([0, 1, -1]), 2)
    assert targets.tolist() == [[1, 0], [0, 1], [-1, -1]]


def test_with_few_examples_the_sentence_vector_counts_more() -> None:
    many, few = (classifier.Reader([*CARDS, *TRAINS], few=few).first[0] for few in (False, True))
    assert many is not None and few is not None
    assert np.allclose((many[:, :WIDTH] ** 2).sum(axis=1), 0.25, atol=1e-3)
    assert np.allclose((few[:, :WIDTH] ** 2).sum(axis=1), 0.55, atol=1e-3)


def test_with_none_of_these_taught_settings_are_judged_by_what_one_threshold_parts() -> None:
    numbers = np.array([0, 1, -1, -1])
    apart = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.1], [0.1, 0.2]], dtype=np.float32)
    mixed = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.8], [0.7, 0.9]], dtype=np.float32)
    assert classifier._worth(apart, numbers) > classifier._worth(mixed, numbers)
    assert 0.2 < classifier._threshold(apart, numbers) < 0.9
