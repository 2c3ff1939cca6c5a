"""What messages say word by word, as short vectors: beside the encoder's, so that topics differ by words, too.

Words and pairs of neighbouring words, function words among them ("how do I", "why was"), each counted once a message
and weighted by how rare it is; of all these the directions in which messages differ most (a randomised singular value
decomposition, from a fixed seed). The encoder hears that two questions mean much the same; words hear that one asks
about a card and the other about a transfer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crowdalogue.analyze.nearest import unit

WIDTH = 100  # directions
READ = 2_000  # characters of a message that are looked at
FEWEST = 2  # messages in which a phrase must stand
MOST = 0.2  # share of messages in which a phrase may stand
MOST_PHRASES = 60_000  # the most frequent ones
SPARE = 10  # more directions while they are sought
TURNS = 2

_WORD = re.compile(r"\w\w+")
Floats = NDArray[np.float32]


def vectors(texts: Sequence[str]) -> Floats | None:
    """One vector of length one a text, zeros where it has no phrase in common with another: (len(texts), WIDTH).

    None where so few phrases stand in several texts that they would say nothing. The order of texts does not matter,
    but for rounding.
    """
    said = [_phrases(text) for text in texts]
    counts = Counter(phrase for spoken in said for phrase in spoken)
    most = max(MOST * len(texts), FEWEST)
    kept = sorted((p for p, c in counts.items() if FEWEST <= c <= most), key=lambda p: (-counts[p], p))[:MOST_PHRASES]
    if len(kept) <= WIDTH + SPARE or len(texts) <= WIDTH + SPARE:
        return None
    return _directions(_weighted(said, kept, counts))


def _phrases(text: str) -> list[str]:
    words = _WORD.findall(text[:READ].casefold())
    return list(dict.fromkeys([*words, *(f"{a} {b}" for a, b in pairwise(words))]))


def _weighted(said: Sequence[Sequence[str]], kept: Sequence[str], counts: Counter[str]) -> Any:
    """A sparse matrix of texts by phrases; each row at length one."""
    from scipy import sparse

    place = {phrase: i for i, phrase in enumerate(kept)}
    rows = [[place[p] for p in spoken if p in place] for spoken in said]
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((c for row in rows for c in row), np.int32, int(ends[-1]))
    rare = np.log((1 + len(said)) / (1 + np.array([counts[p] for p in kept], np.float64))) + 1
    weights = rare[columns]
    squares = np.add.reduceat(np.append(weights**2, 0.0), ends[:-1]) * (np.diff(ends) > 0)
    lengths = np.sqrt(np.maximum(squares, 1e-12))
    weights = (weights / np.repeat(lengths, np.diff(ends))).astype(np.float32)
    return sparse.csr_matrix((weights, columns, ends), shape=(len(said), len(kept)))


def _directions(matrix: Any) -> Floats:
    generator = np.random.default_rng(0)
    found = matrix @ generator.standard_normal((matrix.shape[1], WIDTH + SPARE), dtype=np.float32)
    turned = matrix.T.tocsr()
    for _ in range(TURNS):
        found = matrix @ _upright(turned @ _upright(found))
    found = _upright(found)
    small = turned @ found
    values, within = np.linalg.eigh((small.T @ small).astype(np.float64))
    return unit((found @ (within * np.sqrt(np.maximum(values, 0)))[:, ::-1][:, :WIDTH]).astype(np.float32))


def _upright(columns: Floats) -> Floats:
    """The same space, its columns at right angles and of length one (through their products, which is quicker than
    Householder's way where rows are many)."""
    values, within = np.linalg.eigh((columns.T @ columns).astype(np.float64))
    scale = 1 / np.sqrt(np.maximum(values, values.max() * 1e-10))
    result: Floats = columns @ (within * scale).astype(np.float32)
    return result
