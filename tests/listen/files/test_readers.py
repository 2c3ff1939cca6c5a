"""Whatever was written as CSV, JSON or Parquet is read back row by row."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.errors import Failure
from crowdalogue.listen.files import readers
from crowdalogue.listen.files.readers import Unreadable, open_table
from crowdalogue.listen.files.sniff import Form

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r\ufeff"), max_size=30)
tables = st.lists(st.tuples(texts.map(lambda t: t + "."), texts, texts), min_size=1, max_size=20)


def read(content: bytes, form: Form) -> tuple[list[str], list[Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        table = open_table(path, form)
        return table.columns, list(table.rows())


@settings(max_examples=60)
@given(tables, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_csv_comes_back_as_it_was_written(rows: list[Any], delimiter: str, encoding: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([("a", "b", "c"), *rows])
    columns, found = read(out.getvalue().encode(encoding), Form("csv", encoding, delimiter))
    assert columns == ["a", "b", "c"]
    assert [tuple(row) for row in found] == rows


@settings(max_examples=60)
@given(tables, st.sampled_from([None, 2]))
def test_json_comes_back_as_it_was_written(rows: list[Any], indent: int | None) -> None:
    objects = [dict(zip("abc", row, strict=True)) for row in rows]
    columns, found = read(json.dumps(objects, indent=indent).encode(), Form("json"))
    assert columns == ["a", "b", "c"] and [tuple(row[:3]) for row in found] == rows
    _, lines = read("\n".join(map(json.dumps, objects)).encode(), Form("jsonl"))
    assert lines == found


def test_pieces_of_any_size_give_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"text": f'größer {i} ]}}"[{{', "n": i} for i in range(200)]
    whole = read(json.dumps(rows, ensure_ascii=False).encode(), Form("json"))
    lines = "\n".join(json.dumps(r, ensure_ascii=False) for r in rows).encode()
    monkeypatch.setattr(readers, "BLOCK", 7)  # cuts letters, quotes and numbers apart
    assert read(json.dumps(rows, ensure_ascii=False).encode(), Form("json")) == whole
    assert read(lines, Form("jsonl"))[1] == whole[1]


def test_parquet_comes_back_as_it_was_written(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(2500)), "b": [None] * 2500}), tmp_path / "x.parquet")
    table = open_table(tmp_path / "x.parquet", Form("parquet", ""))
    assert table.total == 2500 and [row[0] for row in table.rows() if not isinstance(row, Unreadable)] == list(
        range(2500)
    )


def test_rows_too_short_are_filled_and_rows_too_long_are_unreadable() -> None:
    _, rows = read(b"a,b\n1\n1,2,\n1,2,3\n", Form("csv"))
    assert rows[:2] == [["1", ""], ["1", "2"]]
    assert isinstance(rows[2], Unreadable) and rows[2].content["more"] == ["3"]


def test_old_line_ends_equal_names_and_a_separator_that_is_said() -> None:
    assert read(b"a,a\r1,2\r3,4\r", Form("csv")) == (["a", "a (2)"], [["1", "2"], ["3", "4"]])
    assert read(b"sep=;\na;b\n1;2\n", Form("csv", delimiter=";")) == (["a", "b"], [["1", "2"]])


def test_backslashes_escape_where_the_form_says_so() -> None:
    assert read(b'a,b\n"say \\"hi\\"",2\n', Form("csv", escape="\\"))[1] == [['say "hi"', "2"]]


@pytest.mark.parametrize("content", [b"text\n" + b"a" * 1_100_000, b'text\n"' + b"a\n" * 600_000])
def test_a_row_without_end_is_refused(content: bytes) -> None:
    with pytest.raises(Failure, match="longer than 1 MB"):
        read(content, Form("csv"))
