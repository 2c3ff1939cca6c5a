from pathlib import Path

import pytest

from crowdalogue.analyze.labelled import Row, agreed, labelled, marked, parted, rows


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_tsv_and_json_lines_give_the_same_rows(tmp_path: Path) -> None:
    files = (
        write(tmp_path / "a.csv", 'id,text,label\n7,"Where, please?",ask\n,Thanks,praise\n'),
        write(tmp_path / "a.tsv", "id\ttext\tlabel\n7\tWhere, please?\task\n\tThanks\tpraise\n"),
        write(
            tmp_path / "a.jsonl",
            '{"id": 7, "text": "Where, please?", "label": "ask"}\n{"text": "Thanks", "label": "praise"}\n',
        ),
    )
    expected = [Row("7", "Where, please?", "ask"), Row("2", "Thanks", "praise")]
    assert [labelled(file) for file in files] == [expected] * 3


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "text,label\n", "no row with a label"),
        ("a.csv", "text,mood\nx,y\n", "no column label. Columns are: text, mood"),
        ("a.csv", "\n\n", "is empty"),
        ("a.csv", "text,text,label\nx,y,z\n", "2 columns text. Rename"),
        ("a.csv", "text,label\nhello, you,a\n", "Row 1 of a.csv has 3 cells, its heading 2. Put texts"),
        ("a.csv", 'text,label\nx,a\n"y,b\nz,c\n', "quotation mark that is never closed"),
        ("a.csv", "text,label\n" + "x" * 10_000_001 + ",a\n", "more than 10,000,000 characters"),
        ("a.csv", ",".join(["x" * 60] * 30) + "\n", "Columns are: x{40}…,.* and 18 more"),
        ("a.csv", "PK\x03\x04", "is a spreadsheet or an archive. Save it as CSV"),
        ("a.csv", "PAR1", "is Parquet. Save it as CSV"),
        ("a.csv", "\x00\x01\x02" * 50, "is not text"),
        ("a.json", "[]", "ends in .jsonl"),
        ("a.jsonl", "\n", "is empty"),
        ("a.jsonl", "{", "Line 1 of a.jsonl is not JSON"),
        ("a.jsonl", "[" * 100_000, "Line 1 of a.jsonl is not JSON"),
        ("a.jsonl", "[1]", "not an object"),
    ],
)
def test_a_bad_file_is_refused_in_words(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        labelled(write(tmp_path / name, text))


@pytest.mark.parametrize(
    "body",
    [
        b'text,label\n"Where, please?",ask\n',
        b'\xef\xbb\xbftext,label\r\n"Where, please?",ask\r\n',
        b'text,label\r"Where, please?",ask\r',
        b"text;label\nWhere, please?;ask\n",
        b"text\tlabel\nWhere, please?\task\n",
        b'\n Label , TEXT ,\n ask ,"Where, please?",,\n',
        'text,label\n"Where, please?",ask'.encode("utf-16"),
    ],
    ids=["plain", "mark and CRLF", "CR", "semicolons", "tabs", "odd heading", "UTF-16"],
)
def test_what_programs_call_csv_is_read(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(body)
    assert labelled(path) == [Row("1", "Where, please?", "ask")]


def test_a_text_may_have_lines_and_quotation_marks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\n"Where\nis ""it""?\n\nThanks",ask\n')
    assert labelled(path) == [Row("1", 'Where\nis "it"?\n\nThanks', "ask")]


def test_rows_without_a_label_are_counted(tmp_path: Path) -> None:
    found, without = parted(write(tmp_path / "a.csv", "text,label\nx,a\ny,\n,b\nz\n"))
    assert ([(row.text, row.label) for row in found], without) == ([("x", "a"), ("", "b")], 2)


def test_bytes_that_are_no_utf_8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("text\nschön\n".encode("latin-1"))
    with pytest.raises(ValueError, match="UTF-8"):
        list(rows(path))


def test_a_long_text_is_one_cell(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\n" + "word " * 60_000 + ",a\n")
    assert len(labelled(path)[0].text) == 300_000


def test_a_text_under_two_labels_counts_with_the_more_frequent_or_not_at_all() -> None:
    given = [
        Row(str(i), text, label)
        for i, (text, label) in enumerate(
            [("x", "a"), ("x", "a"), ("x", "b"), ("y", "a"), ("y", "b"), ("z", "b"), ("w", "b")]
        )
    ]
    kept, left_out = agreed(given, "f")
    assert [(row.text, row.label) for row in kept] == [("x", "a"), ("x", "a"), ("z", "b"), ("w", "b")]
    assert left_out == 3


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("x", "a"), ("y", "a")], "one label only, a"),
        ([("x", "a"), ("y", "b")], "Too few of: a, b"),
        ([("x", "a"), ("x", "b")], "contradict"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(pairs: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        agreed([Row("1", text, label) for text, label in pairs], "f")


def test_what_a_text_is_judged_on_is_marked() -> None:
    assert marked(Row("1", "The soup was cold")) == "The soup was cold"
    assert marked(Row("1", "The soup was cold", about="Soup")) == "The $T$ soup $T$ was cold"
    assert marked(Row("1", "The $T$ was cold", about="soup")) == "The $T$ soup $T$ was cold"
    assert marked(Row("1", "It was cold", about="soup")) == "$T$ soup $T$ : It was cold"
