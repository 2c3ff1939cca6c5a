"""Precision and recall from a queue that asks about some messages more often: without bias, with honest intervals."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.analyze import categories_measured as measured
from crowdalogue.analyze.categories_measured import Share


def company(rng: np.random.Generator, n: int = 4_000) -> tuple[np.ndarray, np.ndarray]:
    """Messages: whether they are in a category, and how sure a version is."""
    yes = rng.random(n) < 0.06
    score = rng.normal(np.where(yes, 1.2, -2.2), 1.2)
    return yes, 1 / (1 + np.exp(-score))


def drawn(rng: np.random.Generator, sure: np.ndarray, labels: int) -> tuple[np.ndarray, np.ndarray]:
    density = measured.densities(sure, 0.5)
    at = rng.choice(len(sure), labels, replace=False, p=density)
    return at, density[at]


def test_the_queue_asks_mostly_about_what_is_caught_and_unsure_and_forgets_nobody() -> None:
    _, sure = company(np.random.default_rng(1))
    density = measured.densities(sure, 0.5)
    assert abs(density.sum() - 1) < 1e-9
    assert (density > 0).all()
    assert density[sure >= 0.5].sum() > 0.4
    assert density[sure < 0.5].min() >= measured.ANY / len(sure) - 1e-12
    nothing_caught = measured.densities(np.full(50, 0.1), 0.5)
    assert abs(nothing_caught.sum() - 1) < 1e-9


def test_shares_of_all_messages_come_out_of_a_slanted_sample() -> None:
    rng = np.random.default_rng(4)
    inside = {"precision": 0, "recall": 0, "specificity": 0, "prevalence": 0}
    values: dict[str, list[float]] = {name: [] for name in inside}
    truth: dict[str, list[float]] = {name: [] for name in inside}
    runs = 400
    for _ in range(runs):
        yes, sure = company(rng)
        caught = sure >= 0.5
        real = {
            "precision": (yes & caught).sum() / caught.sum(),
            "recall": (yes & caught).sum() / yes.sum(),
            "specificity": (~yes & ~caught).sum() / (~yes).sum(),
            "prevalence": yes.mean(),
        }
        at, density = drawn(rng, sure, 200)
        found = measured.measure(yes[at], caught[at], measured.weights(density, len(yes)), caught.mean())
        for name in inside:
            share: Share = getattr(found, name)
            assert share.value is not None and share.low is not None and share.high is not None
            inside[name] += share.low <= real[name] <= share.high
            values[name].append(share.value)
            truth[name].append(real[name])
    bias = {name: float(np.mean(values[name]) - np.mean(truth[name])) for name in inside}
    covered = {name: inside[name] / runs for name in inside}
    print("bias", bias, "covered", covered)
    assert all(abs(b) < 0.025 for b in bias.values())
    assert all(c >= 0.92 for c in covered.values())


def test_where_all_were_asked_in_the_end_all_weigh_the_same() -> None:
    rng = np.random.default_rng(2)
    _, sure = company(rng, 60)
    _, density = drawn(rng, sure, 60)
    weight = measured.weights(density, 60)
    assert weight.max() / weight.min() < 1.01


def test_a_share_says_how_many_it_rests_on_and_when_they_are_few() -> None:
    share = measured.share(np.array([True] * 9), np.ones(9))
    assert share.few and share.n == 9
    assert measured.share(np.zeros(0, dtype=bool), np.ones(0)) == measured.NOTHING
    even = measured.share(np.array([True] * 30 + [False] * 10), np.ones(40))
    assert even.value == 0.75 and abs(even.worth - 40) < 1e-9
    uneven = measured.share(np.array([True] * 30 + [False] * 10), np.array([9.0] * 5 + [1.0] * 35))
    assert uneven.worth < 20
    assert measured.of(measured.measure(*([np.array([True, False])] * 2), np.ones(2)).plain()).n == 2


@given(st.integers(0, 60), st.integers(1, 60))
def test_intervals_hold_the_share(k: int, n: int) -> None:
    low, high = measured.wilson(min(k, n), n)
    assert 0 <= low <= min(k, n) / n <= high <= 1


def test_two_versions_are_compared_on_the_same_labels() -> None:
    yes = np.array([True] * 20 + [False] * 20)
    old = np.array([True] * 10 + [False] * 30)
    new = np.array([True] * 18 + [False] * 20 + [True] * 2)
    found = measured.compare(yes, old, new, np.ones(40))
    assert (found.better, found.worse) == (8, 2)
    assert found.enough and found.not_worse
    assert not measured.compare(yes, new, old, np.ones(40)).not_worse
    assert not measured.compare(yes[15:25], old[15:25], new[15:25], np.ones(10)).enough


# --- corrected counts


def certain(value: float, n: int = 100_000) -> Share:
    low, high = measured.wilson(value * n, n)
    return Share(value, low, high, n, n)


def test_a_new_version_does_not_show_as_a_trend() -> None:
    """10 % in truth: one version overlooks a third and takes in 1 %, the next overlooks little and takes in 4 %."""
    old = measured.corrected(round(20_000 * (0.1 * 0.66 + 0.9 * 0.01)), 20_000, certain(0.66), certain(0.99))
    new = measured.corrected(round(20_000 * (0.1 * 0.95 + 0.9 * 0.04)), 20_000, certain(0.95), certain(0.96))
    assert old is not None and new is not None
    assert abs(old.value - 0.1) < 0.001 and abs(new.value - 0.1) < 0.001


def test_corrected_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(8)
    inside, runs = 0, 2_000
    for _ in range(runs):
        real, sensitivity, specificity = 0.08, 0.8, 0.97
        judged, yes, no = 3_000, 60, 150
        caught = rng.binomial(judged, real * sensitivity + (1 - real) * (1 - specificity))
        right_yes, right_no = rng.binomial(yes, sensitivity), rng.binomial(no, specificity)
        shares = [Share(k / n, *measured.wilson(k, n), n, n) for k, n in ((right_yes, yes), (right_no, no))]
        found = measured.corrected(int(caught), judged, *shares)
        assert found is not None
        inside += found.low <= real <= found.high
    print("corrected intervals cover", inside / runs)
    assert 0.93 <= inside / runs <= 0.98


def test_what_cannot_be_corrected_is_not() -> None:
    assert measured.corrected(50, 100, certain(0.52), certain(0.5)) is None
    assert measured.corrected(50, 100, Share(0.9, 0.5, 1.0, 9, 9), certain(0.9)) is None
    assert measured.corrected(0, 0, certain(0.9), certain(0.9)) is None
    assert measured.corrected(5, 100, measured.NOTHING, certain(0.9)) is None


@given(st.integers(0, 500), st.floats(0.56, 1), st.floats(0.56, 1))
def test_corrected_shares_stay_within_bounds(caught: int, sensitivity: float, specificity: float) -> None:
    found = measured.corrected(caught, 500, certain(sensitivity, 40), certain(specificity, 90))
    assert found is not None
    assert 0 <= found.low <= found.value <= found.high <= 1
