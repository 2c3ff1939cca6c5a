"""Reading: messages a CPU-second through all steps, with and without the sentence encoder; VADER's sentiment beside.

Texts are customers' tweets from the example data beside the checkout, or our own labelled examples without it.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import measure

MOST = 3000


def texts() -> tuple[str, list[str]]:
    """Where the texts are from, and the texts: distinct, since equal ones are computed once."""
    folder = Path(os.environ.get("CROWDALOGUE_DATA") or measure.ROOT.parent / "shared" / "data")
    path = folder / "care_tweets" / "tweets.csv"
    if path.exists():
        with path.open(newline="") as stream:
            found = [row["text"] for row in csv.DictReader(stream) if row["inbound"] == "True"]
        return "care tweets", list(dict.fromkeys(found))[:MOST]
    from crowdalogue.analyze import training

    return "own examples", list(dict.fromkeys(row["text"] for row in training.examples()))[:MOST]


def cpu_seconds(work: Callable[[], object]) -> float:
    """Of this process and all its threads."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> None:
    measure.start("reading")
    from crowdalogue.analyze import pipeline
    from crowdalogue.analyze.document import Document

    source, all_texts = texts()
    warm, measured = all_texts[:200], all_texts[200:]
    words = sum(len(t.split()) for t in measured) / len(measured)
    note = f"{source}, {words:.0f} words each"

    def documents(given: list[str]) -> list[Document]:
        return [Document(id=str(n), text=text) for n, text in enumerate(given)]

    for embed, name in ((False, "without embedding"), (True, "with embedding")):
        pipeline.read(documents(warm), embed=embed)
        fresh = documents(measured)
        taken = cpu_seconds(lambda fresh=fresh, embed=embed: pipeline.read(fresh, embed=embed))  # type: ignore[misc]
        failed = sum(bool(d.failed) for d in fresh)
        assert not failed, f"{failed} documents broke a step: {next(d.failed for d in fresh if d.failed)}"
        measure.report(
            f"reading, {name}",
            len(measured) / taken,
            "messages/CPU-s",
            ratio_to="VADER alone",
            n=len(measured),
            note=note,
        )
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    vader = SentimentIntensityAnalyzer()
    taken = cpu_seconds(lambda: [vader.polarity_scores(text) for text in measured])
    measure.report("VADER alone", len(measured) / taken, "messages/CPU-s", n=len(measured), note="sentiment only")


if __name__ == "__main__":
    main()
