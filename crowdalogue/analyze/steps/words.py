"""A text as units with their places: what every head counts, worked out once for all of them.

A unit is a word with its state (under a negation, after a "but"), an emoji, a run of punctuation, or a cue about the
whole text. Each unit stands for hashed features: in the *text* block the word and its letter groups, in the *cue*
block the groups of our word lists. A `Vocabulary` remembers which, so that a word seen before costs one look-up.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.steps import lexicon

# Raised whenever the features below change: heads trained before are refused.
FEATURES = 1
BUCKETS = 1 << 19
LONGEST_WORD = 24
# Beyond this many distinct units a vocabulary is left behind for a new one, so that memory stays bounded.
REMEMBERED = 200_000
NEGATION_REACH = 3

Ints = NDArray[np.int64]

_UNIT = re.compile(
    r"(?:https?://|www\.)\S+|@\w+|[:;=]-?[)(DpP/\\|](?!\w)|<3|[^\W\d_]+(?:['’][^\W\d_]+)*|\d[\d.,:]*%?|[!?]+|\.{2,}|[^\w\s]"
)
_LONG_DRAWN = re.compile(r"(\w)\1{2,}")
_STOPS = frozenset(".,;!?")


def _bucket(feature: str) -> int:
    return crc32(feature.encode("utf-8", "replace")) & (BUCKETS - 1)


@dataclass(slots=True, eq=False)
class Units:
    """A document's units: their numbers in `vocabulary`, and the span of each in the whole text (-1 for cues)."""

    vocabulary: Vocabulary
    ids: list[int]
    spans: list[tuple[int, int]]


class Vocabulary:
    """Numbers the units met so far and keeps the features of each."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.text: list[tuple[int, ...]] = []
        self.cues: list[tuple[int, ...]] = []
        self.hashes: list[int] = []
        self.places: list[bool] = []
        # Each way a word was written: the word, and whether it negates, turns, shouts.
        self.written: dict[str, tuple[str, bool, bool, bool]] = {}
        self._arrays: tuple[NDArray[np.uint64], NDArray[np.bool_]] = (np.zeros(0, np.uint64), np.zeros(0, np.bool_))
        self._lock = threading.Lock()

    def number(self, unit: str) -> int:
        """The number of a unit, a new one if it was not met before."""
        with self._lock:
            known = self.numbers.get(unit)
            if known is not None:
                return known
            text, cues = _features(unit)
            self.text.append(text)
            self.cues.append(cues)
            self.hashes.append(crc32(unit.lstrip(">¬").encode("utf-8", "replace")))
            self.places.append(not unit.startswith("#"))
            number = len(self.text) - 1
            # Last, so that a thread that finds the number finds everything else, too.
            self.numbers[unit] = number
            return number

    def word(self, raw: str) -> tuple[str, bool, bool, bool]:
        """A word as written: in lower case and not long-drawn, and whether it negates, turns and is in capitals."""
        word = _LONG_DRAWN.sub(r"\1\1", raw.lower().replace("’", "'")[:LONGEST_WORD])
        found = word, lexicon.negates(word), lexicon.turns(word), len(raw) > 2 and raw.isupper()
        self.written[raw] = found
        return found

    def arrays(self) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
        """The hash of every unit so far, and whether it has a place in a text."""
        with self._lock:
            known = len(self._arrays[0])
            if known < len(self.hashes):
                hashes = np.array(self.hashes[known:], dtype=np.uint64)
                places = np.array(self.places[known:], dtype=np.bool_)
                self._arrays = (np.concatenate([self._arrays[0], hashes]), np.concatenate([self._arrays[1], places]))
            return self._arrays


def _features(unit: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The hashed features of a unit: (text block, cue block)."""
    if unit.startswith("#"):
        return (), (_bucket(unit.removeprefix("#")),)
    if unit.startswith("^"):
        return (_bucket(unit),), tuple(_bucket(f"^{g}") for g in lexicon.groups(unit[1:]))
    after, unit = unit.startswith(">"), unit.removeprefix(">")
    negated, word = unit.startswith("¬"), unit.removeprefix("¬")
    text = [_bucket(word)]
    if negated:
        text.append(_bucket("¬" + word))
    if word[0].isalpha():
        text.extend(_letters(word))
    mark = "¬" if negated else ""
    cues = [_bucket(f"={mark}{group}") for group in lexicon.groups(word)]
    if after:
        cues += [_bucket(f">{mark}{group}") for group in lexicon.groups(word) if group in _FELT]
    return tuple(text), tuple(cues)


_FELT = ("praised", "good", "bad", "awful", "smile", "frown")


def _letters(word: str) -> list[int]:
    """Groups of three to five letters, with marks for the word's ends: what misspellings and endings leave whole."""
    marked = f"<{word}>"
    return [
        _bucket("~" + marked[i : i + size])
        for size in (3, 4, 5)
        for i in range(len(marked) - size + 1)
        if size < len(marked)
    ]


