"""Topics: how well questions are grouped by intent that nobody told of, and what it costs after embedding.

The questions are BANKING77's training part and CLINC150's training and development parts, from the example data beside
the checkout; without it nothing is measured.
"""

from __future__ import annotations

import csv
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure

Rows = list[tuple[str, str]]
ADDED = ("please", "thanks", "today", "again", "now", "hello", "still", "app", "phone", "since monday")


def main() -> None:
    folder = Path(os.environ.get("CROWDALOGUE_DATA") or measure.ROOT.parent / "shared" / "data")
    found = [(name, read(folder)) for name, read in (("", banking), ("CLINC150, ", clinc))]
    there = [(name, rows) for name, rows in found if rows]
    if not there:
        measure.say("neither banking77 nor clinc150 is beside the checkout; set CROWDALOGUE_DATA")
        return
    measure.start("topics")
    from crowdalogue.text import encoder

    texts: list[str] = []
    parts = []
    for name, rows in there:
        vectors = encoder.encode([text for text, _ in rows])
        grouped(name, rows, vectors)
        texts += [text for text, _ in rows]
        parts.append(vectors)
    fifty_thousand(texts, np.vstack(parts))


def banking(folder: Path) -> Rows:
    path = folder / "banking77" / "train.csv"
    if not path.exists():
        return []
    with path.open(newline="") as stream:
        return sorted((row["text"], row["category"]) for row in csv.DictReader(stream))


def clinc(folder: Path) -> Rows:
    path = folder / "clinc150" / "train_val.json"
    if not path.exists():
        return []
    parts = json.loads(path.read_text())
    return sorted((text, intent) for part in ("train", "val") for text, intent in parts[part])


def grouped(name: str, rows: Rows, vectors: Any) -> None:
    """One data set: time, agreement with its intents, and with other runs. Goals are for BANKING77."""
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    from crowdalogue.analyze import topics

    texts, intents, n = [text for text, _ in rows], [intent for _, intent in rows], len(rows)
    topics.find(texts[:500], vectors[:500])  # what is loaded at the first call is not counted
    began = time.process_time()
    found = topics.find(texts, vectors)
    spent, note = time.process_time() - began, f"{len(found.topics)} topics"
    goals = ("<= 3", ">= 0.83", ">= 0.58", ">= 0.9") if not name else ("", "", "", "")
    measure.report(f"topics, {name}time", spent, "CPU-s", goal=goals[0], n=n, note="after embedding")
    measure.report(f"topics, {name}V", v_measure_score(intents, found.topic), "", goal=goals[1], n=n, note=note)
    measure.report(f"topics, {name}ARI", adjusted_rand_score(intents, found.topic), "", goal=goals[2], n=n, note=note)
    order = np.random.default_rng(0).permutation(n)
    again = topics.find([texts[i] for i in order], vectors[order])
    agreed = adjusted_rand_score(found.topic[order], again.topic)
    measure.report(f"topics, {name}agreement of two shuffled runs", agreed, "ARI", goal=goals[3], n=n)
    part = order[: int(0.9 * n)]
    again = topics.find([texts[i] for i in part], vectors[part])
    steady = v_measure_score(found.topic[part], again.topic)
    measure.report(f"topics, {name}agreement with those of 90 %", steady, "V", n=len(part))


def fifty_thousand(texts: list[str], vectors: Any) -> None:
    """All of them, and copies with two words added and the vector moved a little, up to 50,000."""
    from crowdalogue.analyze import topics

    generator = np.random.default_rng(0)
    many = max(0, 50_000 - len(texts))
    chosen = generator.integers(0, len(texts), many)
    added = generator.integers(0, len(ADDED), (many, 2))
    varied = [f"{texts[i]} {ADDED[a]} {ADDED[b]}" for i, (a, b) in zip(chosen.tolist(), added.tolist(), strict=True)]
    moved = vectors[chosen] + 0.02 * generator.standard_normal((many, vectors.shape[1]))
    moved = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)
    everything, n = [*texts, *varied], len(texts) + many
    began = time.process_time()
    found = topics.find(everything, np.vstack([vectors, moved]))
    note = f"{len(found.topics)} topics; varied copies; {measure.peak_mb():.0f} MB at most with texts and vectors"
    measure.report("topics, 50,000 messages", time.process_time() - began, "CPU-s", goal="<= 15", n=n, note=note)


if __name__ == "__main__":
    main()
