"""A head: a linear model over a message's vector and its units, that says a label, how surely and why.

Each head is a file of arrays and a card beside it. It holds two models: `full` reads the vector and the units,
`words` the units alone, for when there is no vector. The score of a label is

    bias + vector · E  +  (sum of the text features' weights) / sqrt(their number)
                       +  (sum of the cue features' weights) / sqrt(1 + their number)

so that what each unit added can be told afterwards.
"""

from __future__ import annotations

import json
import logging
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from crowdalogue.analyze.document import Document, Finding, Step, StepUnavailable
from crowdalogue.analyze.steps.words import BUCKETS, FEATURES, Batch, Units, Vocabulary, shared_batch, units_of
from crowdalogue.text.encoder import home

SHIPPED = Path(__file__).resolve().parent.parent / "heads"
# A word is shown as a reason when it adds at least this much to the label's score, and this share of the strongest.
LEAST_REASON, LEAST_SHARE, MOST_REASONS = 0.08, 0.35, 5

Floats = NDArray[np.float32]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Table:
    """What each unit of one vocabulary adds, (units, labels), and its number of features; grows with the vocabulary."""

    text: Floats
    cues: Floats
    text_count: Floats
    cue_count: Floats
    filled: int = 0


@dataclass(slots=True)
class Weights:
    """One linear model: `rows` (features, labels) for the hashed features in `place` (bucket -> row, -1 for none)."""

    bias: Floats
    rows: Floats
    place: NDArray[np.int32]
    embedding: Floats | None
    tables: weakref.WeakKeyDictionary[Vocabulary, Table] = field(default_factory=weakref.WeakKeyDictionary)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, bias: Any, rows: Any, buckets: Any, embedding: Any | None) -> Weights:
        """From arrays as a head file holds them; a last row of zeros stands for every feature that was pruned."""
        place = np.full(BUCKETS, len(buckets), dtype=np.int32)
        place[buckets] = np.arange(len(buckets), dtype=np.int32)
        padded = np.vstack([rows, np.zeros((1, rows.shape[1]), dtype=rows.dtype)]).astype(np.float32)
        return cls(
            np.asarray(bias, dtype=np.float32),
            padded,
            place,
            None if embedding is None else np.asarray(embedding, dtype=np.float32),
        )

    def table(self, vocabulary: Vocabulary) -> Table:
        """This model's table for a vocabulary, with a row for every unit met so far."""
        with self.lock:
            table = self.tables.get(vocabulary)
            labels = len(self.bias)
            if table is None:
                empty = np.zeros((0, labels), dtype=np.float32)
                none = np.zeros(0, dtype=np.float32)
                table = self.tables[vocabulary] = Table(empty, empty, none, none)
            known = len(vocabulary.numbers)
            if table.filled < known:
                self._grow(table, vocabulary, known)
            return table

    def _grow(self, table: Table, vocabulary: Vocabulary, known: int) -> None:
        new = slice(table.filled, known)
        if known > len(table.text):
            room = max(1024, 2 * known) - len(table.text)
            table.text = np.pad(table.text, ((0, room), (0, 0)))
            table.cues = np.pad(table.cues, ((0, room), (0, 0)))
            table.text_count = np.pad(table.text_count, (0, room))
            table.cue_count = np.pad(table.cue_count, (0, room))
        table.text[new], table.text_count[new] = self._sums(vocabulary.text[new])
        table.cues[new], table.cue_count[new] = self._sums(vocabulary.cues[new])
        table.filled = known

    def _sums(self, features: list[tuple[int, ...]]) -> tuple[Floats, Floats]:
        counts = np.array([len(f) for f in features], dtype=np.int64)
        flat = np.array([b for f in features for b in f], dtype=np.int64)
        return _summed(self.rows[self.place[flat]], np.repeat(np.arange(len(features)), counts), len(features)), (
            counts.astype(np.float32)
        )


def _summed(rows: Floats, owner: NDArray[np.int64], size: int) -> Floats:
    """Rows added up by owner (ascending), (size, labels); owners without rows get zeros."""
    result = np.zeros((size, rows.shape[1]), dtype=np.float32)
    if len(rows):
        starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        result[owner[starts]] = np.add.reduceat(rows, starts, axis=0)
    return result


