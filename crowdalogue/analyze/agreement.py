"""How far two labellings of the same messages agree: Cohen's kappa for each question, with its interval.

`python -m crowdalogue.analyze.agreement [FIRST SECOND]` compares two CSV files by their column `id`; without files,
our examples with their second labelling (`examples/second/labels.csv`). See docs/labelling.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLES = Path(__file__).resolve().parent / "examples"
SECOND = EXAMPLES / "second" / "labels.csv"
# Columns that say which message it is, and the one that may hold several answers.
NOT_LABELS = frozenset(("id", "text", "language", "channel", "business"))
SEVERAL = "aspects"
NOTHING = "-"
DRAWS = 400

Rows = Mapping[str, Mapping[str, str]]


def kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Cohen's kappa: agreement beyond chance, 1 for full agreement, 0 for that of chance; 1 where nothing varies."""
    if len(one) != len(other) or not one:
        raise ValueError("Two labellings are compared row by row: as many in each, and at least one.")
    n = len(one)
    same = sum(a == b for a, b in zip(one, other, strict=True)) / n
    first, second = Counter(one), Counter(other)
    chance = sum(first[label] * second[label] for label in first) / (n * n)
    return 1.0 if chance == 1 else (same - chance) / (1 - chance)


def agreement(first: Rows, second: Rows) -> dict[str, Any]:
    """For each question both answer: n, the share of equal answers, kappa with a bootstrapped 95 % interval, and the
    pairs most often confused. Rows are joined by their key; an empty answer was not asked.

    Raises ValueError where the two have no message or no question in common.
    """
    both = [key for key in first if key in second]
    if not both:
        raise ValueError("The two files have no id in common.")
    asked = [c for c in first[both[0]] if c in second[both[0]] and c not in NOT_LABELS and c != SEVERAL]
    result = {c: _question([(first[k][c], second[k][c]) for k in both if first[k][c] and second[k][c]]) for c in asked}
    result = {column: found for column, found in result.items() if found}
    if SEVERAL in second[both[0]] and SEVERAL in first[both[0]]:
        result |= _named([(first[k][SEVERAL], second[k][SEVERAL]) for k in both if second[k][SEVERAL]])
    if not result:
        raise ValueError("The two files have no question in common: no column besides what the message is.")
    return {"messages": len(both), "questions": result}


def _question(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    if not pairs:
        return {}
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    confused = Counter(" / ".join(sorted(pair)) for pair in pairs if pair[0] != pair[1])
    return {
        "n": len(pairs),
        "same": round(sum(a == b for a, b in pairs) / len(pairs), 4),
        "kappa": round(kappa(one, other), 4),
        "kappa_interval": _interval(one, other),
        "confused": dict(confused.most_common(4)),
    }


def _interval(one: Sequence[str], other: Sequence[str]) -> list[float]:
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(DRAWS):
        rows = rng.integers(0, len(one), len(one)).tolist()
        drawn.append(kappa([one[i] for i in rows], [other[i] for i in rows]))
    return [round(float(q), 4) for q in np.quantile(drawn, [0.025, 0.975])]


def _named(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Answers that may be several, `name:polarity[:words]` joined by `|`: which are named, and how they are felt."""
    named: list[tuple[str, str]] = []
    felt: list[tuple[str, str]] = []
    read = [(_aspects(a), _aspects(b)) for a, b in pairs]
    every = sorted({name for one, other in read for name in (*one, *other)})
    for one, other in read:
        named += [("yes" if name in one else "no", "yes" if name in other else "no") for name in every]
        felt += [(one[name], other[name]) for name in one if name in other]
    found = {"aspects, named or not": _question(named), "aspects, polarity": _question(felt)}
    return {name: values for name, values in found.items() if values}


def _aspects(cell: str) -> dict[str, str]:
    """Name -> polarity; where one is named twice, the first."""
    result: dict[str, str] = {}
    for part in cell.split("|"):
        if part and part != NOTHING:
            name, polarity = part.split(":")[:2]
            result.setdefault(name, polarity)
    return result


def rows_of(path: Path) -> dict[str, dict[str, str]]:
    """The rows of a CSV file by their id. Raises ValueError where it has no such column."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if not rows or "id" not in rows[0]:
        raise ValueError(f"{path.name} needs a heading with the column id and at least one row.")
    return {row["id"]: row for row in rows}


def ours() -> dict[str, Any]:
    """The agreement of our examples with their second labelling."""
    first: dict[str, dict[str, str]] = {}
    for path in sorted(EXAMPLES.glob("*.csv")):
        first |= rows_of(path)
    return agreement(first, rows_of(SECOND))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m crowdalogue.analyze.agreement", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="two CSV files with the column id")
    files = parser.parse_args(arguments).files
    if len(files) not in (0, 2):
        parser.error("give two files, or none for our own examples")
    try:
        found = agreement(rows_of(files[0]), rows_of(files[1])) if files else ours()
    except ValueError as wrong:
        parser.error(str(wrong))
    sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
