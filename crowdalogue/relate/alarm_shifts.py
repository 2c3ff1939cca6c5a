"""Rises of small series and slow ones: the last day, three and seven days against the four weeks before.

An hour of a small series says little, and a rise that takes a week to grow is taken for a change of level by what
follows hours (relate/alarms.py). Here sums of whole days are compared with what the four weeks before let expect: a
negative binomial that knows how uncertain these weeks leave the mean, widened by how much earlier sums strayed.

Every day is decided from the days before it and itself only. Pure arrays; no rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom, norm
from scipy.stats import t as student

from crowdalogue.relate.alarms import QUIET, Episode

Floats: TypeAlias = NDArray[np.float64]

WEEK = 7.0
WINDOWS = (1, 3, 7)  # days that are added up
BEFORE = 28  # days they are compared with
LEAST = 28  # days of past below which nothing is decided
MEMORY = 56  # days over which it is measured how sums stray
RISE = 1.5  # a rise that matters: so many times what was expected, and so many voices more
MORE = 8.0
LONGEST = 41  # days back that a change of level may have begun
LATELY = 14  # days that do not count for it: a rise that grows slowly would widen what it is judged by
WEEKS_OF_NO_HABIT = 4.0  # what speaks against a habit of the week, in weeks
STRAYED = 9.0  # times the usual squared error beyond which one says no more about straying: a burst, not a habit
STEADY = 0.375  # added before a root is taken: then chance moves it alike, whatever the mean (Anscombe)
HALF = 0.455  # median of a squared standard normal error
# Rare sums of days that stray lie further out than eight weeks show. They are taken for Student's, of so many degrees
# of freedom: some, and more the fewer days are added up (chosen on simulations of days that stray in two ways).
LEAST_FREE, FREE = 2.0, 8.0
LOOKS = 2.0  # of one window, within its own length: neighbouring days are much alike, but not the same
STILL = 0.05  # chance below which a raised rise still goes on


@dataclass(frozen=True, slots=True)
class Known:
    """What the weeks before let expect of the sum of `w` days that ends with a day; `before`: the sum without it."""

    w: int
    mean: float
    size: float
    wide: float
    level: float
    before: float

    @property
    def least(self) -> float:
        """The smallest sum that matters, however sure."""
        return max(RISE * self.mean, self.mean + MORE)

    def chance(self, count: float) -> float:
        """Of so many or more, where the day counts so many; 1 for what does not matter."""
        total = self.before + count
        return tail(total, self.mean, self.size, self.wide) if total >= self.least else 1.0

    def needed(self) -> float:
        """The count of the day from which on there is an alarm."""
        return max(quantile(self.mean, self.size, self.wide, self.level), self.least) - self.before


@dataclass(frozen=True, slots=True)
class Change:
    """From when on there is another level: the first day of it, and voices a day before and since."""

    day: int
    before: float
    since: float


@dataclass(slots=True)
class Shifts:
    """Day by day: what was usual (nan on the first days), what is known of each window, and the rises."""

    expected: Floats
    seen: Floats
    known: list[list[Known]]
    episodes: list[Episode] = field(default_factory=list)

    def limit(self, at: int) -> float:
        """The upper end of the normal range on a day: from this count on there is an alarm. nan: too little data."""
        return max(1.0, min(one.needed() for one in self.known[at])) if self.known[at] else math.nan

    def window(self, at: int) -> int:
        """How many days together stand out most on a day."""
        known = self.known[at]
        return min(known, key=lambda one: one.chance(self.seen[at]) / one.level).w if known else WINDOWS[0]

    def drawn(self, w: int) -> tuple[Floats, Floats, Floats]:
        """Sums of `w` days by their last day, what was expected of them, and from which sum on there is an alarm."""
        sums = np.convolve(self.seen, np.ones(w))[: len(self.seen)]
        of = [next((one for one in known if one.w == w), None) for known in self.known]
        means = np.array([one.mean if one else math.nan for one in of])
        limits = np.array([one.needed() + one.before if one else math.nan for one in of])
        return sums, means, limits

    def chance(self, at: int) -> float:
        """The smallest of the day's windows."""
        return min((one.chance(self.seen[at]) for one in self.known[at]), default=1.0)

    def stands_out(self, at: int) -> bool:
        count = self.seen[at]
        return count >= 1 and any(one.chance(count) < one.level for one in self.known[at])


def watch(counts: Floats, budget: float, first: int = 0) -> Shifts:
    """Look at counts of days. `budget`: false episodes in 30 days; `first`: weekday of the first, Monday 0.

    Raises ValueError for a budget that is not positive.
    """
    if not (math.isfinite(budget) and budget > 0):
        raise ValueError("the budget must be positive")
    seen = np.nan_to_num(np.asarray(counts, dtype=np.float64))
    found = Shifts(np.full(len(seen), np.nan), seen, [[] for _day in seen])
    strays = {w: np.full(len(seen), np.nan) for w in WINDOWS}
    for day in range(8, len(seen)):
        weekday = habits(seen[:day], first)
        for w in WINDOWS:
            expected = usual(seen, day, w, weekday, first)
            if expected is None:
                continue
            mean, size = expected
            if w == 1:
                found.expected[day] = mean
            before = float(seen[day - w + 1 : day].sum())
            strays[w][day] = strayed(before + seen[day], mean, size)
            if day >= LEAST:
                level = min(0.2, budget / 30.0 * w / LOOKS / len(WINDOWS))
                wide = widened(strays[w][max(0, day - LATELY - MEMORY) : day - LATELY], w, level)
                found.known[day].append(Known(w, mean, size, wide, level, before))
    follow(found)
    return found


