"""Train the heads: one command, arrays and a card out.

`python -m crowdalogue.analyze.training [STEP] [--data FILE] [--ship]`. Shipped heads are trained on our own labelled
examples (crowdalogue/analyze/examples) and, where the folder of test data is present, on parts of it whose licence
allows that; never on research-only data. The same command trains on whatever an operator adds with `--data`: the
head then goes to `CROWDALOGUE_HOME/heads`, where it takes the place of the shipped one, and its card names the file.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from crowdalogue.analyze import permissive, valence
from crowdalogue.analyze.document import Document, StepUnavailable
from crowdalogue.analyze.labelled import NoColumn, labelled
from crowdalogue.analyze.steps import aspects, embedding, head
from crowdalogue.analyze.steps.words import BUCKETS, FEATURES, batch_of, units_of
from crowdalogue.text.encoder import home

EXAMPLES = Path(__file__).resolve().parent / "examples"
STEPS = ("sentiment", "intent", "needs_answer", "urgency", "emotion", "journey", "toxicity", "aspects", "hearsay")
FOLDS = 5
# At most this many hashed features are kept in a head: those whose weights matter most.
KEPT = 12_000
# The files of our own examples that a head learns from, where it is not all (docs/models/sentiment.md says why).
_FIRST = ("airline", "bank", "everyday", "hospitality", "languages", "mentions", "more", "public", "retail", "software")
LEARNED = {"sentiment": (*_FIRST, "telecom")}

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Manner:
    """How much each block of features may count, and how freely weights may grow, with the vector and without.

    `lists` is for our lists of words that carry a feeling (`valence`), whose part is added to the words' own weights.
    Chosen by cross-validation and, for sentiment, on part of the research tweets (docs/models).
    """

    vector: float = 2.0
    text: float = 1.5
    cues: float = 1.0
    lists: float = 0.0
    full: float = 0.3
    words: float = 1.0


MANNERS = {"sentiment": Manner(vector=2.0, text=1.0, cues=0.5, lists=8.0, full=0.1, words=0.3)}
PLAIN = Manner()


def manner(step: str) -> Manner:
    """How a step's head is trained."""
    return MANNERS.get(step, PLAIN)


@dataclass(frozen=True, slots=True)
class Sample:
    """A labelled text: how much it counts, where it comes from, and whom it was written to (`group`).

    `whole` is the message that the text is a part of, where it is one: its vector stands for the part's.
    """

    text: str
    label: str
    weight: float = 1.0
    source: str = "own"
    language: str = ""
    group: str = ""
    whole: str = ""


