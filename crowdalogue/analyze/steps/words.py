"""A text as units with their places: what every head counts, worked out once for all of them.

A unit is a word with its state (under a negation, after a "but"), an emoji, a run of punctuation, or a cue about the
whole text. Each unit stands for hashed features: in the *text* block the word and its letter groups, in the *cue*
block the groups of our word lists. A `Vocabulary` remembers which, so that a word seen before costs one look-up.

A batch is cut as a whole: each piece of text as it was written (a *form*) has a number, and what a form does to its
neighbours (negate, turn, stop) is worked out by arrays over all texts at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.steps.vocabulary import BEGINS, BUCKETS, FEATURES, STATES, Vocabulary

__all__ = ["BUCKETS", "FEATURES", "Batch", "Units", "Vocabulary", "batch_of", "units_of"]

NEGATION_REACH = 3

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_UNIT = re.compile(
    r"((?:https?://|www\.)\S+|@\w+|[:;=]-?[)(DpP/\\|](?!\w)|<3|[^\W\d_]+(?:['’][^\W\d_]+)*|\d[\d.,:]*%?|[!?]+|\.{2,}|[^\w\s])"
)


@dataclass(slots=True)
class Batch:
    """The units of many documents side by side, as arrays.

    `ids` and `owner` (which document) hold one entry a unit; `starts` and `stops` its span in the whole text (-1 for
    cues); `counts` the units of each document. `pairs` are the buckets of neighbouring words, at the positions
    `pair_at` (of the first of the two). `phrased` says of each document whether phrases lie over its words. `parts`
    is what heads have worked out for all documents of the batch.
    """

    vocabulary: Vocabulary
    ids: Ints
    owner: Ints
    starts: Ints
    stops: Ints
    counts: Ints
    pairs: Ints
    pair_at: Ints
    phrased: Bools
    size: int
    parts: dict[Any, Any] = field(default_factory=dict)

    def sums(self) -> Any:
        """The sparse matrix (documents, units of the vocabulary) that adds up what stands for each unit."""
        known = self.parts.get("sums")
        if known is None:
            ends = np.concatenate([[0], np.cumsum(self.counts)])
            ones = np.ones(len(self.ids), dtype=np.float32)
            shape = (self.size, len(self.vocabulary))
            known = self.parts["sums"] = csr_array((ones, self.ids, ends), shape=shape)
        return known


@dataclass(slots=True, eq=False)
class Units:
    """A document's units: row `row` of `batch`."""

    batch: Batch
    row: int


_current = Vocabulary()


def units_of(documents: Sequence[Document]) -> list[Units]:
    """The units of each document, from `shared` where another step has already worked them out."""
    global _current
    fresh = [d for d in documents if "units" not in d.shared]
    if fresh:
        if _current.full():
            _current = Vocabulary()
        batch = _cut([d.whole for d in fresh], _current)
        for row, document in enumerate(fresh):
            document.shared["units"] = Units(batch, row)
    return [d.shared["units"] for d in documents]


def batch_of(units: Sequence[Units]) -> Batch:
    """The batch of these units in their order; all must come from one vocabulary."""
    first = units[0].batch
    if len(units) == first.size and all(u.batch is first and u.row == i for i, u in enumerate(units)):
        return first
    ends = {id(u.batch): np.cumsum(u.batch.counts) for u in units}
    places = []
    for unit in units:
        end = int(ends[id(unit.batch)][unit.row])
        places.append((unit.batch, slice(end - int(unit.batch.counts[unit.row]), end)))
    ids, starts, stops = (
        np.concatenate([getattr(batch, name)[part] for batch, part in places]) for name in ("ids", "starts", "stops")
    )
    counts = np.array([part.stop - part.start for _, part in places], dtype=np.int64)
    return _joined(first.vocabulary, ids, np.repeat(np.arange(len(units)), counts), starts, stops, counts)


def _joined(vocabulary: Vocabulary, ids: Ints, owner: Ints, starts: Ints, stops: Ints, counts: Ints) -> Batch:
    every_hash, every_place = vocabulary.arrays()
    hashes, place = every_hash[ids], every_place[ids]
    at = np.flatnonzero((owner[1:] == owner[:-1]) & place[1:] & place[:-1])
    mixed = hashes[at] * np.uint64(0x9E3779B97F4A7C15) + hashes[at + 1] * np.uint64(0xC2B2AE3D27D4EB4F)
    pairs = ((mixed >> np.uint64(33)) & np.uint64(BUCKETS - 1)).astype(np.int64)
    phrased = np.zeros(len(counts), dtype=np.bool_)
    phrased[owner[(starts >= 0) & ~place]] = True
    return Batch(vocabulary, ids, owner, starts, stops, counts, pairs, at, phrased, len(counts))


