"""Whether the writer tells what they lived through themselves, or passes on what others said; nothing where neither.

A head reads the message, and words that tell whose story it is (hearsay_words.py) count beside it. What it is not sure
of leaves no finding: reports are told from rumours by this, and a guess would count as one of them.
See docs/labelling.md for what each means, and docs/models/hearsay.md for how far to trust it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from math import exp

from crowdalogue.analyze.document import NOTHING, Document, Finding
from crowdalogue.analyze.steps import head, hearsay_words
from crowdalogue.analyze.steps.cut import cut
from crowdalogue.analyze.steps.hearsay_words import FIRST_HAND, HEARSAY, Spans

NAME = "hearsay"
# Below this it keeps quiet. What such words add to the logarithm of the odds, and what is added without: the head
# learns from labels weighed alike, and hearsay is rare. Fitted on the cross-validated scores (docs/models).
SURE = 0.5
NAMED = {FIRST_HAND: 0.5, HEARSAY: 4.0}
ALWAYS = {FIRST_HAND: 0.5, HEARSAY: -1.3}
_HEAD = head.step(NAME)


def run(documents: list[Document]) -> None:
    """Find `hearsay` in what customers wrote: first_hand or hearsay, with the words; nothing where not sure."""
    came_in = [d for d in documents if d.inbound and d.whole.strip()]
    if not came_in:
        return
    loaded = head.load(NAME)
    unnamed: list[tuple[Document, Finding]] = []
    for document, row in zip(came_in, loaded.shares(came_in).tolist(), strict=True):
        words = hearsay_words.found(cut(document))
        finding = judged(weighed(dict(zip(loaded.labels, row, strict=True)), words), words, loaded.version)
        if finding is not None:
            document.findings[NAME] = finding
            if not finding.words:
                unnamed.append((document, finding))
    reasons = loaded.reasons([document for document, _ in unnamed], [finding.label for _, finding in unnamed])
    for (_, finding), spans in zip(unnamed, reasons, strict=True):
        finding.words = spans


def weighed(believed: Mapping[str, float], words: tuple[str, Spans] | None) -> dict[str, float]:
    """The head's shares with the words counted in; they add up to 1 again."""
    added = dict(ALWAYS)
    if words is not None:
        added[words[0]] += NAMED[words[0]]
    raised = {label: share * exp(added.get(label, 0.0)) for label, share in believed.items()}
    total = sum(raised.values()) or 1.0
    return {label: share / total for label, share in raised.items()}


def judged(believed: Mapping[str, float], words: tuple[str, Spans] | None, version: str) -> Finding | None:
    """The finding for these shares; nothing where `none` is likeliest or no label is likely enough."""
    label = max(believed, key=lambda name: believed[name])
    confidence = round(believed[label], 4)
    if label == NOTHING or confidence < SURE:
        return None
    return Finding(label, confidence, words[1] if words is not None and words[0] == label else (), version)


STEP = dataclasses.replace(_HEAD, run=run)
