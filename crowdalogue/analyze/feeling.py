"""Words that carry a feeling in languages the encoder hardly reads, as a few columns for the classifier.

Two lists a language (steps/feeling.toml): glad words and cross words, by their beginnings and without accents. Only
the lists of the languages that a file is mostly written in are looked into, so that English is not read as Spanish.
"""

from __future__ import annotations

import random
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.steps import language

FILE = Path(__file__).resolve().parent / "steps" / "feeling.toml"
# Columns: the root of the number of glad and of cross words, the same after a negation, and whether there is any.
WIDTH = 8
# How much the columns count beside the wording; more of it gains nothing.
WEIGHT = np.float32(0.158)
# A language's lists are looked into where at least this share of a sample of the texts is written in it.
ASKED, LEAST = 200, 0.3
REACH = 3
LONGEST = 16
_WORD = re.compile(r"[^\W\d_]+")
_NEGATES = frozenset("no ni nunca non ne mai sin senza".split())  # noqa: SIM905 - a list of words reads as words

Lists = tuple[dict[str, int], dict[str, int]]


@lru_cache(maxsize=4)
def lists(languages: tuple[str, ...]) -> Lists:
    """Whole words and beginnings of words, each with 0 for glad and 1 for cross, of some languages."""
    every = tomllib.loads(FILE.read_text(encoding="utf-8"))
    whole: dict[str, int] = {}
    begins: dict[str, int] = {}
    for known in languages:
        for column, words in enumerate((every[known]["glad"], every[known]["cross"])):
            for word in words.split():
                (begins if word.endswith("*") else whole)[word.removesuffix("*")] = column
    return whole, begins


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """The languages there are lists for."""
    return frozenset(tomllib.loads(FILE.read_text(encoding="utf-8")))


def languages_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Those of our languages that many of the texts are written in, judged by a sample; the same each time."""
    asked = random.Random(6).sample(list(texts), min(ASKED, len(texts)))  # noqa: S311 - no secret
    documents = [Document(str(i), text[:400]) for i, text in enumerate(asked)]
    language.run(documents)
    counts = Counter(d.findings["language"].label for d in documents)
    return tuple(sorted(one for one in known() if counts[one] >= LEAST * max(len(asked), 1)))


def columns(texts: Sequence[str], languages: tuple[str, ...]) -> NDArray[np.float32]:
    """What the lists of these languages find, (texts, `WIDTH`); zeros without a language."""
    counts = np.zeros((len(texts), WIDTH // 2), dtype=np.float32)
    if languages:
        found = lists(languages)
        for row, text in zip(counts, texts, strict=True):
            _count(text, found, row)
    result: NDArray[np.float32] = np.hstack([np.sqrt(counts), np.minimum(counts, 1)]) * WEIGHT
    return result


def _count(text: str, found: Lists, row: NDArray[np.float32]) -> None:
    negated = -REACH - 1
    for place, word in enumerate(_WORD.findall(_plain(text))):
        for column in _columns_of(word, found):
            row[column + (2 if place - negated <= REACH else 0)] += 1
        if word in _NEGATES:
            negated = place


def _columns_of(word: str, found: Lists) -> set[int]:
    whole, begins = found
    result = {begins[word[:size]] for size in range(2, min(len(word), LONGEST) + 1) if word[:size] in begins}
    if word in whole:
        result.add(whole[word])
    return result


def _plain(text: str) -> str:
    """In lower case and without accents."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
