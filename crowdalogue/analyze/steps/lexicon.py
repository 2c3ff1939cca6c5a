"""Our own word lists (lexicon.toml): what a word says about a message before anything is learned.

The lists are cues, not verdicts: a head learns from labelled examples how much each group counts, apart for words
under a negation.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

GROUPS: dict[str, tuple[str, ...]] = {
    group: tuple(words.split())
    for group, words in tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8")).items()
}
# Two words that mean what neither of them does.
PHRASES: dict[tuple[str, str], str] = {}
_EXACT: dict[str, tuple[str, ...]] = {}
_STARTS: dict[str, tuple[str, ...]] = {}


def _sort_out() -> None:
    for group, words in GROUPS.items():
        for word in words:
            if "_" in word and word.strip("_"):
                first, _, second = word.partition("_")
                PHRASES[first, second] = group
            elif word.endswith("*") and len(word) > 1:
                _STARTS[word[:-1]] = (*_STARTS.get(word[:-1], ()), group)
            else:
                _EXACT[word] = (*_EXACT.get(word, ()), group)


_sort_out()
# The first letters of all beginnings: most words have none of them.
_BEGIN = frozenset(start[:3] for start in _STARTS)


def groups(word: str) -> tuple[str, ...]:
    """The groups a lower-case word belongs to."""
    found = _EXACT.get(word, ())
    if word[:3] in _BEGIN:
        for length in range(3, len(word) + 1):
            more = _STARTS.get(word[:length])
            if more is not None:
                found += tuple(g for g in more if g not in found)
    return found


def negates(word: str) -> bool:
    """Whether a word turns what follows it into its opposite."""
    return "negator" in _EXACT.get(word, ())


def turns(word: str) -> bool:
    """Whether a word says that what follows counts more than what went before ("but")."""
    return "turn" in _EXACT.get(word, ())
