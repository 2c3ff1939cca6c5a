"""Tables as CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

# A cell that begins like this is a formula to a spreadsheet (OWASP, "CSV injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Stream(Protocol):
    def write(self, text: str, /) -> Any: ...


def neutral(value: Any) -> Any:
    """The value as a cell. Text that a spreadsheet would take for a formula gets an apostrophe before it.

    Numbers stay numbers, negative ones too; only text can be a formula.
    """
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip("'").startswith(FORMULA):
        return "'" + value
    return value


def restored(cell: str) -> str:
    """The text that `neutral` made this cell of."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell


def write_csv(rows: Iterable[Sequence[Any]], header: Sequence[str], stream: Stream) -> int:
    """Write header and rows to `stream`, formulas neutralised. Returns the number of rows."""
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([neutral(cell) for cell in header])
    count = 0
    for row in rows:
        writer.writerow([neutral(cell) for cell in row])
        count += 1
    return count
