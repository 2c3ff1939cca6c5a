import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.analyze import figures


def test_metrics_of_a_known_table() -> None:
    truth = ["a"] * 8 + ["b"] * 2
    found = ["a"] * 7 + ["b"] + ["b", "a"]
    scored = figures.metrics(truth, found)
    assert scored["n"] == 10
    assert scored["accuracy"] == 0.8
    assert scored["macro_recall"] == pytest.approx((7 / 8 + 1 / 2) / 2, abs=1e-4)
    assert scored["macro_f1"] == pytest.approx((14 / 16 + 2 / 4) / 2, abs=1e-4)
    assert scored["per_label"]["b"]["precision"] == 0.5
    low, high = scored["accuracy_interval"]
    assert low < 0.8 < high
    assert scored["macro_f1_interval"][0] <= scored["macro_f1"] <= scored["macro_f1_interval"][1]


def test_a_label_that_nobody_has_does_not_count_but_costs_recall() -> None:
    scored = figures.metrics(["a", "a"], ["a", "z"])
    assert set(scored["per_label"]) == {"a"}
    assert scored["macro_recall"] == 0.5


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share_and_stays_a_share(hits: int, more: int) -> None:
    low, high = figures.wilson(hits, hits + more)
    assert 0.0 <= low <= high <= 1.0
    if hits + more:
        assert low - 1e-4 <= hits / (hits + more) <= high + 1e-4


def test_calibration_of_the_honest_and_of_the_boaster() -> None:
    honest = figures.calibration([0.75] * 100, [True] * 75 + [False] * 25)
    boaster = figures.calibration([0.95] * 100, [True] * 50 + [False] * 50)
    assert honest["expected_error"] == pytest.approx(0.0, abs=1e-6)
    assert boaster["expected_error"] == pytest.approx(0.45, abs=1e-4)


def test_nothing_and_many_labels_are_counted_too() -> None:
    assert figures.metrics([], [])["accuracy_interval"] == [0.0, 1.0]
    many = [str(i) for i in range(3_000)]
    assert figures.metrics(many, many)["macro_f1"] == 1.0


def test_failures_are_counted_by_language_length_and_channel() -> None:
    traits = [figures.Traits("one two", "en", "mail")] * 40 + [figures.Traits("word " * 40, "de", "chat")] * 40
    traits += [figures.Traits("one", code, "mail") for code in ("cs", "da", "cs")]
    groups = figures.by_group(traits, [True] * 30 + [False] * 10 + [True] * 40 + [False] * 3)
    assert {name: (f["n"], f["accuracy"]) for name, f in groups["language"].items()} == {
        "en": (40, 0.75),
        "de": (40, 1.0),
        "others": (3, 0.0),
    }
    assert list(groups["length"]) == ["1 to 5 words", "more than 30 words"]
    assert (
        groups["channel"]["mail"]["accuracy_interval"][0] < 30 / 43 < groups["channel"]["mail"]["accuracy_interval"][1]
    )


def test_what_is_taken_for_what() -> None:
    assert figures.confused(list("aaabb"), list("abbba")) == [["a", "b", 2], ["b", "a", 1]]
