"""What is usual for a count at a time, and how far a rise stands out of it, from the past only.

Usual is a profile of the week times a level that follows slow change. How counts swing about it (how strongly, and how
long a swing lasts) is measured on the series' own past, robustly, and a Kalman filter on the logarithm follows the
swings, so that an hour is compared with what the hours before it let expect. A rise that began one to eight hours ago
and lasts leaves a known trace in the errors of that filter: the score is the largest correlation with such a trace,
in standard deviations (the matched filter of Willsky and Jones, 1976).

Pure arrays; no rows. A missing count (nan) is unknown where several were expected (the feed was away), else none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MEMORY = 56  # days of the past that are looked at
SWING_MEMORY = 28  # days over which swings are measured
HALF_LIFE = 3.0  # days after which half of a changed level is believed
CAPPED = 2.0  # a ratio to the usual above which a count says no more about the level
MISSING = 3.0  # where so many were expected and there is no row, the feed was away; below, nobody wrote
ONSETS = 8  # steps ago that a rise may have begun
CLIPPED = 2.2  # robust standard deviations beyond which an error says no more about swings
BURST = 4.5  # standard deviations from which on a rise is a burst, and says nothing about swings
MOST_BURSTS = 0.25  # share of the past; where bursts fill more of it they are how the series swings
HUBER = 3.0  # standard deviations beyond which a count says no more about the swing of the moment
ADDED = 1.0  # to counts, before their logarithm is taken


@dataclass(frozen=True, slots=True)
class Swings:
    """How logarithms of counts swing: how much of a swing remains a step later, its variance, that of single steps."""

    kept: float = 0.7
    swing: float = 0.05
    single: float = 0.1


@dataclass(frozen=True, slots=True)
class Surprise:
    """`score` of each step in standard deviations, never negative; and what another count would have scored."""

    score: Floats
    _each: Floats  # steps x onsets: the score of a rise that began there
    _gain: Floats  # steps x onsets: how much it grows with the logarithm of the last count

    def needed(self, at: int, level: float, seen: float) -> float:
        """The smallest count at a step, where `seen` were, with which its score reaches a level."""
        each, gain = self._each[at], self._gain[at]
        able = gain > 1e-9
        if not able.any():
            return math.inf
        more = float(np.min((level - each[able]) / gain[able]))
        return max((seen + ADDED) * math.exp(min(more, 50.0)) - ADDED, 0.0)


# --- what is usual


def predict(values: Floats, per_day: int = 24, first: int = 0) -> tuple[Floats, Floats]:
    """What is expected of every step from those before it (nan on the first day); and the values without nan.

    `first`: the step of the week, from Monday 0:00, of the first value.
    """
    n, week = len(values), 7 * per_day
    expected = np.full(n, np.nan)
    filled = np.nan_to_num(values, nan=0.0)
    level = math.nan
    decay = 0.5 ** (1.0 / (HALF_LIFE * per_day))
    profile = np.ones(week)
    lead = per_day if per_day > 1 else 7
    for start in range(0, n, per_day):
        if start >= lead:
            past = filled[max(0, start - MEMORY * per_day) : start]
            profile = week_profile(past, (first + start - len(past)) % week, per_day)
            if math.isnan(level):
                level = float(past.mean())
        for at in range(start, min(start + per_day, n)):
            usual = float(profile[(first + at) % week])
            if math.isnan(level):
                continue
            expected[at] = mean = max(level * usual, 0.02)
            if math.isnan(values[at]) and mean >= MISSING:
                filled[at] = mean
            # Huber's idea: a count far above the usual says no more than one just above it.
            ratio = min(filled[at], CAPPED * mean + 2.0) / max(usual, 0.05)
            level = decay * level + (1 - decay) * ratio
    return expected, filled


def week_profile(past: Floats, first: int, per_day: int) -> Floats:
    """Factors with mean 1: each step of the week as far as its own past speaks, else the step of the day.

    Values are cut off within each step of the day, so that a burst does not become a habit.
    """
    steps = (first + np.arange(len(past))) % (7 * per_day)
    # Steps of the day in columns: whole days only, so the first part day counts for the week alone.
    rows = past[len(past) % per_day :].reshape(-1, per_day)
    turn = int(steps[len(past) % per_day]) % per_day
    middle = np.median(rows, axis=0)
    cap = np.roll(2.5 * middle + 3.0, turn)
    calm = np.minimum(past, cap[steps % per_day])
    daily = np.roll(np.minimum(rows, 2.5 * middle + 3.0).mean(axis=0), turn)
    if per_day > 3:
        daily = 0.5 * daily + 0.25 * np.roll(daily, 1) + 0.25 * np.roll(daily, -1)
    daily = daily / max(float(daily.mean()), 1e-9)
    sums = np.bincount(steps, calm / max(float(past.mean()), 1e-9), minlength=7 * per_day)
    seen = np.bincount(steps, minlength=7 * per_day)
    # The step of the day weighs as two weeks: weekly habits show only once they have repeated.
    profile = (sums + 2.0 * np.tile(daily, 7)) / (seen + 2.0)
    return np.asarray(profile / max(float(profile.mean()), 1e-9))


# --- how far a rise stands out


def surprise(filled: Floats, expected: Floats, per_day: int = 24) -> Surprise:
    """The score of a rise at every step, 0 where nothing was expected yet."""
    n = len(filled)
    mean = np.where(np.isnan(expected), 1.0, expected)
    error = np.where(np.isnan(expected), 0.0, np.log((filled + ADDED) / (mean + ADDED)))
    # Of few counts the logarithm moves little, and chance alone moves it much.
    bearing, chance = mean / (mean + ADDED), mean / (mean + ADDED) ** 2
    each, gain = np.zeros((n, ONSETS)), np.zeros((n, ONSETS))
    trace = [np.zeros(ONSETS) for _ in range(3)]
    swings, state, unsure, calm = Swings(), 0.0, 0.1, np.ones(n)
    for at in range(n):
        if at % per_day == 0 and at >= 3 * per_day:
            past = slice(max(per_day, at - SWING_MEMORY * per_day), at)
            without = calm[past] if calm[past].mean() >= 1 - MOST_BURSTS else 1.0
            swings = measure(error[past], bearing[past] * without, chance[past], per_day)
        h = float(bearing[at])
        variance = h * h * (unsure + swings.single) + float(chance[at])
        off = float(error[at]) - h * state
        weight = matched(trace, at % ONSETS, h, off, variance)
        each[at], gain[at] = trace[0] / np.sqrt(trace[1]), weight / variance / np.sqrt(trace[1])
        onset = int(np.argmax(each[at]))
        if each[at, onset] > BURST:
            calm[at - (at - onset) % ONSETS : at + 1] = 0.0
        pull = unsure * h / variance
        limit = HUBER * math.sqrt(variance)
        state = swings.kept * (state + pull * max(-limit, min(limit, off)))
        trace[2] = swings.kept * (trace[2] + pull * weight)
        unsure = swings.kept**2 * (1 - pull * h) * unsure + swings.swing * (1 - swings.kept**2)
    score = np.where(np.isnan(expected), 0.0, np.maximum(each.max(axis=1), 0.0))
    return Surprise(score, each, gain)


def matched(trace: list[Floats], newest: int, h: float, off: float, variance: float) -> Floats:
    """Take one error into the correlations with rises that began up to ONSETS steps ago; what a rise would show now.

    `trace`: the sums of products, the sums of squares, and how much of each rise the filter already takes for a swing.
    """
    for sums in trace:
        sums[newest] = 0.0
    weight = h * (1.0 - trace[2])
    trace[0] += weight * off / variance
    trace[1] += weight * weight / variance
    # Onsets from before the series began have no sums of their own yet.
    np.maximum(trace[1], 1e-12, out=trace[1])
    return np.asarray(weight)


def measure(error: Floats, bearing: Floats, chance: Floats, per_day: int) -> Swings:
    """Swings of the past by its autocovariances, of errors clipped so that bursts count little."""
    busy = bearing > 0.3
    if busy.sum() < max(24, 2 * per_day):
        return Swings()
    low, middle, high = np.quantile(error[busy], (0.16, 0.5, 0.84))
    reach = max(CLIPPED * (high - low) / 2, 1e-3)
    clipped = np.where(busy, np.clip(error - middle, -reach, reach), 0.0)
    scale = np.where(busy, bearing, 0.0)

    def covariance(lag: int) -> float:
        stop = len(clipped) - lag
        return float(clipped[lag:] @ clipped[:stop]) / max(float(scale[lag:] @ scale[:stop]), 1e-9)

    all_of_it, near, far = covariance(0), max(covariance(1), 1e-3), max(covariance(4), 1e-4)
    kept = min(max((far / near) ** (1 / 3), 0.5), 0.97)
    swing = min(near / kept, all_of_it)
    by_chance = float(chance[busy].sum()) / float(scale @ scale)
    return Swings(kept, max(swing, 0.003), max(all_of_it - swing - by_chance, 0.005))
