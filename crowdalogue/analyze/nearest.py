"""The nearest neighbours of many vectors, in bounded memory: exact for thousands, by cells for tens of thousands.

Each block of rows is one matrix product. The best of a row are found in two turns: first the groups of columns
that hold the largest values, then the best within them; that is exact and several times cheaper than sorting
rows. Above `EXACT_UP_TO` vectors a row is compared only with those of the cells nearest to its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

BLOCK = 512  # rows compared at once: with 15,000 columns 30 MB
GROUPS = 16
EXACT_UP_TO = 15_000
CELL = 600  # vectors in a cell, on average
LOOKED_AT = 10  # cells whose vectors a row is compared with


def unit(rows: Floats) -> Floats:
    """The rows at length one; a row of zeros stays as it is."""
    result: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return result


def neighbours(vectors: Floats, k: int) -> tuple[Ints, Floats]:
    """For each of n unit vectors its k nearest others, nearest first: indices and cosines, each (n, min(k, n - 1)).

    Where fewer than k were looked at (small cells) the row is filled with the row itself at a cosine of 0.
    """
    n = len(vectors)
    k = max(0, min(k, n - 1))
    if k == 0:
        return np.empty((n, 0), np.int32), np.empty((n, 0), np.float32)
    everything = np.arange(n)
    indices, cosines = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    pairs = [(everything, everything)] if n <= EXACT_UP_TO else _cells(vectors)
    for rows, columns in pairs:
        against = vectors if len(columns) == n else vectors[columns]
        for start in range(0, len(rows), BLOCK):
            some = rows[start : start + BLOCK]
            indices[some], cosines[some] = _block(vectors[some], some, against, columns, k)
    return indices, cosines


def _block(
    queries: Floats, own: NDArray[np.int64], against: Floats, columns: NDArray[np.int64], k: int
) -> tuple[Ints, Floats]:
    # Room for whole groups is made before the product, so that it need not be copied.
    width = len(against)
    alike = np.full((len(queries), -(-width // GROUPS) * GROUPS), -3.0, np.float32)
    np.matmul(queries, against.T, out=alike[:, :width])
    # A vector is not its own neighbour; `columns` is sorted.
    alike[np.arange(len(own)), np.searchsorted(columns, own)] = -2.0
    places, values = _largest(alike, k, width)
    found = columns[places].astype(np.int32)
    missing = values <= -1.5
    found[missing] = np.broadcast_to(own[:, None], found.shape)[missing]
    values[missing] = 0.0
    return found, values


def _largest(alike: Floats, k: int, width: int) -> tuple[NDArray[np.int64], Floats]:
    """Of each row the k largest of its first `width` values with their columns, largest first; equal ones by column.
    Behind `width` stands what is less than any, up to a multiple of `GROUPS`."""
    rows, step = len(alike), alike.shape[1] // GROUPS
    if step > 2 * k:
        best = alike.reshape(rows, GROUPS, step).max(axis=1)
        groups = np.sort(np.argpartition(best, step - k, axis=1)[:, step - k :], axis=1)
        candidates = (groups[:, None, :] + step * np.arange(GROUPS)[None, :, None]).reshape(rows, -1)
        alike = np.take_along_axis(alike, candidates, 1)
    else:
        alike = alike[:, :width]
        candidates = np.broadcast_to(np.arange(width), alike.shape)
    k_there = min(k, alike.shape[1])
    places = np.sort(np.argpartition(alike, alike.shape[1] - k_there, axis=1)[:, alike.shape[1] - k_there :], axis=1)
    values = np.take_along_axis(alike, places, 1)
    order = np.argsort(-values, axis=1, kind="stable")
    found, values = (
        np.take_along_axis(candidates, np.take_along_axis(places, order, 1), 1),
        np.take_along_axis(values, order, 1),
    )
    if k_there < k:
        found = np.pad(found, ((0, 0), (0, k - k_there)))
        values = np.pad(values, ((0, 0), (0, k - k_there)), constant_values=-2.0)
    return found, values


def _cells(vectors: Floats) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows with the columns they are compared with: the vectors of one cell, and those of the cells around it."""
    count = max(2, len(vectors) // CELL)
    cell, centres = k_means(vectors, count, rounds=4, learn_from=20_000)
    near = np.argsort(-(centres @ centres.T), axis=1, kind="stable")[:, :LOOKED_AT]
    members = [np.flatnonzero(cell == c) for c in range(len(centres))]
    return [(members[c], np.sort(np.concatenate([members[o] for o in near[c]]))) for c in range(len(centres))]


def k_means(
    vectors: Floats, count: int, *, rounds: int = 6, seed: int = 0, learn_from: int = 50_000
) -> tuple[NDArray[np.int64], Floats]:
    """Each vector's cell and the centres (unit length) of at most `count` cells; the same seed gives the same."""
    generator = np.random.default_rng(seed)
    count = min(count, len(vectors))
    learning = vectors
    if len(vectors) > learn_from:
        learning = vectors[np.sort(generator.choice(len(vectors), learn_from, replace=False))]
    centres = learning[np.sort(generator.choice(len(learning), min(count, len(learning)), replace=False))]
    for _ in range(rounds):
        centres = means(learning, closest(learning, centres))
    cell = closest(vectors, centres)
    kept, cell = np.unique(cell, return_inverse=True)
    return cell, centres[kept]


def closest(vectors: Floats, centres: Floats) -> NDArray[np.int64]:
    """For each vector the centre with the largest cosine."""
    parts = [(vectors[i : i + 4096] @ centres.T).argmax(axis=1) for i in range(0, len(vectors), 4096)]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def means(vectors: Floats, groups: NDArray[np.int64]) -> Floats:
    """The mean of each group that has members, at length one, in the order of the groups."""
    from scipy import sparse

    _, groups = np.unique(groups, return_inverse=True)
    n = len(groups)
    member = sparse.csr_matrix((np.ones(n, np.float32), groups, np.arange(n + 1)))
    return unit(np.asarray(member.T @ vectors, dtype=np.float32))
