"""Two groups of people, feature by feature: how often each has it, how sure the difference is, what could fake it.

Pure numpy over counts. Everywhere `k1` of `n1` in the first group and `k2` of `n2` in the second have a feature, as
arrays of one length: one place a feature. Nothing here knows what a feature is, and nothing touches the store.

    found = compare(k1, n1, k2, n2)
    found.ratio[0], found.ratio_low[0], found.ratio_high[0], found.stands[0]

Chosen by simulation (docs/comparison.md): Koopman's score interval for the ratio, Newcombe's for the difference,
Fisher's exact test for whether there is one, Benjamini and Hochberg's correction over all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from crowdalogue.relate.statistics import Z

Array: TypeAlias = Any  # one place a feature: counts as integers, everything else as floats

RATE = 0.05  # of false discoveries among those that are said to stand
FEWEST_PEOPLE = 20  # in either group: below this nothing is compared
FEWEST_WITH = 10  # people of both groups together who have a feature: below this there is too little to say
PRIOR = 100.0  # people the prior of the log-odds is worth
TURN = 1.1  # a ratio beyond this, or below one over it, has a direction
MOVE = 1.25  # a ratio that moves by this factor when strata are kept apart has moved much
SHARED = 0.5  # people who are in strata with both groups: below this share a variable cannot be checked
HALVINGS = 50  # of a bisection in logarithms over e**-20 to e**20: to the 14th digit
FAR = 20.0


@dataclass(frozen=True)
class Compared:
    """One place a feature. `q` is the least rate at which it would still stand; `said` is False where too few."""

    k1: Array
    n1: Array
    k2: Array
    n2: Array
    ratio: Array  # share of the first over share of the second; inf where the second has none, nan where neither
    ratio_low: Array
    ratio_high: Array
    points: Array  # share of the first minus share of the second, -1 to 1
    points_low: Array
    points_high: Array
    p: Array
    q: Array
    z: Array  # log-odds with an informative prior, in standard errors: the order of evidence
    said: Array
    stands: Array


def compare(k1: Array, n1: Array, k2: Array, n2: Array, *, rate: float = RATE) -> Compared:
    """All that is said of each feature. Features with too few are not tested, so they cost the others nothing.

    Which are tested is decided by both groups together (k1 + k2), which says nothing about the difference.
    """
    k1, n1, k2, n2 = (np.asarray(x, dtype=np.int64) for x in (k1, n1, k2, n2))
    said = (k1 + k2 >= FEWEST_WITH) & (n1 >= FEWEST_PEOPLE) & (n2 >= FEWEST_PEOPLE)
    p = np.ones(len(k1))
    p[said] = fisher(k1[said], n1[said], k2[said], n2[said])
    q = np.ones(len(k1))
    q[said] = benjamini_hochberg(p[said])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (k1 / n1) / (k2 / n2)
        points = k1 / n1 - k2 / n2
    ratio_low, ratio_high = koopman(k1, n1, k2, n2)
    points_low, points_high = newcombe(k1, n1, k2, n2)
    return Compared(
        *(k1, n1, k2, n2, ratio, ratio_low, ratio_high, points, points_low, points_high),
        p,
        q,
        log_odds(k1, n1, k2, n2),
        said,
        said & (q <= rate),
    )


# --- intervals


def koopman(k1: Array, n1: Array, k2: Array, n2: Array, z: float = Z) -> tuple[Array, Array]:
    """Koopman's score interval for the ratio of two shares: the ratios a score test would not turn down.

    From 0 where the first group has none, to inf where the second has none.
    """
    k1, n1, k2, n2 = (np.asarray(x, dtype=float) for x in (k1, n1, k2, n2))
    low = _crossing(k1, n1, k2, n2, z)
    high = _crossing(k1, n1, k2, n2, -z)
    return np.where(k1 == 0, 0.0, np.exp(low)), np.where(k2 == 0, np.inf, np.exp(high))


def _crossing(k1: Array, n1: Array, k2: Array, n2: Array, wanted: float) -> Array:
    """The logarithm of the ratio at which the score, which falls as the ratio grows, has the wanted value."""
    low, high = np.full(k1.shape, -FAR), np.full(k1.shape, FAR)
    for _step in range(HALVINGS):
        middle = (low + high) / 2
        above = _score(k1, n1, k2, n2, np.exp(middle)) > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


def _score(k1: Array, n1: Array, k2: Array, n2: Array, ratio: Array) -> Array:
    """How far, in standard errors, the shares are from having this ratio; shares fitted under that ratio."""
    a = (n1 + n2) * ratio
    b = n1 * ratio + k1 + n2 + k2 * ratio
    root = np.sqrt(np.maximum(b * b - 4 * a * (k1 + k2), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        p2 = 2 * (k1 + k2) / (b + root)  # the smaller root, in the form that loses no digits
        p1 = np.minimum(p2 * ratio, 1.0)
        spread = np.sqrt(p1 * np.maximum(1 - p1, 0) / n1 + ratio * ratio * p2 * np.maximum(1 - p2, 0) / n2)
        score = (k1 / n1 - ratio * k2 / n2) / spread
    return np.nan_to_num(score, nan=0.0, posinf=1e9, neginf=-1e9)


def newcombe(k1: Array, n1: Array, k2: Array, n2: Array, z: float = Z) -> tuple[Array, Array]:
    """Newcombe's interval for the difference of two shares, made of their Wilson intervals. -1 to 1."""
    k1, n1, k2, n2 = (np.asarray(x, dtype=float) for x in (k1, n1, k2, n2))
    with np.errstate(divide="ignore", invalid="ignore"):
        p1, p2 = k1 / n1, k2 / n2
    low1, high1 = _wilson(k1, n1, z)
    low2, high2 = _wilson(k2, n2, z)
    low = p1 - p2 - np.sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2)
    high = p1 - p2 + np.sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2)
    return low, high


