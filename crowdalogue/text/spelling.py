"""What somebody meant who typed a word that nobody wrote: the word most messages have of those it may be."""

from __future__ import annotations

import re

from crowdalogue.text import index, vocabulary
from crowdalogue.text.query import Query, Term

SHORTEST = 4  # letters; of three almost every word may be another
_NEWEST = 1 << 62


def corrected(typed: str, query: Query) -> str:
    """`typed` with every unknown word in place of the one that was probably meant; empty where there is none such."""
    meant = typed
    for term in query.terms:
        word = term.words[0]
        if len(term.words) > 1 or term.prefix or len(word) < SHORTEST or not word.isalpha() or written(term):
            continue
        known = vocabulary.nearby(word)
        if not known:
            return ""
        best = max(known, key=lambda other: (known[other], other))
        meant = re.sub(rf"(?<!\w){re.escape(term.text)}(?!\w)", best, meant, count=1)
    return "" if meant == typed else meant


def written(term: Term) -> bool:
    """Whether any message has this word."""
    return bool(index.newest(index.Lookup(((term,),)), _NEWEST, 1))
