"""Files of messages, with or without labels: CSV, TSV and JSON lines, read a row at a time and told apart by name."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

# One cell may hold a long message, but not a whole broken file.
LONGEST_CELL = 10_000_000
# What the data sets write where the word they speak of stood, and the columns that may hold that word.
MARK = "$T$"
ABOUT = ("aspect", "target")


@dataclass(frozen=True, slots=True)
class Row:
    """A message of a file. `id` is its own or its row number from 1; `about` the words it is to be judged on."""

    id: str
    text: str
    label: str = ""
    about: str = ""


def rows(path: Path, text: str = "text", label: str = "") -> Iterator[Row]:
    """The rows of a file, one at a time. `label` names a column that must be there too.

    Raises ValueError, in words, for a missing column, for bytes that are no UTF-8 and for a line that is no JSON.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            for number, values in enumerate(_records(path, stream, [c for c in (text, label) if c]), 1):
                about = next((_plain(values[c]) for c in ABOUT if values.get(c)), "")
                found = _plain(values.get("id"))
                yield Row(found or str(number), _plain(values.get(text)), _plain(values.get(label)).strip(), about)
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not written in UTF-8. Save it as UTF-8 and try again.") from None
    except csv.Error as wrong:
        raise ValueError(f"{path.name} cannot be read as a table: {wrong}.") from None


def _records(path: Path, stream: TextIO, needed: Sequence[str]) -> Iterator[dict[str, Any]]:
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        yield from _objects(path, stream, needed)
        return
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        reader = csv.DictReader(stream, delimiter="\t" if path.suffix.lower() in (".tsv", ".tab") else ",")
        _check(path, reader.fieldnames or (), needed)
        yield from reader
    finally:
        csv.field_size_limit(before)


def _objects(path: Path, stream: TextIO, needed: Sequence[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError:
            raise ValueError(f"Line {number} of {path.name} is not JSON. Each line must be one object.") from None
        if not isinstance(values, dict):
            raise ValueError(f"Line {number} of {path.name} is JSON, but not an object with names.")
        _check(path, tuple(values), needed)
        yield values


def _check(path: Path, columns: Sequence[str], needed: Sequence[str]) -> None:
    if not columns:
        raise ValueError(f"{path.name} is empty. Its first line must name the columns, such as: {','.join(needed)}")
    for name in needed:
        if name not in columns:
            known = ", ".join(str(c) for c in columns)
            raise ValueError(f"{path.name} has no column {name}. Columns are: {known}.")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def marked(row: Row) -> str:
    """The text as a trained classifier reads it: with the words it is judged on marked, where the file has them."""
    if not row.about:
        return row.text
    if MARK in row.text:
        return row.text.replace(MARK, f"{MARK} {row.about} {MARK}")
    at = row.text.lower().find(row.about.lower())
    if at < 0:
        return f"{MARK} {row.about} {MARK} : {row.text}"
    end = at + len(row.about)
    return f"{row.text[:at]}{MARK} {row.text[at:end]} {MARK}{row.text[end:]}"


def labelled(path: Path, label: str = "label") -> list[Row]:
    """The rows that have a label. Raises ValueError as `rows` does, and where no row has one."""
    found = [row for row in rows(path, label=label) if row.label]
    if not found:
        raise ValueError(f"{path.name} holds no row with a label. It needs at least one below its heading.")
    return found


def agreed(found: Sequence[Row], name: str) -> tuple[list[Row], int]:
    """The rows to learn from, and how many are left out because the same text has another label elsewhere.

    A text labelled in several ways counts with the label that most of its rows have, and not at all where two have
    as many. Raises ValueError where nothing can be learned: one label only, or fewer than two examples of each.
    """
    votes: dict[str, Counter[str]] = {}
    for row in found:
        votes.setdefault(marked(row), Counter())[row.label] += 1
    settled = {text: _settled(count) for text, count in votes.items()}
    kept = [row for row in found if row.label == settled[marked(row)]]
    if len({row.label for row in found}) < 2:
        raise ValueError(f"{name} has one label only, {found[0].label}. To learn, it needs examples of two or more.")
    counts = Counter(row.label for row in kept)
    if len(counts) < 2:
        raise ValueError(f"The examples in {name} contradict each other: the same texts stand under different labels.")
    few = sorted({row.label for row in found if counts[row.label] < 2})
    if few:
        raise ValueError(f"{name} needs two examples or more of each label that agree. Too few of: {_some(few)}.")
    return kept, len(found) - len(kept)


def _settled(count: Counter[str]) -> str | None:
    (first, most), *others = count.most_common(2)
    return None if others and others[0][1] == most else first


def _some(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
