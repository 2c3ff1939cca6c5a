"""What parts of the company a message names (delivery, price, staff and so on), and how the writer feels about each.

Named is what stands in our own word lists (aspects.toml). How it is felt is read by a head from the clause around the
words and from the meaning of the whole message: "lovely staff, terrible bathroom" is one of each.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from crowdalogue.analyze.document import Document, Finding, Step
from crowdalogue.analyze.steps import head
from crowdalogue.analyze.steps.cut import Cut, cut

NAME = "aspects"
LISTS: dict[str, tuple[str, ...]] = {
    aspect: tuple(words.split())
    for aspect, words in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).items()
}
# Below this the polarity is told as not sure; how many aspects of a message, and words of one, are kept.
SURE, UNSURE, MOST, MOST_SPANS = 0.45, "und", 8, 4
# A shorter beginning than this stands for too many words.
LEAST_START = 3
# Where one thought ends and another may begin: punctuation, and words that turn.
_TURNS = (
    "but|although|though|however|while|yet|aber|doch|obwohl|mais|pero|aunque|però|ma|mas|porém|maar|ale|ama|fakat|men"
)
_ENDS = re.compile(rf"[.!?;,:()–—]*\s(?:{_TURNS})\s|[.!?;,:\n()–—]+\s|\n", re.IGNORECASE)


@dataclass(slots=True)
class Named:
    """One aspect of a message: where its words stand, the first as it was met."""

    aspect: str
    spans: list[tuple[int, int]] = field(default_factory=list)


def _sorted_out() -> tuple[dict[str, str], dict[str, str], dict[tuple[str, str], str]]:
    exact: dict[str, str] = {}
    starts: dict[str, str] = {}
    pairs: dict[tuple[str, str], str] = {}
    for aspect, words in LISTS.items():
        for word in words:
            first, _, second = word.partition("_")
            if second:
                pairs.setdefault((first, second), aspect)
            elif word.endswith("*"):
                starts.setdefault(word[:-1], aspect)
            else:
                exact.setdefault(word, aspect)
    return exact, starts, pairs


_EXACT, _STARTS, _PAIRS = _sorted_out()
_FIRST = frozenset(first for first, _ in _PAIRS)


@lru_cache(maxsize=65_536)
def aspect_of(word: str) -> str:
    """The aspect that a lower-case word speaks of, or nothing: the longest of our beginnings wins."""
    if word in _EXACT:
        return _EXACT[word]
    for length in range(min(len(word), 24), LEAST_START - 1, -1):
        if word[:length] in _STARTS:
            return _STARTS[word[:length]]
    return ""


def named(words: Cut) -> list[Named]:
    """The aspects of a message in the order they are met, with the spans of their words."""
    found: dict[str, Named] = {}
    taken = -1
    for i, word in enumerate(words.words):
        if i <= taken:
            continue
        start, end = words.spans[i]
        aspect = ""
        if word in _FIRST and i + 1 < len(words.words):
            aspect = _PAIRS.get((word, words.words[i + 1]), "")
            if aspect:
                end, taken = words.spans[i + 1][1], i + 1
        if not aspect and not (start and words.low[start - 1] == "@"):  # a handle names whom it is written to
            aspect = aspect_of(word)
        if aspect:
            one = found.setdefault(aspect, Named(aspect))
            if len(one.spans) < MOST_SPANS:
                one.spans.append((start, end))
    return list(found.values())[:MOST]


def clause_of(text: str, span: tuple[int, int]) -> str:
    """The piece of a text that a span stands in, from one turn or stop to the next."""
    start = max((m.end() for m in _ENDS.finditer(text, 0, span[0])), default=0)
    after = _ENDS.search(text, span[1])
    return text[start : after.start() if after else len(text)].strip() or text[span[0] : span[1]]


def run(documents: list[Document]) -> None:
    """Find `aspects` where a message names any: the label is the first, `extra["named"]` holds all.

    Each of `named` has `aspect`, `polarity` (positive, neutral, negative, or und where not sure), `confidence` (that
    of the polarity) and `words` (a span). `words` of the finding are all spans; its confidence that of the first.
    """
    asked: list[tuple[Document, Named, Document]] = []
    for document in documents:
        if document.inbound:
            words = cut(document)
            for one in named(words):
                clause = Document(document.id, clause_of(words.text, one.spans[0]), embedding=document.embedding)
                asked.append((document, one, clause))
    if not asked:
        return
    loaded = head.load(NAME)
    loaded.run([clause for _, _, clause in asked])
    for document, one, clause in asked:
        _add(document, one, clause.findings[NAME], loaded.version)


def _add(document: Document, one: Named, felt: Finding, version: str) -> None:
    told: dict[str, Any] = {
        "aspect": one.aspect,
        "polarity": felt.label if felt.confidence >= SURE else UNSURE,
        "confidence": felt.confidence,
        "words": list(one.spans[0]),
    }
    finding = document.findings.get(NAME)
    if finding is None:
        words = tuple(one.spans)
        document.findings[NAME] = Finding(one.aspect, felt.confidence, words, version, extra={"named": [told]})
    else:
        finding.words += tuple(one.spans)
        finding.extra["named"].append(told)


STEP = Step(NAME, head.step(NAME).version, run, needs=("embedding?",), gives=(NAME,), labels=tuple(sorted(LISTS)))