@lru_cache(maxsize=1)
def examples() -> tuple[dict[str, str], ...]:
    """Our own labelled examples: rows with id, text, language, channel and a column for each step."""
    rows: list[dict[str, str]] = []
    for path in sorted(EXAMPLES.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows.extend({**row, "file": path.stem} for row in csv.DictReader(file))
    return tuple(rows)


def learned(step: str) -> tuple[dict[str, str], ...]:
    """The rows of our own examples that the step's head learns from."""
    files = LEARNED.get(step)
    return examples() if files is None else tuple(row for row in examples() if row["file"] in files)


def own_samples(step: str) -> list[Sample]:
    """Our own examples as samples for one step; for `aspects`, each clause that names one and how it is felt."""
    if step == "aspects":
        return _aspect_samples()
    return [Sample(r["text"], r[step], 1.0, "own", r["language"], r["business"]) for r in learned(step) if r[step]]


def _aspect_samples() -> list[Sample]:
    samples = []
    for row in examples():
        for part in filter(None, (row["aspects"] or "").split("|")):
            _, polarity, words = part.split(":", 2)
            start = row["text"].index(words)
            clause = aspects.clause_of(row["text"], (start, start + len(words)))
            samples.append(Sample(clause, polarity, 1.0, "own", row["language"], row["business"], row["text"]))
    return samples


def samples_from(path: Path, step: str) -> list[Sample]:
    """Samples of a file with the columns `text` and `label` (or a column named after the step).

    Raises ValueError, in words, for a file that cannot be read and for labels that the step does not know.
    """
    try:
        rows = labelled(path, step)
    except NoColumn:
        rows = labelled(path)
    known = {s.label.casefold(): s.label for s in own_samples(step)}
    strange = sorted({row.label for row in rows if row.label.casefold() not in known})
    if strange:
        raise ValueError(
            f"{path.name} has labels that {step} does not know: {', '.join(strange[:8])}. "
            f"Use {', '.join(sorted(known.values()))}; other labels are taught as a category."
        )
    return [Sample(row.text, known[row.label.casefold()], 1.0, path.name) for row in rows]


# --- features as a matrix ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Features:
    """The samples' features: hashed text and cues (rows scaled as a head does), vectors or None."""

    text: Any
    cues: Any
    vectors: Floats | None

    def take(self, rows: Any) -> Features:
        """The features of some rows."""
        vectors = None if self.vectors is None else self.vectors[rows]
        return Features(self.text[rows], self.cues[rows], vectors)


def features_of(samples: Sequence[Sample], *, embed: bool) -> Features:
    """What a head sees of the samples: of a part of a message its words, and the vector of the whole."""
    return features([s.text for s in samples], embed=embed, wholes=[s.whole or s.text for s in samples])


def features(texts: Sequence[str], *, embed: bool, wholes: Sequence[str] | None = None) -> Features:
    """What a head sees of the texts; the vectors are of `wholes`, where those are given."""
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    vectors = None
    if embed:
        meant = documents if wholes is None else [Document(str(i), text) for i, text in enumerate(wholes)]
        embedding.run(meant)
        none = np.zeros(384, dtype=np.float32)
        vectors = np.stack([none if d.embedding is None else d.embedding for d in meant])
    batch = batch_of(units_of(documents))
    vocabulary = batch.vocabulary
    text_owner, text = _expanded(batch.ids, batch.owner, vocabulary.text)
    cue_owner, cues = _expanded(batch.ids, batch.owner, vocabulary.cues)
    text_owner = np.concatenate([text_owner, batch.owner[batch.pair_at]])
    text = np.concatenate([text, batch.pairs])
    return Features(_counted(text_owner, text, len(texts), 0), _counted(cue_owner, cues, len(texts), 1), vectors)


def _expanded(ids: Any, owner: Any, known: list[tuple[int, ...]]) -> tuple[Any, Any]:
    each = [known[i] for i in ids.tolist()]
    return np.repeat(owner, [len(e) for e in each]), np.array(list(chain.from_iterable(each)), dtype=np.int64)


def _counted(owner: Any, buckets: Any, size: int, extra: int) -> Any:
    number = np.bincount(owner, minlength=size)
    scale = 1 / np.sqrt(np.maximum(number + extra, 1))
    matrix = csr_array((scale[owner].astype(np.float32), (owner, buckets)), shape=(size, BUCKETS))
    matrix.sum_duplicates()
    return matrix


# --- one linear model --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Linear:
    """A fitted model in the form of a head: weights by bucket (text and cues share the space), and for the vector."""

    labels: list[str]
    bias: Floats
    buckets: Any
    rows: Floats
    embedding: Floats | None

    def scores(self, data: Features) -> Floats:
        """Scores before the temperature, (rows, labels)."""
        joined = (data.text + data.cues)[:, self.buckets]
        scores = joined @ self.rows + self.bias
        if self.embedding is not None and data.vectors is not None:
            scores = scores + data.vectors @ self.embedding
        result: Floats = np.asarray(scores, dtype=np.float32)
        return result


def fit(data: Features, labels: Sequence[str], weights: Sequence[float], how: Manner = PLAIN) -> Linear:
    """A multinomial logistic regression over all blocks, pruned to the features that matter."""
    seen = np.flatnonzero((data.text + data.cues).sum(axis=0))
    seen = seen[_frequent(data, seen)]
    text, cues = data.text[:, seen] * how.text, data.cues[:, seen] * how.cues
    blocks = [text + cues]
    if how.lists:
        blocks.append(csr_array(data.text @ valence.columns()) * np.float32(how.lists))
    if data.vectors is not None:
        blocks.append(csr_array(data.vectors * np.float32(how.vector)))
    freedom = how.words if data.vectors is None else how.full
    model = LogisticRegression(C=freedom, max_iter=400, class_weight="balanced")
    model.fit(hstack(blocks).tocsr(), list(labels), sample_weight=list(weights))
    coefficients, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:
        coefficients = np.vstack([-coefficients[0] / 2, coefficients[0] / 2])
        bias = np.array([-bias[0] / 2, bias[0] / 2])
    # Text and cue features never share a bucket but by a collision of hashes, so one scale a bucket is enough.
    scale = np.where(np.asarray((text != 0).sum(axis=0)) > 0, how.text, how.cues)
    hashed, rest = coefficients[:, : len(seen)].T * scale[:, None], coefficients[:, len(seen) :].T
    if how.lists:
        width = valence.columns().shape[1]
        seen, hashed = _with_lists(seen, hashed, rest[:width] * how.lists)
        rest = rest[width:]
    vector = None if data.vectors is None else rest * how.vector
    return _exported(hashed, bias, seen, vector, [str(c) for c in model.classes_])


def _frequent(data: Features, seen: Any) -> Any:
    """Features met in at least two samples: one met once says more about that sample than about the label."""
    times = (data.text[:, seen] != 0).sum(axis=0) + (data.cues[:, seen] != 0).sum(axis=0)
    return np.flatnonzero(times >= 2)


def _with_lists(seen: Any, hashed: Any, lists: Any) -> tuple[Any, Any]:
    """The weights with what each list adds to its words: (buckets in order, weights)."""
    member = valence.columns()
    listed = np.unique(member.nonzero()[0])
    every = np.union1d(seen, listed)
    weights = np.zeros((len(every), hashed.shape[1]))
    weights[np.searchsorted(every, seen)] = hashed
    weights[np.searchsorted(every, listed)] += member[listed] @ lists
    return every, weights


def _exported(hashed: Any, bias: Any, seen: Any, vector: Any, labels: list[str]) -> Linear:
    rows = hashed.astype(np.float16)
    strength = np.abs(rows.astype(np.float32)).max(axis=1)
    kept = np.sort(np.argsort(-strength)[:KEPT])
    kept = kept[strength[kept] > 0.01]
    return Linear(
        labels,
        bias.astype(np.float32),
        seen[kept].astype(np.int32),
        rows[kept].astype(np.float32),
        None if vector is None else vector.astype(np.float16).astype(np.float32),
    )


def temperature(scores: Floats, truth: NDArray[np.int64]) -> float:
    """What to divide scores by so that shares of belief come true; from scores of models that had not seen the rows."""

    def loss(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(truth)), truth]).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def crossed(
    own: Features,
    labels: Sequence[str],
    more: Features | None,
    extra: Sequence[Sample],
    groups: Sequence[str] | None = None,
    how: Manner = PLAIN,
) -> tuple[Any, list[str]]:
    """Scores for our own examples, each by a model that had not seen it (`extra` data helps to train every model).

    With `groups` (one name a row), no model is asked about a row of a group that it learned from: what is written
    to one business resembles itself.
    """
    names = sorted(set(labels))
    result = np.zeros((len(labels), len(names)), dtype=np.float32)
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    folds = kind(FOLDS, shuffle=True, random_state=7)
    for seen, unseen in folds.split(np.zeros(len(labels)), list(labels), groups):
        model = fit(
            _stacked(own.take(seen), more),
            [labels[i] for i in seen] + [s.label for s in extra],
            [1.0] * len(seen) + [s.weight for s in extra],
            how,
        )
        columns = [names.index(label) for label in model.labels]
        result[np.ix_(unseen, columns)] = model.scores(own.take(unseen))
    return result, names


