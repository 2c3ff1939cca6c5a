"""How good the steps are that go by rules, or by rules and a head, measured on labelled messages kept for judging.

The examples stand in `examples/rules/STEP.csv` with the columns part, label, value and text. Rows of the part `tune`
were looked at while the rules were written; only those of the part `judge` are counted. `value` holds the words that a
step must point at, where it points at any.
"""

from __future__ import annotations

import contextlib
import csv
import time
from pathlib import Path
from typing import Any

from crowdalogue.analyze.document import NOTHING, Document, Step, StepUnavailable
from crowdalogue.analyze.steps import (
    catalogue,
    embedding,
    hearsay,
    machine_written,
    personal_data,
    place,
    products,
    question,
)

EXAMPLES = Path(__file__).resolve().parent / "examples" / "rules"
STEPS: dict[str, Step] = {
    s.name: s
    for s in (question.STEP, hearsay.STEP, products.STEP, place.STEP, personal_data.STEP, machine_written.STEP)
}
JUDGE, TUNE = "judge", "tune"
# The invented catalogue that the examples for products speak of: name, synonyms, codes.
SHOP = (
    ("Tarn Kettle", ("water boiler",), ("KX-200",)),
    ("Ember Toaster", (), ("ET 40",)),
    ("Ember Toaster Pro", (), ("ET 41",)),
    ("Drift Robot Vacuum", ("robovac",), ("DR-7",)),
    ("Crème Glacière", (), ()),
    ("Loft Desk Lamp", ("table light",), ("LL-3",)),
    ("Hearth Table Light", ("table light",), ("LL-4",)),
    ("Pebble Speaker", (), ("PS1",)),
)


def examples(step: str, part: str = JUDGE) -> list[dict[str, str]]:
    """The labelled messages of one part. Raises ValueError for a step that has none."""
    if step not in STEPS:
        raise ValueError(f"There are no labelled messages for {step}. Choose one of: {', '.join(STEPS)}.")
    with (EXAMPLES / f"{step}.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["part"] == part]


def shop() -> catalogue.Catalogue:
    """The catalogue that the examples speak of; an entry's id is its name."""
    return catalogue.Catalogue(catalogue.Entry(name, name, others, codes) for name, others, codes in SHOP)


def labels(step: Step, texts: list[str]) -> list[str]:
    """What a step says of texts: `none` where it leaves nothing."""
    return [step.label(document) for document in _read(step, texts)]


def judged(step: str, part: str = JUDGE) -> dict[str, Any]:
    """What was labelled and what is found, side by side: `truth`, `found`, `pointed` (0 to 1) and `seconds_cpu`."""
    rows = examples(step, part)
    began = time.process_time()
    documents = _read(STEPS[step], [row["text"] for row in rows])
    seconds = time.process_time() - began
    found = [STEPS[step].label(document) for document in documents]
    wanted = [(row, document) for row, document in zip(rows, documents, strict=True) if row.get("value")]
    right = sum(row["value"] == _first_words(STEPS[step].name, document) for row, document in wanted)
    return {
        "truth": [row["label"] for row in rows],
        "found": found,
        "pointed": round(right / len(wanted), 4) if wanted else None,
        "seconds_cpu": round(seconds, 4),
    }


def _read(step: Step, texts: list[str]) -> list[Document]:
    known = {"catalogue": shop()} if step.name == "products" else {}
    documents = [Document(str(i), text, known=known) for i, text in enumerate(texts)]
    if "embedding?" in step.needs:
        with contextlib.suppress(StepUnavailable):
            embedding.run(documents)
    step.run(documents)
    return documents


def _first_words(step: str, document: Document) -> str:
    finding = document.findings.get(step)
    if finding is None or finding.label == NOTHING or not finding.words:
        return ""
    start, end = finding.words[0]
    return document.text[start:end]
