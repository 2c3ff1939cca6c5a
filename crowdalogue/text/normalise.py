"""One form for texts that a reader would call the same: for comparing messages and for finding copies."""

from __future__ import annotations

import re
import unicodedata

LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
NAMED = re.compile(r"(?<![\w@])@\w+(?:\.\w+)*")
# A repost as people mark it by hand: "RT @someone: ..."
REPOST = re.compile(r"^\s*(?:RT|MT)\s+@\w+:?\s*")
_NO_WORD = re.compile(r"[\W_]+")
# Controls, formats (zero-width, direction marks), lone surrogates: nothing a reader sees.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """The text without characters that nobody sees; line breaks and tabs stay."""
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def folded(text: str) -> str:
    """Lower case, one form for each character (NFKC), no links, names or repost mark, words parted by one blank.

    Two texts that differ only in case, spacing, punctuation, links or whom they address fold to the same string.
    """
    text = REPOST.sub("", text)
    if "@" in text:
        text = NAMED.sub(" ", text)
    if "://" in text or "www." in text:
        text = LINK.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", visible(text))
    return _NO_WORD.sub(" ", text.casefold()).strip()
