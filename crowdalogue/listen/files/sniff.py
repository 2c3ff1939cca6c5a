"""What a file is before it is read: its format, letters and separator, from its first bytes."""

from __future__ import annotations

import codecs
import csv
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from charset_normalizer import from_bytes

from crowdalogue.errors import Failure

SAMPLE = 262_144  # bytes looked at
ROW_LIMIT = 1_000_000  # characters; nobody writes a message that long, so the file is not what it seems
DELIMITERS = (",", ";", "\t", "|")
ONE_COLUMN = "\x1f"  # never in text: every line is one cell
ENCODINGS = (  # offered to choose from
    ("utf-8", "UTF-8"),
    ("utf-16", "UTF-16"),
    ("cp1252", "Windows-1252 (Western Europe)"),
    ("cp1250", "Windows-1250 (Central Europe)"),
    ("cp1251", "Windows-1251 (Cyrillic)"),
    ("cp1253", "Windows-1253 (Greek)"),
    ("cp1254", "Windows-1254 (Turkish)"),
    ("cp1255", "Windows-1255 (Hebrew)"),
    ("cp1256", "Windows-1256 (Arabic)"),
    ("koi8_r", "KOI8-R (Cyrillic)"),
    ("cp932", "Shift JIS (Japanese)"),
    ("euc_jp", "EUC-JP (Japanese)"),
    ("gb18030", "GB 18030 (Chinese)"),
    ("big5", "Big5 (Chinese)"),
    ("euc_kr", "EUC-KR (Korean)"),
)
MAGIC = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook. Open it, save the table as CSV, and import that"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file. Open it, save the table as CSV, and import that"),
    (b"\x1f\x8b", "compressed with gzip. Unpack it first"),
    (b"BZh", "compressed with bzip2. Unpack it first"),
    (b"\xfd7zXZ", "compressed with xz. Unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive. Unpack it first"),
    (b"Rar!", "a RAR archive. Unpack it first"),
    (b"%PDF", "a PDF. Export the table behind it as CSV"),
    (b"\x89PNG", "a picture. A table of messages is needed: CSV, JSONL or Parquet"),
    (b"\xff\xd8\xff", "a picture. A table of messages is needed: CSV, JSONL or Parquet"),
    (b"GIF8", "a picture. A table of messages is needed: CSV, JSONL or Parquet"),
    (b"RIFF", "a picture, sound or film. A table of messages is needed: CSV, JSONL or Parquet"),
    (b"SQLite format 3", "an SQLite store. Export the table of messages as CSV"),
    (b"\x7fELF", "a program. A table of messages is needed: CSV, JSONL or Parquet"),
    (b"MZ", "a program. A table of messages is needed: CSV, JSONL or Parquet"),
)


@dataclass(frozen=True)
class Form:
    """How to read a file. Kept in the import's mapping, so that a resumed run reads it the same way."""

    format: str  # csv | jsonl | json | parquet
    encoding: str = "utf-8"
    delimiter: str = ","
    escape: str = ""
    header: bool = True
    root: str = ""  # the key whose value is the array, where a JSON file is an object

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Form:
        return cls(**{k: v for k, v in kept.items() if k in cls.__dataclass_fields__})


def sniff(path: Path, encoding: str = "") -> tuple[Form, list[str]]:
    """The file's form and remarks for the person. `encoding` overrides what would be guessed.

    Raises `Failure` for what is not a table.
    """
    start = first_bytes(path)
    if start.startswith(b"PAR1"):
        return Form("parquet", ""), []
    refuse_what_is_no_table(start)
    problems: list[str] = []
    encoding = encoding or encoding_of(start, problems)
    text = sample_text(start, encoding)
    if not text.strip():
        raise Failure("The file holds nothing but blanks. Choose a file with a table of messages.")
    form = form_of(text, encoding)
    return form, problems


def first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(SAMPLE)
    except OSError as error:
        raise Failure(f"{path.name} cannot be opened ({error.strerror}). Choose another file.") from None
    if not start:
        raise Failure("The file is empty. Choose a file with a table of messages.")
    return start


def refuse_what_is_no_table(start: bytes) -> None:
    for magic, what in MAGIC:
        if start.startswith(magic) and not (magic in (b"MZ", b"RIFF") and is_plain(start[:512])):
            raise Failure(f"This file is {what}.")
    if start.lstrip()[:5].lower() in (b"<!doc", b"<html", b"<?xml"):
        raise Failure("This file is a web page or XML. A table of messages is needed: CSV, JSONL or Parquet.")
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
    if start.startswith(marks) or wide_encoding(start):
        return
    controls = sum(b < 9 or 13 < b < 32 for b in start[:65536] if b)
    if controls > len(start[:65536]) * 0.02:
        raise Failure("This file is not text. A table of messages is needed: CSV, JSONL or Parquet.")


def is_plain(start: bytes) -> bool:
    return all(b >= 32 or b in (9, 10, 13) for b in start)


def encoding_of(start: bytes, problems: list[str]) -> str:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if start.startswith(mark):
            return name
    if wide := wide_encoding(start):
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(start)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    # Mostly UTF-8 with a few stray bytes: the reader takes those for Windows-1252.
    stray = codecs.getincrementaldecoder("utf-8")("replace").decode(start).count("�")
    if stray * 20 < sum(b > 127 for b in start):
        problems.append("A few letters are not UTF-8; they are read as Windows-1252.")
        return "utf-8"
    name = narrow_encoding(start)
    label = dict(ENCODINGS).get(name, name)
    problems.append(f"The file is not UTF-8. It is read as {label}: look at the preview, and choose another if not.")
    return name


