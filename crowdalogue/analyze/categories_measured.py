"""How good a category is, from labels that the queue drew at random, and what a count would be without its errors.

A queue that asks about the most useful messages asks more often about some than about others. Each draw is made from
a mixture whose density at the message is known and kept, so that each label can stand for as many messages as were
passed over for it (Horvitz and Thompson), and the shares below are those of all messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054  # two-sided 95 %
FEW = 10  # labels below which no share is said
# How often the queue draws from what a version catches, from what it is least sure of, and from all messages.
CAUGHT, UNSURE, ANY = 0.4, 0.3, 0.3
NARROW = 0.1  # sensitivity and specificity must be together this much more than 1, or nothing can be corrected

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval; `n` labels it rests on, which count like `worth` drawn evenly."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    worth: float = 0.0

    @property
    def few(self) -> bool:
        return self.n < FEW or self.value is None


NOTHING = Share(None, None, None, 0)


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one version on one sample: precision, recall (sensitivity), specificity, and how common the category is."""

    precision: Share
    recall: Share
    specificity: Share
    prevalence: Share
    f1: float | None
    n: int

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def of(found: dict[str, Any]) -> Measured:
    """What `plain` made."""
    shares = {k: Share(**found[k]) for k in ("precision", "recall", "specificity", "prevalence")}
    return Measured(**shares, f1=found["f1"], n=found["n"])


