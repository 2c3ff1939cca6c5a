"""Research sets, where the folder of test data is here: measured on, never trained on (BANKING77 apart: CC BY)."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crowdalogue.analyze.asked import Labeller, Pair, labeller, step_named, timed
from crowdalogue.analyze.document import Document
from crowdalogue.analyze.pipeline import read

# How many rows of a large set are read; examples of each label a category learns from, and rows it is judged on.
MOST = 3000
FEW, JUDGED_ON = 10, 1000
_EIGHT = {
    "arabic": "ar",
    "english": "en",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "portuguese": "pt",
    "spanish": "es",
}


def sentiment(folder: Path, most: int = MOST) -> dict[str, Any]:
    """Our sentiment, with and without the encoder, on care and general tweets (at most `most` each), beside VADER."""
    sets = {
        "airline_tweets (research)": _some(_airline(folder), most),
        "sentiment_tweets dev (research)": _some(_general(folder), most),
    }
    ways: dict[str, Labeller] = {"ours": labeller(step_named("sentiment")), "ours_without_embedding": _by_words}
    vader = _vader()
    if vader is not None:
        ways["vader"] = vader
    return {
        name: {way: _brief(said_of, pairs) for way, said_of in ways.items()} for name, pairs in sets.items() if pairs
    }


def _brief(said_of: Labeller, pairs: Sequence[Pair]) -> dict[str, Any]:
    """The figures of a set that stands beside ours: without the curve, groups and confusions."""
    scored = timed(said_of, pairs)
    return {name: scored[name] for name in scored if name not in ("calibration", "by_group", "confused", "told")}


def languages(folder: Path) -> dict[str, Any]:
    """The language step on the validation parts of tweets in eight languages, each with its own figures."""
    pairs: list[Pair] = []
    for name, code in _EIGHT.items():
        path = folder / "sentiment_8_languages" / name / "val_text.txt"
        if path.exists():
            pairs += [(text, code) for text in path.read_text(encoding="utf-8").split("\n") if text.strip()]
    said_of = labeller(step_named("language"))
    return {"sentiment_8_languages val (research)": timed(said_of, pairs)} if pairs else {}


def few(folder: Path | None) -> tuple[list[Pair], list[Pair]]:
    """Ten examples of each of BANKING77's intents and others to judge on; none where the data is absent."""
    path = folder / "banking77" / "train.csv" if folder is not None else None
    if path is None or not path.exists():
        return [], []
    with path.open(newline="", encoding="utf-8") as file:
        pairs = [(r["text"], r["category"]) for r in csv.DictReader(file)]
    random.Random(17).shuffle(pairs)  # noqa: S311 - no secret, the same each time
    taken: dict[str, int] = {}
    known: list[Pair] = []
    others: list[Pair] = []
    for pair in pairs:
        taken[pair[1]] = taken.get(pair[1], 0) + 1
        (known if taken[pair[1]] <= FEW else others).append(pair)
    return known, others[:JUDGED_ON]


def _by_words(texts: Sequence[str]) -> list[tuple[str, float]]:
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    read(documents, (step_named("sentiment"),), embed=False)
    return [(d.findings["sentiment"].label, d.findings["sentiment"].confidence) for d in documents]


def _vader() -> Labeller | None:
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return None
    analyser = SentimentIntensityAnalyzer()

    def label(texts: Sequence[str]) -> list[tuple[str, float]]:
        compounds = [analyser.polarity_scores(text)["compound"] for text in texts]
        named = ("positive" if c >= 0.05 else "negative" if c <= -0.05 else "neutral" for c in compounds)
        return [(name, 1.0) for name in named]

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
