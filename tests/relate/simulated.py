"""Counts as they come: a daily and weekly rhythm, swings that last for hours, overdispersion, and bursts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crowdalogue.relate import alarms, usual

DAY = 24
EARLY = 56  # days of a past that holds bursts, where there is one


@dataclass
class Kept:
    """What came of a budget: false episodes a month, the share of bursts that were found, and hours until then."""

    false: int = 0
    months: float = 0.0
    bursts: int = 0
    delays: list[int] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.false / self.months

    @property
    def share(self) -> float:
        return len(self.delays) / max(self.bursts, 1)


def counts(
    rng: np.random.Generator,
    days: int = 110,
    base: float = 12.0,
    swing: float = 0.2,
    kept: float = 0.7,
    bursts: int = 5,
    early: int = 0,
) -> tuple[NDArray[np.float64], list[int]]:
    """Hourly counts, and the hours at which bursts of three times the usual for twelve hours begin.

    `early` of them lie in the first 56 days, the others after these; without `early`, all lie after the first 30.
    """
    n = days * DAY
    hour = np.arange(n)
    rhythm = (1 + 0.5 * np.sin((hour % DAY - 9) / DAY * 2 * np.pi)) * np.where(hour // DAY % 7 >= 5, 0.7, 1.1)
    swings = np.zeros(n)
    for at in range(1, n):
        swings[at] = kept * swings[at - 1] + rng.normal(0, swing * np.sqrt(1 - kept**2))
    mean = base * rhythm * np.exp(swings - swing**2 / 2)
    begun: list[int] = []
    while len(begun) < early + bursts:
        first, last = (2, EARLY) if len(begun) < early else (EARLY + 2 if early else 30, days - 1)
        start = int(rng.integers(first * DAY, last * DAY))
        if base * rhythm[start] >= 5 and all(abs(start - other) > 3 * DAY for other in begun):
            begun.append(start)
            mean[start : start + 12] *= 3
    size = 20.0
    return rng.negative_binomial(size, size / (size + mean)).astype(float), sorted(begun)


def judge(kept: Kept, watched: alarms.Watched, begun: list[int], since: int = 0) -> None:
    """Add what a series showed from hour `since` on: an episode is false unless a burst is on, or has been within a
    day."""
    found: dict[int, int] = {}
    for episode in watched.episodes:
        near = [start for start in begun if start <= episode.raised < start + 36]
        if episode.raised < since:
            continue
        if not near:
            kept.false += 1
        elif episode.raised < near[0] + 12 and near[0] >= since:
            found.setdefault(near[0], episode.raised + 1 - near[0])
    kept.months += (len(watched.seen) - max(since, alarms.LEAST * DAY)) / (30 * DAY)
    kept.bursts += sum(start >= since for start in begun)
    kept.delays += found.values()


def promises(budgets: list[float], series: int, seed: int, since: int = 0, **like: float) -> dict[float, Kept]:
    """What comes of each budget on the same series, from hour `since` on."""
    rng = np.random.default_rng(seed)
    found = {budget: Kept() for budget in budgets}
    for _ in range(series):
        seen, begun = counts(rng, **like)  # type: ignore[arg-type]
        expected, filled = usual.predict(seen)
        surprise = usual.surprise(filled, expected)
        for budget, kept in found.items():
            watched = alarms.Watched(expected, np.full(len(seen), np.nan), surprise, filled)
            alarms.decide(watched, np.ones(len(seen), bool), budget, DAY)
            judge(kept, watched, begun, since)
    return found


def promise(budget: float, series: int, seed: int, **like: float) -> Kept:
    return promises([budget], series, seed, **like)[budget]  # type: ignore[arg-type]
