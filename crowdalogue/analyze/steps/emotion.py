"""What the writer shows they feel: anger, disappointment, worry, joy, gratitude or surprise; nothing where none shows.

A head reads the message; a word that names a feeling outright (emotion_words.py) counts for more than it learned.
See docs/labelling.md for what each means, and docs/models/emotion.md for how far to trust it.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from crowdalogue.analyze.document import NOTHING, UNDETERMINED, Document, Finding
from crowdalogue.analyze.steps import emotion_words, head

NAME = "emotion"
# Below this it is not sure. What a named feeling adds to the logarithm of the odds; both are in the card.
SURE, NAMED = 0.5, 2.0
_HEAD = head.step(NAME)


def run(documents: list[Document]) -> None:
    """Find `emotion` in what came in: one of the labels, `und` where not sure, nothing where nothing shows."""
    came_in = [d for d in documents if d.inbound]
    if not came_in:
        return
    _HEAD.run(came_in)
    loaded = head.load(NAME)
    for document, row in zip(came_in, loaded.shares(came_in).tolist(), strict=True):
        named = emotion_words.found(document.whole[len(document.heading) :])
        believed = weighed(dict(zip(loaded.labels, row, strict=True)), named)
        finding = judged(believed, named, document.findings[NAME])
        if finding is None:
            del document.findings[NAME]
        else:
            document.findings[NAME] = finding


def weighed(believed: dict[str, float], named: dict[str, tuple[int, int]]) -> dict[str, float]:
    """The head's shares with the named feelings counted in; they add up to 1 again."""
    raised = {label: share * float(np.exp(NAMED)) if label in named else share for label, share in believed.items()}
    total = sum(raised.values()) or 1.0
    return {label: share / total for label, share in raised.items()}


def judged(believed: dict[str, float], named: dict[str, tuple[int, int]], found: Finding) -> Finding | None:
    """The finding for these shares; nothing where `none` is likeliest, `und` where no label is likely enough."""
    label = max(believed, key=lambda name: believed[name])
    confidence = round(believed[label], 4)
    if label == NOTHING or not found.confidence:  # no confidence at all: an empty text
        return None
    if confidence < SURE:
        return Finding(UNDETERMINED, confidence, (), found.version)
    words = found.words if label == found.label else ()
    if label in named and named[label] not in words:
        start, end = named[label]
        words = (named[label], *(w for w in words if w[1] <= start or end <= w[0]))
    return Finding(label, confidence, words, found.version)


STEP = dataclasses.replace(_HEAD, run=run)
