"""When counts rise beyond what is usual, with a promised rate of false episodes.

How far a rise stands out is in relate/usual.py. The threshold is not theoretical: the daily maxima of the series' own
past scores say where it must be, so that it is passed as often as the budget allows. Squared scores of calm, normal
series have an exponential tail; its scale is what days exceed the median day by, cut off so that true bursts in the
past count little, drawn towards what calm series show while there are few days, unless the series' own tail is heavier.

Every step is decided from the steps before it and itself only. Pure arrays; no rows. Peaks over a threshold: Coles
(2001); down-weighting what was a burst: Farrington (1996), Noufaily (2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from crowdalogue.relate.usual import Floats, Surprise, predict, surprise

LEAST = 14  # days of past below which nothing is decided: too little data to tell
LEAST_STEPS = 28  # and so many steps
LEAST_MORE = 4.0  # a rise that matters: at least so many more than expected
RISE = 1.4  # and at least so many times what was expected
QUIET = 6  # steps below half the threshold that end an episode
FORGIVEN = 3  # episodes in 30 days that are taken for true and left out of the past; more than that is its habit
PAST_MAXIMA = 84  # days whose largest scores say where the threshold must be
# Above the median day the largest squared scores of calm series are exponential. What calm simulated series show, and
# how many days of the series' own past that weighs.
CALM_MEDIAN, CALM_SCALE, CALM_DAYS = 4.2, 1.7, 10.0
DAYS_ABOVE = math.log(2.0)  # scores beyond the median of daily maxima, a day
LARGER = 1.178  # times the scale: the mean by which a day's largest score exceeds the median, where it does
# Bursts in the past say little: what exceeds the median by more scales than this counts as so many.
CUT, CUT_HEAVY = 3.5, 8.0
# Days that exceed the median by more scales than this were bursts, and say nothing at all, unless they are more than
# this share of the past: then bursts are the series' habit.
FAR, MOST_FAR = 7.0, 0.25
# Between these ratios to the calm scale a series passes for one with a heavy tail of its own: it is not drawn towards
# calm ones, is cut off later, and its tail is widened, as its rarest scores lie beyond an exponential's. The last was
# chosen on real counts.
HEAVY_FROM, HEAVY_TO, WIDENED = 1.3, 2.0, 1.4
CALM_EXCESSES = 5.0  # how many of the series' own excesses the calm scale weighs
FEW_DAYS = 4.0  # what few days say of the tail is too little by about this many parts of their number


@dataclass(frozen=True, slots=True)
class Episode:
    """A rise. Steps count from the first of the series; `raised` is the step that showed it.

    `end` is the step after the last. `peak` is the largest count of a step in it, `expected` what was usual there;
    `needed` the count of step `raised` from which on it would have been raised.
    """

    start: int
    end: int
    raised: int
    peak: float
    expected: float
    needed: float


@dataclass(slots=True)
class Watched:
    """A series step by step: what was expected, the score, the threshold (nan: too little data), and the episodes."""

    expected: Floats
    threshold: Floats
    surprise: Surprise
    seen: Floats
    episodes: list[Episode] = field(default_factory=list)

    def limit(self, at: int) -> float:
        """The upper end of the normal range at a step: from this count on there is an alarm. nan: too little data."""
        if math.isnan(self.threshold[at]):
            return math.nan
        needed = self.surprise.needed(at, float(self.threshold[at]), float(self.seen[at]))
        return max(needed, matters(float(self.expected[at])))


def watch(counts: Sequence[float] | Floats, budget: float = 1.0, per_day: int = 24, first: int = 0) -> Watched:
    """Look at counts of equal steps (nan: no row). `budget`: false episodes in 30 days; `first`: step of the week.

    Raises ValueError for a budget that is not positive or steps that do not divide a day.
    """
    if not (math.isfinite(budget) and budget > 0):
        raise ValueError("the budget must be positive")
    if per_day not in (1, 2, 3, 4, 6, 8, 12, 24):
        raise ValueError("a day has 1 to 24 equal steps")
    values = np.asarray(counts, dtype=np.float64)
    expected, filled = predict(values, per_day, first)
    watched = Watched(expected, np.full(len(values), np.nan), surprise(filled, expected, per_day), filled)
    decide(watched, ~np.isnan(values), budget, per_day)
    return watched


def matters(expected: float) -> float:
    """The smallest count that is worth an alarm, however sure."""
    return max(RISE * expected, expected + LEAST_MORE)


def decide(watched: Watched, known: np.typing.NDArray[np.bool_], budget: float, per_day: int) -> None:
    """Day by day: the threshold from the past, then the steps that pass it, joined to episodes."""
    n, score = len(watched.seen), watched.surprise.score
    calm = score.copy()
    free = 0
    for start in range(max(LEAST * per_day, LEAST_STEPS), n, per_day):
        stop = min(start + per_day, n)
        past = calm[max(3 * per_day, start - PAST_MAXIMA * per_day) : start]
        level = return_level(daily_maxima(past, per_day), 30.0 / budget, per_day)
        watched.threshold[start:stop] = level
        at = max(start, free)
        while at < stop:
            worth = known[at] and watched.seen[at] >= matters(float(watched.expected[at]))
            if score[at] < level or not worth:
                at += 1
                continue
            episode, at = follow(watched, at, level)
            # A rise that was noticed is not usual, unless such rises happen every few days.
            if sum(at - other.raised < 30 * per_day for other in watched.episodes) < FORGIVEN:
                calm[episode.start : at] = np.nan
            watched.episodes.append(episode)
        free = at


def daily_maxima(past: Floats, per_day: int) -> Floats:
    """The largest score of each whole day, of days that were at least half calm."""
    days = len(past) // per_day
    by_day = past[len(past) - days * per_day :].reshape(days, per_day)
    enough = 2 * (~np.isnan(by_day)).sum(axis=1) >= per_day
    return np.asarray(np.nanmax(by_day[enough], axis=1)) if enough.any() else np.zeros(1)


def return_level(daily: Floats, days: float, per_day: int = 24) -> float:
    """The score that daily maxima pass once in so many days.

    Far beyond what the past holds this is larger than the exponential of the fitted scale says, by as much as the scale
    is uncertain: the predictive distribution of an exponential with a gamma prior (a Pareto tail).
    """
    squares = without_bursts(np.maximum(daily, 0.3) ** 2)
    n, middle = len(squares), float(np.median(squares))
    # The largest of fewer steps a day is smaller.
    calm_median = max(CALM_MEDIAN + CALM_SCALE * math.log(per_day / 24), 0.5)
    place = (n * middle + CALM_DAYS * calm_median) / (n + CALM_DAYS)
    excess = squares[squares > middle] - middle
    rough = rough_scale(squares, middle)
    cut = float(np.minimum(excess, CUT * rough).sum()) / LARGER / (1 - math.exp(-CUT))
    ratio = cut / max(len(excess), 1) / CALM_SCALE
    heavy = min(max((ratio - HEAVY_FROM) / (HEAVY_TO - HEAVY_FROM), 0.0), 1.0) * n / (n + CALM_DAYS)
    if heavy > 0:
        place = max(place, middle)
        cut += heavy * (float(np.minimum(excess, CUT_HEAVY * rough).sum()) / LARGER - cut)
    prior = CALM_EXCESSES * (1 - heavy)
    known, total = max(len(excess) + prior, 1.0), cut + prior * CALM_SCALE
    rare = max(DAYS_ABOVE * days, 1.0001) ** (1 / known) - 1
    wide = (1 + (WIDENED - 1) * heavy) * (1 + FEW_DAYS / n)
    return math.sqrt(max(place + wide * total * rare, 1.0))


def without_bursts(squares: Floats) -> Floats:
    """The past without the days that stand far out, where these are few."""
    middle = float(np.median(squares))
    far = squares > middle + FAR * rough_scale(squares, middle)
    return squares[~far] if float(far.mean()) <= MOST_FAR else squares


def rough_scale(squares: Floats, middle: float) -> float:
    """The scale from two quantiles that bursts hardly move, drawn towards the calm one."""
    apart = math.log(math.log(2.0) / -math.log(0.75))
    own = (float(np.quantile(squares, 0.75)) - middle) / apart
    return (len(squares) * own + CALM_DAYS * CALM_SCALE) / (len(squares) + CALM_DAYS)


def follow(watched: Watched, raised: int, level: float) -> tuple[Episode, int]:
    """The episode raised at a step, until it has been quiet for a while; and the step after that."""
    seen, score = watched.seen, watched.surprise.score
    last, ahead = raised, raised + 1
    while ahead < len(seen) and ahead - last <= QUIET:
        if score[ahead] >= level / 2:
            last = ahead
        ahead += 1
    start = raised
    while start > 0 and raised - start < QUIET and seen[start - 1] >= RISE * np.nan_to_num(
        watched.expected[start - 1], nan=np.inf
    ):  # fmt: skip
        start -= 1
    peak = start + int(np.argmax(seen[start : last + 1]))
    needed = max(watched.surprise.needed(raised, level, float(seen[raised])), matters(float(watched.expected[raised])))
    return Episode(start, last + 1, raised, float(seen[peak]), float(watched.expected[peak]), needed), ahead
