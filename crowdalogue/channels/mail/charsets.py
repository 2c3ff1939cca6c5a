"""Bytes to text, whatever the mail claims they are. Nothing here raises."""

from __future__ import annotations

import binascii
import codecs
import re
from functools import lru_cache

from charset_normalizer import from_bytes

__all__ = ["clean", "codec_of", "decode", "from_base64", "from_quoted_printable", "from_uuencode"]

# Names that mails use and Python does not know, or knows as a smaller set than the mails mean.
ALIASES = {
    "ascii": "cp1252", "us-ascii": "cp1252", "ansi_x3.4-1968": "cp1252", "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "iso_8859-1": "cp1252", "windows-1252": "cp1252",
    "iso-8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030",
    "cp936": "gb18030", "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "ksc5601": "cp949", "euc-kr": "cp949",
    "windows-949": "cp949", "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "sjis": "cp932",
    "windows-31j": "cp932", "iso-2022-jp": "iso2022_jp_2", "csiso2022jp": "iso2022_jp_2", "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext", "x-euc-jp": "euc_jp", "big5": "big5hkscs", "x-x-big5": "big5hkscs",
    "tis-620": "cp874", "windows-874": "cp874", "iso-8859-11": "cp874", "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8", "iso-8859-6-i": "iso8859-6", "iso-8859-6-e": "iso8859-6", "macintosh": "mac_roman",
    "x-mac-roman": "mac_roman", "x-mac-cyrillic": "mac_cyrillic", "x-mac-ce": "mac_latin2", "koi8": "koi8_r",
    "koi8-ru": "koi8_u", "utf8": "utf-8", "utf8mb4": "utf-8", "unicode-1-1-utf-7": "utf-7", "unicode": "utf-16",
    "iso-10646-ucs-2": "utf-16", "ucs-2": "utf-16", "x-cp1250": "cp1250", "x-cp1251": "cp1251", "win-1251": "cp1251",
    "cp-850": "cp850",
}  # fmt: skip
UNSAID = frozenset({"", "unknown", "x-unknown", "unknown-8bit", "default", "binary", "8bit", "7bit", "x-user-defined"})
# Codecs of Python that turn text into code or host names: a mail may not ask for them.
FORBIDDEN = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
SINGLE_BYTE_LATIN = frozenset({"cp1252", "cp1254", "iso8859-15"})
ESCAPED = frozenset({"iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp", "iso2022_kr", "hz", "utf-7", "utf-16", "utf-32"})
GUESS_BYTES = 16_384  # enough to recognise a charset, and bounds the time it takes
UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


@lru_cache(maxsize=512)
def codec_of(name: str) -> str:
    """The Python codec for a charset's name, or "" when the name says nothing we know."""
    plain = name.strip().strip("\"'").casefold()[:60]
    if plain in UNSAID:
        return ""
    try:
        found = codecs.lookup(ALIASES.get(plain, plain))
    except (LookupError, ValueError):
        return ""
    spelled = ALIASES.get(plain, found.name)
    if not getattr(found, "_is_text_encoding", True) or found.name.replace("-", "_") in FORBIDDEN:
        return ""
    return spelled


def decode(data: bytes, charset: str = "") -> str:
    """Text of `data`, said to be in `charset` ("" when unsaid). Broken bytes become U+FFFD at worst."""
    codec = codec_of(charset)
    if codec not in ESCAPED and data.isascii():
        return data.decode("ascii")
    if not codec or codec == "utf-8" or codec in SINGLE_BYTE_LATIN:
        # Valid UTF-8 beyond ASCII is hardly ever anything else, whatever the label says.
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    if codec and codec != "utf-8":
        return _named(data, codec)
    if codec == "utf-8" and _slightly_broken(data):
        return data.decode("utf-8", "replace")
    return _guessed(data)


def _named(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return data.decode("latin-1")


def _slightly_broken(data: bytes) -> bool:
    """Is it UTF-8 with few faults (cut in the middle of a letter), rather than another charset?"""
    text = data.decode("utf-8", "replace")
    faults = text.count("\ufffd")
    return faults <= sum(1 for c in text if c > "\x7f" and c != "\ufffd")


def _guessed(data: bytes) -> str:
    best = from_bytes(data[:GUESS_BYTES]).best() if len(data) > 40 else None
    for codec in (best.encoding if best else "cp1252", "cp1252"):
        try:
            return data.decode(codec)
        except (UnicodeError, LookupError):
            continue
    return data.decode("cp1252", "replace")


def clean(text: str) -> str:
    """Line ends as one newline; without NUL, other control characters and lone surrogates."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x0c" in text:
        text = text.replace("\x0c", "\n")
    return UNWANTED.sub("", text) if UNWANTED.search(text) else text


def from_base64(data: bytes) -> bytes:
    """Decode base64 with foreign letters, lost padding, or several pieces glued together."""
    try:
        return binascii.a2b_base64(data, strict_mode=True)
    except ValueError:
        pass
    if data.count(b"=") > 1000:
        return _base64_piece(NOT_BASE64.sub(b"", data))
    pieces = (NOT_BASE64.sub(b"", piece) for piece in re.split(rb"={1,2}(?=[\s]*[A-Za-z0-9+/])", data))
    return b"".join(_base64_piece(piece) for piece in pieces)


def _base64_piece(piece: bytes) -> bytes:
    if len(piece) % 4 == 1:
        piece = piece[:-1]
    return binascii.a2b_base64(piece + b"=" * (-len(piece) % 4))


def from_quoted_printable(data: bytes) -> bytes:
    return binascii.a2b_qp(data)


def from_uuencode(data: bytes) -> bytes:
    """Decode the lines between `begin` and `end`; a broken line is left out."""
    out = []
    for line in data.splitlines():
        if line.startswith(b"begin ") or line == b"end":
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(out)
