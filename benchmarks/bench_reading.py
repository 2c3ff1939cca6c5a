"""Reading: messages a CPU-second through all steps, with and without the sentence encoder; others beside.

Texts are the questions of BANKING77 and customers' tweets from the example data beside the checkout, or our own
labelled examples without it. Each figure is of a process of its own, so that its peak of memory is that of one thing.
Ours finds all that `analyze/pipeline.py` names; VADER and TextBlob find a sentiment, obsei personal data (its
classifier needs a language model).
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import measure
from benchmarks.peers import environment

MOST, WARM = 3000, 200
PEERS = {"vader": "VADER", "textblob": "TextBlob", "obsei": "obsei"}
# Messages a CPU-second, without and with the encoder.
GOALS = {"banking77": (5000, 1000), "care_tweets": (5000, 400)}
NAMES = {"banking77": "BANKING77", "care_tweets": "care tweets", "own": "own examples"}


def texts(source: str) -> list[str]:
    """Distinct ones, since equal ones are computed once; none where the data is absent."""
    folder = Path(os.environ.get("CROWDALOGUE_DATA") or measure.ROOT.parent / "shared" / "data")
    if source == "own":
        from crowdalogue.analyze import training

        return list(dict.fromkeys(row["text"] for row in training.examples()))[:MOST]
    path = folder / source / ("train.csv" if source == "banking77" else "tweets.csv")
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        found = [row["text"] for row in csv.DictReader(stream) if row.get("inbound", "True") == "True"]
    return list(dict.fromkeys(found))[:MOST]


def sources() -> list[str]:
    return [source for source in GOALS if texts(source)] or ["own"]


def ours(source: str, embed: bool) -> None:
    """Read the texts in this process, which has done nothing before, and print what it took."""
    home = measure.scratch("reading")
    models = measure.ROOT / "var" / "models"
    models.mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(models)
    os.environ["CROWDALOGUE_HOME"] = str(home)
    os.environ["CROWDALOGUE_ENCODER_THREADS"] = "1"
    every = texts(source)
    before = time.process_time()
    from crowdalogue.analyze import pipeline
    from crowdalogue.analyze.document import Document

    documents = [Document(id=str(n), text=text) for n, text in enumerate(every)]
    pipeline.read(documents[:1], embed=embed)
    ready = time.process_time()
    pipeline.read(documents[1:WARM], embed=embed)
    begin = time.process_time()
    pipeline.read(documents[WARM:], embed=embed)
    taken = time.process_time() - begin
    failed = [d.failed for d in documents if d.failed]
    assert not failed, f"{len(failed)} documents broke a step: {failed[0]}"
    line = {"seconds": taken, "start": ready - before, "n": len(every) - WARM, "peak_mb": measure.peak_mb()}
    sys.stdout.write(json.dumps(line) + "\n")


def report(name: str, found: dict[str, float], note: str = "", goal: str = "", ratio_to: str = "") -> None:
    n, peak = int(found["n"]), found["peak_mb"]
    rate = n / found["seconds"]
    measure.report(name, rate, "messages/CPU-s", goal=goal, ratio_to=ratio_to, n=n, peak=peak, note=note)
    measure.report(f"{name}: start to first message", found["start"], "CPU-s", n=1, peak=peak)


def main() -> None:
    around = {k: v for k, v in os.environ.items() if not k.startswith("DJANGO_")} | {"OMP_NUM_THREADS": "1"}
    for source in sources():
        every = texts(source)
        words = sum(len(t.split()) for t in every) / len(every)
        for embed in (False, True):
            command = [sys.executable, "-m", "benchmarks.bench_reading", source, str(int(embed))]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=around)
            goal = f">= {GOALS[source][embed]}" if source in GOALS else ""
            name = f"reading {NAMES[source]}, {'with' if embed else 'without'} embedding"
            report(name, json.loads(done.stdout), f"{words:.0f} words each", goal, f"VADER, {NAMES[source]}")
        for peer, name in PEERS.items():
            command = [str(environment.python("obsei")), str(environment.HERE / "obsei" / "read_texts.py"), peer]
            given = json.dumps(every).encode()
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, input=given, env=around)
            note = "personal data only" if peer == "obsei" else "sentiment only"
            report(f"{name}, {NAMES[source]}", json.loads(done.stdout), note)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        ours(sys.argv[1], sys.argv[2] == "1")
    else:
        main()
