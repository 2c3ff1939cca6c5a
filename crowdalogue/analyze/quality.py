"""How good each step is, measured: on our own labelled examples (cross-validated) and on any file with labels.

`evaluate("sentiment")` answers with one plain dict, fit for JSON. Where the folder of test data is present, the
figures on the development parts of research sets stand beside ours under `research`; nothing was trained on those.
"""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crowdalogue.analyze import classifier, permissive, rules, training
from crowdalogue.analyze.document import Document, Step, StepUnavailable
from crowdalogue.analyze.labelled import Row, agreed, labelled, marked
from crowdalogue.analyze.pipeline import STEPS, read
from crowdalogue.analyze.steps import duplicate, head
from crowdalogue.analyze.steps.language import LANGUAGES
from crowdalogue.text import encoder

# How many times the rows are drawn anew for an interval, and how many rows of a large set are read.
DRAWS, MOST = 400, 3000
# No step: any labels, learned from one file and judged on another.
CATEGORY = "category"
Pair = tuple[str, str]
Labeller = Callable[[Sequence[str]], list[str]]


def evaluate(step: str, data: Path | str | None = None, train: Path | str | None = None) -> dict[str, Any]:
    """Score a step: at least n, accuracy, macro_recall, macro_f1, per_label, seconds_cpu and intervals (95 %).

    Without `data`, on our own examples: a head is cross-validated, so that no example is read by a model that has
    seen it. With `data` (a file with the columns text and label), the step in use reads that file; with `train`
    as well, a classifier learns that file's labels first (and nothing else), and the step may be `category`: any
    labels. Raises ValueError for a step or file it does not know.
    """
    if step == "duplicate":
        return _duplicates()
    if data is not None:
        return _on_file(step, Path(data), None if train is None else Path(train))
    if step == "language":
        rows = training.examples()
        pairs = [(r["text"], r["language"]) for r in rows]
        return {"step": step, "data": "own examples", **_timed(_labels_of(_step(step)), pairs)}
    if step in rules.STEPS and step not in training.STEPS:
        return _by_rule(step)
    if step not in training.STEPS:
        raise ValueError(f"There is no step {step} that can be scored. Choose one of: {', '.join(scorable())}.")
    return _crossed(step)


def scorable() -> tuple[str, ...]:
    """The steps that `evaluate` knows."""
    return ("language", "duplicate", *training.STEPS, *(name for name in rules.STEPS if name not in training.STEPS))


def metrics(truth: Sequence[str], found: Sequence[str]) -> dict[str, Any]:
    """Accuracy with Wilson's interval, macro recall and F1 with bootstrapped intervals, and each label's figures."""
    names = sorted(set(truth))
    every = sorted(set(truth) | set(found))
    number = {name: i for i, name in enumerate(every)}
    right = np.array([number[t] for t in truth], dtype=np.int64)
    said = np.array([number[f] for f in found], dtype=np.int64)
    table = _table(right, said, len(every))
    known = [number[name] for name in names]
    recall, f1 = _macro(table, known)
    rng = np.random.default_rng(5)
    drawn = np.array(
        [_macro(_table(right[rows], said[rows], len(every)), known) for rows in _draws(rng, len(right))]
    ).reshape(-1, 2)
    hits = int(np.trace(table))
    return {
        "n": len(right),
        "accuracy": _round(hits / max(len(right), 1)),
        "accuracy_interval": wilson(hits, len(right)),
        "macro_recall": _round(recall),
        "macro_recall_interval": _middle(drawn[:, 0]),
        "macro_f1": _round(f1),
        "macro_f1_interval": _middle(drawn[:, 1]),
        "per_label": {name: _label(table, number[name]) for name in names},
    }


def wilson(hits: int, n: int, z: float = 1.959964) -> list[float]:
    """Wilson's interval for a share of `hits` in `n`; 0 to 1 when there is nothing to go by."""
    if n == 0:
        return [0.0, 1.0]
    share, square = hits / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * float(np.sqrt(share * (1 - share) / n + square / (4 * n * n)))
    return [_round(max(0.0, middle - half)), _round(min(1.0, middle + half))]


