"""Files of messages, with or without labels: CSV, TSV and JSON lines, read a row at a time and told apart by name.

Names of columns are found in any case and with spaces around them, and a CSV may part its cells with commas,
semicolons, tabs or bars. What cannot be read whole is refused in words rather than read in part.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

# One cell may hold a long message, but not a whole broken file.
LONGEST_CELL = 10_000_000
# What the data sets write where the word they speak of stood, and the columns that may hold that word.
MARK = "$T$"
ABOUT = ("aspect", "target")
# What may part the cells of a CSV, and how files begin that are no text.
PARTED_BY = (",", ";", "\t", "|")
NO_TEXT = {
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"PAR1": "Parquet",
    b"\x1f\x8b": "compressed",
    b"%PDF": "a PDF",
}
# A line of our own after the last: where it does not come out as a row, a quotation mark was never closed.
_END = "\x1aend of file"
_SHOWN, _LONGEST_SHOWN = 12, 40


class NoColumn(ValueError):
    """A file lacks a column that is asked for."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message of a file. `id` is its own or its row number from 1; `about` the words it is to be judged on."""

    id: str
    text: str
    label: str = ""
    about: str = ""


def rows(path: Path, text: str = "text", label: str = "") -> Iterator[Row]:
    """The rows of a file, one at a time. `label` names a column that must be there too.

    Raises NoColumn for a missing column, and ValueError, both in words, for bytes that are no UTF-8 (or UTF-16 with
    its mark), a file that is no text, a line that is no JSON, a row with more cells than the heading and a quotation
    mark that is never closed.
    """
    needed = [c for c in (text, label) if c]
    try:
        with path.open(newline="", encoding=_encoding(path)) as stream:
            for number, values in enumerate(_records(path, stream, needed), 1):
                about = next((_plain(values[c]) for c in ABOUT if values.get(c)), "")
                found = _plain(values.get("id")).strip()
                yield Row(found or str(number), _plain(values.get(text)), _plain(values.get(label)).strip(), about)
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not written in UTF-8. Save it as UTF-8 and try again.") from None
    except csv.Error as wrong:
        if "field limit" in str(wrong):
            raise ValueError(
                f"{path.name} has a cell of more than {LONGEST_CELL:,} characters. Look for a quotation mark that is "
                "never closed, or shorten the text."
            ) from None
        raise ValueError(f"{path.name} cannot be read as a table: {wrong}. Save it as CSV and try again.") from None


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4096)
    kind = next((kind for mark, kind in NO_TEXT.items() if start.startswith(mark)), "")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if not kind and sum(byte < 32 and byte not in b"\t\n\r\x0b\x0c" for byte in start) > len(start) / 20:
        kind = "not text"
    if kind:
        raise ValueError(f"{path.name} is {kind}. Save it as CSV in UTF-8 and try again.")
    return "utf-8-sig"


def _records(path: Path, stream: TextIO, needed: Sequence[str]) -> Iterator[dict[str, Any]]:
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        yield from _objects(path, stream, needed)
        return
    if path.suffix.lower() == ".json":
        raise ValueError(f"{path.name} must hold one JSON object a line and have a name that ends in .jsonl.")
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield from _table(path, stream, needed)
    finally:
        csv.field_size_limit(before)


def _table(path: Path, stream: TextIO, needed: Sequence[str]) -> Iterator[dict[str, Any]]:
    first = next((line for line in stream if line.strip()), "")
    known = csv.reader(chain([first], stream, ["\n", f"{_END}\n"]), delimiter=_delimiter(path, first, needed))
    heading = next(known) if first else []
    names = _names(path, heading, needed)
    closed = False
    for number, cells in enumerate((row for row in known if row), 1):
        if closed := cells == [_END]:
            break
        if len(cells) > len(heading) and any(cell.strip() for cell in cells[len(heading) :]):
            raise ValueError(
                f"Row {number} of {path.name} has {len(cells)} cells, its heading {len(heading)}. Put texts that hold "
                "a comma (or whatever parts the cells) between quotation marks."
            )
        yield {name: cells[at] for name, at in names.items() if at < len(cells)}
    if not closed:
        raise ValueError(f"{path.name} has a quotation mark that is never closed, so rows run into each other.")


def _delimiter(path: Path, heading: str, needed: Sequence[str]) -> str:
    """What parts the cells: the one by which the heading names what is needed, a comma (in TSV a tab) before others."""
    tabs = path.suffix.lower() in (".tsv", ".tab")
    choices = sorted(PARTED_BY, key=lambda d: d != "\t") if tabs else PARTED_BY
    for delimiter in choices:
        cells = {_folded(cell) for cell in next(csv.reader([heading], delimiter=delimiter), [])}
        if {_folded(name) for name in needed} <= cells:
            return delimiter
    return max(choices, key=heading.count)


def _folded(name: str) -> str:
    return name.strip().casefold()


def _names(path: Path, heading: Sequence[str], needed: Sequence[str]) -> dict[str, int]:
    """Where the columns stand that we know by name; the exact name wins over one in another case."""
    found: dict[str, int] = {}
    for name in dict.fromkeys((*needed, "id", *ABOUT)):
        exact = [at for at, cell in enumerate(heading) if cell == name]
        places = exact or [at for at, cell in enumerate(heading) if _folded(cell) == _folded(name)]
        if len(places) > 1 and name in needed:
            raise ValueError(f"{path.name} has {len(places)} columns {name}. Rename all but the one that is meant.")
        if places:
            found[name] = places[0]
    _check(path, heading, needed, found)
    return found


def _objects(path: Path, stream: TextIO, needed: Sequence[str]) -> Iterator[dict[str, Any]]:
    met = False
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            raise ValueError(f"Line {number} of {path.name} is not JSON. Each line must be one object.") from None
        if not isinstance(values, dict):
            raise ValueError(f"Line {number} of {path.name} is JSON, but not an object with names.")
        met = True
        named = {_folded(name): value for name, value in values.items()}
        values = {name: values.get(name, named.get(_folded(name))) for name in (*needed, "id", *ABOUT)}
        _check(path, tuple(named), needed[:1], {name: 0 for name in needed if _folded(name) in named})
        yield values
    if not met:
        raise ValueError(f"{path.name} is empty. Each line must be one object, with the names {', '.join(needed)}.")


def _check(path: Path, columns: Sequence[str], needed: Sequence[str], found: dict[str, int]) -> None:
    if not columns:
        raise ValueError(f"{path.name} is empty. Its first line must name the columns, such as: {','.join(needed)}.")
    for name in needed:
        if name not in found:
            more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
            known = ", ".join(_shown(column) for column in columns[:_SHOWN]) + more
            raise NoColumn(f"{path.name} has no column {name}. Columns are: {known}.")


def _shown(name: str) -> str:
    """A name as it can be printed."""
    plain = "".join(c if c.isprintable() else "?" for c in name.strip())
    return plain if len(plain) <= _LONGEST_SHOWN else plain[:_LONGEST_SHOWN] + "…"


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
    return parted(path, label)[0]


def parted(path: Path, label: str = "label") -> tuple[list[Row], int]:
    """The rows that have a label, and how many have none. Raises ValueError as `labelled` does."""
    every = list(rows(path, label=label))
    found = [row for row in every if row.label]
    if not found:
        raise ValueError(f"{path.name} holds no row with a label. It needs at least one below its heading.")
    return found, len(every) - len(found)


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
