"""What is usual: rhythm, level, swings."""

from __future__ import annotations

import numpy as np

from crowdalogue.relate import usual
from tests.relate import simulated


def test_the_rhythm_of_day_and_week_is_learned() -> None:
    hour = np.arange(6 * 168)
    rhythm = 40 * (1 + 0.5 * np.sin(hour % 24 / 24 * 2 * np.pi)) * np.where(hour // 24 % 7 >= 5, 0.5, 1.0)
    seen = np.random.default_rng(1).poisson(rhythm).astype(float)
    expected, filled = usual.predict(seen)
    late = slice(5 * 168, None)
    assert np.abs(expected[late] / rhythm[late] - 1).mean() < 0.15
    np.testing.assert_array_equal(filled, seen)
    assert np.isnan(expected[:24]).all()


def test_the_first_step_may_be_any_of_the_week() -> None:
    rng = np.random.default_rng(2)
    weekend = rng.poisson(np.where(np.arange(8 * 168) // 24 % 7 >= 5, 10.0, 50.0)).astype(float)
    from_wednesday, _ = usual.predict(weekend[48:], first=48)
    assert np.nanmean(from_wednesday[-48:]) < 0.5 * np.nanmean(from_wednesday[-168:-48])


def test_a_new_level_becomes_usual_within_days() -> None:
    seen = np.concatenate([np.full(480, 20.0), np.full(480, 60.0)])
    expected, _ = usual.predict(seen)
    assert expected[481] < 25
    assert abs(expected[-1] - 60) < 6


def test_no_row_is_none_where_few_came_and_unknown_where_many_did() -> None:
    for mean, kept in ((0.5, 0.0), (50.0, 50.0)):
        seen = np.full(480, mean)
        seen[400:440] = np.nan
        _, filled = usual.predict(seen)
        assert abs(filled[420] - kept) < 0.2 * mean + 1e-9


def test_swings_that_last_are_told_from_single_ones() -> None:
    rng = np.random.default_rng(6)
    lasting, _ = simulated.counts(rng, days=40, base=100, swing=0.4, kept=0.9, bursts=0)
    single, _ = simulated.counts(rng, days=40, base=100, swing=0.4, kept=0.0, bursts=0)
    found = []
    for seen in (lasting, single):
        expected, filled = usual.predict(seen)
        error = np.log((filled + 1) / (np.nan_to_num(expected, nan=1) + 1))[240:]
        mean = expected[240:]
        found.append(usual.measure(error, mean / (mean + 1), mean / (mean + 1) ** 2, 24))
    assert found[0].kept > 0.8
    assert found[0].swing > 3 * found[1].swing
    assert found[1].single > 3 * found[0].single


def test_scores_of_calm_counts_are_like_a_normal_ones() -> None:
    seen, _ = simulated.counts(np.random.default_rng(7), days=60, bursts=0)
    expected, filled = usual.predict(seen)
    score = usual.surprise(filled, expected).score[20 * 24 :]
    assert 0.0 < np.mean(score > 3) < 0.01
    assert np.mean(score) < 1.2
