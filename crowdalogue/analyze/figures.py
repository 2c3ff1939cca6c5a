"""Figures of what was found against what is true: shares with intervals, reliability, and where it fails by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# How many times the rows are drawn anew for an interval.
DRAWS = 400
# Groups with fewer rows are counted together.
LEAST_IN_GROUP = 30
OTHERS = "others"
_LENGTHS = ((5, "1 to 5 words"), (15, "6 to 15 words"), (30, "16 to 30 words"))
_LONGER = "more than 30 words"

Counts = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Traits:
    """What a message is grouped by when failures are counted."""

    text: str
    language: str = ""
    channel: str = ""


def metrics(truth: Sequence[str], found: Sequence[str]) -> dict[str, Any]:
    """Accuracy with Wilson's interval, macro recall and F1 with bootstrapped intervals, and each label's figures."""
    names = sorted(set(truth))
    number = {name: i for i, name in enumerate([*names, *sorted(set(found) - set(names))])}
    right = np.array([number[t] for t in truth], dtype=np.int64)
    said = np.array([number[f] for f in found], dtype=np.int64)
    cells, times = np.unique(np.stack([right, said]), axis=1, return_counts=True)
    counted = _counted(cells, times, len(number))
    recall, f1 = _macro(counted, len(names))
    drawn = np.array([_macro(_counted(cells, again, len(number)), len(names)) for again in _drawn(times)])
    hits = int(counted[0].sum())
    return {
        "n": len(right),
        "accuracy": rounded(hits / max(len(right), 1)),
        "accuracy_interval": wilson(hits, len(right)),
        "macro_recall": rounded(recall),
        "macro_recall_interval": _middle(drawn.reshape(-1, 2)[:, 0]),
        "macro_f1": rounded(f1),
        "macro_f1_interval": _middle(drawn.reshape(-1, 2)[:, 1]),
        "per_label": {name: _label(*(int(c[number[name]]) for c in counted)) for name in names},
    }


def share(hits: int, n: int, name: str = "accuracy") -> dict[str, Any]:
    """A share of n with Wilson's interval: {"n", NAME, NAME_interval}."""
    return {"n": n, name: rounded(hits / max(n, 1)), f"{name}_interval": wilson(hits, n)}


def wilson(hits: int, n: int, z: float = 1.959964) -> list[float]:
    """Wilson's interval for a share of `hits` in `n`; 0 to 1 when there is nothing to go by."""
    if n == 0:
        return [0.0, 1.0]
    part, square = hits / n, z * z
    middle = (part + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * float(np.sqrt(part * (1 - part) / n + square / (4 * n * n)))
    return [rounded(max(0.0, middle - half)), rounded(min(1.0, middle + half))]


def calibration(confidence: Sequence[float], right: Sequence[bool], bins: int = 10) -> dict[str, Any]:
    """The reliability curve: for each tenth of confidence, how sure findings were and how many came true."""
    sure, true = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    which = np.minimum((sure * bins).astype(int), bins - 1)
    curve = []
    gap = 0.0
    for i in range(bins):
        rows = which == i
        if rows.any():
            said, came = float(sure[rows].mean()), float(true[rows].mean())
            gap += abs(said - came) * rows.mean()
            hits, n = int(true[rows].sum()), int(rows.sum())
            curve.append({"n": n, "confidence": rounded(said), "right": rounded(came), "interval": wilson(hits, n)})
    return {"curve": curve, "expected_error": rounded(float(gap))}


def by_group(traits: Sequence[Traits], right: Sequence[bool]) -> dict[str, dict[str, Any]]:
    """How many are right by language, length and channel, each with n and an interval; small groups together."""
    asked = {
        "language": [t.language for t in traits],
        "length": [length_of(t.text) for t in traits],
        "channel": [t.channel for t in traits],
    }
    order = {name: i for i, (_, name) in enumerate((*_LENGTHS, (0, _LONGER)))}
    groups = {}
    for name, values in asked.items():
        found = _shares(values, right)
        if found:
            groups[name] = dict(sorted(found.items(), key=lambda item: (item[0] == OTHERS, order.get(item[0], 0))))
    return groups


def _shares(values: Sequence[str], right: Sequence[bool]) -> dict[str, Any]:
    counts: dict[str, list[int]] = {}
    for value, hit in zip(values, right, strict=True):
        if value:
            count = counts.setdefault(value, [0, 0])
            count[0] += bool(hit)
            count[1] += 1
    small = [value for value, (_, n) in counts.items() if n < LEAST_IN_GROUP]
    if len(small) > 1 and len(small) < len(counts):
        together = [counts.pop(value) for value in small]
        counts[OTHERS] = [sum(hits for hits, _ in together), sum(n for _, n in together)]
    return {value: share(hits, n) for value, (hits, n) in sorted(counts.items(), key=lambda item: -item[1][1])}


def length_of(text: str) -> str:
    """Which of the groups by length a text is in."""
    words = len(text.split())
    return next((name for most, name in _LENGTHS if words <= most), _LONGER)


def confused(truth: Sequence[str], found: Sequence[str], most: int = 6) -> list[list[Any]]:
    """What is most often taken for what: [true label, label found, how often]."""
    counts: dict[tuple[str, str], int] = {}
    for pair in zip(truth, found, strict=True):
        if pair[0] != pair[1]:
            counts[pair] = counts.get(pair, 0) + 1
    return [[*pair, n] for pair, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]]


def rounded(value: float) -> float:
    return round(value, 4)


def _drawn(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each cell is met where as many rows are drawn anew with replacement, (`DRAWS`, cells)."""
    n = int(times.sum())
    if not n:
        return np.zeros((0, 0), dtype=np.int64)
    drawn: NDArray[np.int64] = np.random.default_rng(5).multinomial(n, times / n, DRAWS)
    return drawn


def _counted(cells: NDArray[np.int64], times: NDArray[np.int64], labels: int) -> tuple[Counts, Counts, Counts]:
    """For each label: found where it is true, true, found. `cells` are pairs of true and found, with `times` each."""
    true, said = cells
    hit = true == said
    return (
        np.bincount(true[hit], times[hit], labels),
        np.bincount(true, times, labels),
        np.bincount(said, times, labels),
    )


def _macro(counted: tuple[Counts, Counts, Counts], known: int) -> tuple[float, float]:
    hit, actual, said = (c[:known] for c in counted)
    met = actual > 0
    if not met.any():
        return 0.0, 0.0
    return float((hit[met] / actual[met]).mean()), float((2 * hit[met] / (actual[met] + said[met])).mean())


def _label(hit: int, actual: int, said: int) -> dict[str, Any]:
    return {
        "n": actual,
        "recall": rounded(hit / max(actual, 1)),
        "recall_interval": wilson(hit, actual),
        "precision": rounded(hit / max(said, 1)),
        "precision_interval": wilson(hit, said),
        "f1": rounded(2 * hit / max(actual + said, 1)),
    }


def _middle(values: NDArray[np.float64]) -> list[float]:
    if not len(values):
        return [0.0, 1.0]
    return [rounded(float(q)) for q in np.quantile(values, [0.025, 0.975])]
