"""Rows out of files of any size in constant memory: CSV, JSON lines, a JSON array, Parquet.

Every reader gives rows as lists of cells in the order of `columns`; a row that cannot be read comes as
`Unreadable`, so that the count stays true and the next row is read. What ends the file is a `Failure`.
"""

from __future__ import annotations

import codecs
import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crowdalogue.errors import Failure
from crowdalogue.listen.files.helpdesks import unfold
from crowdalogue.listen.files.sniff import ENCODINGS, ONE_COLUMN, ROW_LIMIT, Form

BLOCK = 1 << 18
COLUMN_SAMPLE = 1000  # rows of JSON whose keys are its columns; keys met later go into `others`
LONGEST_HEADER = 1000  # columns


@dataclass(frozen=True, slots=True)
class Unreadable:
    reason: str
    content: dict[str, Any]


Row = list[Any]


def fall_back(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8 in a file that mostly is: nearly always Windows-1252."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("crowdalogue_stray", fall_back)


class Table(ABC):
    """A file that gives rows. `total` is how many it has, where the file says so."""

    columns: list[str]
    total: int | None = None

    def __init__(self, path: Path, form: Form) -> None:
        self.path, self.form = path, form
        self.size = path.stat().st_size
        self.taken = 0  # bytes read so far, for progress

    @abstractmethod
    def rows(self) -> Iterator[Row | Unreadable]:
        """Every row, cells in the order of `columns`; one that cannot be read comes as `Unreadable`."""

    def blocks(self) -> Iterator[str]:
        """The file's text in pieces, without NUL characters, which no store takes."""
        self.taken = 0
        strict = self.form.encoding.startswith(("utf-16", "utf-32"))
        errors = "crowdalogue_stray" if self.form.encoding.startswith("utf-8") else "strict" if strict else "replace"
        decode = codecs.getincrementaldecoder(self.form.encoding)(errors).decode
        try:
            with self.path.open("rb") as file:
                while block := file.read(BLOCK):
                    self.taken += len(block)
                    text = decode(block)
                    yield text.replace("\x00", "") if "\x00" in text else text
                if rest := decode(b"", final=True):
                    yield rest
        except UnicodeError:
            label = dict(ENCODINGS).get(self.form.encoding, self.form.encoding)
            raise Failure(f"The file cannot be read as {label}. Choose another encoding.") from None
        except OSError as error:
            raise Failure(f"The file could not be read to its end ({error.strerror}). Import it again.") from None

    def lines(self) -> Iterator[str]:
        """Lines with their ends. Raises `Failure` as soon as one is longer than any message can be."""
        rest = ""
        for block in self.blocks():
            old_mac = "\r" in block and "\n" not in block
            pieces = split_lines(rest + (block.replace("\r", "\n") if old_mac else block))
            rest = pieces.pop() if pieces else ""
            if rest.endswith("\n"):
                pieces.append(rest)
                rest = ""
            yield from pieces
            if len(rest) > ROW_LIMIT:
                raise too_long()
        if rest:
            yield rest


def split_lines(text: str) -> list[str]:
    """At newlines only: other separators (U+2028, form feed) may stand inside a message."""
    pieces = text.split("\n")
    last = pieces.pop()
    lines = [piece + "\n" for piece in pieces]
    return [*lines, last] if last else lines


def too_long() -> Failure:
    return Failure(
        "A row of this file is longer than 1 MB, which no message is. Either its lines do not end, or a quotation "
        "mark was opened and never closed. Export it again as CSV, one row a message."
    )


def open_table(path: Path, form: Form) -> Table:
    """A reader for the file. Raises `Failure` where its columns cannot be read."""
    kinds: dict[str, Callable[[Path, Form], Table]] = {
        "csv": CsvTable,
        "jsonl": LinesTable,
        "json": ArrayTable,
        "parquet": ParquetTable,
    }
    return kinds[form.format](path, form)


class CsvTable(Table):
    def __init__(self, path: Path, form: Form) -> None:
        super().__init__(path, form)
        csv.field_size_limit(max(csv.field_size_limit(), ROW_LIMIT + 1))
        first = next(self.cells(), None)
        if first is None:
            raise Failure("The file holds no rows. Choose a file with a table of messages.")
        if len(first) > LONGEST_HEADER:
            raise Failure(f"The first row has {len(first):,} columns. Look whether its lines end where they should.")
        names = first if form.header else [f"column {i + 1}" for i in range(len(first))]
        self.columns = distinct([name.strip().strip("\ufeff") or f"column {i + 1}" for i, name in enumerate(names)])

    def cells(self) -> Iterator[list[str]]:
        """Rows of cells, header and all; blank lines are nothing."""
        held = 0

        def counted() -> Iterator[str]:
            nonlocal held
            for number, line in enumerate(self.lines()):
                if number == 0 and line.lstrip("\ufeff").startswith("sep=") and len(line.strip()) <= 6:
                    continue
                held += len(line)
                if held > ROW_LIMIT:
                    raise too_long()
                yield line

        reader = csv.reader(
            counted(),
            delimiter=self.form.delimiter,
            escapechar=self.form.escape or None,
            quoting=csv.QUOTE_NONE if self.form.delimiter == ONE_COLUMN else csv.QUOTE_MINIMAL,
        )
        try:
            for row in reader:
                held = 0
                if row:
                    yield row
        except csv.Error as error:
            raise Failure(
                f"The file cannot be read after line {reader.line_num:,} ({error}). Export it again."
            ) from None

    def rows(self) -> Iterator[Row | Unreadable]:
        cells = self.cells()
        if self.form.header:
            next(cells, None)
        width = len(self.columns)
        for row in cells:
            if len(row) == width:
                yield row
            elif len(row) < width:
                yield row + [""] * (width - len(row))
            elif not any(cell.strip() for cell in row[width:]):
                yield row[:width]
            else:
                reason = f"It has {len(row)} cells where the header has {width}: a separator inside without quotes."
                content = dict(zip(self.columns, row, strict=False)) | {"more": row[width:]}
                yield Unreadable(reason, content)


def distinct(names: list[str]) -> list[str]:
    """Two columns of one name get numbers, so that each can be chosen."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


class ObjectTable(Table):
    """Rows that are JSON objects: one level of nesting becomes `outer.inner` columns."""

    def __init__(self, path: Path, form: Form) -> None:
        super().__init__(path, form)
        self.columns = []
        names: dict[str, None] = {}
        found = 0
        for item in self.objects():
            if isinstance(item, dict):
                found += 1
                names.update(dict.fromkeys(item))
            if found == COLUMN_SAMPLE:
                break
        if not names:
            raise Failure("The file holds no JSON objects. Write one object a line, or an array of objects.")
        self.columns = list(names)[:LONGEST_HEADER]

    @abstractmethod
    def objects(self) -> Iterator[dict[str, Any] | Unreadable]:
        """Every JSON object of the file."""

    def rows(self) -> Iterator[Row | Unreadable]:
        """Cells in the order of `columns`, and one more: a dict of keys that are no column."""
        columns, known = self.columns, frozenset(self.columns)
        for item in self.objects():
            if isinstance(item, Unreadable):
                yield item
                continue
            row: Row = [item.get(name) for name in columns]
            row.append(None if item.keys() <= known else {k: v for k, v in item.items() if k not in known})
            yield row


def flat(item: Any, text: str) -> dict[str, Any] | Unreadable:
    if not isinstance(item, dict):
        return Unreadable("It is not a JSON object with names and values.", {"row": text[:2000]})
    if not any(isinstance(value, dict) for value in item.values()):
        return item
    result: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, dict) and name != "extra":
            result.update((f"{name}.{inner}", v) for inner, v in value.items())
        else:
            result[name] = value
    return result


class LinesTable(ObjectTable):
    def objects(self) -> Iterator[dict[str, Any] | Unreadable]:
        for line in self.lines():
            text = line.strip().lstrip("\ufeff")
            if not text:
                continue
            try:
                item = json.loads(text)
            except (ValueError, RecursionError):
                yield Unreadable("The line is not valid JSON.", {"row": text[:2000]})
                continue
            for row in unfold(item):
                yield flat(row, text)


class ArrayTable(ObjectTable):
    """One array, decoded object by object from a window that moves along the file."""

    def objects(self) -> Iterator[dict[str, Any] | Unreadable]:
        decode = json.JSONDecoder().raw_decode
        blocks = self.blocks()
        window, at = self.enter(blocks), 0
        ended = False
        while True:
            at = skip(window, at)
            if at < len(window) and window[at] == "]":
                return
            end = -1
            if at < len(window):
                try:
                    item, end = decode(window, at)
                except RecursionError:
                    raise Failure("A row of the JSON array is nested too deep. Export it again.") from None
                except ValueError:
                    end = -1
            # A number or word at the window's edge may go on; an object's end is certain.
            if end >= 0 and (ended or window[end - 1] in "}]" or end < len(window)):
                for row in unfold(item):
                    yield flat(row, window[at : at + 2000])
                at = end
                continue
            if ended:
                raise Failure("The JSON array is broken or cut off near its end. Rows before that were read.")
            if len(window) - at > ROW_LIMIT:
                raise too_long()
            block = next(blocks, None)
            ended = block is None
            window, at = window[at:] + (block or ""), 0

    def enter(self, blocks: Iterator[str]) -> str:
        """The text after the array's opening bracket."""
        window = ""
        for block in blocks:
            window += block
            mark = window.find("[", window.find(f'"{self.form.root}"') if self.form.root else 0)
            if mark >= 0:
                return window[mark + 1 :]
            if len(window) > ROW_LIMIT:
                break
        raise Failure("The JSON array was not found. Write an array of objects, or one object a line.")


def skip(window: str, at: int) -> int:
    while at < len(window) and window[at] in " \t\r\n,\ufeff":
        at += 1
    return at


class ParquetTable(Table):
    def __init__(self, path: Path, form: Form) -> None:
        super().__init__(path, form)
        try:
            with pq.ParquetFile(path) as file:
                self.total = file.metadata.num_rows
                self.columns = list(file.schema_arrow.names)
        except (pa.ArrowException, OSError) as error:
            raise damaged(error) from None
        if not self.total:
            raise Failure("The file holds no rows. Choose a file with a table of messages.")

    def rows(self) -> Iterator[Row | Unreadable]:
        self.taken = 0
        try:
            with pq.ParquetFile(self.path, memory_map=True, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=1000, use_threads=False):
                    columns = [batch.column(i).to_pylist() for i in range(batch.num_columns)]
                    self.taken += int(self.size * batch.num_rows / (self.total or 1))
                    yield from map(list, zip(*columns, strict=True))
        except (pa.ArrowException, OSError) as error:
            raise damaged(error) from None


def damaged(error: Exception) -> Failure:
    return Failure(f"The Parquet file is damaged or cut off ({str(error)[:120]}). Export it again.")