def _draws(rng: np.random.Generator, n: int) -> list[NDArray[np.int64]]:
    return [rng.integers(0, n, n) for _ in range(DRAWS)] if n else []


def _table(right: NDArray[np.int64], said: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = np.bincount(right * size + said, minlength=size * size).reshape(size, size)
    return counts


def _macro(table: NDArray[np.int64], known: list[int]) -> tuple[float, float]:
    hit = np.diag(table)[known].astype(float)
    actual, said = table.sum(axis=1)[known], table.sum(axis=0)[known]
    met = actual > 0
    recall = hit[met] / actual[met]
    f1 = 2 * hit[met] / (actual[met] + said[met])
    return (float(recall.mean()), float(f1.mean())) if met.any() else (0.0, 0.0)


def _label(table: NDArray[np.int64], i: int) -> dict[str, Any]:
    hit, actual, said = int(table[i, i]), int(table[i].sum()), int(table[:, i].sum())
    return {
        "n": actual,
        "recall": _round(hit / max(actual, 1)),
        "recall_interval": wilson(hit, actual),
        "precision": _round(hit / max(said, 1)),
        "f1": _round(2 * hit / max(actual + said, 1)),
    }


def _middle(values: NDArray[np.float64]) -> list[float]:
    if not len(values):
        return [0.0, 1.0]
    return [_round(float(q)) for q in np.quantile(values, [0.025, 0.975])]


def _round(value: float) -> float:
    return round(value, 4)


def calibration(confidence: Sequence[float], right: Sequence[bool], bins: int = 10) -> dict[str, Any]:
    """The reliability curve: for each tenth of confidence, how sure findings were and how many came true."""
    sure, true = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    which = np.minimum((sure * bins).astype(int), bins - 1)
    curve = []
    gap = 0.0
    for i in range(bins):
        rows = which == i
        if rows.any():
            said, came = float(sure[rows].mean()), float(true[rows].mean())
            gap += abs(said - came) * rows.mean()
            curve.append({"n": int(rows.sum()), "confidence": _round(said), "right": _round(came)})
    return {"curve": curve, "expected_error": _round(float(gap))}


# --- heads -------------------------------------------------------------------------------------------------------


def _crossed(step: str) -> dict[str, Any]:
    own = training.own_samples(step)
    extra = [training.Sample(*s) for s in permissive.samples(step, training.data_folder())]
    labels = [s.label for s in own]
    result: dict[str, Any] = {
        "step": step,
        "data": "own examples, cross-validated",
        "version": head.card(step)["version"],
    }
    for kind in ("full", "words"):
        try:
            scored = _crossed_kind(own, extra, labels, embed=kind == "full")
        except StepUnavailable:
            continue
        result |= scored if kind == "full" or "n" not in result else {"without_embedding": scored}
    pairs = [(s.text, s.label) for s in own]
    result["seconds_cpu"] = _timed(_labels_of(_step(step)), pairs)["seconds_cpu"]
    if step == "sentiment" and (folder := training.data_folder()) is not None:
        result["research"] = research_sentiment(folder)
    return result


def _crossed_kind(own: list[Any], extra: list[Any], labels: list[str], *, embed: bool) -> dict[str, Any]:
    mine = training.features_of(own, embed=embed)
    more = training.features_of(extra, embed=embed) if extra else None
    scores, names = training.crossed(mine, labels, more, extra, [s.group for s in own])
    truth = np.array([names.index(label) for label in labels])
    shares = scores / training.temperature(scores, truth)
    shares = np.exp(shares - shares.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    best = shares.argmax(axis=1)
    found = [names[i] for i in best]
    groups = {
        language: metrics([labels[i] for i in rows], [found[i] for i in rows])["accuracy"]
        for language in sorted({s.language for s in own})
        if (rows := [i for i, s in enumerate(own) if s.language == language])
    }
    return {
        **metrics(labels, found),
        "calibration": calibration(shares.max(axis=1).tolist(), (best == truth).tolist()),
        "accuracy_by_language": groups,
    }


def _by_rule(step: str) -> dict[str, Any]:
    """A step that goes by rules, on the labelled messages that nobody looked at while writing them."""
    judged = rules.judged(step)
    found = {"pointed": judged["pointed"], "seconds_cpu": judged["seconds_cpu"], "version": rules.STEPS[step].version}
    return {
        "step": step,
        "data": "own examples kept for judging",
        **metrics(judged["truth"], judged["found"]),
        **found,
    }


def _on_file(step: str, data: Path, train: Path | None) -> dict[str, Any]:
    rows = labelled(data)
    if train is not None:
        return _on_file_after(step, data, rows, train)
    if step == CATEGORY:
        raise ValueError("A category is whatever the labels of a file say, so name a file to learn from with --train.")
    judged = _step(step)
    known = judged.labels or (LANGUAGES if step == "language" else ())
    strange = sorted({row.label for row in rows} - set(known))
    if known and strange:
        raise ValueError(
            f"{data.name} has labels that {step} never gives: {', '.join(strange[:8])}. It gives {', '.join(known)}. "
            "Name a file to learn them from with --train."
        )
    pairs = [(row.text, row.label) for row in rows]
    return {"step": step, "data": data.name, **_timed(_labels_of(judged), pairs)}


def _on_file_after(step: str, data: Path, rows: list[Row], train: Path) -> dict[str, Any]:
    """Learn from one file with labels and be judged on another; the step only says what is asked."""
    if step != CATEGORY and step not in training.STEPS:
        raise ValueError(f"The step {step} is not trained, so leave out the file to train on.")
    given, left_out = agreed(labelled(train), train.name)
    began = time.process_time()
    model = classifier.fit([marked(row) for row in given], [row.label for row in given])
    trained = time.process_time() - began

    said: list[str] = []

    def label(texts: Sequence[str]) -> list[str]:
        said[:] = [name for name, _ in model.label(texts)]
        return said

    pairs = [(marked(row), row.label) for row in rows]
    result = {
        "step": step,
        "data": data.name,
        "trained_on": train.name,
        "trained_rows": len(given),
        "contradictory_rows_left_out": left_out,
        "seconds_cpu_training": _round(trained),
        **_timed(label, pairs),
    }
    unseen = sorted({row.label for row in rows} - {row.label for row in given})
    if unseen:
        result["labels_not_in_training"] = unseen
    if model.threshold is not None:
        result |= _with_outside(model.threshold, [truth for _, truth in pairs], said)
    return result


def _with_outside(threshold: float, truth: list[str], found: list[str]) -> dict[str, Any]:
    """What the threshold does to texts of a taught label and to those of none."""
    inside = [t == f for t, f in zip(truth, found, strict=True) if t != classifier.OUT]
    outside = [t == f for t, f in zip(truth, found, strict=True) if t == classifier.OUT]
    return {
        "threshold": _round(threshold),
        "in_scope_n": len(inside),
        "in_scope_accuracy": _round(sum(inside) / max(len(inside), 1)),
        "in_scope_accuracy_interval": wilson(sum(inside), len(inside)),
        "oos_n": len(outside),
        "oos_recall": _round(sum(outside) / max(len(outside), 1)),
        "oos_recall_interval": wilson(sum(outside), len(outside)),
    }


def _step(name: str) -> Step:
    for step in STEPS:
        if step.name == name:
            return step
    raise ValueError(f"There is no step {name}. Choose one of: {', '.join(s.name for s in STEPS)}.")


def _labels_of(step: Step) -> Labeller:
    """What a step says of texts, with what it needs worked out first."""
    before = (
        tuple(s for s in STEPS if "embedding" in s.gives) if "embedding?" in step.needs or step not in STEPS else ()
    )

    def label(texts: Sequence[str]) -> list[str]:
        documents = read([Document(str(i), text) for i, text in enumerate(texts)], (*before, step))
        return [step.label(d) for d in documents]

    return label


def _timed(labeller: Labeller, pairs: Sequence[Pair]) -> dict[str, Any]:
    labeller([text for text, _ in pairs[:2]])
    encoder.forget()
    began = time.process_time()
    found = labeller([text for text, _ in pairs])
    seconds = time.process_time() - began
    return {**metrics([label for _, label in pairs], found), "seconds_cpu": _round(seconds)}


# --- research sets: measured on, never trained on ----------------------------------------------------------------


def research_sentiment(folder: Path, most: int = MOST) -> dict[str, Any]:
    """Our sentiment, with and without the encoder, on care and general tweets (at most `most` each), beside VADER."""
    sets = {
        "airline_tweets (research)": _some(_airline(folder), most),
        "sentiment_tweets dev (research)": _some(_general(folder), most),
    }
    ways: dict[str, Labeller] = {"ours": _labels_of(_step("sentiment")), "ours_without_embedding": _by_words}
    vader = _vader()
    if vader is not None:
        ways["vader"] = vader
    return {
        name: {way: _timed(labeller, pairs) for way, labeller in ways.items()} for name, pairs in sets.items() if pairs
    }


def _by_words(texts: Sequence[str]) -> list[str]:
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    read(documents, (_step("sentiment"),), embed=False)
    return [d.findings["sentiment"].label for d in documents]


def _vader() -> Labeller | None:
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return None
    analyser = SentimentIntensityAnalyzer()

    def label(texts: Sequence[str]) -> list[str]:
        compounds = [analyser.polarity_scores(text)["compound"] for text in texts]
        return ["positive" if c >= 0.05 else "negative" if c <= -0.05 else "neutral" for c in compounds]

    return label


def _airline(folder: Path) -> list[Pair]:
    path = folder / "airline_tweets" / "tweets.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        pairs = [(r["text"], r["airline_sentiment"]) for r in csv.DictReader(file)]
    return pairs


def _general(folder: Path) -> list[Pair]:
    pairs: list[Pair] = []
    for part in ("2013dev", "2016dev", "2016devtest"):
        path = folder / "sentiment_tweets" / f"twitter-{part}-A.tsv"
        if path.exists():
            rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
            pairs += [(row[2], row[1]) for row in rows if len(row) > 2]
    return pairs


def _some(pairs: list[Pair], most: int) -> list[Pair]:
    return random.Random(11).sample(pairs, min(most, len(pairs)))  # noqa: S311 - no secret, the same each time


# --- near-duplicates ---------------------------------------------------------------------------------------------


def _duplicates() -> dict[str, Any]:
    """Copies with small edits made from our own examples: how many are found, and how many of the found are copies."""
    rng = random.Random(4)  # noqa: S311 - no secret, the same each time
    texts = [r["text"] for r in training.examples() if len(r["text"]) >= 40]
    documents = [Document(f"{i}-original", text) for i, text in enumerate(texts)]
    documents += [Document(f"{i}-copy", _edited(text, rng)) for i, text in enumerate(texts)]
    began = time.process_time()
    duplicate.run(documents)
    seconds = time.process_time() - began
    right = wrong = 0
    for document in documents:
        leader = document.findings["duplicate"].extra["of"]
        if leader != document.id:
            same = leader.split("-")[0] == document.id.split("-")[0]
            right, wrong = right + same, wrong + (not same)
    return {
        "step": "duplicate",
        "data": "own examples and a copy of each with one or two small edits",
        "n": len(texts),
        "precision": _round(right / max(right + wrong, 1)),
        "precision_interval": wilson(right, right + wrong),
        "recall": _round(right / len(texts)),
        "recall_interval": wilson(right, len(texts)),
        "seconds_cpu": _round(seconds),
        "version": duplicate.VERSION,
    }


def _edited(text: str, rng: random.Random) -> str:
    """A copy as people make them: a repost mark, a link, a typo, a word more or less, another case or other marks."""
    for _ in range(rng.choice((1, 1, 2))):
        words = text.split()
        at = rng.randrange(len(words))
        match rng.randrange(7):
            case 0:
                text = f"RT @someone: {text}"
            case 1:
                text = f"{text} https://example.com/{rng.randrange(10**6)}"
            case 2:
                words[at] = words[at][:-1] + rng.choice("aeinst")
                text = " ".join(words)
            case 3:
                words.insert(at, rng.choice(("please", "really", "now", "again", "so")))
                text = " ".join(words)
            case 4:
                del words[at]
                text = " ".join(words)
            case 5:
                text = text.upper()
            case _:
                text = text.replace(",", "").replace(".", "!!")
    return text
