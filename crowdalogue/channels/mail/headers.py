"""One header's value to what it means: words, parameters, addresses, dates, ids. Nothing here raises."""

from __future__ import annotations

import binascii
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from crowdalogue.channels.mail.charsets import clean, decode, from_base64

__all__ = ["message_ids", "parameters", "parse_addresses", "parse_date", "raw_text", "sensible", "words"]

FOLD = re.compile(r"[ \t]*\r?\n[ \t]*")
ENCODED = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?(.*?)\?=", re.DOTALL)
MAX_VALUE = 64_000  # characters of one header that are looked at


def raw_text(value: bytes, charset: str = "") -> str:
    """Header bytes as text: they should be ASCII, often are UTF-8, sometimes the body's charset."""
    if value.isascii():
        return value.decode("ascii")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return decode(value, charset or "cp1252")


def words(value: str) -> str:
    """A header's text: unfolded, encoded words decoded (RFC 2047, also where malformed), cleaned."""
    value = value[:MAX_VALUE]
    if "=?" in value:
        value = _decode_words(value)
    if "\n" in value:
        value = FOLD.sub(" ", value)
    return clean(value).replace("\n", " ").strip()


def _decode_words(value: str) -> str:
    """Replace the encoded words. Neighbours of one charset are joined first: letters are cut between them."""
    out: list[str] = []
    held, held_charset, end = b"", "", 0
    for found in ENCODED.finditer(value):
        gap = value[end : found.start()]
        charset = found[1].partition("*")[0]
        if held and (gap.strip() or charset.casefold() != held_charset.casefold()):
            out.append(decode(held, held_charset))
            held = b""
        if gap.strip() or end == 0:
            # Filters glue `[SPAM]` to an encoded subject.
            out.append(gap + " " if gap.endswith("]") else gap)
        held += _word_bytes(found[2], FOLD.sub("", found[3]))
        held_charset, end = charset, found.end()
    out.append(decode(held, held_charset))
    out.append(value[end:])
    return "".join(out)


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "replace")
    if encoding in "bB":
        return from_base64(data)
    return binascii.a2b_qp(data, header=True)


# Content-Type and Content-Disposition

SIMPLE_VALUE = re.compile(r"\s*([^\s;()=\"/]+(?:/[^\s;()\"]+)?)\s*;?\s*$")
PARAMETER = re.compile(r';\s*([^\s;=()"*]+)\s*=\s*(?:"([^"\\]*)"|([^\s;"()=?]+(?==*[;\s]|=*$)=*))\s*(?=;|$)')


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """`text/plain; charset=x` to ("text/plain", {"charset": "x"}): lower case, decoded, continuations joined."""
    value = value[:MAX_VALUE]
    if FOLD.search(value):
        value = re.sub(r"\r?\n", "", value)
    head, _, rest = value.partition(";")
    if "(" in value:
        value = _without_comments(value)
        head, _, rest = value.partition(";")
    main = _main_value(head)
    if not rest.strip():
        return main, _loose_parameters(head)
    found: dict[str, str] = {}
    end = len(head)
    for hit in PARAMETER.finditer(value, end):
        if hit.start() != end:
            break
        found.setdefault(hit[1].casefold(), words(hit[2]) if hit[2] is not None else words(hit[3]))
        end = hit.end()
    if value[end:].strip(" \t;"):
        return main, _joined(_scan_parameters(value[len(head) :])) | _loose_parameters(head)
    return main, {name: kept for name, kept in found.items() if kept}


def _main_value(head: str) -> str:
    found = re.match(r"\s*([^\s/;]*)\s*(?:/\s*([^\s;]*))?", head)
    first, second = (found[1], found[2] or "") if found else ("", "")
    if not first:
        return ""
    return f"{first}/{second}".casefold() if second else first.casefold()


def _loose_parameters(head: str) -> dict[str, str]:
    """Parameters that follow the main value without the semicolon they should have."""
    if "=" not in head:
        return {}
    found = re.match(r"\s*[^\s/]+/[^\s;=]+\s+(?=[^\s=]+\s*=)", head)
    return _joined(_scan_parameters(";" + head[found.end() :])) if found else {}


def _without_comments(value: str) -> str:
    out, depth, quoted, escaped = [], 0, False, False
    for letter in value:
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == '"' and not depth:
            quoted = not quoted
        elif letter == "(" and not quoted:
            depth += 1
        elif letter == ")" and depth:
            depth -= 1
            continue
        if not depth:
            out.append(letter)
    return "".join(out)


def _scan_parameters(text: str) -> list[tuple[str, str, bool]]:
    """Every `name=value` as (name, value, was quoted), reading on after anything odd."""
    found: list[tuple[str, str, bool]] = []
    at, size = 0, len(text)
    while at < size:
        start = at
        while at < size and text[at] not in "=;":
            at += 1
        name = text[start:at].strip(" \t;").casefold()
        if at >= size or text[at] == ";":
            at += 1
            continue
        at += 1
        value, quoted, at = _scan_value(text, at)
        if name and (value or quoted):
            found.append((name, value, quoted))
    return found


