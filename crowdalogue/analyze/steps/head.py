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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from crowdalogue.analyze.document import Document, Finding, Step, StepUnavailable
from crowdalogue.analyze.steps.vocabulary import BUCKETS, FEATURES, Vocabulary
from crowdalogue.analyze.steps.words import Batch, units_of
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


class _Met:
    """A number for every bucket that any model of this process knows: one table of two megabytes, and not one a model.

    A model's own rows stand under these numbers in a table small enough to stay in the processor's cache.
    """

    def __init__(self) -> None:
        self.place = np.full(BUCKETS, -1, dtype=np.int32)
        self.size = 0
        self._lock = threading.Lock()

    def add(self, buckets: NDArray[np.int64]) -> NDArray[np.int32]:
        """The numbers of these buckets, new ones for those not met before."""
        with self._lock:
            fresh = np.unique(buckets[self.place[buckets] < 0])
            self.place[fresh] = np.arange(self.size, self.size + len(fresh), dtype=np.int32)
            self.size += len(fresh)
            return self.place[buckets]


_met = _Met()


@dataclass(slots=True)
class Weights:
    """One linear model: `rows` (features, labels), and `place`, the row under each of the numbers of `_met`.

    The last row is of zeros and stands for every feature that was pruned; so does the last of `place`.
    """

    bias: Floats
    rows: Floats
    place: NDArray[np.int32]
    embedding: Floats | None
    tables: weakref.WeakKeyDictionary[Vocabulary, Table] = field(default_factory=weakref.WeakKeyDictionary)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, bias: Any, rows: Any, buckets: Any, embedding: Any | None) -> Weights:
        """From arrays as a head file holds them."""
        numbers = _met.add(np.asarray(buckets, dtype=np.int64))
        place = np.full(int(numbers.max(initial=-1)) + 2, len(buckets), dtype=np.int32)
        place[numbers] = np.arange(len(buckets), dtype=np.int32)
        padded = np.vstack([rows, np.zeros((1, rows.shape[1]), dtype=rows.dtype)]).astype(np.float32)
        return cls(
            np.asarray(bias, dtype=np.float32),
            padded,
            place,
            None if embedding is None else np.asarray(embedding, dtype=np.float32),
        )

    def at(self, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
        """The rows of features by their numbers in `_met`, -1 for those that no model knows."""
        pruned = len(self.place) - 1
        return self.place[np.where(numbers < pruned, numbers, pruned)]

    def table(self, vocabulary: Vocabulary) -> Table:
        """This model's table for a vocabulary, with a row for every unit met so far."""
        with self.lock:
            table = self.tables.get(vocabulary)
            labels = len(self.bias)
            if table is None:
                empty = np.zeros((0, labels), dtype=np.float32)
                none = np.zeros(0, dtype=np.float32)
                table = self.tables[vocabulary] = Table(empty, empty, none, none)
            known = len(vocabulary)
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
        table.text[new], table.text_count[new] = self._sums(_features(vocabulary, "text", table.filled, known))
        table.cues[new], table.cue_count[new] = self._sums(_features(vocabulary, "cues", table.filled, known))
        table.filled = known

    def _sums(self, features: _Features) -> tuple[Floats, Floats]:
        numbers, owner, counts = features
        return _summed(self.rows[self.at(numbers)], owner, len(counts)), counts


_Features = tuple[NDArray[np.int32], NDArray[np.int64], Floats]


def _features(vocabulary: Vocabulary, kind: str, start: int, stop: int) -> _Features:
    """Of some units the features that any model knows (their numbers in `_met`, and whose they are), and how many
    features each unit has in all. Remembered, since all heads ask for the same units one after the other."""
    key = (kind, start, stop, _met.size)
    known: tuple[Any, _Features] | None = vocabulary.asked.get(kind)
    if known is None or known[0] != key:
        buckets, counts = vocabulary.features(kind, start, stop)
        numbers = _met.place[buckets]
        some = np.flatnonzero(numbers >= 0)
        owner = np.repeat(np.arange(len(counts)), counts)
        known = vocabulary.asked[kind] = key, (numbers[some], owner[some], counts.astype(np.float32))
    return known[1]


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
        result = np.zeros((len(documents), len(self.labels)), dtype=np.float32)
        for part, at, rows in self._parts(documents):
            result[at] = part.shares(self.temperature[part.kind], [documents[i] for i in at], rows)
        return result

    def run(self, documents: list[Document]) -> None:
        """Find this head's label for each document, with its confidence and the words that led to it."""
        for part, at, rows in self._parts(documents):
            asked = [documents[i] for i in at]
            shares = part.shares(self.temperature[part.kind], asked, rows)
            best = shares.argmax(axis=1)
            sure = np.round(shares.max(axis=1).astype(np.float64), 4)
            reasons = part.reasons(asked, rows, best)
            for document, label, share, words in zip(asked, best.tolist(), sure.tolist(), reasons, strict=True):
                blank = not words and not document.text.strip() and not document.subject.strip()
                finding = Finding(self.labels[label], 0.0 if blank else share, words, self.version)
                document.findings[self.name] = finding

    def reasons(self, documents: list[Document], labels: Sequence[str]) -> list[tuple[tuple[int, int], ...]]:
        """For each document the words that led to a label, the strongest first."""
        result: list[tuple[tuple[int, int], ...]] = [()] * len(documents)
        number = np.array([self.labels.index(label) for label in labels], dtype=np.int64)
        for part, at, rows in self._parts(documents):
            for i, words in zip(at, part.reasons([documents[i] for i in at], rows, number[at]), strict=True):
                result[i] = words
        return result

    def _parts(self, documents: Sequence[Document]) -> Iterator[tuple[Part, list[int], NDArray[np.int64]]]:
        """For documents of one batch and one model: what it read, which documents, and their rows in the batch.

        A batch is read whole, once, whichever of its documents are asked about: all heads' sums share its arrays.
        """
        for kind, batch, at, rows in _sorted_out(documents):
            weights = self.weights[kind]
            key = (id(weights), self.name, kind)
            part = batch.parts.get(key)
            if part is None or part.weights is not weights:
                part = batch.parts[key] = Part(kind, weights, batch)
            yield part, at, rows


class Part:
    """One model's reading of a batch: scores of its words now, shares and reasons of some of its rows when asked."""

    def __init__(self, kind: str, weights: Weights, batch: Batch) -> None:
        self.kind, self.weights, self.batch = kind, weights, batch
        table = weights.table(batch.vocabulary)
        sums = batch.sums()
        known = sums.shape[1]
        self.text, self.cues = table.text[:known], table.cues[:known]
        self.text_scale, self.cue_scale = _scales(table, batch)
        pair_at, numbers = _pairs(batch)
        at = weights.at(numbers)
        hit = np.flatnonzero(at < len(weights.rows) - 1)
        self.pair_at, self.pair_rows = pair_at[hit], weights.rows[at[hit]]
        text = sums @ self.text
        text += _summed(self.pair_rows, batch.owner[self.pair_at], batch.size)
        self.scores = weights.bias + text * self.text_scale[:, None] + (sums @ self.cues) * self.cue_scale[:, None]

    def shares(self, temperature: float, documents: list[Document], rows: NDArray[np.int64]) -> Floats:
        """The share of belief of each label for the documents of these rows, (rows, labels)."""
        scores: Floats = self.scores[rows]
        if self.weights.embedding is not None:
            scores = scores + np.stack([d.embedding for d in documents]) @ self.weights.embedding  # type: ignore[misc]
        scores = scores / np.float32(temperature)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def reasons(
        self, documents: list[Document], rows: NDArray[np.int64], best: NDArray[np.int64]
    ) -> list[tuple[tuple[int, int], ...]]:
        """For each document the spans, in its text, of the units that added most to the label `best`."""
        batch = self.batch
        label = np.full(batch.size, -1, dtype=np.int64)
        label[rows] = best
        at = np.arange(len(batch.ids)) if len(rows) == batch.size else np.flatnonzero(label[batch.owner] >= 0)
        added, owner = self._added(label, at), batch.owner[at]
        if not len(owner):
            return [()] * len(rows)
        starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        least = np.zeros(batch.size, dtype=np.float32)
        least[owner[starts]] = np.maximum(LEAST_REASON, LEAST_SHARE * np.maximum.reduceat(added, starts))
        strong = np.flatnonzero(added >= least[owner])
        strong = strong[np.lexsort((-added[strong], owner[strong]))]
        return _spans(documents, rows, batch, at[strong])

    def _added(self, label: NDArray[np.int64], at: NDArray[np.int64]) -> Floats:
        """What each of these units added to the score of its document's label; a pair's part goes to both its words."""
        batch = self.batch
        owner, ids = batch.owner[at], batch.ids[at]
        mine = label[owner]
        added: Floats = self.text[ids, mine] * self.text_scale[owner] + self.cues[ids, mine] * self.cue_scale[owner]
        if len(self.pair_at):
            every = np.zeros(len(batch.ids) + 1, dtype=np.float32)
            asked = np.flatnonzero(label[batch.owner[self.pair_at]] >= 0)
            places = self.pair_at[asked]
            pair_owner = batch.owner[places]
            halves = self.pair_rows[asked, label[pair_owner]] / 2 * self.text_scale[pair_owner]
            every[places] += halves
            every[places + 1] += halves
            added += every[at]
        return added


def _pairs(batch: Batch) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Where pairs stand that any model knows, and their numbers in `_met`."""
    key = ("pairs", _met.size)  # a model read meanwhile may know more
    known = batch.parts.get(key)
    if known is None:
        numbers = _met.place[batch.pairs]
        some = np.flatnonzero(numbers >= 0)
        known = batch.parts[key] = (batch.pair_at[some], numbers[some])
    pairs: tuple[NDArray[np.int64], NDArray[np.int32]] = known
    return pairs


def _scales(table: Table, batch: Batch) -> tuple[Floats, Floats]:
    """What the sums of a batch are multiplied by; the same for all heads, since they count the same features."""
    known = batch.parts.get("scales")
    if known is None:
        text = np.bincount(batch.owner, table.text_count[batch.ids], batch.size)
        text += np.bincount(batch.owner[batch.pair_at], minlength=batch.size)
        cues = np.bincount(batch.owner, table.cue_count[batch.ids], batch.size)
        known = batch.parts["scales"] = (
            (1 / np.sqrt(np.maximum(text, 1))).astype(np.float32),
            (1 / np.sqrt(1 + cues)).astype(np.float32),
        )
    scales: tuple[Floats, Floats] = known
    return scales


def _sorted_out(documents: Sequence[Document]) -> Iterator[tuple[str, Batch, list[int], NDArray[np.int64]]]:
    """Documents by model and batch; of what is read together there is nearly always one of each."""
    units = units_of(documents)
    bare = [d.embedding is None for d in documents]
    for batch in {id(u.batch): u.batch for u in units}.values():
        for kind, without in (("full", False), ("words", True)):
            at = [i for i, (u, b) in enumerate(zip(units, bare, strict=True)) if b is without and u.batch is batch]
            if at:
                yield kind, batch, at, np.array([units[i].row for i in at], dtype=np.int64)


def _spans(
    documents: list[Document], rows: NDArray[np.int64], batch: Batch, strong: NDArray[np.int64]
) -> list[tuple[tuple[int, int], ...]]:
    """The spans, in the documents' texts, of these units (by document, the strongest first).

    Cues have none, and what stands in the subject is left out; none twice, and at most `MOST_REASONS`.
    """
    shift = np.zeros(batch.size, dtype=np.int64)
    end = np.zeros(batch.size, dtype=np.int64)
    shift[rows] = [len(d.heading) if d.subject else 0 for d in documents]
    end[rows] = [len(d.text) for d in documents]
    owner = batch.owner[strong]
    starts, stops = batch.starts[strong] - shift[owner], batch.stops[strong] - shift[owner]
    inside = (batch.starts[strong] >= 0) & (starts >= 0) & (starts < stops) & (stops <= end[owner])
    owner, pairs = owner[inside], list(zip(starts[inside].tolist(), stops[inside].tolist(), strict=True))
    ends = np.searchsorted(owner, rows, side="right").tolist()
    begins = np.searchsorted(owner, rows, side="left").tolist()
    phrased = batch.phrased[rows].tolist()
    return [
        ()
        if end == begin
        else _apart(pairs[begin:end])
        if over
        else tuple(pairs[begin : min(end, begin + MOST_REASONS)])
        for begin, end, over in zip(begins, ends, phrased, strict=True)
    ]


def _apart(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The first of these spans that overlap none before them: a phrase lies over its words."""
    kept: list[tuple[int, int]] = []
    for start, stop in spans:
        for a, b in kept:
            if start < b and a < stop:
                break
        else:
            kept.append((start, stop))
            if len(kept) == MOST_REASONS:
                break
    return tuple(kept)


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