def changed(seen: Floats, last: int, first: int = 0) -> Change | None:
    """Where the days until `last` are best parted into a level and a higher one: the likeliest change of a Poisson
    rate in the last LONGEST days, each against the four weeks before it. None where nothing rose, or with too few days.
    """
    days = seen[: last + 1]
    factor = habits(days, first)[(first + np.arange(len(days))) % 7]
    best, most = None, 0.0
    for day in range(max(BEFORE, last - LONGEST), last + 1):
        calm = slice(day - BEFORE, day)
        old, new = float(days[calm].sum()), float(days[day:].sum())
        long, short = float(factor[calm].sum()), float(factor[day:].sum())
        if new / short <= old / long:
            continue
        both = (old + new) / (long + short)
        gain = new * math.log(new / short / both) + (old * math.log(old / long / both) if old else 0.0)
        if gain > most:
            best, most = Change(day, old / long, new / short), gain
    return best


def habits(past: Floats, first: int) -> Floats:
    """Factors of the seven weekdays, Monday first, of the last eight weeks; drawn towards none."""
    days = past[-MEMORY:]
    weekday = (first + len(past) - len(days) + np.arange(len(days))) % 7
    mean = max(float(days.mean()), 1e-9)
    # A burst is no habit.
    calm = np.minimum(days, 2.5 * mean + 3.0)
    sums = np.bincount(weekday, calm / mean, minlength=7)
    factors = (sums + WEEKS_OF_NO_HABIT) / (np.bincount(weekday, minlength=7) + WEEKS_OF_NO_HABIT)
    return np.asarray(factors / factors.mean())


def usual(seen: Floats, day: int, w: int, weekday: Floats, first: int) -> tuple[float, float] | None:
    """Mean and size of the negative binomial that the weeks before the window let expect of its sum."""
    end = day - w + 1
    start = max(0, end - BEFORE)
    if end - start < 7:
        return None
    before = float(seen[start:end].sum())
    days = np.arange(start, day + 1)
    factor = weekday[(first + days) % 7]
    shape = before + 0.5
    mean = shape * float(factor[end - start :].sum()) / float(factor[: end - start].sum())
    return max(mean, 1e-3), shape


def strayed(total: float, mean: float, size: float) -> float:
    """How far a sum strayed, squared, where 1 is usual: of roots, so that one burst of a small series says little."""
    apart = 2.0 * (math.sqrt(total + STEADY) - math.sqrt(mean + STEADY))
    return apart * apart / (1.0 + mean / size)


def widened(strays: Floats, w: int, level: float) -> float:
    """How many times more than chance sums of `w` days stray, at least once, as far as a chance of `level` asks."""
    known = strays[~np.isnan(strays)]
    if not len(known):
        return 1.0
    most = STRAYED * max(float(np.median(known)) / HALF, 1.0)
    mean = (float(np.minimum(known, most).sum()) + WEEK) / (len(known) + WEEK)
    if mean <= 1.0:
        return 1.0
    free = LEAST_FREE + FREE / math.sqrt(w) * (len(known) + WEEK) / (MEMORY + WEEK)
    # Where chance alone explains most of it, little can be further out.
    return mean * (1.0 + (further(level, round(2 * free) / 2) - 1.0) * math.sqrt(1.0 - 1.0 / mean))


@lru_cache(maxsize=4096)
def further(level: float, free: float) -> float:
    """How many times the variance of a normal distribution has, so far out, what Student's reaches."""
    return float(student.isf(level, free) / norm.isf(level)) ** 2


def tail(total: float, mean: float, size: float, wide: float) -> float:
    """The chance of so many or more."""
    spread = dispersion(mean, size, wide)
    return float(nbinom.sf(math.ceil(total) - 1.0, spread, spread / (spread + mean)))


def quantile(mean: float, size: float, wide: float, level: float) -> float:
    """The smallest sum whose chance is below the level."""
    spread = dispersion(mean, size, wide)
    return float(nbinom.isf(level, spread, spread / (spread + mean)) + 1.0)


def dispersion(mean: float, size: float, wide: float) -> float:
    """The size of the negative binomial with `wide` times the variance of one of this mean and size."""
    return mean * mean / max(wide * (mean + mean * mean / size) - mean, 1e-9)


def follow(found: Shifts) -> None:
    """Days that stand out, joined to episodes that end when it was quiet for a while."""
    seen, day = found.seen, 0
    while day < len(seen):
        if not found.stands_out(day):
            day += 1
            continue
        raised = last = day
        day += 1
        while day < len(seen) and day - last <= QUIET:
            if found.chance(day) < STILL:
                last = day
            day += 1
        start = raised
        while start > 0 and raised - start < max(WINDOWS) - 1 and seen[start - 1] > RISE * found.expected[start - 1]:
            start -= 1
        peak = start + int(np.argmax(seen[start : last + 1]))
        usual_then, needed = float(found.expected[peak]), min(found.limit(raised), float(seen[raised]))
        found.episodes.append(Episode(start, last + 1, raised, float(seen[peak]), usual_then, needed))
