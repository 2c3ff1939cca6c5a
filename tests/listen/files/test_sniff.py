"""What a file is, from its first bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from crowdalogue.listen.files.sniff import ONE_COLUMN, Form, sniff


def form(tmp_path: Path, content: str, encoding: str = "utf-8") -> Form:
    path = tmp_path / "file"
    path.write_bytes(content.encode(encoding))
    return sniff(path)[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "text", "who"], ["1", "Hello; you, there", "ann"], ["2", "well, well", "bob"]]
    lines = [delimiter.join(f'"{cell}"' for cell in row) for row in rows]
    assert form(tmp_path, "\n".join(lines)).delimiter == delimiter


def test_one_column_of_sentences_is_not_cut_at_commas(tmp_path: Path) -> None:
    found = form(tmp_path, "text\nWell, that, was it\nNo commas here\nOne, comma\nNone\nNone again\n")
    assert found.delimiter == ONE_COLUMN and found.header


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Schöne Grüße, die Größe paßt nicht “so”", "cp1252"),
        ("Très déçu, la qualité était mauvaise", "cp1252"),
        ("Zażółć gęślą jaźń, paczka nie dotarła", "cp1250"),
        ("Доставка не пришла вовремя, очень плохо", "cp1251"),
        ("配達がまだ届きません。どうなっていますか", "cp932"),
        ("快递还没有到，请问怎么回事，谢谢", "gb18030"),
    ],
)
def test_letters_of_older_encodings(tmp_path: Path, text: str, encoding: str) -> None:
    content = f"id;text\n1;{text}\n" * 3
    found = form(tmp_path, content, encoding)
    assert content.encode(encoding).decode(found.encoding) == content


@pytest.mark.parametrize(
    ("content", "format_", "root"),
    [
        ('{"a": 1}\n{"a": 2}', "jsonl", ""),
        ('[{"a": 1}]', "json", ""),
        ('{"messages": [{"a": 1}]}', "json", "messages"),
        ("[bracketed] text\nhello", "csv", ""),
    ],
)
def test_the_format(tmp_path: Path, content: str, format_: str, root: str) -> None:
    found = form(tmp_path, content)
    assert (found.format, found.root) == (format_, root)


def test_a_form_is_kept_and_read_again() -> None:
    kept = Form("csv", "cp1252", ";", "\\", False)
    assert Form.of(kept.as_json() | {"unknown": 1}) == kept


def test_a_first_row_of_data_is_no_header(tmp_path: Path) -> None:
    assert not form(tmp_path, "2024-01-01,Hello there.,ann\n2024-01-02,Me too.,bob\n").header
    assert form(tmp_path, "date,text,who\n2024-01-02,Me too.,bob\n").header
