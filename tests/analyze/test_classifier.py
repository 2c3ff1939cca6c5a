"""The classifier on small data of our own: what it learns, refuses and survives."""

from collections.abc import Sequence

import numpy as np
import pytest

from crowdalogue.analyze import classifier

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
    monkeypatch.setattr(classifier, "LANDMARKS", 8)
    found = [name for name, _ in taught().label(["the card was stolen", "the train was cancelled"])]
    assert found == ["card", "train"]
