"""The part of a message that shows why it was found: plain text and where the words stand in it, never HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from crowdalogue.text.query import WORD, Term, fold

LENGTH = 220  # characters of a snippet
LEAD = 60  # characters kept before the first word found
_BLANK = re.compile(r"\s")

Span = tuple[int, int]


def found(text: str, terms: Sequence[Term]) -> Iterator[Span]:
    """Where the terms stand in `text`, in order: (start, end) of each word, phrase words one by one."""
    whole: dict[str, list[Term]] = {}  # by last word: most words of a text end no term, and are passed over quickly
    for term in terms:
        if not term.prefix:
            whole.setdefault(term.words[-1], []).append(term)
    prefixes = [term for term in terms if term.prefix]
    longest = max((len(term.words) for term in terms), default=0)
    window: list[tuple[str, int, int]] = []
    reported = 0
    for match in WORD.finditer(text) if terms else ():
        word = fold(match[0])
        if longest > 1:
            del window[: 1 - longest]
        else:
            window.clear()
        window.append((word, match.start(), match.end()))
        ending = whole.get(word, [])
        if prefixes:
            ending = ending + [term for term in prefixes if word.startswith(term.words[-1])]
        if not ending:
            continue
        count = max((len(term.words) for term in ending if _before(window, term)), default=0)
        for _, start, end in window[len(window) - count :] if count else ():
            if start >= reported:
                yield start, end
                reported = end


def _before(window: Sequence[tuple[str, int, int]], term: Term) -> bool:
    """Whether the words before the last one are those of the term."""
    count = len(term.words)
    return count <= len(window) and all(
        word == wanted for (word, _, _), wanted in zip(window[-count:-1], term.words[:-1], strict=True)
    )


def snippet(text: str, terms: Sequence[Term]) -> tuple[str, tuple[Span, ...]]:
    """About `LENGTH` characters around the first word found (the start if none is), and its spans."""
    spans: list[Span] = []
    for span in found(text, terms):
        if spans and span[1] > spans[0][0] + LENGTH:
            break
        spans.append(span)
    first = spans[0][0] if spans else 0
    start = _word_start(text, first - LEAD) if first > LEAD else 0
    end = _word_end(text, start + LENGTH)
    head, tail = ("… " if start else ""), ("…" if end < len(text) else "")
    shift = len(head) - start
    shown = head + _BLANK.sub(" ", text[start:end]) + tail
    return shown, tuple((a + shift, b + shift) for a, b in spans if b <= end)


def _word_start(text: str, at: int) -> int:
    blank = _BLANK.search(text, at, at + 30)
    return blank.end() if blank else at


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    blank = _BLANK.search(text, at, at + 30)
    return blank.start() if blank else at
