"""Topics: how well questions are grouped by intent that nobody told of, and what it costs after embedding.

The questions are BANKING77's training part, from the example data beside the checkout; without it nothing is measured.
"""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path

import numpy as np

from benchmarks import measure


def main() -> None:
    folder = Path(os.environ.get("CROWDALOGUE_DATA") or measure.ROOT.parent / "shared" / "data")
    path = folder / "banking77" / "train.csv"
    if not path.exists():
        measure.say("banking77 is not beside the checkout; set CROWDALOGUE_DATA")
        return
    measure.start("topics")
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    from crowdalogue.analyze import topics
    from crowdalogue.text import encoder

    with path.open(newline="") as stream:
        rows = sorted((row["text"], row["category"]) for row in csv.DictReader(stream))
    texts, intents = [text for text, _ in rows], [intent for _, intent in rows]
    vectors = encoder.encode(texts)
    topics.find(texts[:500], vectors[:500])  # what is loaded at the first call is not counted
    began = time.process_time()
    found = topics.find(texts, vectors)
    n, note = len(texts), f"{len(found.topics)} topics"
    measure.report("topics, time", time.process_time() - began, "CPU-s", goal="<= 3", n=n, note="after embedding")
    measure.report("topics, V", v_measure_score(intents, found.topic), "", goal=">= 0.83", n=n, note=note)
    measure.report("topics, ARI", adjusted_rand_score(intents, found.topic), "", goal=">= 0.58", n=n, note=note)
    order = np.random.default_rng(0).permutation(n)
    again = topics.find([texts[i] for i in order], vectors[order])
    agreed = adjusted_rand_score(found.topic[order], again.topic)
    measure.report("topics, agreement of two shuffled runs", agreed, "ARI", goal=">= 0.9", n=n)
    part = order[: int(0.9 * n)]
    again = topics.find([texts[i] for i in part], vectors[part])
    steady = v_measure_score(found.topic[part], again.topic)
    measure.report("topics, agreement with those of 90 %", steady, "V", n=len(part))


if __name__ == "__main__":
    main()
