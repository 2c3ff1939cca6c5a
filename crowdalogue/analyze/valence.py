"""Our lists of words that carry a feeling (steps/valence.toml), as what training adds to the words' own weights.

A head that has met a word in two or three examples knows little of it. The lists say that it is, say, a glad one; how
much that is worth is learned from all words of the list together, and then added to the weight of each. A trained
head holds the sums, so that reading a message costs what it did.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from crowdalogue.analyze.steps.vocabulary import BUCKETS, _bucket

FILE = Path(__file__).resolve().parent / "steps" / "valence.toml"


@lru_cache(maxsize=1)
def lists() -> dict[str, tuple[str, ...]]:
    """The words of each list, in the order of the file."""
    return {name: tuple(words.split()) for name, words in tomllib.loads(FILE.read_text(encoding="utf-8")).items()}


@lru_cache(maxsize=1)
def columns() -> csr_array:
    """Which list each feature belongs to, (features, 2 x lists): the words, then the words under a negation.

    A word under a negation has both features, so that its second column says what the negation changes.
    """
    rows, at = [], []
    for column, words in enumerate(lists().values()):
        for word in words:
            rows += [_bucket(word), _bucket("¬" + word)]
            at += [column, len(lists()) + column]
    return csr_array((np.ones(len(rows), np.float32), (rows, at)), shape=(BUCKETS, 2 * len(lists())))
