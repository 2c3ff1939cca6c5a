"""Words and phrases of many texts as numbers: who used which. Pure numpy, no store.

used = phrases(["The battery dies", "battery dies again"], owners=[0, 1], fewest=2)
used.names            ["battery dies"]
used.owner, used.name  two arrays of one length: owner 0 used name 0, owner 1 used name 0
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from crowdalogue.text.normalise import folded

Array: TypeAlias = Any

MOST_WORDS = 1_500  # the most used ones are looked at
MOST_PHRASES = 1_000
LONGEST = 1_000  # characters of a text that are read: what an author wants stands at the beginning
WHOLE = 0.9  # a word that is met in one phrase this often is that phrase
# Words that hold English sentences together. They tell styles apart, not what people want; "not", "no" and "never"
# do, so they are not here. In other languages such words are looked at like any.
_GLUE = """
a about after all also am an and any are as at be because been but by can could did do does for from get got had
has have he her here him his how i if in into is it its just like ll m me more my of on one or our out re s she
so some t than that the their them then there these they this those to too up us ve very was we were what when
which who will with would you your d don didn doesn im ive its
"""
# When something was said is known without its words: between two months their names would stand first. "may" and
# "march" have other meanings.
_MONTHS = "january february april june july august september october november december"
GLUE = frozenset((*_GLUE.split(), *_MONTHS.split()))


@dataclass(frozen=True)
class Used:
    """`owner[i]` used `names[name[i]]`; each such pair stands once."""

    names: list[str]
    owner: Array
    name: Array


def phrases(texts: Iterable[str], owners: Sequence[int], *, fewest: int) -> Used:
    """Words and pairs of neighbours that at least `fewest` owners used, the most used ones. Owners count from 0."""
    words, stream, text_of = _read(texts)
    if not len(stream):
        return Used([], np.zeros(0, np.int64), np.zeros(0, np.int64))
    owner_of = np.asarray(owners, dtype=np.int64)[text_of]
    singles = _pairs(owner_of, stream, len(words))
    counts = np.bincount(singles[1], minlength=len(words))
    glue = np.array([w in GLUE for w in words])
    doubles, first, second, double_counts = _neighbours(stream, text_of, owner_of, counts >= fewest, glue, fewest)
    swallowed = np.zeros(len(words), dtype=bool)
    for part in (first, second):
        swallowed[part[double_counts >= WHOLE * counts[part]]] = True
    kept = np.flatnonzero((counts >= fewest) & ~glue & ~swallowed & np.array([_is_word(w) for w in words]))
    kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[:MOST_WORDS]])
    place = np.full(len(words), -1)
    place[kept] = np.arange(len(kept))
    of_words = place[singles[1]] >= 0
    names = [words[i] for i in kept] + [f"{words[a]} {words[b]}" for a, b in zip(first, second, strict=True)]
    return Used(
        names,
        np.concatenate([singles[0][of_words], doubles[0]]),
        np.concatenate([place[singles[1][of_words]], doubles[1] + len(kept)]),
    )


def _read(texts: Iterable[str]) -> tuple[list[str], Array, Array]:
    """The words there are, every text's words one after the other as places in them, and whose text each is."""
    known: dict[str, int] = {}
    stream, lengths = array("i"), array("i")
    for text in texts:
        here = folded(text[:LONGEST]).split()
        stream.extend([known.setdefault(word, len(known)) for word in here])
        lengths.append(len(here))
    numbers = np.frombuffer(stream, dtype=np.int32).astype(np.int64) if stream else np.zeros(0, np.int64)
    return list(known), numbers, np.repeat(np.arange(len(lengths)), np.array(lengths, dtype=np.int64))


def _pairs(owner: Array, name: Array, size: int) -> tuple[Array, Array]:
    """Each owner and name once."""
    keys = distinct(owner * size + name)
    return keys // size, keys % size


def distinct(numbers: Array) -> Array:
    """The numbers there are, sorted, each once: for millions several times as quick as numpy's own."""
    numbers = np.sort(numbers)
    return numbers[np.concatenate([[True], numbers[1:] != numbers[:-1]])[: len(numbers)]]


def _neighbours(
    stream: Array, text_of: Array, owner_of: Array, often: Array, glue: Array, fewest: int
) -> tuple[tuple[Array, Array], Array, Array, Array]:
    """Pairs of neighbouring words, neither of them glue: (owner, pair) once, both words of each, and its count."""
    good = often & ~glue
    at = np.flatnonzero((text_of[1:] == text_of[:-1]) & good[stream[1:]] & good[stream[:-1]])
    size = len(often)
    keys, pair = np.unique(stream[at] * size + stream[at + 1], return_inverse=True)
    owner, pair = _pairs(owner_of[at], pair, max(len(keys), 1))
    counts = np.bincount(pair, minlength=len(keys))
    kept = np.flatnonzero(counts >= fewest)
    kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[:MOST_PHRASES]])
    place = np.full(max(len(keys), 1), -1)
    place[kept] = np.arange(len(kept))
    stays = place[pair] >= 0 if len(pair) else np.zeros(0, dtype=bool)
    return (owner[stays], place[pair[stays]]), keys[kept] // size, keys[kept] % size, counts[kept]


def _is_word(word: str) -> bool:
    return len(word) > 1 and not word.isdigit()