def _stacked(one: Features, other: Features | None) -> Features:
    if other is None:
        return one
    from scipy.sparse import vstack

    vectors = None
    if one.vectors is not None and other.vectors is not None:
        vectors = np.vstack([one.vectors, other.vectors])
    return Features(vstack([one.text, other.text]).tocsr(), vstack([one.cues, other.cues]).tocsr(), vectors)


# --- heads -------------------------------------------------------------------------------------------------------


def train(step: str | None = None, data: Path | str | None = None, *, into: Path | str | None = None) -> dict[str, Any]:
    """Train one head or all, write each to a folder (default `CROWDALOGUE_HOME/heads`) and report how they do.

    The report holds, for each step, the cross-validated accuracy and macro F1 on our own examples of both models,
    the number of samples by source and the seconds taken. Without the encoder only the `words` models are made.
    """
    if step is not None and step not in STEPS:
        raise ValueError(f"There is no head {step}. Choose one of: {', '.join(STEPS)}.")
    if data is not None and step is None:
        raise ValueError("Say which step the data is for.")
    folder = Path(into) if into is not None else home() / "heads"
    folder.mkdir(parents=True, exist_ok=True)
    report = {}
    for name in [step] if step else STEPS:
        given = samples_from(Path(data), name) if data is not None else []
        report[name] = _train_one(name, given, folder)
    head.forget()
    return report


