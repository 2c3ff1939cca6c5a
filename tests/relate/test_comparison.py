"""The statistics of comparisons against simulation, against brute force, and against what must always hold."""

from __future__ import annotations

from math import comb, inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.relate.comparison import (
    FEWEST_PEOPLE,
    FEWEST_WITH,
    RATE,
    benjamini_hochberg,
    compare,
    fisher,
    koopman,
    log_odds,
    mantel_haenszel,
    newcombe,
)

REALISTIC = [
    (n1, n2, p2, ratio)
    for n1, n2 in ((50, 50), (50, 200), (200, 200), (100, 1000), (812, 2310), (200, 5000), (5000, 5000))
    for p2 in (0.01, 0.03, 0.1, 0.3, 0.5)
    for ratio in (1.0, 1.5, 2.0)
    if p2 * ratio < 1 and n1 * p2 * ratio + n2 * p2 >= FEWEST_WITH
]


def coverage(draws: int, seed: int) -> tuple[Any, Any]:
    """Of each realistic case the share of draws whose interval holds the truth: of the ratio, of the difference.

    Draws of which nothing would be said are left out, as on the page.
    """
    generator = np.random.default_rng(seed)
    ratios, points = [], []
    for n1, n2, p2, ratio in REALISTIC:
        drawn = np.column_stack([generator.binomial(n1, p2 * ratio, draws), generator.binomial(n2, p2, draws)])
        pairs, times = np.unique(drawn[drawn.sum(1) >= FEWEST_WITH], axis=0, return_counts=True)
        given_counts = pairs[:, 0], np.full(len(pairs), n1), pairs[:, 1], np.full(len(pairs), n2)
        for found, interval, truth in ((ratios, koopman, ratio), (points, newcombe, p2 * ratio - p2)):
            low, high = interval(*given_counts)
            found.append(float(np.average((low <= truth) & (truth <= high), weights=times)))
    return np.array(ratios), np.array(points)