class Head:
    """A loaded head. `name` is that of its step; `labels`, `version` and the temperatures come from its card."""

    def __init__(self, name: str, card: dict[str, Any], arrays: dict[str, Any]) -> None:
        if card["features"] != FEATURES:
            raise ValueError(
                f"The head {name} was trained for other features. Train it again: crowdalogue train {name}"
            )
        self.name, self.card = name, card
        self.labels: tuple[str, ...] = tuple(card["labels"])
        self.version = str(card["version"])
        self.temperature = {kind: float(t) for kind, t in card["temperature"].items()}
        self.weights = {
            kind: Weights.of(
                arrays[f"{kind}.bias"],
                arrays[f"{kind}.rows"],
                arrays[f"{kind}.buckets"],
                arrays.get(f"{kind}.embedding"),
            )
            for kind in self.temperature
        }

    def shares(self, documents: Sequence[Document]) -> Floats:
        """The calibrated share of belief of each label, (documents, labels)."""
        return self._read(documents)[0]

    def run(self, documents: list[Document]) -> None:
        """Find this head's label for each document, with its confidence and the words that led to it."""
        if not documents:
            return
        shares, parts = self._read(documents)
        best = shares.argmax(axis=1)
        reasons = self._reasons(documents, parts, best)
        for document, row, i, words in zip(documents, shares, best.tolist(), reasons, strict=True):
            confidence = round(float(row[i]), 4) if document.text.strip() or document.subject.strip() else 0.0
            document.findings[self.name] = Finding(self.labels[i], confidence, words, self.version)

    def _read(self, documents: Sequence[Document]) -> tuple[Floats, list[Part]]:
        shares = np.zeros((len(documents), len(self.labels)), dtype=np.float32)
        parts: list[Part] = []
        units = units_of(documents)
        for kind, at in _sorted_out(documents, units):
            part = Part(self.weights[kind], shared_batch([documents[i] for i in at], [units[i] for i in at]), at)
            scores = part.scores
            embedding = self.weights[kind].embedding
            if embedding is not None:
                vectors = [v for v in (documents[i].embedding for i in at) if v is not None]
                scores = scores + np.stack(vectors) @ embedding
            scores = scores / self.temperature[kind]
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares[at] = scores / scores.sum(axis=1, keepdims=True)
            parts.append(part)
        return shares, parts

    def _reasons(
        self, documents: Sequence[Document], parts: list[Part], best: NDArray[np.int64]
    ) -> list[tuple[tuple[int, int], ...]]:
        reasons: list[tuple[tuple[int, int], ...]] = [()] * len(documents)
        for part in parts:
            owner, added = part.batch.owner, part.added(best[part.at])
            if not len(owner):
                continue
            starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
            first = np.zeros(part.batch.size, dtype=np.int64)
            first[owner[starts]] = starts
            least = np.zeros(part.batch.size, dtype=np.float32)
            least[owner[starts]] = np.maximum(LEAST_REASON, LEAST_SHARE * np.maximum.reduceat(added, starts))
            strong = np.flatnonzero(added >= least[owner])
            strong = strong[np.lexsort((-added[strong], owner[strong]))]
            whose = owner[strong].tolist()
            places = (strong - first[owner[strong]]).tolist()
            for one, group in groupby(zip(whose, places, strict=True), key=itemgetter(0)):
                document = documents[part.at[one]]
                reasons[part.at[one]] = _spans(document, [place for _, place in group])
        return reasons


