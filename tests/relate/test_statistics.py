"""Intervals that hold what they promise."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.relate.statistics import quantile_ranks, wilson


def test_wilson_as_published() -> None:
    """Newcombe 1998, table I: 81 of 263 is .2553 to .3662, 15 of 148 .0624 to .1605, 0 of 20 0 to .1611."""
    for k, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)
    assert wilson(0, 0) is None


@given(st.integers(1, 100_000), st.data())
def test_wilson_holds_the_share_and_stays_between_0_and_1(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    interval = wilson(k, n)
    assert interval is not None
    assert 0 <= interval[0] <= k / n <= interval[1] <= 1


@given(st.integers(0, 5_000), st.sampled_from([0.1, 0.5, 0.9]))
def test_ranks_are_places_in_the_list(n: int, q: float) -> None:
    ranks = quantile_ranks(n, q)
    if ranks is not None:
        assert 0 <= ranks[0] <= n * q <= ranks[1] + 1 <= n
    else:
        assert n < 60


def test_the_interval_of_a_median_holds_it_95_times_in_100() -> None:
    rng = np.random.default_rng(random.Random(7).randrange(1 << 30))
    for q, n in ((0.5, 80), (0.9, 200)):
        ranks = quantile_ranks(n, q)
        assert ranks is not None
        values = np.sort(rng.lognormal(6, 1.5, size=(4_000, n)), axis=1)
        true = float(np.exp(6 + 1.5 * {0.5: 0.0, 0.9: 1.2815515655}[q]))
        held = ((values[:, ranks[0]] <= true) & (true <= values[:, ranks[1]])).mean()
        assert 0.94 < held < 0.985
