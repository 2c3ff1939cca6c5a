import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.analyze import quality


def test_metrics_of_a_known_table() -> None:
    truth = ["a"] * 8 + ["b"] * 2
    found = ["a"] * 7 + ["b"] + ["b", "a"]
    scored = quality.metrics(truth, found)
    assert scored["n"] == 10
    assert scored["accuracy"] == 0.8
    assert scored["macro_recall"] == pytest.approx((7 / 8 + 1 / 2) / 2, abs=1e-4)
    assert scored["macro_f1"] == pytest.approx((14 / 16 + 2 / 4) / 2, abs=1e-4)
    assert scored["per_label"]["b"]["precision"] == 0.5
    low, high = scored["accuracy_interval"]
    assert low < 0.8 < high
    assert scored["macro_f1_interval"][0] <= scored["macro_f1"] <= scored["macro_f1_interval"][1]


def test_a_label_that_nobody_has_does_not_count_but_costs_recall() -> None:
    scored = quality.metrics(["a", "a"], ["a", "z"])
    assert set(scored["per_label"]) == {"a"}
    assert scored["macro_recall"] == 0.5


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share_and_stays_a_share(hits: int, more: int) -> None:
    low, high = quality.wilson(hits, hits + more)
    assert 0.0 <= low <= high <= 1.0
    if hits + more:
        assert low - 1e-4 <= hits / (hits + more) <= high + 1e-4


def test_calibration_of_the_honest_and_of_the_boaster() -> None:
    honest = quality.calibration([0.75] * 100, [True] * 75 + [False] * 25)
    boaster = quality.calibration([0.95] * 100, [True] * 50 + [False] * 50)
    assert honest["expected_error"] == pytest.approx(0.0, abs=1e-6)
    assert boaster["expected_error"] == pytest.approx(0.45, abs=1e-4)


def test_a_file_is_scored_by_the_step_in_use(tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = [["text", "label"], ["Where is my order?", "question"], ["Thank you, wonderful!", "praise"]]
        csv.writer(file).writerows(rows)
    scored = quality.evaluate("intent", path)
    assert {"n", "accuracy", "macro_recall", "macro_f1", "per_label", "seconds_cpu"} <= set(scored)
    assert scored["accuracy"] == 1.0


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(ValueError, match="mood"):
        quality.evaluate("mood")


def test_ours_is_better_than_chance_on_research_tweets(data: Path) -> None:
    scored = quality.research_sentiment(data, 300)["airline_tweets (research)"]
    assert scored["ours"]["macro_f1"] > scored["vader"]["macro_f1"] + 0.1
