"""How well copies are found: over a file whose labels say which rows are copies of each other, or over our own.

Batches are joined as the store joins them: a later batch looks up the keys of earlier groups and asks whether the
texts are copies.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from crowdalogue.analyze import training
from crowdalogue.analyze.document import Document
from crowdalogue.analyze.figures import metrics, rounded, wilson
from crowdalogue.analyze.pipeline import BATCH
from crowdalogue.analyze.steps import duplicate

COPY, ORIGINAL, WRONG = "copy", "original", "copy_of_another"


class Groups:
    """The groups met so far; texts of their first members are kept, so memory grows with what is no copy."""

    def __init__(self) -> None:
        self._firsts: dict[int, list[str]] = {}
        self._texts: dict[str, str] = {}
        self._keys: dict[str, str] = {}

    def add(self, documents: list[Document]) -> list[tuple[str, str]]:
        """For each document (ids are its own) the id of the first of its group, and the group's key."""
        duplicate.run(documents)
        whole = {d.id: d for d in documents}
        joined: dict[str, str] = {}
        result = []
        for document in documents:
            leader = str(document.findings["duplicate"].extra["of"])
            if leader == document.id:
                joined[leader] = self._earlier(document) or self._kept(document)
            elif leader not in joined:  # a first member stands before its copies
                joined[leader] = self._kept(whole[leader])
            result.append((joined[leader], self._keys[joined[leader]]))
        return result

    def _earlier(self, document: Document) -> str:
        near = Counter(first for key in document.signature for first in self._firsts.get(key, ()))
        text = document.whole
        return next((first for first, _ in near.most_common() if duplicate.copies(self._texts[first], text)), "")

    def _kept(self, document: Document) -> str:
        for key in document.signature:
            self._firsts.setdefault(key, []).append(document.id)
        if document.signature:
            self._texts[document.id] = document.whole
        self._keys[document.id] = document.findings["duplicate"].label
        return document.id


def groups_of(texts: Iterable[str], batch: int = BATCH) -> list[int]:
    """For each text the place of the first of its group."""
    groups = Groups()
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    firsts: list[int] = []
    for start in range(0, len(documents), batch):
        firsts += [int(first) for first, _ in groups.add(documents[start : start + batch])]
    return firsts


def scored(texts: Sequence[str], groups: Sequence[str]) -> dict[str, Any]:
    """Figures where `groups` says which texts are copies of each other: those of one group.

    A text is a `copy` where an earlier one has its group, else an `original`; it is found to be one, or to be a copy
    of a text of another group. `precision` and `recall` are of copies, with intervals.
    """
    began = time.process_time()
    firsts = groups_of(texts)
    seconds = time.process_time() - began
    met: set[str] = set()
    truth, found = [], []
    for i, (first, group) in enumerate(zip(firsts, groups, strict=True)):
        truth.append(COPY if group in met else ORIGINAL)
        found.append(ORIGINAL if first == i else COPY if groups[first] == group else WRONG)
        met.add(group)
    hits = sum(f == COPY for f in found)
    said, copies = hits + found.count(WRONG), truth.count(COPY)
    return {
        **metrics(truth, found),
        "precision": rounded(hits / max(said, 1)),
        "precision_interval": wilson(hits, said),
        "recall": rounded(min(hits / max(copies, 1), 1.0)),
        "recall_interval": wilson(min(hits, copies), copies),
        "seconds_cpu": rounded(seconds),
        "messages_per_cpu_second": round(len(texts) / max(seconds, 1e-9)),
        "version": duplicate.VERSION,
    }


def own() -> dict[str, Any]:
    """Copies with small edits made from our own examples: how many are found, and how many of the found are copies."""
    rng = random.Random(4)  # noqa: S311 - no secret, the same each time
    texts = [r["text"] for r in training.examples() if len(r["text"]) >= 40]
    copies = [_edited(text, rng) for text in texts]
    names = [str(i) for i in range(len(texts))]
    return {
        "step": "duplicate",
        "data": "own examples and a copy of each with one or two small edits",
        **scored(texts + copies, names + names),
    }


def _edited(text: str, rng: random.Random) -> str:
    """A copy as people make them: a repost mark, a link, a typo, a word more or less, another case or other marks."""
    for _ in range(rng.choice((1, 1, 2))):
        words = text.split()
        at = rng.randrange(len(words))
        match rng.randrange(7):
            case 0:
                text = f"RT @someone: {text}"
            case 1:
                text = f"{text} https://example.com/{rng.randrange(10**6)}"
            case 2:
                words[at] = words[at][:-1] + rng.choice("aeinst")
                text = " ".join(words)
            case 3:
                words.insert(at, rng.choice(("please", "really", "now", "again", "so")))
                text = " ".join(words)
            case 4:
                del words[at]
                text = " ".join(words)
            case 5:
                text = text.upper()
            case _:
                text = text.replace(",", "").replace(".", "!!")
    return text