def people(generator: Any, n: int, features: int, *, correlated: bool) -> Any:
    """Who has which feature; correlated ones come in blocks of ten that mostly go together."""
    share = np.repeat(generator.uniform(0.01, 0.3, features // 10), 10)
    if not correlated:
        return generator.random((n, features)) < share
    together = np.repeat(generator.random((n, features // 10)) < share[::10], 10, axis=1)
    return np.where(generator.random((n, features)) < 0.8, together, generator.random((n, features)) < share)


def false_discoveries(rounds: int, seed: int, *, correlated: bool, real: int = 0) -> float:
    """Mean share of false ones among what stands, where the first `real` blocks of features truly differ."""
    generator = np.random.default_rng(seed)
    shares = []
    for _round in range(rounds):
        both = people(generator, 700, 200, correlated=correlated)
        one, two = both[:300], both[300:].copy()
        two[:, : 10 * real] &= generator.random((400, 10 * real)) < 0.4
        k1, k2 = one.sum(0), two.sum(0)
        stands = compare(k1, np.full(200, 300), k2, np.full(200, 400)).stands
        shares.append(stands[10 * real :].sum() / max(stands.sum(), 1))
    return float(np.mean(shares))


def test_intervals_cover_what_they_say() -> None:
    ratios, points = coverage(4_000, 1)
    assert 0.94 <= ratios.mean() <= 0.96 and 0.94 <= points.mean() <= 0.96
    assert ratios.min() > 0.925 and points.min() > 0.925


@pytest.mark.parametrize("correlated", [False, True])
def test_where_nothing_differs_little_is_found(correlated: bool) -> None:
    assert false_discoveries(60, 2, correlated=correlated) <= RATE + 0.05


@pytest.mark.prove
def test_intervals_cover_94_to_96_of_100() -> None:
    ratios, points = coverage(400_000, 3)
    for name, found in (("ratio, Koopman", ratios), ("difference, Newcombe", points)):
        inside = float(np.mean((found >= 0.94) & (found <= 0.96)))
        print(f"{name}: {found.mean():.4f}, {found.min():.4f} to {found.max():.4f}, {inside:.0%} of cases in 94 to 96")
        assert 0.948 <= found.mean() <= 0.953
        assert found.min() >= 0.935 and found.max() <= 0.965
        assert inside >= 0.9


@pytest.mark.prove
@pytest.mark.parametrize("correlated", [False, True])
@pytest.mark.parametrize("real", [0, 4])
def test_false_discoveries_stay_below_the_rate(correlated: bool, real: int) -> None:
    found = false_discoveries(3_000, 4, correlated=correlated, real=real)
    print(f"false discoveries, {'correlated' if correlated else 'independent'}, {real * 10} real: {found:.4f}")
    assert found <= RATE


counts = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)


def one(function: Any, k1: int, n1: int, k2: int, n2: int) -> Any:
    return function([k1], [n1], [k2], [n2])


@given(counts)
def test_fisher_is_what_counting_every_table_gives(case: tuple[int, int, int, int]) -> None:
    k1, n1, k2, n2 = case
    k, whole = k1 + k2, comb(n1 + n2, k1 + k2)
    below = sum(comb(n1, x) * comb(n2, k - x) for x in range(k1 + 1) if k - x <= n2)
    above = sum(comb(n1, x) * comb(n2, k - x) for x in range(k1, min(n1, k) + 1))
    assert one(fisher, *case)[0] == pytest.approx(min(1, 2 * min(below, above) / whole), abs=1e-9)


@given(counts)
def test_intervals_hold_the_estimate_and_turn_with_the_groups(case: tuple[int, int, int, int]) -> None:
    k1, n1, k2, n2 = case
    [low], [high] = one(koopman, *case)
    [other_low], [other_high] = one(koopman, k2, n2, k1, n1)
    assert 0 <= low <= high
    if k2:
        assert low <= (k1 / n1) / (k2 / n2) * (1 + 1e-9) and (k1 / n1) / (k2 / n2) <= high * (1 + 1e-9)
        assert low == 0 or low == pytest.approx(1 / other_high, rel=1e-6)
    assert (high == inf) == (k2 == 0)
    assert (low == 0) == (k1 == 0)
    assert other_low >= 0
    [low], [high] = one(newcombe, *case)
    assert -1 - 1e-9 <= low <= k1 / n1 - k2 / n2 <= high <= 1 + 1e-9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_correction_is_that_of_benjamini_and_hochberg(p: list[float]) -> None:
    q = benjamini_hochberg(p)
    ordered = sorted(p)
    for rate in (0.01, 0.05, 0.2):
        held = [x for i, x in enumerate(ordered, 1) if x <= rate * i / len(p) * (1 + 1e-12)]
        cut = max(held, default=-1.0)
        assert [bool(x) for x in q <= rate * (1 + 1e-12)] == [x <= cut for x in p]


@given(counts, st.integers(2, 5))
def test_more_of_the_same_is_more_evidence(case: tuple[int, int, int, int], times: int) -> None:
    small, large = one(log_odds, *case)[0], one(log_odds, *(x * times for x in case))[0]
    assert small * large >= -1e-9 and abs(large) >= abs(small) - 0.05


def test_too_few_is_not_said_and_costs_the_others_nothing() -> None:
    k1, k2 = np.array([60, 3, 0]), np.array([20, FEWEST_WITH - 4, 0])
    found = compare(k1, np.full(3, 200), k2, np.full(3, 200))
    assert found.said.tolist() == [True, False, False] and found.stands.tolist() == [True, False, False]
    assert found.q[0] == pytest.approx(found.p[0])
    small = compare(np.array([19]), np.array([FEWEST_PEOPLE - 1]), np.array([1]), np.array([500]))
    assert not small.said[0] and not small.stands[0]


def test_nothing_to_compare_is_no_error() -> None:
    nothing = np.zeros(0, dtype=int)
    assert len(compare(nothing, nothing, nothing, nothing).q) == 0
    none_at_all = compare(np.array([0]), np.array([0]), np.array([0]), np.array([0]))
    assert not none_at_all.said[0]


def test_simpsons_reversal_is_seen() -> None:
    """Kidney stones (Charig and others 1986, doi:10.1136/bmj.292.6524.879): in all the second treatment seems better,
    with small and large stones apart the first is."""
    k1, n1, k2, n2 = [[81, 192]], [[87, 263]], [[234, 55]], [[270, 80]]
    found = mantel_haenszel(k1, n1, k2, n2)
    assert found.crude[0] == pytest.approx(273 / 350 / (289 / 350))
    assert found.ratio[0] > 1 > found.crude[0]
    turned = mantel_haenszel([[40, 20]], [[50, 200]], [[300, 2]], [[500, 40]])
    assert turned.turned[0] and turned.crude[0] < 1 < turned.ratio[0]


def test_a_difference_that_is_the_mix_of_strata_fades() -> None:
    """Within each stratum nothing differs; the groups are mixed differently."""
    found = mantel_haenszel([[80, 10]], [[100, 100]], [[160, 100]], [[200, 1000]])
    assert found.ratio[0] == pytest.approx(1) and found.crude[0] > 2
    assert found.moved[0] and not found.turned[0]


def test_strata_alike_move_nothing_and_apart_say_nothing() -> None:
    alike = mantel_haenszel([[20, 40]], [[100, 200]], [[10, 20]], [[100, 200]])
    assert alike.ratio[0] == pytest.approx(2) and alike.low[0] < 2 < alike.high[0]
    assert not alike.turned[0] and not alike.moved[0] and alike.shared == 1
    apart = mantel_haenszel([[20, 0]], [[100, 0]], [[0, 20]], [[0, 200]])
    assert apart.shared == 0 and not apart.turned[0] and not apart.moved[0]


@settings(max_examples=50)
@given(st.lists(counts, min_size=1, max_size=6))
def test_one_stratum_is_the_crude_ratio(cases: list[tuple[int, int, int, int]]) -> None:
    k1, n1, k2, n2 = (np.array(x)[:, None] for x in zip(*cases, strict=True))
    found = mantel_haenszel(k1, n1, k2, n2)
    known = (k1[:, 0] > 0) & (k2[:, 0] > 0)
    assert np.allclose(found.ratio[known], found.crude[known])
    assert not found.turned.any() and not found.moved.any()
