"""Search by meaning: how long, how much the sign bits lose, and what it finds that words do not.

Recall and precision are on the messages of BANKING77 (13 words each, 77 intents; its training part): the names of
the intents, such as "card arrival", are the questions, and a message of that intent is a right answer. Times are on a
million codes, drawn.
"""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure, stores

MANY = 1_000_000
TIMES = 40


def texts() -> list[tuple[str, str]]:
    folder = Path(os.environ.get("CROWDALOGUE_DATA", measure.ROOT.parent / "shared" / "data"))
    with (folder / "banking77" / "train.csv").open(newline="") as stream:
        return [(row["text"], row["category"]) for row in csv.DictReader(stream)]


def main() -> None:
    stores.start(0, "meaning")
    from crowdalogue.text import encoder, meaning

    said = texts()
    vectors = encoder.encode([text for text, _ in said])
    labels = np.array([label for _, label in said])
    names = sorted(set(labels))
    asked = encoder.encode([name.replace("_", " ").replace("?", "") for name in names])
    measure_answers(said, vectors, labels, names, asked)
    meaning.write(np.arange(MANY), np.random.default_rng(1).integers(0, 1 << 63, (MANY, meaning.WORDS)).astype("<u8"))
    taken = []
    for turn in range(TIMES):
        begin = time.perf_counter()
        meaning.nearest(asked[turn], 1000)
        taken.append(time.perf_counter() - begin)
    size = meaning.path().stat().st_size / 2**20
    name = f"nearest 1,000 of a million codes, p95 (median {1000 * np.median(taken):.1f} ms, file {size:.0f} MiB)"
    measure.report(name, 1000 * float(np.percentile(taken, 95)), "ms", goal="<= 60", n=TIMES)
    begin = time.perf_counter()
    for number in range(TIMES):
        encoder.encode([f"a question never asked before, number {number}"])
    measure.report("a question to its vector", 1000 * (time.perf_counter() - begin) / TIMES, "ms", n=TIMES)


def measure_answers(said: list[tuple[str, str]], vectors: Any, labels: Any, names: list[str], asked: Any) -> None:
    from crowdalogue.text import meaning

    codes = meaning.code(vectors)
    kept, by_bits, by_vectors, by_words = [], [], [], []
    for name, question in zip(names, asked, strict=True):
        close = vectors @ question
        far = np.bitwise_count(codes ^ meaning.code(question[None, :])).sum(axis=1)
        hundred = np.argsort(far, kind="stable")[:100]
        truth = np.argsort(-close)[:10]
        kept.append(len(set(truth) & set(hundred)) / 10)
        by_bits.append(np.mean(labels[hundred[np.argsort(-close[hundred])][:10]] == name))
        by_vectors.append(np.mean(labels[truth] == name))
        words = name.lower().replace("?", "").split("_")
        having = [i for i, (text, _) in enumerate(said) if all(w in text.lower() for w in words)][-10:]
        by_words.append(np.mean(labels[having] == name) * len(having) / 10 if having else 0.0)
    n = len(names)
    measure.report("ten nearest of 10,003 that are among the hundred nearest by bits", 100 * average(kept), "%", n=n)
    measure.report("right among the first ten, by bits, ranked by vectors", 100 * average(by_bits), "%", n=n)
    measure.report("right among the first ten, by all vectors", 100 * average(by_vectors), "%", n=n)
    measure.report("right among ten that have all the words", 100 * average(by_words), "%", n=n)


def average(values: list[Any]) -> float:
    return float(np.mean(values))


if __name__ == "__main__":
    main()