def _cut(texts: list[str], vocabulary: Vocabulary) -> Batch:
    # Splitting and adding up lengths stays in C: half the price of asking every match for its place.
    pieces = [_UNIT.split(text) for text in texts]
    forms = vocabulary.forms_of([form for each in pieces for form in each[1::2]])
    counts = np.fromiter((len(each) >> 1 for each in pieces), dtype=np.int64, count=len(pieces))
    owner = np.repeat(np.arange(len(texts)), counts)
    starts, stops = _spans(pieces, counts)
    states = _States(vocabulary, forms, owner, counts)
    ids = vocabulary.units_of(states.codes())
    phrases, first, last = states.phrases()
    cues, cue_owner = _cues(texts, vocabulary, forms, states, counts)
    none = np.full(len(cues), -1, dtype=np.int64)
    owners = np.concatenate([owner, owner[last], cue_owner])
    order = np.argsort(owners, kind="stable")
    return _joined(
        vocabulary,
        np.concatenate([ids, phrases, cues])[order],
        owners[order],
        np.concatenate([starts, starts[first], none])[order],
        np.concatenate([stops, stops[last], none])[order],
        np.bincount(owners, minlength=len(texts)),
    )


def _spans(pieces: list[list[str]], counts: Ints) -> tuple[Ints, Ints]:
    """Where the units (every second piece) begin and end in their texts."""
    number = 2 * counts + 1
    total = int(number.sum())
    lengths = np.fromiter(map(len, chain.from_iterable(pieces)), dtype=np.int64, count=total)
    ends = np.cumsum(lengths)
    first = np.cumsum(number) - number
    base = np.repeat((ends - lengths)[first], number)
    units = (np.arange(total) - np.repeat(first, number)) % 2 == 1
    stops = ends[units] - base[units]
    return stops - lengths[units], stops


class _States:
    """What the forms of a batch do to each other: which stand under a negation, which after a turn."""

    def __init__(self, vocabulary: Vocabulary, forms: Ints, owner: Ints, counts: Ints) -> None:
        self.vocabulary, self.forms, self.owner = vocabulary, forms, owner
        traits = vocabulary.traits()
        self.traits = traits[forms]
        self.word = (self.traits & Vocabulary.WORD) != 0
        self.begin = (np.cumsum(counts) - counts)[owner]  # where the unit's text begins
        at = np.arange(len(forms))
        self.negates = (self.traits & Vocabulary.NEGATES) != 0
        turns = (self.traits & Vocabulary.TURNS) != 0
        event = (self.traits & (Vocabulary.NEGATES | Vocabulary.TURNS | Vocabulary.STOPS)) != 0
        last = _before(np.where(event, at, -1))
        words = np.cumsum(self.word)
        near = words - words[last] <= NEGATION_REACH
        self.negated = self.word & (last >= self.begin) & self.negates[last] & near
        turned = np.cumsum(turns) - turns
        self.after = self.word & (turned > turned[self.begin])

    def codes(self) -> Ints:
        """One number for a form in its state; see `Vocabulary.units_of`."""
        codes: Ints = self.forms * STATES + self.negated * 2 + self.after
        return codes

    def phrases(self) -> tuple[Ints, Ints, Ints]:
        """The units of phrases, and the positions of the first and the last word of each."""
        at = np.arange(len(self.forms))
        before = _before(np.where(self.word, at, -1))
        may = np.flatnonzero(self.word & (before >= self.begin))
        ids, hit = self.vocabulary.phrases_of(self.forms[before[may]], self.forms[may])
        last = may[hit]
        return ids, before[last], last


def _before(marked: Any) -> Ints:
    """For each place the last marked one before it (their own numbers, -1 where not marked); -1 where there is none."""
    if not len(marked):
        return np.zeros(0, dtype=np.int64)
    before: Ints = np.concatenate([[-1], np.maximum.accumulate(marked)[:-1]])
    return before


def _cues(texts: list[str], vocabulary: Vocabulary, forms: Ints, states: _States, counts: Ints) -> tuple[Ints, Ints]:
    """What is to be said about each text as a whole: units, and the texts they belong to (ascending)."""
    size = len(texts)
    shouts = np.bincount(states.owner, (states.traits & Vocabulary.SHOUTS) != 0, size).astype(np.int64)
    lengths = np.minimum(np.frexp(counts)[1], 8)  # in bits
    # Numbers of `Vocabulary.CUES`; -1 where there is nothing to be said.
    said = np.full((size, 5), -1, dtype=np.int64)
    said[:, 0], said[:, 1] = lengths, 9 + np.minimum(shouts, 2)
    said[:, 2] = [12 if "?" in text else -1 for text in texts]
    said[:, 3] = [13 if "?" in text and text.rstrip().endswith("?") else -1 for text in texts]
    said[:, 4] = [14 if "!" in text else -1 for text in texts]
    plain = np.flatnonzero(states.word & ~states.negated & ~states.after)[::-1]
    begins = np.full(size, -1, dtype=np.int64)
    begins[states.owner[plain]] = forms[plain]
    some = np.flatnonzero(begins >= 0)
    units = np.full((size, 6), -1, dtype=np.int64)
    units[:, :5] = np.where(said >= 0, vocabulary.whole[said], -1)
    units[some, 5] = vocabulary.units_of(begins[some] * STATES + BEGINS)
    owner, column = np.nonzero(units >= 0)
    return units[owner, column], owner