class Part:
    """One model's reading of documents that share a vocabulary: scores now, reasons when asked."""

    def __init__(self, weights: Weights, batch: Batch, at: list[int]) -> None:
        self.weights, self.batch, self.at = weights, batch, at
        table = weights.table(batch.vocabulary)
        self.pair_rows = weights.rows[weights.place[batch.pairs]]
        pair_owner = batch.owner[batch.pair_at]
        text_count = np.bincount(batch.owner, table.text_count[batch.ids], batch.size)
        text_count += np.bincount(pair_owner, minlength=batch.size)
        cue_count = np.bincount(batch.owner, table.cue_count[batch.ids], batch.size)
        self.text_scale = (1 / np.sqrt(np.maximum(text_count, 1))).astype(np.float32)
        self.cue_scale = (1 / np.sqrt(1 + cue_count)).astype(np.float32)
        self.text, self.cues = table.text, table.cues
        text = _summed(self.text[batch.ids], batch.owner, batch.size)
        text += _summed(self.pair_rows, pair_owner, batch.size)
        cues = _summed(self.cues[batch.ids], batch.owner, batch.size)
        self.scores = weights.bias + text * self.text_scale[:, None] + cues * self.cue_scale[:, None]

    def added(self, best: NDArray[np.int64]) -> Floats:
        """What each unit added to the score of its document's best label; a pair's part goes to both its words."""
        batch = self.batch
        label = best[batch.owner]
        added = self.text[batch.ids, label] * self.text_scale[batch.owner]
        added += self.cues[batch.ids, label] * self.cue_scale[batch.owner]
        pair_label = best[batch.owner[batch.pair_at]]
        halves = (
            self.pair_rows[np.arange(len(pair_label)), pair_label] / 2 * self.text_scale[batch.owner[batch.pair_at]]
        )
        added[batch.pair_at] += halves
        added[batch.pair_at + 1] += halves
        return added


def _sorted_out(documents: Sequence[Document], units: list[Units]) -> list[tuple[str, list[int]]]:
    """Documents by model and vocabulary; in a batch there is nearly always one of each."""
    found: dict[tuple[str, int], list[int]] = {}
    for i, (document, unit) in enumerate(zip(documents, units, strict=True)):
        kind = "words" if document.embedding is None else "full"
        found.setdefault((kind, id(unit.vocabulary)), []).append(i)
    return [(kind, at) for (kind, _), at in found.items()]


def _spans(document: Document, places: list[int]) -> tuple[tuple[int, int], ...]:
    """The spans, in the document's text, of its units at these places; none twice, and at most `MOST_REASONS`."""
    units: Units = document.shared["units"]
    shift, end = len(document.heading), len(document.text)
    words: list[tuple[int, int]] = []
    for place in places:
        start, stop = units.spans[place]
        start, stop = start - shift, stop - shift
        if 0 <= start < stop <= end and not any(start < b and a < stop for a, b in words):
            words.append((start, stop))
            if len(words) == MOST_REASONS:
                break
    return tuple(words)


def folder_of(name: str) -> Path:
    """Where the head in use lies: the operator's own, trained on this machine, before the shipped one."""
    own = home() / "heads"
    return own if (own / f"{name}.json").exists() else SHIPPED


def card(name: str) -> dict[str, Any]:
    """The card of the head in use."""
    result: dict[str, Any] = json.loads((folder_of(name) / f"{name}.json").read_text(encoding="utf-8"))
    return result


_loaded: dict[str, Head] = {}
_loading = threading.Lock()


def load(name: str) -> Head:
    """The head in use, read once for this process; the operator's own, if it is damaged, gives way to the shipped."""
    with _loading:
        if name not in _loaded:
            _loaded[name] = _open(name)
        return _loaded[name]


def forget() -> None:
    """Read heads anew at their next use: they have been trained again."""
    with _loading:
        _loaded.clear()


def _open(name: str) -> Head:
    folder = folder_of(name)
    try:
        return read(folder, name)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        if folder == SHIPPED:
            raise StepUnavailable(
                f"The shipped head {name} cannot be read ({error}). Install the package again."
            ) from error
        log.warning("the head %s in %s cannot be read (%s); the shipped one is used", name, folder, error)
        return read(SHIPPED, name)


def read(folder: Path, name: str) -> Head:
    """The head `name` in a folder: `NAME.safetensors` and its card `NAME.json`."""
    card: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Head(name, card, load_file(folder / f"{name}.safetensors"))


def step(name: str) -> Step:
    """The step that a head answers; its version and labels are those of the head in use at start."""
    try:
        answers = card(name)
    except (OSError, ValueError):
        answers = {}

    def run(documents: list[Document]) -> None:
        load(name).run(documents)

    labels = tuple(answers.get("labels", ()))
    return Step(name, str(answers.get("version", "0")), run, needs=("embedding?",), gives=(name,), labels=labels)