def _scan_value(text: str, at: int) -> tuple[str, bool, int]:
    while at < len(text) and text[at] in " \t":
        at += 1
    if at < len(text) and text[at] == '"':
        return _scan_quoted(text, at + 1)
    end = text.find(";", at)
    end = len(text) if end < 0 else end
    value = text[at:end]
    # A forgotten semicolon: `a=b   c=d`, but never inside an encoded word.
    gap = re.search(r"\s+(?=[\w*-]{1,40}\s*=(?![?=]))", value) if "=" in value else None
    if gap:
        return value[: gap.start()].strip(), False, at + gap.start()
    return value.strip(), False, end


def _scan_quoted(text: str, at: int) -> tuple[str, bool, int]:
    out: list[str] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        out.append(text[at])
        at += 1
    return "".join(out), True, at + 1


def _joined(scanned: list[tuple[str, str, bool]]) -> dict[str, str]:
    """Put RFC 2231 pieces (`name*0*=`) in order, decode them, and plain values (RFC 2047) too."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value, _quoted in scanned:
        if "*" not in name:
            plain.setdefault(name, words(value))
            continue
        stem, _, tail = name.partition("*")
        number = re.match(r"\s*(\d{0,6})", tail)
        index = int(number[1]) if number and number[1] else 0
        if stem.strip():
            pieces.setdefault(stem.strip(), {}).setdefault(index, (value, name.endswith("*")))
    for stem, numbered in pieces.items():
        joined = _decode_pieces([numbered[index] for index in sorted(numbered)])
        if joined:
            plain[stem] = joined
    return plain


def _decode_pieces(pieces: list[tuple[str, bool]]) -> str:
    charset, data = "", b""
    for index, (piece, encoded) in enumerate(pieces):
        value = piece
        if index == 0 and encoded and piece.count("'") >= 2:
            charset, _language, value = piece.split("'", 2)
        elif encoded and charset and piece.startswith(f"{charset}'"):  # some repeat the charset in each piece
            value = piece[len(charset) + 1 :]
        data += unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace")
    return clean(decode(data, charset))


# Addresses

ONE_ADDRESS = re.compile(
    r'\s*(?:"([^"\\=]*)"|([^"<>,;:()@\\=]*?))\s*<\s*([^<>()\s",;:@]+@[^<>()\s",;:@]+)\s*>\s*$'
    r'|\s*([^<>()\s",;:@=]+@[^<>()\s",;:@]+)\s*$'
)


def parse_addresses(value: str, limit: int = 200) -> list[tuple[str, str]]:
    """A list of addresses to [(name, address)], groups flattened. An entry without "@" is kept as it is."""
    value = value[:MAX_VALUE]
    simple = ONE_ADDRESS.match(value)
    if simple:
        if simple[4]:
            return [("", simple[4])]
        return [(words(simple[1] or simple[2] or ""), simple[3])]
    entries = [_address(tokens) for tokens in _address_entries(FOLD.sub(" ", value))]
    return _names_with_commas([e for e in entries if e[0] or e[1]])[:limit]


def _address_entries(value: str) -> list[list[tuple[str, str]]]:
    """Split at commas outside quotes, comments and angle brackets; each entry is [(kind, text)].

    Kinds: "word", "quoted", "comment", "angle".
    """
    entries: list[list[tuple[str, str]]] = [[]]
    at, size, word = 0, len(value), ""

    def flush() -> None:
        nonlocal word
        if word.strip():
            entries[-1].append(("word", word.strip()))
        word = ""

    while at < size:
        letter = value[at]
        if letter == "=" and (encoded := ENCODED.match(value, at)):
            word += encoded[0]
            at = encoded.end()
        elif letter in '"(<':
            flush()
            kind = {'"': "quoted", "(": "comment", "<": "angle"}[letter]
            text, at = _enclosed(value, at, letter)
            entries[-1].append((kind, text))
        elif letter in ",;":
            flush()
            entries.append([])
            at += 1
        elif letter == ":" and "@" not in word:  # the name of a group ends: it is nobody's address
            word = ""
            entries[-1] = []
            at += 1
        else:
            word += letter
            at += 1
    flush()
    return entries


def _enclosed(value: str, at: int, opener: str) -> tuple[str, int]:
    """Text between an opener and its closer, escapes undone; to the end where it never closes."""
    closer = {'"': '"', "(": ")", "<": ">"}[opener]
    out: list[str] = []
    depth, at = 1, at + 1
    while at < len(value):
        letter = value[at]
        if letter == "\\" and opener != "<" and at + 1 < len(value):
            at += 1
            letter = value[at]
        elif letter == closer:
            depth -= 1
            if not depth:
                return "".join(out), at + 1
        elif letter == opener == "(":
            depth += 1
        elif opener == "<" and letter == "(":
            _comment, at = _enclosed(value, at, "(")
            continue
        out.append(letter)
        at += 1
    return "".join(out), at


def _address(tokens: list[tuple[str, str]]) -> tuple[str, str]:
    """(name, address) of one entry."""
    angle = next((text for kind, text in reversed(tokens) if kind == "angle"), None)
    names = [text for kind, text in tokens if kind in ("word", "quoted")]
    comments = [text for kind, text in tokens if kind == "comment"]
    if angle is None:
        bare = next((text for text in names if "@" in text), "")
        address = bare
        if not bare:  # a name alone
            return words(" ".join(names)) or words(" ".join(comments)), ""
        at_word = next((w for w in bare.split() if "@" in w[1:-1]), "")
        if at_word and at_word != bare and not re.search(r"\s[.@]|[.@]\s", bare):
            names, address = [bare.replace(at_word, "")], at_word
        else:
            names = []
    else:
        address = angle
    return words(" ".join(names)) or words(" ".join(comments)), _tidy_address(address)


def _tidy_address(address: str) -> str:
    address = re.sub(r"\s+", "", clean(address))
    if address.startswith("@") and ":" in address:  # an old source route: the last hop counts
        address = address.rpartition(":")[2]
    if address.casefold().startswith("mailto:") and "@" in address:
        address = address[7:].partition("?")[0]
    return address.strip("<>'\"")


def _names_with_commas(entries: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """`Doe, John <j@example.com>` without quotes is one person, not two."""
    out: list[tuple[str, str]] = []
    for name, address in entries:
        if out and "@" in address and name and "@" not in out[-1][1]:
            before = out.pop()
            out.append((f"{before[1] or before[0]}, {name}", address))
        else:
            out.append((name, address))
    return out


# Dates

ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "MSK": 3, "CET": 1,
         "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "WEST": 1, "BST": 1, "JST": 9, "KST": 9, "IST": 5.5,
         "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "HKT": 8, "SGT": 8}  # fmt: skip
ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?")
FRACTION = re.compile(r"(:\d\d)\.\d+\b")
NUMERIC = re.compile(r"(\d{1,2})\s+(\d{1,2})\s+(\d{2,4})\s+(\d{1,2})[:\s](\d\d)(?:[:\s](\d\d))?\s*([+-]\d{4})?")


def parse_date(value: str) -> datetime | None:
    """An aware time from a Date header (also after the `;` of Received), or None."""
    value = value[:1000].rpartition(";")[2]
    if "(" in value:
        value = _without_comments(value)
    value = " ".join(value.split()).lstrip("_-., ")
    if not value:
        return None
    try:
        return _from_parts(value)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _from_parts(value: str) -> datetime | None:
    found = ISO.match(value)
    if found:
        zone = _offset(found[7] or "Z")
        return datetime(*(int(g or 0) for g in found.groups()[:6]), tzinfo=zone)  # type: ignore[misc, arg-type]
    numeric = NUMERIC.match(re.sub(r"^[A-Za-z]+,\s*", "", value))
    if numeric:
        day, month, year, hour, minute, second = (int(g or 0) for g in numeric.groups()[:6])
        return datetime(_century(year), month, day, hour, minute, second, tzinfo=_offset(numeric[7] or "Z"))
    parts = parsedate_tz(FRACTION.sub(r"\1", value))
    if parts is None:
        return None
    year, month, day, hour, minute, second = parts[:6]
    seconds = parts[9]
    last = re.sub(r"\d.*", "", value.rpartition(" ")[2].upper())  # EST5EDT too
    if not seconds and last in ZONES:
        seconds = int(ZONES[last] * 3600)
    zone = UTC if not seconds else timezone(timedelta(seconds=seconds))
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)


def _century(year: int) -> int:
    return year if year > 999 else year + (1900 if year >= 50 else 2000)


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:4])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def sensible(when: datetime | None, now: datetime) -> datetime | None:
    """`when` in UTC, or None where no mail can have been written: before 1990, over two days ahead."""
    if when is None or when.year < 1990 or when.year > 9000:
        return None
    when = when.astimezone(UTC)
    return when if when <= now + timedelta(days=2) else None


# Ids

ANGLED = re.compile(r"<\s*([^<>]+?)\s*>")


def message_ids(value: str, limit: int = 1000) -> list[str]:
    """Ids of Message-ID, In-Reply-To or References, in order, without angle brackets."""
    value = FOLD.sub(" ", value[:MAX_VALUE])
    found = [clean(i).replace("\n", " ") for i in ANGLED.findall(value)]
    if not found and "<" not in value:
        found = [clean(word) for word in value.split() if "@" in word] or [clean(w) for w in value.split()[:1]]
    return [i for i in dict.fromkeys(found) if i][:limit]
