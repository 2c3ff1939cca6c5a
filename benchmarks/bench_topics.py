"""Topics: how well questions are grouped by intent that nobody told of, and what it costs after embedding; beside
BERTopic's core, UMAP and HDBSCAN, on the same vectors.

The questions are BANKING77's training part and CLINC150's training and development parts, from the example data beside
the checkout; without it nothing is measured. Times are of the processor, so that other programs do not count.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.peers import environment

Rows = list[tuple[str, str]]
ADDED = ("please", "thanks", "today", "again", "now", "hello", "still", "app", "phone", "since monday")
GOALS = {"time": "<= 3", "V": ">= 0.83", "ARI": ">= 0.58", "agreement": ">= 0.9"}  # for BANKING77
PEER = "UMAP and HDBSCAN"


def main() -> None:
    folder = Path(os.environ.get("CROWDALOGUE_DATA") or measure.ROOT.parent / "shared" / "data")
    bank, requests = banking(folder), clinc(folder)
    if not bank and not requests:
        measure.say("neither banking77 nor clinc150 is beside the checkout; set CROWDALOGUE_DATA")
        return
    home = measure.start("topics")
    from crowdalogue.text import encoder

    of_bank = encoder.encode([text for text, _ in bank])
    of_requests = encoder.encode([text for text, _ in requests])
    if bank:
        grouped("", bank, of_bank, GOALS)
        theirs(home, bank, of_bank)
    if requests:
        grouped("CLINC150, ", requests, of_requests, {})
    fifty_thousand([text for text, _ in bank + requests], np.vstack([of_bank, of_requests]))


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


def grouped(name: str, rows: Rows, vectors: Any, goals: dict[str, str]) -> None:
    """One data set: time, agreement with its intents, with another order of it, and with nine tenths of it."""
    from crowdalogue.analyze import topics

    texts, n = [text for text, _ in rows], len(rows)
    topics.find(texts[:500], vectors[:500])  # what is loaded at the first call is not counted
    began = time.process_time()
    found = topics.find(texts, vectors)
    spent, name = time.process_time() - began, f"topics, {name}"
    measure.report(f"{name}time", spent, "CPU-s", goal=goals.get("time", ""), n=n, note="after embedding")
    judged(name, rows, found.topic, goals, f"{len(found.topics)} topics")
    order = shuffled(n)
    again = topics.find([texts[i] for i in order], vectors[order])
    agreed(name, found.topic[order], again.topic, goals)
    part = order[: int(0.9 * n)]
    again = topics.find([texts[i] for i in part], vectors[part])
    steady = v_measure(found.topic[part], again.topic)
    measure.report(f"{name}agreement with those of 90 %", steady, "V", n=len(part))


def theirs(home: Path, rows: Rows, vectors: Any) -> None:
    """The same vectors grouped by the peer, in the same two orders. Messages that it leaves out count as one topic
    of their own, and once more with each given to the topic whose mean vector is nearest."""
    from crowdalogue.analyze.nearest import closest, means

    order, files = shuffled(len(rows)), [home / f"{part}.npy" for part in ("one", "one-found", "two", "two-found")]
    np.save(files[0], vectors)
    np.save(files[2], vectors[order])
    script = environment.HERE / "bertopic" / "group.py"
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("CROWDALOGUE_", "DJANGO_"))}
    command = [environment.python("bertopic"), script, *files]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environ)
    cost = json.loads(done.stdout.splitlines()[0])
    first, second = np.load(files[1]), np.load(files[3])
    measure.report(f"{PEER}, time", cost["cpu_s"], "CPU-s", n=len(rows), peak=cost["peak_mb"], note="as BERTopic's")
    outside = f"{first.max() + 1} topics, {100 * (first < 0).mean():.1f} % in none"
    judged(f"{PEER}, ", rows, first, {}, outside)
    filled = np.where(first < 0, closest(vectors, means(vectors[first >= 0], first[first >= 0])), first)
    judged(f"{PEER}, each to the nearest topic, ", rows, filled, {}, "")
    agreed(f"{PEER}, ", first[order], second, {})


def shuffled(n: int) -> Any:
    return np.random.default_rng(0).permutation(n)


def judged(name: str, rows: Rows, topic: Any, goals: dict[str, str], note: str) -> None:
    from sklearn.metrics import adjusted_rand_score

    intents, n = [intent for _, intent in rows], len(rows)
    measure.report(f"{name}V", v_measure(intents, topic), "", goal=goals.get("V", ""), n=n, note=note)
    measure.report(f"{name}ARI", adjusted_rand_score(intents, topic), "", goal=goals.get("ARI", ""), n=n, note=note)


def agreed(name: str, one: Any, other: Any, goals: dict[str, str]) -> None:
    from sklearn.metrics import adjusted_rand_score

    found, goal = adjusted_rand_score(one, other), goals.get("agreement", "")
    measure.report(f"{name}agreement of two shuffled runs", found, "ARI", goal=goal, n=len(one))


def v_measure(one: Any, other: Any) -> float:
    from sklearn.metrics import v_measure_score

    return float(v_measure_score(one, other))


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
