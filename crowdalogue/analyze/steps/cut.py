"""A message cut into words with their places, once for all the rules that go by words."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import NamedTuple

from crowdalogue.analyze.document import READ_CHARACTERS, Document

_SPLIT = re.compile(r"([^\W_]+(?:'[^\W_]+)?)")


class Cut(NamedTuple):
    """`low` has the same length as `text`, so that places hold for both; `words` are pieces of `low`."""

    text: str
    low: str
    words: list[str]
    spans: list[tuple[int, int]]
    known: frozenset[str]


def cut(document: Document) -> Cut:
    """The text of a document (not its subject), as far as steps read it."""
    done: Cut | None = document.shared.get("cut")
    if done is None:
        done = document.shared["cut"] = cut_text(document.text[:READ_CHARACTERS])
    return done


def cut_text(text: str) -> Cut:
    low = text.lower()
    if len(low) != len(text):  # a letter whose small form is two would move all places after it
        low = "".join(c if len(c.lower()) != 1 else c.lower() for c in text)
    if "’" in low:
        low = low.replace("’", "'")
    words = _plain_words(low) if low.isascii() else None
    if words is None:
        # Splitting and adding up lengths stays in C: half the price of asking every match for its place.
        pieces = _SPLIT.split(low)
        words = pieces[1::2]
        places = list(accumulate(map(len, pieces)))
        return Cut(text, low, words, list(zip(places[::2], places[1::2], strict=False)), frozenset(words))
    spans, end = [], 0
    for word in words:
        start = low.index(word, end)
        end = start + len(word)
        spans.append((start, end))
    return Cut(text, low, words, spans, frozenset(words))


# Every ASCII character that stands in no word as a blank.
_BLANKS = bytes(code if chr(code).isalnum() or chr(code) == "'" else 32 for code in range(256))


def _plain_words(low: str) -> list[str] | None:
    """The words of an ASCII text, in half the time; None where an apostrophe stands elsewhere than inside a word."""
    words = low.encode().translate(_BLANKS).decode().split()
    if "'" in low:
        for word in words:
            if "'" in word and (word[0] == "'" or word[-1] == "'" or word.count("'") > 1):
                return None
    return words
