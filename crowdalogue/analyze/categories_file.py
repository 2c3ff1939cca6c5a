"""Examples of a category out of a file or a pasted list."""

from __future__ import annotations

import csv
import io

from crowdalogue.errors import Failure

BIGGEST = 10 * 1024 * 1024
MOST_ROWS = 50_000
YES = frozenset({"yes", "y", "true", "1", "+", "in"})


def lines(pasted: str, yes: bool) -> list[tuple[str, bool]]:
    """One example a line."""
    return [(line.strip(), yes) for line in pasted.splitlines()[:MOST_ROWS] if line.strip()]


def table(content: bytes, name: str, category: str = "") -> list[tuple[str, bool]]:
    """Rows of a CSV with a column text and, if there is one, a column label: yes, no, the category's name, or any
    other label, which is a no. Without a column label every row is a yes. A file without a column text is a list,
    one example a line. Raises `Failure`."""
    if len(content) > BIGGEST:
        raise Failure(f"{name} is larger than {BIGGEST >> 20} MB. Split it.")
    try:
        written = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failure(f"{name} is not written in UTF-8. Save it as CSV UTF-8 and try again.") from None
    if not written.strip():
        raise Failure(f"{name} is empty. Its first line names the columns: text,label.")
    before = csv.field_size_limit(BIGGEST)
    try:
        found = _rows(written, name, category.strip().casefold())
    except csv.Error as wrong:
        raise Failure(f"{name} cannot be read as CSV ({wrong}).") from None
    finally:
        csv.field_size_limit(before)
    if len(found) > MOST_ROWS:
        raise Failure(f"{name} has more than {MOST_ROWS:,} rows. Split it.")
    return found


def _rows(written: str, name: str, category: str) -> list[tuple[str, bool]]:
    first = written.splitlines()[0]
    delimiter = "\t" if "\t" in first else ";" if ";" in first and "," not in first else ","
    reader = csv.DictReader(io.StringIO(written, newline=""), delimiter=delimiter)
    columns = {(c or "").strip().casefold(): c for c in reader.fieldnames or ()}
    if "text" not in columns:
        if len(columns) > 1:
            known = ", ".join(columns.values())
            raise Failure(f"{name} has no column text. Columns are: {known}.")
        return lines(written, yes=True)
    labels = columns.get("label")
    found = []
    for row in reader:
        said = (row.get(labels) or "").strip().casefold() if labels else "yes"
        found.append((row[columns["text"]] or "", _yes(said, category)))
        if len(found) > MOST_ROWS:
            break
    return found


def _yes(said: str, category: str) -> bool:
    return said in YES or (bool(category) and said == category)
