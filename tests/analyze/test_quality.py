import csv
from pathlib import Path

import pytest

from crowdalogue.analyze import quality, training


def test_a_file_is_scored_by_the_step_in_use(tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = [["text", "label"], ["Where is my order?", "question"], ["Thank you, wonderful!", "praise"]]
        csv.writer(file).writerows(rows)
    scored = quality.evaluate("intent", path)
    assert {"n", "accuracy", "macro_recall", "macro_f1", "per_label", "seconds_cpu"} <= set(scored)
    assert scored["accuracy"] == 1.0


@pytest.mark.parametrize("step", ["mood", "embedding", "Sentiment"])
def test_an_unknown_step_is_refused(step: str) -> None:
    with pytest.raises(ValueError, match=rf"There is no step {step}. Choose one of: language, .*category"):
        quality.evaluate(step)


def given(path: Path, *rows: tuple[str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def test_labels_may_have_another_case_and_rows_none(tmp_path: Path) -> None:
    path = given(tmp_path / "a.csv", ("Where is my order?", "QUESTION"), ("thanks", ""), ("", "Other"))
    scored = quality.evaluate("intent", path)
    assert (scored["n"], scored["rows_without_label_left_out"]) == (2, 1)
    assert set(scored["per_label"]) == {"question", "other"}


def test_labels_a_step_never_gives_are_named(tmp_path: Path) -> None:
    path = given(tmp_path / "a.csv", ("soup", "food"), ("bus", "w" * 60))
    with pytest.raises(ValueError, match=r"never gives: food, w{40}…. It gives .* Name a file to learn them from"):
        quality.evaluate("sentiment", path)
    with pytest.raises(ValueError, match=r"It gives asked, none. Change the labels.$"):
        quality.evaluate("question", path)


@pytest.mark.parametrize("text", ["", "😡", "Wo ist my order? Merci, gracias أين 注文", "x" * 100_000])
def test_strange_texts_are_scored(tmp_path: Path, text: str) -> None:
    for step, label in (("sentiment", "neutral"), ("language", "und"), ("emotion", "none"), ("duplicate", "a")):
        scored = quality.evaluate(step, given(tmp_path / "a.csv", (text, label), ("thank you so much", label)))
        assert scored["n"] == 2
        assert {"accuracy", "macro_recall", "macro_f1", "per_label", "seconds_cpu"} <= set(scored)


def test_a_category_of_two_examples_learns_and_one_that_contradicts_itself_does_not(tmp_path: Path) -> None:
    two = given(tmp_path / "two.csv", ("the soup", "food"), ("a soup", "food"), ("the bus", "way"), ("a bus", "way"))
    asked = given(tmp_path / "asked.csv", ("soup please", "Food"), ("my bus", "way"), ("else", "new"))
    scored = quality.evaluate("category", asked, two)
    assert scored["per_label"]["food"]["recall"] == 1.0
    assert scored["labels_not_in_training"] == ["new"]
    both = given(tmp_path / "both.csv", ("soup", "food"), ("soup", "way"), ("bus", "food"), ("bus", "way"))
    with pytest.raises(ValueError, match="contradict each other"):
        quality.evaluate("category", asked, both)
    one = given(tmp_path / "one.csv", ("soup", "food"), ("bus", "way"))
    with pytest.raises(ValueError, match="two examples or more of each label"):
        quality.evaluate("category", asked, one)


def test_copies_of_a_file_are_the_rows_of_one_label(tmp_path: Path) -> None:
    text = "The lift at Central has been out of order for three weeks and nobody tells us when"
    rows = [(r["text"], r["id"]) for r in training.examples()[:600]]
    path = given(tmp_path / "a.csv", (text, "lift"), *rows, (f"RT @me: {text}!!", "lift"))
    scored = quality.evaluate("duplicate", path)
    assert scored["per_label"]["copy"] | {"precision": 0, "precision_interval": 0, "f1": 0, "recall_interval": 0} == {
        "n": 1, "recall": 1.0, "precision": 0, "precision_interval": 0, "f1": 0, "recall_interval": 0,
    }  # fmt: skip
    assert {"precision", "recall", "accuracy", "seconds_cpu"} <= set(scored)


def test_rules_and_languages_have_intervals_and_a_speed() -> None:
    for step in ("question", "language"):
        scored = quality.evaluate(step)
        assert {"accuracy_interval", "macro_recall_interval", "macro_f1_interval"} <= set(scored)
        assert scored["messages_per_cpu_second"] > 100
    assert {"en", "de", "others"} <= set(scored["by_group"]["language"])


def test_every_step_that_says_something_can_be_scored() -> None:
    from crowdalogue.analyze.asked import names

    assert set(names()) <= set(quality.scorable())
