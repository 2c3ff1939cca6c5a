"""What the writer shows they feel: anger, disappointment, worry, joy, gratitude or surprise; nothing where none shows.

A head reads the message; a word that names a feeling outright (emotion_words.py) counts for more than it learned.
See docs/labelling.md for what each means, and docs/models/emotion.md for how far to trust it.
"""

from __future__ import annotations

import dataclasses
from math import exp, log

from crowdalogue.analyze.document import NOTHING, UNDETERMINED, Document, Finding
from crowdalogue.analyze.steps import emotion_words, head
from crowdalogue.analyze.steps.cut import cut

NAME = "emotion"
# Below this it is not sure. What a named feeling adds to the logarithm of the odds; both are in the card.
SURE, NAMED = 0.45, 2.0
# With named feelings counted in, the likeliest is believed too much: its odds to this power, and that much less.
CALM, DOUBT = 0.74, 0.33
_HEAD = head.step(NAME)


def run(documents: list[Document]) -> None:
    """Find `emotion` in what came in: one of the labels, `und` where not sure, nothing where nothing shows."""
    came_in = [d for d in documents if d.inbound and d.whole.strip()]
    if not came_in:
        return
    loaded = head.load(NAME)
    shares = loaded.shares(came_in)
    likeliest = [loaded.labels[i] for i in shares.argmax(axis=1).tolist()]
    told: list[tuple[Document, Finding]] = []
    for document, row, first in zip(came_in, shares.tolist(), likeliest, strict=True):
        named = emotion_words.found(cut(document))
        if not named and first == NOTHING:
            continue
        believed = dict(zip(loaded.labels, row, strict=True)) if named else {first: max(row)}
        finding = judged(weighed(believed, named), named, loaded.version)
        if finding is not None:
            document.findings[NAME] = finding
            if finding.label == first:
                told.append((document, finding))
    # Reasons are looked for only where there is something that the head gives reasons for.
    reasons = loaded.reasons([document for document, _ in told], [finding.label for _, finding in told])
    for (_, finding), more in zip(told, reasons, strict=True):
        finding.words += tuple(w for w in more if all(w[1] <= start or end <= w[0] for start, end in finding.words))


def weighed(believed: dict[str, float], named: dict[str, tuple[int, int]]) -> dict[str, float]:
    """The head's shares with the named feelings counted in; they add up to 1 again."""
    if not named:
        return believed
    raised = {label: share * exp(NAMED) if label in named else share for label, share in believed.items()}
    total = sum(raised.values()) or 1.0
    return {label: share / total for label, share in raised.items()}


def judged(believed: dict[str, float], named: dict[str, tuple[int, int]], version: str) -> Finding | None:
    """The finding for these shares; nothing where `none` is likeliest, `und` where no label is likely enough."""
    label = max(believed, key=lambda name: believed[name])
    if label == NOTHING:
        return None
    share = min(max(believed[label], 1e-6), 1 - 1e-6)
    confidence = round(1 / (1 + exp(DOUBT - CALM * log(share / (1 - share)))), 4)
    if confidence < SURE:
        return Finding(UNDETERMINED, confidence, (), version)
    return Finding(label, confidence, (named[label],) if label in named else (), version)


STEP = dataclasses.replace(_HEAD, run=run)
