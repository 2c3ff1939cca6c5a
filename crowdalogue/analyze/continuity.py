"""Which topic of today is which of yesterday, by shared messages and by place; and what became of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_SHARED = 0.2  # Jaccard of the messages of both days, from which on a topic is the same
LEAST_ALIKE = 0.9  # cosine of the centroids that does where no message is of both days
MOST = 0.5  # share of a topic's messages that makes it a part of another

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Change:
    """What happened: `new`, `split` (a new topic out of `other`), `merged` (`old` into the one at `topic`), `gone`."""

    kind: str
    topic: int | None  # position among the topics of today
    old: int | None  # id of a topic of before


@dataclass(frozen=True)
class Matched:
    """`ids` holds for each topic of today the id it had before, None for a new one."""

    ids: tuple[int | None, ...]
    changes: tuple[Change, ...]


def match(
    before: Mapping[int, int], centroids_before: Mapping[int, Floats], today: Mapping[int, int], centroids: Floats
) -> Matched:
    """`before`: message id -> topic id; `today`: message id -> position of its topic, a row of `centroids`."""
    known = sorted(centroids_before)
    shared = _shared(before, today, known, len(centroids))
    likeness = _likeness(shared, known, centroids_before, centroids)
    ids: list[int | None] = [None] * len(centroids)
    for row, column in _pairs(likeness):
        ids[column] = known[row]
    return Matched(tuple(ids), tuple(_changes(ids, shared, known)))


def _shared(before: Mapping[int, int], today: Mapping[int, int], known: list[int], count: int) -> NDArray[np.float64]:
    """How many messages each topic of before (rows) has in common with each of today (columns)."""
    row = {topic: i for i, topic in enumerate(known)}
    table = np.zeros((len(known), count))
    for message, topic in before.items():
        if message in today and topic in row:
            table[row[topic], today[message]] += 1
    return table


def _likeness(
    shared: NDArray[np.float64], known: list[int], before: Mapping[int, Floats], centroids: Floats
) -> NDArray[np.float64]:
    """Jaccard, with a little of the cosine to settle what is level; 0 where two topics are not the same."""
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
    jaccard: NDArray[np.float64] = shared / np.maximum(either, 1)
    if not known or not len(centroids):
        return jaccard
    cosine = np.stack([before[topic] for topic in known]) @ centroids.T
    never_met = (shared.sum(axis=1, keepdims=True) == 0) | (shared.sum(axis=0, keepdims=True) == 0)
    same = (jaccard >= LEAST_SHARED) | (never_met & (cosine >= LEAST_ALIKE))
    result: NDArray[np.float64] = np.where(same, jaccard + 0.1 * np.maximum(cosine, 0), 0)
    return result


def _pairs(likeness: NDArray[np.float64]) -> list[tuple[int, int]]:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(likeness, maximize=True)
    return [(r, c) for r, c in zip(rows.tolist(), columns.tolist(), strict=True) if likeness[r, c] > 0]


def _changes(ids: list[int | None], shared: NDArray[np.float64], known: list[int]) -> list[Change]:
    changes = []
    for topic, id in enumerate(ids):
        if id is not None:
            continue
        column = shared[:, topic]
        most = int(column.argmax()) if len(known) else -1
        split = most >= 0 and column[most] > 0 and column[most] >= MOST * column.sum()
        changes.append(Change("split", topic, known[most]) if split else Change("new", topic, None))
    kept = set(ids)
    for row, id in enumerate(known):
        if id in kept:
            continue
        into = int(shared[row].argmax()) if shared.shape[1] else -1
        merged = into >= 0 and shared[row, into] > 0 and shared[row, into] >= MOST * shared[row].sum()
        changes.append(Change("merged", into, id) if merged else Change("gone", None, id))
    return changes
