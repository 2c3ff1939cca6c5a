"""Labelled samples a shipped head may learn from beside our own examples, with the credit they ask for.

Of other people's data only these may be named here: BANKING77 (CC BY 4.0), CLINC150 (CC BY 3.0), airline seat reviews
(CC0). What they were made for is not what our heads ask, so each is used for the part where its own label settles
ours, and counts little. Beside them stand tweets of our own that mean no company and are labelled for sentiment only.
"""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

CREDITS = {
    "own": "Crowdalogue's own labelled examples (Apache-2.0)",
    "general": "Crowdalogue's own invented tweets on anything, labelled for sentiment (Apache-2.0)",
    "banking77": "BANKING77 (CC BY 4.0), Casanueva et al. 2020, Efficient Intent Detection with Dual Sentence Encoders",
    "clinc150": "CLINC150 (CC BY 3.0), Larson et al. 2019, An Evaluation Dataset for Intent Classification",
    "airline_seat": "Airline seat reviews (CC0)",
}
Row = tuple[str, str, float, str, str]
GENERAL = Path(__file__).resolve().parent / "examples" / "general" / "general.csv"
_ASKING = ("how", "what", "when", "where", "which", "who", "can", "do", "does", "is", "are", "could", "will", "may")


def samples(step: str, folder: Path | None) -> list[Row]:
    """(text, label, weight, source, language) for a step; nothing where the data is absent or does not tell."""
    own = _general() if step == "sentiment" else []
    if folder is None:
        return own
    makers = {"sentiment": _sentiment, "intent": _intent, "needs_answer": _needs_answer}
    return own + makers[step](folder) if step in makers else []


def _general() -> list[Row]:
    with GENERAL.open(newline="", encoding="utf-8") as file:
        return [(r["text"], r["sentiment"], 1.0, "general", r["language"]) for r in csv.DictReader(file)]


def _sentiment(folder: Path) -> list[Row]:
    rows: list[Row] = []
    for text, rating in _reviews(folder):
        label = "positive" if rating >= 8 else "negative" if rating <= 3 else "neutral" if 5 <= rating <= 6 else ""
        if label:
            rows.append((text, label, 0.3, "airline_seat", "en"))
    rows += [(text, "neutral", 0.3, "clinc150", "en") for text in _requests(folder, 400)]
    return rows


def _intent(folder: Path) -> list[Row]:
    rows = [(text, "review", 0.1, "airline_seat", "en") for text, _ in _reviews(folder)[:300]]
    return rows + [(text, "question", 0.2, "banking77", "en") for text in _questions(folder, 400)]


def _needs_answer(folder: Path) -> list[Row]:
    return [(text, "yes", 0.2, "banking77", "en") for text in _questions(folder, 400)]


def _reviews(folder: Path) -> list[tuple[str, float]]:
    path = folder / "reviews" / "airline_seat.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [(r["content"], float(r["overall_rating"])) for r in csv.DictReader(file) if r["overall_rating"]]


def _questions(folder: Path, number: int) -> list[str]:
    path = folder / "banking77" / "train.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        texts = [r["text"] for r in csv.DictReader(file)]
    asking = [t for t in texts if t.strip().endswith("?") and t.lower().startswith(_ASKING)]
    return random.Random(1).sample(asking, min(number, len(asking)))  # noqa: S311 - no secret, the same each time


def _requests(folder: Path, number: int) -> list[str]:
    path = folder / "clinc150" / "train_val.json"
    if not path.exists():
        return []
    texts = [text for text, _ in json.loads(path.read_text(encoding="utf-8"))["train"]]
    return random.Random(1).sample(texts, min(number, len(texts)))  # noqa: S311 - no secret, the same each time