def _wilson(k: Array, n: Array, z: float) -> tuple[Array, Array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        p = k / n
        middle, spread = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        whole = 1 + z * z / n
    return np.where(k == 0, 0.0, (middle - spread) / whole), np.where(k == n, 1.0, (middle + spread) / whole)


# --- is there a difference


def fisher(k1: Array, n1: Array, k2: Array, n2: Array) -> Array:
    """Two-sided p of Fisher's exact test (twice the smaller tail): never too small, however few there are.

    Exact on purpose: with thousands of rare words an approximation errs in just the tail that corrections look at.
    """
    k1, n1, k2, n2 = (np.asarray(x, dtype=np.int64) for x in (k1, n1, k2, n2))
    if not len(k1):
        return np.zeros(0)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, int((n1 + n2).max()) + 1)))])
    seen: dict[tuple[int, int, int, int], float] = {}
    out = np.empty(len(k1))
    for i, one in enumerate(zip(k1.tolist(), n1.tolist(), k2.tolist(), n2.tolist(), strict=True)):
        if one not in seen:
            seen[one] = _tails(*one, logs)
        out[i] = seen[one]
    return out


def _tails(k1: int, n1: int, k2: int, n2: int, logs: Array) -> float:
    k = k1 + k2
    x = np.arange(max(0, k - n2), min(k, n1) + 1)
    ways = logs[n1] - logs[x] - logs[n1 - x] + logs[n2] - logs[k - x] - logs[n2 - k + x]
    chance = np.exp(ways - (logs[n1 + n2] - logs[k] - logs[n1 + n2 - k]))
    at = k1 - int(x[0])
    return float(min(1.0, 2 * min(chance[: at + 1].sum(), chance[at:].sum())))


def benjamini_hochberg(p: Array) -> Array:
    """For each p the least rate of false discoveries at which it would still count as a discovery."""
    p = np.asarray(p, dtype=float)
    order = np.argsort(p)
    stepped = p[order] * len(p) / np.arange(1, len(p) + 1)
    out = np.empty(len(p))
    out[order] = np.minimum(1.0, np.minimum.accumulate(stepped[::-1])[::-1])
    return out


def log_odds(k1: Array, n1: Array, k2: Array, n2: Array, prior: float = PRIOR) -> Array:
    """Log-odds ratio with an informative Dirichlet prior, in standard errors (Monroe, Colaresi and Quinn 2008).

    Over people instead of word counts, so that one long letter is one voice. The prior is `prior` people who have
    the feature as often as both groups together: rare features are drawn towards no difference.
    """
    k1, n1, k2, n2 = (np.asarray(x, dtype=float) for x in (k1, n1, k2, n2))
    with np.errstate(divide="ignore", invalid="ignore"):
        given = prior * (k1 + k2) / (n1 + n2)
        with1, with2 = k1 + given, k2 + given
        without1, without2 = n1 + prior - with1, n2 + prior - with2
        apart = np.log(with1 / without1) - np.log(with2 / without2)
        spread = np.sqrt(1 / with1 + 1 / without1 + 1 / with2 + 1 / without2)
    return np.nan_to_num(apart / spread, posinf=0.0, neginf=0.0)


# --- does a third variable turn it round


@dataclass(frozen=True)
class Stratified:
    """One place a feature: the ratio with strata kept apart, and whether that tells another story.

    `crude` is the ratio over the same people with strata thrown together. `turned`: the direction is the other one;
    `moved`: the same direction, but much stronger or weaker. `shared`: share of people in strata with both groups.
    """

    ratio: Array
    low: Array
    high: Array
    crude: Array
    turned: Array
    moved: Array
    shared: float


def mantel_haenszel(k1: Array, n1: Array, k2: Array, n2: Array, z: float = Z) -> Stratified:
    """The ratio over strata by Mantel and Haenszel, its interval by Greenland and Robins.

    `k1` and `k2` are features by strata; `n1` and `n2` strata, or features by strata.
    """
    k1, k2 = np.asarray(k1, dtype=float), np.asarray(k2, dtype=float)
    n1, n2 = (np.broadcast_to(np.asarray(n, dtype=float), k1.shape) for n in (n1, n2))
    both = (n1 > 0) & (n2 > 0)
    everyone = n1 + n2
    whole = np.where(everyone > 0, everyone, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        above, below = np.where(both, k1 * n2 / whole, 0).sum(1), np.where(both, k2 * n1 / whole, 0).sum(1)
        ratio = above / below
        crude = (k1.sum(1) / n1.sum(1)) / (k2.sum(1) / n2.sum(1))
        parts = np.where(both, (n1 * n2 * (k1 + k2) - k1 * k2 * everyone) / whole**2, 0).sum(1)
        spread = np.sqrt(np.maximum(parts, 0) / (above * below))
        low, high = ratio * np.exp(-z * spread), ratio * np.exp(z * spread)
        known = np.isfinite(np.log(ratio)) & np.isfinite(np.log(crude))
        turned = known & (np.log(ratio) * np.log(crude) < 0) & (_beyond(ratio, TURN) & _beyond(crude, TURN))
        # Pulled to nothing counts as moved too: what is left is that the crude difference was the mix of strata.
        moved = known & ~turned & _beyond(ratio / crude, MOVE) & (np.abs(np.log(ratio / crude)) > spread)
    shared = float(np.where(both, everyone, 0).sum() / max(everyone.sum(), 1.0))
    return Stratified(ratio, low, high, crude, turned, moved, shared)


def _beyond(ratio: Array, factor: float) -> Array:
    return np.abs(np.log(ratio)) > np.log(factor)