_current = Vocabulary()


def units_of(documents: Sequence[Document]) -> list[Units]:
    """The units of each document, from `shared` where another step has already worked them out."""
    global _current
    if len(_current.text) > REMEMBERED:
        _current = Vocabulary()
    vocabulary = _current
    result = []
    for document in documents:
        units = document.shared.get("units")
        if units is None:
            units = document.shared["units"] = _cut(document.whole, vocabulary)
        result.append(units)
    return result


def _cut(text: str, vocabulary: Vocabulary) -> Units:
    numbers, written, phrase = vocabulary.numbers, vocabulary.written, lexicon.PHRASES
    names: list[str] = []
    spans: list[tuple[int, int]] = []
    phrases: list[tuple[str, tuple[int, int]]] = []
    state, reach, shouted, before, began = "", 0, 0, "", 0
    for match in _UNIT.finditer(text):
        raw = match.group()
        spans.append(match.span())
        if not raw[0].isalpha() or raw.startswith(("http", "www.")):
            if raw in _STOPS:
                reach = 0
            names.append(_sign(raw, raw[0]))
            continue
        word, negates, turns, shouts = written.get(raw) or vocabulary.word(raw)
        names.append(f"{state}¬{word}" if reach > 0 else state + word)
        reach -= 1
        shouted += shouts
        if (before, word) in phrase:
            phrases.append((f"#={phrase[before, word]}", (began, match.end())))
        before, began = word, spans[-1][0]
        if negates:
            reach = NEGATION_REACH
        elif turns:
            state, reach = ">", 0
    for name, span in [*phrases, *((cue, (-1, -1)) for cue in _cues(text, names, shouted))]:
        names.append(name)
        spans.append(span)
    ids = [numbers[n] if n in numbers else vocabulary.number(n) for n in names]
    return Units(vocabulary, ids, spans)


def _sign(raw: str, first: str) -> str:
    """One unit for all links, all names, all numbers of a length, all runs of marks."""
    if first == "@":
        return "§name"
    if first.isdigit():
        return f"§number{min(len(raw), 6)}"
    if first in "!?":
        return raw[:1] if len(raw) == 1 else ("§?!" if "?" in raw and "!" in raw else first * 2)
    if raw.startswith(("http", "www.")):
        return "§link"
    if first in "#^>¬":
        return "§" + first
    return raw[:2] if first == "." else raw


def _cues(text: str, names: list[str], shouted: int) -> list[str]:
    """What is to be said about the text as a whole."""
    cues = [f"#length{min(len(names).bit_length(), 8)}", f"#shouts{min(shouted, 2)}"]
    if "?" in text:
        cues.append("#asks")
        if text.rstrip().endswith("?"):
            cues.append("#ends-asking")
    if "!" in text:
        cues.append("#exclaims")
    start = next((n for n in names if n[0].isalpha()), None)
    if start is not None:
        cues.append("^" + start)
    return cues


@dataclass(slots=True)
class Batch:
    """The units of many documents side by side, as arrays.

    `ids` and `owner` (which document) hold one entry a unit; `pairs` are the buckets of neighbouring words, at the
    positions `pair_at` (of the first of the two).
    """

    vocabulary: Vocabulary
    ids: Ints
    owner: Ints
    pairs: Ints
    pair_at: Ints
    size: int


def shared_batch(documents: Sequence[Document], units: list[Units]) -> Batch:
    """The batch of these units, from the first document's `shared` where another head has already joined them."""
    known = documents[0].shared.get("batch")
    if known is None or known[0] != units:
        known = documents[0].shared["batch"] = (units, batch_of(units))
    batch: Batch = known[1]
    return batch


def batch_of(units: Sequence[Units]) -> Batch:
    """Join documents' units; all must come from one vocabulary."""
    vocabulary = units[0].vocabulary
    lengths = np.fromiter((len(u.ids) for u in units), dtype=np.int64, count=len(units))
    ids = np.fromiter(chain.from_iterable(u.ids for u in units), dtype=np.int64, count=int(lengths.sum()))
    owner = np.repeat(np.arange(len(units)), lengths)
    every_hash, every_place = vocabulary.arrays()
    hashes, place = every_hash[ids], every_place[ids]
    at = np.flatnonzero((owner[1:] == owner[:-1]) & place[1:] & place[:-1])
    mixed = hashes[at] * np.uint64(0x9E3779B97F4A7C15) + hashes[at + 1] * np.uint64(0xC2B2AE3D27D4EB4F)
    pairs = ((mixed >> np.uint64(33)) & np.uint64(BUCKETS - 1)).astype(np.int64)
    return Batch(vocabulary, ids, owner, pairs, at, len(units))