def densities(sure: Doubles, threshold: float) -> Doubles:
    """(n,) confidences to (n,): how likely the queue is to draw each message next. They add up to 1."""
    n = len(sure)
    if not n:
        return np.zeros(0)
    caught = sure >= threshold
    near = np.zeros(n, dtype=bool)
    near[np.argsort(np.abs(sure - threshold), kind="stable")[: max(n // 10, min(n, 10))]] = True
    found = np.full(n, (ANY + (0 if caught.any() else CAUGHT)) / n)
    found[near] += UNSURE / near.sum()
    if caught.any():
        found[caught] += CAUGHT / caught.sum()
    result: Doubles = found / found.sum()
    return result


def weights(density: Sequence[float] | Doubles, among: int = 0) -> Doubles:
    """How many messages each drawn label stands for.

    One over the chance to be among so many draws. Where a good part of all there are (`among`) was drawn, chances are
    higher than the densities say, since none is drawn twice; once all were drawn, all weigh the same.
    """
    given = np.asarray(density, dtype=np.float64)
    draws = float(len(given))
    if len(given) > among / 10:
        while draws < 1e6 * len(given) and float((1 / _chance(given, draws)).sum()) > among:
            draws *= 1.05
    return 1 / _chance(given, draws)


def _chance(density: Doubles, draws: float) -> Doubles:
    result: Doubles = np.maximum(-np.expm1(-draws * density), 1e-12)
    return result


def measure(yes: Flags, caught: Flags, weight: Doubles, share_caught: float | None = None) -> Measured:
    """Of labels drawn at random (n,), and what a version says of them (n,), by scores of fits that did not see them.
    `share_caught` is the share of all messages that it catches, where that is known; else the labels tell it.

    What is caught and what is not are two samples, each with its own interval; recall, specificity and prevalence
    are made of both (method of variance estimates recovery, Donner and Zou 2012).
    """
    total = max(float(weight.sum()), 1e-12)
    inside = float(weight[caught].sum()) / total
    if share_caught is not None and 0 < inside < 1:
        inside = share_caught
    outside = 1 - inside
    right, missed = share(yes[caught], weight[caught]), share(yes[~caught], weight[~caught])
    found, lost = _part(right, inside), _part(missed, outside)
    wrong, passed = _part(_rest(right), inside), _part(_rest(missed), outside)
    n_yes = int(yes.sum())
    shares = {
        "precision": right,
        "recall": _of_both(found, lost, n_yes),
        "specificity": _of_both(passed, wrong, len(yes) - n_yes),
        "prevalence": _sum(found, lost, len(yes)),
    }
    both = 2 * found[0] + lost[0] + wrong[0]
    return Measured(**shares, f1=2 * found[0] / both if both else None, n=len(yes))


def share(hits: Flags, weight: Doubles) -> Share:
    """Of labels with weights: the share of hits, with Wilson's interval for as many even draws as they are worth."""
    n = len(hits)
    if not n:
        return NOTHING
    total = float(weight.sum())
    value = float((weight * hits).sum()) / total
    worth = total**2 / float((weight**2).sum())
    low, high = wilson(value * worth, worth)
    return Share(value, low, high, n, worth)


Part = tuple[float, float, float]  # a share of all messages, and its interval


def _part(of: Share, size: float) -> Part:
    if of.value is None or of.low is None or of.high is None:
        return 0.0, 0.0, 0.0
    return of.value * size, of.low * size, of.high * size


def _rest(of: Share) -> Share:
    if of.value is None or of.low is None or of.high is None:
        return of
    return Share(1 - of.value, 1 - of.high, 1 - of.low, of.n, of.worth)


def _of_both(one: Part, other: Part, n: int) -> Share:
    """one / (one + other), of two independent parts with their intervals."""
    if not n or one[0] + other[0] <= 0:
        return NOTHING
    value = one[0] / (one[0] + other[0])
    if one[0] >= other[0]:
        low, high = _ratio(other, one)
        return _bounded(value, 1 / (1 + high), 1 / (1 + low), n)
    low, high = _ratio(one, other)
    return _bounded(value, low / (1 + low), high / (1 + high), n)


def _ratio(top: Part, under: Part) -> tuple[float, float]:
    """The interval of top / under; where the formula has no answer, the widest."""
    (a, low_a, high_a), (b, low_b, high_b) = top, under
    product = a * b
    low, high = low_a / high_b, high_a / max(low_b, 1e-12)
    inner = product**2 - low_a * high_b * (2 * a - low_a) * (2 * b - high_b)
    if 2 * b > high_b and inner >= 0:
        low = (product - sqrt(inner)) / (high_b * (2 * b - high_b))
    inner = product**2 - high_a * low_b * (2 * a - high_a) * (2 * b - low_b)
    if low_b > 0 and inner >= 0:
        high = (product + sqrt(inner)) / (low_b * (2 * b - low_b))
    return max(low, 0.0), high


def _sum(one: Part, other: Part, n: int) -> Share:
    if not n:
        return NOTHING
    value = one[0] + other[0]
    low = value - sqrt((one[0] - one[1]) ** 2 + (other[0] - other[1]) ** 2)
    high = value + sqrt((one[2] - one[0]) ** 2 + (other[2] - other[0]) ** 2)
    return _bounded(value, low, high, n)


def _bounded(value: float, low: float, high: float, n: int) -> Share:
    """With how many even draws would give an interval as wide, never more than there are labels."""
    low, high = min(max(0.0, low), value), max(min(1.0, high), value)
    few, many = 0.01, float(n)
    for _ in range(60):
        middle = (few + many) / 2
        one, two = wilson(value * middle, middle)
        few, many = (middle, many) if two - one > high - low else (few, middle)
    return Share(value, low, high, n, many)


def wilson(k: float, n: float) -> tuple[float, float]:
    """Wilson's interval for k of n, both may be fractions."""
    p, whole = min(k / n, 1.0), 1 + Z * Z / n
    middle, spread = p + Z * Z / (2 * n), Z * sqrt(max(p * (1 - p), 0) / n + Z * Z / (4 * n * n))
    low = 0.0 if p <= 0 else max(0.0, (middle - spread) / whole)
    high = 1.0 if p >= 1 else min(1.0, (middle + spread) / whole)
    return low, high


# --- two versions on one sample


@dataclass(frozen=True, slots=True)
class Compared:
    """Old and new on the same labels; `better` and `worse` count the labels on which only one of them is right."""

    old: Measured
    new: Measured
    better: int
    worse: int

    @property
    def enough(self) -> bool:
        return not (self.new.recall.few or self.old.n < 3 * FEW)

    @property
    def not_worse(self) -> bool:
        return (self.new.f1 or 0) >= (self.old.f1 or 0) - 1e-9


def compare(
    yes: Flags, old: Flags, new: Flags, weight: Doubles, shares: tuple[float | None, float | None] = (None, None)
) -> Compared:
    """Two versions' judgements (n,) of the same labels (n,), and the share of all messages that each catches."""
    right_old, right_new = old == yes, new == yes
    better, worse = int((right_new & ~right_old).sum()), int((right_old & ~right_new).sum())
    return Compared(measure(yes, old, weight, shares[0]), measure(yes, new, weight, shares[1]), better, worse)


# --- counts without the errors of the version that counted


@dataclass(frozen=True, slots=True)
class Corrected:
    """The share of messages that are in a category, corrected for what the version overlooks and takes in wrongly."""

    value: float
    low: float
    high: float


def corrected(caught: int, judged: int, recall: Share, specificity: Share) -> Corrected | None:
    """Rogan and Gladen's estimate with Lang and Reiczigel's interval, kept within 0 and 1.

    None where it cannot be corrected: too few labels, or a version that tells yes from no hardly better than chance.
    """
    if recall.few or specificity.few or not judged:
        return None
    assert recall.value is not None and specificity.value is not None
    apart = recall.value + specificity.value - 1
    if apart < NARROW:
        return None
    value = (caught / judged + specificity.value - 1) / apart
    low, high = _interval(caught, judged, recall, specificity)
    return Corrected(_within(value), _within(min(low, value)), _within(max(high, value)))


def _interval(caught: int, judged: int, recall: Share, specificity: Share) -> tuple[float, float]:
    assert recall.value is not None and specificity.value is not None
    n = judged + Z * Z
    p = (caught + Z * Z / 2) / n
    ns, nc = recall.worth + 2, specificity.worth + 2
    se, sp = (recall.worth * recall.value + 1) / ns, (specificity.worth * specificity.value + 1) / nc
    apart = se + sp - 1
    if apart <= 0:
        return 0.0, 1.0
    middle = (p + sp - 1) / apart
    moved = 2 * Z * Z * (middle * se * (1 - se) / ns - (1 - middle) * sp * (1 - sp) / nc)
    spread = p * (1 - p) / n + middle**2 * se * (1 - se) / ns + (1 - middle) ** 2 * sp * (1 - sp) / nc
    half = Z * sqrt(spread) / apart
    return middle + moved - half, middle + moved + half


def _within(value: float) -> float:
    return min(1.0, max(0.0, value))