def _train_one(name: str, given: list[Sample], folder: Path) -> dict[str, Any]:
    began = time.perf_counter()
    own = own_samples(name)
    extra = [Sample(*s) for s in permissive.samples(name, data_folder())] + given
    arrays: dict[str, Any] = {}
    card: dict[str, Any] = {"name": name, "features": FEATURES, "temperature": {}, "figures": {}}
    for kind in ("full", "words"):
        try:
            _add_model(kind, own, extra, arrays, card)
        except StepUnavailable:
            continue
    sources: dict[str, int] = {}
    for sample in own + extra:
        sources[sample.source] = sources.get(sample.source, 0) + 1
    card["samples"] = sources
    if name in LEARNED:
        card["examples"] = list(LEARNED[name])
    card["data"] = [permissive.CREDITS.get(source, f"given by the operator: {source}") for source in sources]
    card["research_data"] = bool(given)
    body = save(arrays)
    card["version"] = hashlib.blake2b(body, digest_size=5).hexdigest()
    _write(folder / f"{name}.safetensors", body)
    _write(folder / f"{name}.json", (json.dumps(card, indent=1, sort_keys=True) + "\n").encode())
    return {**card["figures"], "samples": sources, "version": card["version"], "seconds": time.perf_counter() - began}


def _add_model(kind: str, own: list[Sample], extra: list[Sample], arrays: dict[str, Any], card: dict[str, Any]) -> None:
    mine = features_of(own, embed=kind == "full")
    more = features_of(extra, embed=kind == "full") if extra else None
    labels = [s.label for s in own]
    how = manner(str(card["name"]))
    scores, names = crossed(mine, labels, more, extra, [s.group for s in own], how)
    truth = np.array([names.index(label) for label in labels])
    card["temperature"][kind] = round(temperature(scores, truth), 4)
    card["figures"][kind] = {"n": len(own), **_figures(scores.argmax(axis=1), truth)}
    samples = own + extra
    model = fit(_stacked(mine, more), [s.label for s in samples], [s.weight for s in samples], how)
    card["labels"] = model.labels
    arrays[f"{kind}.bias"] = model.bias
    arrays[f"{kind}.buckets"] = model.buckets
    arrays[f"{kind}.rows"] = model.rows.astype(np.float16)
    if model.embedding is not None:
        arrays[f"{kind}.embedding"] = model.embedding.astype(np.float16)


def _figures(found: Any, truth: Any) -> dict[str, float]:
    from sklearn.metrics import f1_score, recall_score

    return {
        "accuracy": round(float((found == truth).mean()), 4),
        "macro_f1": round(float(f1_score(truth, found, average="macro")), 4),
        "macro_recall": round(float(recall_score(truth, found, average="macro")), 4),
    }


def _write(path: Path, body: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(body)
    part.replace(path)


def data_folder() -> Path | None:
    """The folder of test data, if it is here: `CROWDALOGUE_DATA`, else `shared/data` beside the repository."""
    given = os.environ.get("CROWDALOGUE_DATA", "").strip()
    path = Path(given) if given else Path(__file__).resolve().parents[3] / "shared" / "data"
    return path if path.is_dir() else None


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m crowdalogue.analyze.training", description="Train the heads.")
    parser.add_argument("step", nargs="?", choices=STEPS)
    parser.add_argument("--data", type=Path, help="CSV with the columns text and label, added to our own examples")
    parser.add_argument("--ship", action="store_true", help="write to the package instead of CROWDALOGUE_HOME/heads")
    chosen = parser.parse_args(arguments)
    if chosen.ship and chosen.data:
        parser.error("--ship takes no --data: shipped heads come from our own examples and permissive data only")
    report = train(chosen.step, chosen.data, into=head.SHIPPED if chosen.ship else None)
    sys.stdout.write(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
