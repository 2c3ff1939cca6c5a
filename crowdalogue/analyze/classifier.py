"""A classifier of whatever labels a file holds: kernel ridge regression over meaning and wording.

Two texts are alike by what the encoder's upper layers hold of them (a Gaussian of the distance) and by the words,
letter groups and cues they share (cosine of TF-IDF). How much each counts and how smooth the answer is, is chosen by
leaving out one example at a time, which has a closed form here. `oos` as a label means "none of these": its examples
pull every label down, and a text below one threshold, chosen with every training row left out once, gets it.
Every label weighs the same in all, however many examples it has, as far as `BALANCE` says. Where labels have few
examples, the words of their names are one more. Words that a text is to be judged on are marked `$T$ so $T$`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from crowdalogue.analyze import feeling, many, training
from crowdalogue.analyze.document import READ_CHARACTERS
from crowdalogue.text.encoder import WIDTH, EncoderMissing
from crowdalogue.text.layers import AROUND, PARTS, Span, encode_around, encode_layers

OUT = "oos"
# Rows whose likeness to all others is kept at once: 20,000 of them take 1.5 GiB. More examples than that
# are learned by `many`, in time that grows with their number and not with its cube.
MOST = 20_000
# Rows on which settings are chosen (twice as many where labels are many).
TRIED = 1_500
BALANCE = 0.75
# How much a taught text that is kept counts against an `oos` text that is refused, as shares of each kind.
INSIDE = 5.0
# Up to this many examples a label, on average, its name is one more, and the sentence vector counts more than the rest.
FEW, SHARES = 20, (0.55, 0.1, 0.1, 0.25)
CHUNK = 512
# What a text is judged on, how many words on either side of it are read by themselves, and how much the meaning
# around it counts beside that of the whole.
_JUDGED = re.compile(r"\$T\$ (.*?) \$T\$", re.DOTALL)
WINDOW, NEARBY = 5, 0.95
_WORD = re.compile(r"\w+|[^\w\s]")
_NAME = re.compile(r"[^\W\d_]{3,}")

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Settings:
    """How much meaning and wording count, how fast likeness of meaning falls off, and how smooth the answer is."""

    meaning: float
    wording: float
    narrow: float
    smooth: float


# Tweets want a smooth answer, clear intents a sharp one; other languages than English want the wording.
_MIXES = ((1.0, 0.0, 0.5), (1.0, 0.0, 1.5), (1.0, 0.3, 0.5), (1.0, 0.3, 1.5), (0.3, 1.0, 0.5), (0.0, 1.0, 1.0))
GRID = tuple(Settings(*mix, smooth) for mix in _MIXES for smooth in (0.03, 0.2, 1.0, 3.0))


class Reader:
    """Texts to what is compared: vectors centred part by part (None without an encoder), and sparse rows."""

    def __init__(self, texts: Sequence[str], *, few: bool = False) -> None:
        self._shares = SHARES if few else (1 / PARTS,) * PARTS
        kept = [text[:READ_CHARACTERS] for text in texts]
        self._around = sum(bool(_JUDGED.search(text)) for text in kept) > len(kept) / 2
        wide, close, spans = self._told(kept)
        self._languages = feeling.languages_of(wide)
        least = 2 if len(kept) > 200 else 1
        letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=least, dtype=np.float32
        )
        self._words = _words().fit([*wide, "some words"])
        self._close = (_words() if self._around else letters).fit([*close, "some words"])
        vectors = self._encoded(wide, spans)
        self._middle = None if vectors is None else vectors.mean(axis=0)
        self.first = (None if vectors is None else self._centred(vectors), self._sparse(wide, close))

    def read(self, texts: Sequence[str]) -> tuple[Floats | None, csr_array]:
        wide, close, spans = self._told([text[:READ_CHARACTERS] for text in texts])
        vectors = self._encoded(wide, spans) if self._middle is not None else None
        return None if vectors is None else self._centred(vectors), self._sparse(wide, close)

    def _told(self, texts: list[str]) -> tuple[list[str], list[str], list[Span | None]]:
        """The texts without marks, what stands close to the words they are judged on, and where those are."""
        if not self._around:
            return texts, texts, [None] * len(texts)
        parts = [_parted(text) for text in texts]
        return [p[0] for p in parts], [p[1] for p in parts], [p[2] for p in parts]

    def _encoded(self, texts: Sequence[str], spans: Sequence[Span | None]) -> Floats | None:
        try:
            return encode_around(texts, spans) if self._around else encode_layers(texts)
        except EncoderMissing:
            return None

    def _centred(self, vectors: Floats) -> Floats:
        assert self._middle is not None
        parts = (vectors - self._middle).reshape(len(vectors), -1, WIDTH)
        share = np.array(self._shares)
        if self._around:
            share = np.r_[share * (1 - NEARBY), np.full(AROUND, NEARBY / AROUND)]
        size = np.linalg.norm(parts, axis=2, keepdims=True) / np.sqrt(share)[None, :, None]
        result: Floats = (parts / np.maximum(size, 1e-9)).reshape(len(vectors), -1).astype(np.float32)
        return result

    def _sparse(self, wide: Sequence[str], close: Sequence[str]) -> csr_array:
        seen = training.features(close, embed=False)
        own = csr_array(seen.text + seen.cues)
        norms = np.sqrt(np.asarray(own.multiply(own).sum(axis=1)).ravel())
        own = csr_array(own.multiply((1 / np.maximum(norms, 1e-9))[:, None]))
        blocks = [self._words.transform(wide), self._close.transform(close), own]
        scaled = [block * np.float32(3**-0.5) for block in blocks]
        if self._languages:
            scaled.append(csr_array(feeling.columns(close, self._languages)))
        return csr_array(hstack(scaled), dtype=np.float32)


def _words() -> TfidfVectorizer:
    return TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, tokenizer=_WORD.findall, token_pattern=None, dtype=np.float32
    )


def _parted(text: str) -> tuple[str, str, Span | None]:
    """A text without its marks, the words around what it is judged on (which is one word there), and its place."""
    found = _JUDGED.search(text)
    if found is None:
        return text, text, None
    before, after = text[: found.start()], text[found.end() :]
    close = [*_WORD.findall(before)[-WINDOW:], "judged", *_WORD.findall(after)[:WINDOW]]
    return before + found[1] + after, " ".join(close), (found.start(), found.start() + len(found[1]))


# --- likeness ----------------------------------------------------------------------------------------------------

Rows = tuple[Floats | None, Any]


def _taken(rows: Rows, at: Any) -> Rows:
    return (None if rows[0] is None else rows[0][at], rows[1][at])


def _cosines(one: Rows, other: Rows, *, wording: bool = True) -> tuple[Floats | None, Floats | None]:
    """How alike each of `one` is to each of `other`, in meaning and in wording."""
    meaning = None if one[0] is None or other[0] is None else one[0] @ other[0].T
    if not wording:
        return meaning, None
    turned = csr_array(other[1].T)
    shape = (one[1].shape[0], other[1].shape[0])
    words = np.empty(shape, dtype=np.float32)
    for start in range(0, shape[0], CHUNK):
        words[start : start + CHUNK] = (one[1][start : start + CHUNK] @ turned).toarray()
    return meaning, words


def _likeness(meaning: Floats | None, words: Floats | None, settings: Settings) -> Floats:
    """The two mixed; `meaning` is overwritten, since it may be a gigabyte."""
    if meaning is not None and settings.meaning:
        meaning -= 1
        meaning *= 2 * settings.narrow
        np.exp(meaning, out=meaning)
        meaning *= settings.meaning
    if words is None:
        assert meaning is not None
        return meaning
    words *= settings.wording or float(meaning is None)
    if meaning is not None and settings.meaning:
        words += meaning
    return words


def _mixed(one: Rows, other: Rows, settings: Settings) -> Floats:
    meaning, words = _cosines(one, other, wording=bool(settings.wording) or one[0] is None)
    return _likeness(meaning, words, settings)


# --- ridge -------------------------------------------------------------------------------------------------------


def _targets(numbers: NDArray[np.int64], labels: int) -> tuple[Floats, Floats]:
    """One column a label, and how much each row counts (1 on average).

    Rows of none (-1 in `numbers`) speak against every label, which is the same as a column of their own taken off
    all others: with 0 in their place, less of what belongs to none is found.
    """
    targets = np.zeros((len(numbers), labels), dtype=np.float32)
    targets[numbers < 0] = -1
    inside = np.flatnonzero(numbers >= 0)
    targets[inside, numbers[inside]] = 1
    counts = np.bincount(numbers + 1, minlength=labels + 1).astype(float)
    weights = (1 / np.maximum(counts[numbers + 1], 1)) ** BALANCE
    return targets, (weights / weights.mean()).astype(np.float32)


def _left_out(likeness: Floats, targets: Floats, weights: Floats, smooth: float) -> tuple[Floats, Floats]:
    """The weights of a fit of all rows, and what a fit without each row says of it; `likeness` is overwritten."""
    likeness[np.diag_indices_from(likeness)] += smooth / weights
    # The transposed view of a symmetric table is the order that LAPACK wants, so that nothing is copied.
    factor, wrong = scipy.linalg.lapack.spotrf(likeness.T, lower=1, overwrite_a=True, clean=False)
    if wrong:
        return np.zeros_like(targets), np.zeros_like(targets)
    solved, _ = scipy.linalg.lapack.spotrs(factor, targets, lower=1)
    inverse, _ = scipy.linalg.lapack.spotri(factor, lower=1, overwrite_c=True)
    return solved, targets - solved / np.diag(inverse)[:, None]


def _macro(scores: Floats, numbers: NDArray[np.int64]) -> float:
    """Mean of accuracy and macro recall over the rows that belong to a label."""
    inside = numbers >= 0
    right = scores[inside].argmax(axis=1) == numbers[inside]
    counts = np.bincount(numbers[inside])
    recall = np.bincount(numbers[inside], right)[counts > 0] / counts[counts > 0]
    return float(right.mean() + recall.mean()) / 2


def _worth(scores: Floats, numbers: NDArray[np.int64]) -> float:
    """What settings are chosen by; with `oos` among the rows, how well one threshold can part them counts too."""
    if (numbers >= 0).all():
        return _macro(scores, numbers)
    return float(_kept_and_refused(scores, numbers)[1].max())


def _choose(rows: Rows, numbers: NDArray[np.int64], labels: int) -> Settings:
    """The settings that do best when each row is left out."""
    targets, weights = _targets(numbers, labels)
    meaning, words = _cosines(rows, rows)
    best: tuple[float, Settings] | None = None
    for settings in GRID:
        if settings.meaning and meaning is None:
            continue
        likeness = _likeness(
            None if meaning is None or not settings.meaning else meaning.copy(),
            None if words is None else words.copy(),
            settings,
        )
        _, scores = _left_out(likeness, targets, weights, settings.smooth)
        score = _worth(scores, numbers)
        if best is None or score > best[0] + 1e-9:
            best = (score, settings)
    assert best is not None
    return best[1]


# --- the classifier ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Classifier:
    """A fitted classifier. `threshold` is the least score that belongs to a label, None where `oos` was not taught."""

    labels: tuple[str, ...]
    settings: Settings
    threshold: float | None
    temperature: float
    _reader: Reader
    _rows: Rows
    _weights: Floats
    _many: many.Many | None = None

    def label(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """The label of each text and its calibrated confidence."""
        found: list[tuple[str, float]] = []
        for start in range(0, len(texts), CHUNK):
            found += self._told(self.scores(texts[start : start + CHUNK]))
        return found

    def scores(self, texts: Sequence[str]) -> Floats:
        """How much speaks for each label, (texts, labels): about 1 for the right one and 0 for the others."""
        rows = self._reader.read(texts)
        if self._many is not None:
            return self._many(rows)
        scores: Floats = _mixed(rows, self._rows, self.settings) @ self._weights
        return scores

    def _told(self, scores: Floats) -> list[tuple[str, float]]:
        shares = _shares(scores / self.temperature)
        best = scores.argmax(axis=1)
        said = [(self.labels[i], round(float(row[i]), 4)) for i, row in zip(best, shares, strict=True)]
        if self.threshold is None:
            return said
        inside = scores.max(axis=1) >= self.threshold
        return [one if inner else (OUT, round(1 - one[1], 4)) for one, inner in zip(said, inside, strict=True)]


def fit(texts: Sequence[str], labels: Sequence[str], seed: int = 3) -> Classifier:
    """Learn from texts and their labels, two labels or more; the same input gives the same classifier.

    Takes about n³ operations and 4n² to 8n² bytes for n examples up to `MOST`, and time in proportion to n beyond.
    """
    names = tuple(sorted(set(labels) - {OUT}))
    place = {name: i for i, name in enumerate(names)}
    named = _named(names, len(labels))
    numbers = np.array([place.get(label, -1) for label in [*labels, *(name for name, _ in named)]], dtype=np.int64)
    reader = Reader([*texts, *(words for _, words in named)], few=bool(named))
    rows: Rows = reader.first
    order = np.random.default_rng(seed).permutation(len(labels))
    if len(numbers) > MOST:
        return _fit_many(names, numbers, reader, order)
    outside = order[numbers[order] < 0][: TRIED // 5]
    tried = np.union1d(order[: _tried(len(names))], outside)
    settings = _choose(_taken(rows, tried), numbers[tried], len(names))
    weights, left_out = _fit_all(rows, numbers, len(names), settings)
    held, truth = left_out[: len(labels)], numbers[: len(labels)]
    threshold = _threshold(held, truth) if OUT in labels else None
    return Classifier(names, settings, threshold, _temperature(held, truth), reader, rows, weights)


def _tried(labels: int) -> int:
    """How many rows settings are chosen on: with many labels, more, so that each has its neighbours."""
    return max(TRIED, min(2 * TRIED, 20 * labels))


def _fit_all(rows: Rows, numbers: NDArray[np.int64], labels: int, settings: Settings) -> tuple[Floats, Floats]:
    """As `_left_out`, smoother where the table is too near to singular for single precision."""
    targets, counts = _targets(numbers, labels)
    for more in (1.0, 4.0, 16.0):
        weights, left_out = _left_out(_mixed(rows, rows, settings), targets, counts, settings.smooth * more)
        if weights.any():
            break
    return weights, left_out


def _fit_many(
    names: tuple[str, ...], numbers: NDArray[np.int64], reader: Reader, order: NDArray[np.int64]
) -> Classifier:
    model, held, truth = many.learn(reader.first, numbers, len(names), order)
    threshold = _threshold(held, truth) if (numbers < 0).any() else None
    inside = truth >= 0
    heat = training.temperature(held[inside], truth[inside]) if inside.any() else 1.0
    none = np.zeros((0, len(names)), dtype=np.float32)
    return Classifier(
        names,
        Settings(1.0, model.share, 0.0, 0.0),
        threshold,
        heat,
        reader,
        _taken(reader.first, order[:0]),
        none,
        model,
    )


def _named(names: Sequence[str], examples: int) -> list[tuple[str, str]]:
    """Labels and the words of their names, where examples are few and every name is made of words."""
    if len(names) < 3 or examples > FEW * len(names) or not all(_NAME.search(name) for name in names):
        return []
    return [(name, " ".join(re.split(r"[\W_]+", name)).strip()) for name in names]


def _threshold(scores: Floats, truth: NDArray[np.int64]) -> float:
    """The least score of a label at which right answers inside and refusals outside are most.

    Inside counts more (`INSIDE`): rows of none are often like each other, so that leaving one out says too much good
    of a high threshold.
    """
    tries, together = _kept_and_refused(scores, truth)
    # Half-way to the next score below, which is on the other side of the best cut.
    at = int(np.median(np.flatnonzero(together >= together.max() - 1e-9)))
    return float(tries[at] + tries[max(at - 1, 0)]) / 2


def _kept_and_refused(scores: Floats, truth: NDArray[np.int64]) -> tuple[Floats, NDArray[np.float64]]:
    """Every threshold worth a try, and the share of right answers kept (`INSIDE` times) and of `oos` refused there."""
    top = scores.max(axis=1)
    right = (scores.argmax(axis=1) == truth) & (truth >= 0)
    tries = np.unique(top)
    inside, outside = top[right], top[truth < 0]
    # Right answers below a threshold are refused too.
    kept = (len(inside) - np.searchsorted(np.sort(inside), tries)) / max((truth >= 0).sum(), 1)
    refused = np.searchsorted(np.sort(outside), tries) / max(len(outside), 1)
    return tries, INSIDE * kept + refused


def _temperature(scores: Floats, truth: NDArray[np.int64]) -> float:
    inside = truth >= 0
    # Scores lie between 0 and 1, where a temperature fit for many labels is below the least that is tried.
    return training.temperature(10 * scores[inside], truth[inside]) / 10 if inside.any() else 1.0


def _shares(scores: Floats) -> Floats:
    result: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
    result /= result.sum(axis=1, keepdims=True)
    return result