def wide_encoding(start: bytes) -> str:
    """UTF-16 without a mark: every other byte is zero."""
    even, odd = start[0:4000:2], start[1:4000:2]
    if len(odd) < 4:
        return ""
    if odd.count(0) > len(odd) * 0.4 and even.count(0) < len(even) * 0.1:
        return "utf-16-le"
    if even.count(0) > len(even) * 0.4 and odd.count(0) < len(odd) * 0.1:
        return "utf-16-be"
    return ""


def narrow_encoding(start: bytes) -> str:
    """The legacy encoding the bytes most likely are in."""
    best = from_bytes(start[:65536], cp_isolation=[name for name, _ in ENCODINGS if not name.startswith("utf")]).best()
    name = best.encoding if best else "cp1252"
    if name not in ("cp1250", "cp1254"):
        return name
    # Between Western and Central Europe: in the wrong one, signs stand in the middle of words ("Za¿ó³æ").
    western = start.decode("cp1252", "replace")
    foreign = [m.group() for m in re.finditer(r"[^\x00-\x7f]", western)]
    odd = re.findall(r"(?<=\w)[¡-¿×÷](?=\w)", western)
    return "cp1250" if len(odd) > len(foreign) * 0.15 else "cp1252"


def sample_text(start: bytes, encoding: str) -> str:
    """The sample decoded. A wrong choice of encoding is said, not guessed around."""
    errors = "strict" if encoding.startswith(("utf-16", "utf-32")) else "replace"
    try:
        text = codecs.getincrementaldecoder(encoding)(errors).decode(start)
    except (UnicodeError, LookupError):
        label = dict(ENCODINGS).get(encoding, encoding)
        raise Failure(f"The file cannot be read as {label}. Choose another encoding.") from None
    return text.lstrip("\ufeff").replace("\x00", "")


def form_of(text: str, encoding: str) -> Form:
    lead = text.lstrip()
    if lead.startswith("["):
        return Form("json", encoding) if looks_like_array(lead) else csv_form(text, encoding)
    if lead.startswith("{"):
        line, _, rest = lead.partition("\n")
        if not rest.strip() and (root := root_of(lead)):  # all in one line: {"messages": [{...}, ...]}
            return Form("json", encoding, root=root)
        if is_object(line) or (len(line) >= SAMPLE // 4 and '":' in line[:1000] and not root_of(lead)):
            return Form("jsonl", encoding)
        if root := root_of(lead):
            return Form("json", encoding, root=root)
        if re.match(r'\{\s*"', lead):
            raise Failure(
                "This is one JSON object, not a list of messages. Write an array of objects, or one object a line."
            )
    return csv_form(text, encoding)


def looks_like_array(lead: str) -> bool:
    return re.match(r"\[\s*(\{|\])", lead) is not None


def root_of(lead: str) -> str:
    found = re.match(r'\{\s*"([\w .-]+)"\s*:\s*\[\s*\{', lead)
    return found.group(1) if found else ""


def is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def csv_form(text: str, encoding: str) -> Form:
    marked = re.match(r"sep=(.)\r?\n", text)  # Excel's own note of its separator
    if marked:
        text = text[marked.end() :]
    escape = "\\" if text.count('\\"') > text.count('""') else ""
    delimiter = marked.group(1) if marked else best_delimiter(text, escape)
    first = next(iter(sample_rows(text, delimiter, escape)), [])
    return Form("csv", encoding, delimiter, escape, header=is_header(first))


def best_delimiter(text: str, escape: str) -> str:
    """The separator that gives the most rows as many cells as the first has; more cells win a tie."""
    scores: list[tuple[float, int, str]] = []
    for delimiter in DELIMITERS:
        rows = sample_rows(text, delimiter, escape)
        width = len(rows[0]) if rows else 0
        if width > 1:
            same = sum(len(row) == width for row in rows) / len(rows)
            scores.append((round(same, 1), width, delimiter))
    best = max(scores, default=(0.0, 0, ONE_COLUMN))
    return best[2] if best[0] >= 0.5 else ONE_COLUMN


def sample_rows(text: str, delimiter: str, escape: str, limit: int = 200) -> list[list[str]]:
    rows: list[list[str]] = []
    lines = text.splitlines(keepends=True)
    if len(lines) > 1:
        lines = lines[:-1] if len(text) > 1000 else lines  # the last may be cut
    csv.field_size_limit(max(csv.field_size_limit(), ROW_LIMIT + 1))
    try:
        for row in csv.reader(lines, delimiter=delimiter, escapechar=escape or None):
            if row:
                rows.append(row)
            if len(rows) == limit:
                break
    except csv.Error:
        pass
    return rows


def is_header(first: list[str]) -> bool:
    """Names are short, different from each other, and not numbers or dates."""
    cells = [cell.strip() for cell in first]
    named = [cell for cell in cells if cell]
    if not named or len(set(named)) < len(named) or any(len(cell) > 64 for cell in named):
        return False
    if len(named) < len(cells) / 2:
        return False
    return not any(re.fullmatch(r"[-+]?[\d.,:/ T-]+Z?|.*[.!?]|.*@.*\..*|https?:.*", cell) for cell in named)
