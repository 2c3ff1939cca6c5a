# ruff: noqa: E501  (a pattern a line, lists as plain rows of words)
"""The question that a customer asks: which words of the message it is, with or without a question mark.

A sentence that ends in a question mark is one; without it, a sentence (or what follows a comma) has to begin the way
questions begin in its language: an interrogative before a verb, a verb before a person, "any idea when". Reported ones
count too ("let me know whether"). What only looks like one (how are you, right?) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crowdalogue.analyze.document import NOTHING, Document, Finding, Step
from crowdalogue.analyze.steps.cut import Cut, cut
from crowdalogue.analyze.steps.openings import ABOUT_ACCOUNT, AT_START, FIRST, GREETING, LINKING, OPENING

VERSION = "1"
MOST = 8
SHORTEST = 6  # characters

# Where one sentence ends and the next begins: marks and line breaks, but no dot inside a number or an address.
_END = re.compile(r"[!?…？؟。\n]+|\.+(?=\s|$|[\"')»”])")
_MARKS = "?？؟"
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_SMALL_TALK = re.compile(
    r"\W*(?:and |so |ok(?:ay)?,? |hi,? |hello,? |hey,? )?(?:how are you(?: \w+)?|how(?:'s| is) it going|what'?s up|right|really|"
    r"seriously|ok(?:ay)?|yes|no|huh|eh|why|what|wtf|hello|anyone|wie geht'?s(?: \w+)?|wie geht es (?:dir|ihnen|euch)|echt|"
    r"oder|ja|nein|ça va|comment allez[- ]vous|vraiment|n'est[- ]ce pas|qué tal|cómo está[ns]?|verdad|come (?:va|stai)|"
    r"vero|tudo bem|hoe gaat het|hur mår (?:du|ni))\W*$"
)
# A statement with a question mark behind it, and what people say before they ask.
_TAG = re.compile(r",\s*(?:right|no|ok|huh|eh|oder|ja|gell|n'est-ce pas|hein|verdad|vero|toch|né|eller hur)\s*\W+$")
_GREETING = re.compile(r"(?:[^\W\d_]+[ ,!]*){1,3}[,;:–—-]\s*")


def run(documents: list[Document]) -> None:
    """Find `question` in messages that ask one: label `asked`, the spans of its sentences, the surest first."""
    for document in documents:
        found = find(cut(document))
        if found:
            spans = tuple((start, end) for start, end, _ in found)
            document.findings["question"] = Finding("asked", found[0][2], spans, VERSION)


def find(words: Cut) -> list[tuple[int, int, float]]:
    """Start, end and confidence of each question in a text, the surest first."""
    low = words.low
    marked = "?" in low or "？" in low or "؟" in low
    openings = [] if words.known.isdisjoint(FIRST) else _openings(words)
    if not openings and not marked:
        return []
    if "://" in low or "www." in low:
        low = _LINK.sub(lambda match: " " * len(match[0]), low)
    found: list[tuple[int, int, float]] = []
    start = 0
    for end, stop, sign in _sentences(low):
        within = [at for at in openings if start <= at < end]
        if within or (marked and any(mark in sign for mark in _MARKS)):
            hit = _asked(low, start, end, stop, within)
            if hit is not None:
                found.append(hit)
        start = stop
    found.sort(key=lambda hit: (-hit[2], hit[0]))
    return found[:MOST]


def _sentences(low: str) -> Iterator[tuple[int, int, str]]:
    """Where each sentence's words end, where its marks end, and the marks."""
    for match in _END.finditer(low):
        yield match.start(), match.end(), match[0]
    if low:
        yield len(low), len(low), ""


def _openings(words: Cut) -> list[int]:
    """Where questions begin as they do in some language, at the start of a sentence or of a part of it."""
    low, found, every, spans = words.low, [], words.words, words.spans
    for i, word in enumerate(every):
        if word in FIRST or ("'" in word and word.partition("'")[0] in FIRST):
            start = spans[i][0]
            before, end = (every[i - 1], spans[i - 1][1]) if i else ("", 0)
            if _may_begin(low, word, start, before, end):
                opening = OPENING.match(low, start)
                if opening is not None and len(low) - opening.end() > 1:
                    found.append(start)
    return found


def _may_begin(low: str, word: str, start: int, before: str, end: int) -> bool:
    """Whether a question may begin at this word: `before` is the word that ends at `end`, "" at the very start."""
    between = low[end:start].strip(" ")
    if not before or (between and any(mark in ".!?…\n¿؟？" for mark in between)):
        return True
    if "@" in low and _named(low, end):
        return not ABOUT_ACCOUNT.match(low, start)
    if before in GREETING:
        return True
    if word in AT_START:
        return any(mark in ':—–("“' or mark > "\u2190" for mark in between) if between else False
    if before in LINKING:
        return True
    return any(mark in ',;:–—("“»*>-' or mark > "\u2190" for mark in between) if between else False


def _named(low: str, end: int) -> bool:
    """Whether the word that ends here belongs to the name of an account (@some_shop)."""
    at = low.rfind("@", max(0, end - 40), end)
    return at >= 0 and low[at + 1 : end].replace("_", "").isalnum() and (at == 0 or not low[at - 1].isalnum())


def _asked(low: str, start: int, end: int, stop: int, openings: list[int]) -> tuple[int, int, float] | None:
    while start < end and (low[start].isspace() or low[start] in "-–—,;:\"'“”«»()*>"):
        start += 1
    while low[start : start + 1] == "@":
        start = _MENTION.match(low, start).end()  # type: ignore[union-attr]
    marked = any(mark in low[end:stop] for mark in _MARKS)
    stop = stop - (low[stop - 1] == "\n") if marked else end
    while stop > start and low[stop - 1].isspace():
        stop -= 1
    if stop - start < SHORTEST or _SMALL_TALK.match(low, start, stop):
        return None
    if not marked:
        begin = openings[0]
        return (begin, stop, 0.85) if stop - begin >= SHORTEST else None
    if openings and _GREETING.fullmatch(low, start, openings[0]):
        start = openings[0]
    if _TAG.search(low, start, stop) and start not in openings:
        return None
    if low[start - 1 : start] == "¿":
        start -= 1
    return start, stop, 0.97 if openings else 0.88


_MENTION = re.compile(r"@\w*[,:]?\s*")

STEP = Step("question", VERSION, run, gives=("question",), labels=("asked", NOTHING))
