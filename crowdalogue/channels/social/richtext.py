"""Text of Bluesky: lengths as people see them, and links and mentions marked by their place in UTF-8 bytes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["expanded", "facets", "graphemes"]

LINK = re.compile(r"https?://[^\s<>\"“”]+")
MENTION = re.compile(r"(?<![\w@/.])@((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]{0,62})")
TAG = re.compile(r"(?<![\w&/#])#([^\W\d_]\w{0,63}|\d+[^\W\d_]\w{0,62})")
TRAILING = ".,;:!?'’"  # ends a sentence rather than a link
MOST_MENTIONS = 10  # each is asked for
JOINER = "\u200d"
FEATURE = "app.bsky.richtext.facet#"


def graphemes(text: str) -> int:
    """How many characters a reader sees: an emoji of five code points is one.

    Follows the rules of Unicode's annex 29 that matter in practice: marks, joined emoji, flags, Hangul, CR LF.
    """
    count, before, flags, joined = 0, "", 0, False
    for char in text:
        flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        flags = flags + 1 if flag else 0
        extends = _extends(char)
        continues = before and (
            extends
            or (joined and _pictured(char))
            or (flag and flags % 2 == 0)
            or (before == "\r" and char == "\n")
            or _hangul(before, char)
        )
        count += not continues
        # An emoji, perhaps with its colour, then a joiner: the next emoji belongs to it.
        joined = char == JOINER and bool(before)
        before = char
    return count


def _extends(char: str) -> bool:
    if char.isascii():
        return False
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or char in (JOINER, "\u200c")
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # colours of skin
        or "\U000e0020" <= char <= "\U000e007f"  # regional flags
    )


def _pictured(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sm", "Po") or ord(char) >= 0x1F000


def _hangul(before: str, char: str) -> bool:
    """A Korean syllable written in its parts."""
    lead, vowel, tail = 0x1100 <= ord(before) <= 0x115F, 0x1160 <= ord(char) <= 0x11A7, 0x11A8 <= ord(char) <= 0x11FF
    syllable = 0xAC00 <= ord(before) <= 0xD7A3
    open_syllable = syllable and (ord(before) - 0xAC00) % 28 == 0
    after_vowel = 0x1160 <= ord(before) <= 0x11A7
    return (
        (lead and (vowel or 0x1100 <= ord(char) <= 0x115F or 0xAC00 <= ord(char) <= 0xD7A3))
        or ((open_syllable or after_vowel) and (vowel or tail))
        or ((syllable or 0x11A8 <= ord(before) <= 0x11FF) and tail)
    )


def facets(text: str, did_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """Links, mentions and tags of a text. `did_of` gives the account of a handle, empty where there is none."""
    found = [(*_bytes(text, start, end), {"$type": f"{FEATURE}link", "uri": uri}) for start, end, uri in _links(text)]
    taken = [(start, end) for start, end, _ in found]
    for match in list(MENTION.finditer(text))[:MOST_MENTIONS]:
        start, end = _bytes(text, *match.span())
        if not _inside(start, taken) and (did := did_of(match[1].lower())):
            found.append((start, end, {"$type": f"{FEATURE}mention", "did": did}))
    for match in TAG.finditer(text):
        start, end = _bytes(text, *match.span())
        if not _inside(start, taken):
            found.append((start, end, {"$type": f"{FEATURE}tag", "tag": match[1]}))
    return [
        {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}
        for start, end, feature in sorted(found, key=lambda f: f[0])
    ]


def _links(text: str) -> Iterable[tuple[int, int, str]]:
    for match in LINK.finditer(text):
        link = match[0].rstrip(TRAILING)
        if link.endswith(")") and link.count("(") < link.count(")"):
            link = link[:-1].rstrip(TRAILING)
        yield match.start(), match.start() + len(link), link


def _bytes(text: str, start: int, end: int) -> tuple[int, int]:
    before = len(text[:start].encode("utf-8", "replace"))
    return before, before + len(text[start:end].encode("utf-8", "replace"))


def _inside(place: int, taken: Iterable[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in taken)


def expanded(text: str, marks: Iterable[Mapping[str, Any]]) -> str:
    """The text with links in full, where the post shows only their beginning."""
    content = text.encode("utf-8", "replace")
    for start, end, uri in sorted(_shortened(content, marks), reverse=True):
        content = content[:start] + uri.encode("utf-8", "replace") + content[end:]
    return content.decode("utf-8", "replace")


def _shortened(content: bytes, marks: Iterable[Mapping[str, Any]]) -> Iterable[tuple[int, int, str]]:
    last = 0
    for mark in marks:
        index, features = mark.get("index"), mark.get("features")
        if not isinstance(index, dict) or not isinstance(features, list):
            continue
        start, end = index.get("byteStart"), index.get("byteEnd")
        uris = [f.get("uri") for f in features if isinstance(f, dict)]
        if not isinstance(start, int) or not isinstance(end, int) or not last <= start < end <= len(content):
            continue
        shown = content[start:end].decode("utf-8", "replace")
        if uris and isinstance(uris[0], str) and shown.endswith(("...", "…")):
            yield start, end, uris[0]
            last = end
