"""What a step sees of a message, and what it leaves behind. No database, no Django: it runs in a notebook too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Longer texts are read up to here: what a customer wants is said before this, and time stays bounded.
READ_CHARACTERS = 4000
UNDETERMINED = "und"
NOTHING = "none"


@dataclass(slots=True)
class Finding:
    """One answer of one step about one message.

    `confidence` is calibrated: of the findings with 0.8, about eight in ten are right. `words` are character spans
    in the message's text that led to the label, the strongest first. `version` is that of the step.
    """

    label: str
    confidence: float
    words: tuple[tuple[int, int], ...] = ()
    version: str = ""
    value: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Document:
    """A message as the steps read it; they add to `findings` and set what their `gives` names.

    `facts` is what the source says beside the words, where it does: `place` (the author's, or the message's own),
    `phone` (E.164), `automatic` and `bot` (true). `known` is what the company knows, one mapping for a whole batch:
    `catalogue` and `places` (see steps/products.py and steps/place.py).

    `failed` says, for each step that could not read this message, why. `shared` holds what steps work out for
    each other within one reading and is not kept.
    """

    id: str
    text: str
    subject: str = ""
    language: str = ""
    channel: str = ""
    public: bool = False
    inbound: bool = True
    sent_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    findings: dict[str, Finding] = field(default_factory=dict)
    embedding: NDArray[np.float32] | None = None
    signature: tuple[int, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def heading(self) -> str:
        """What stands before the text when a message is read as a whole: its subject, if it has one."""
        return self.subject[:200] + "\n" if self.subject.strip() else ""

    @property
    def whole(self) -> str:
        """Subject and text, as far as steps read them."""
        return self.heading + self.text[:READ_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Step:
    """One question asked of every message.

    `run` answers it for a batch, in place, and is a pure function of the documents. `needs` and `gives` name
    findings or attributes of a document (`embedding`, `signature`); a need followed by `?` is used where present.
    `labels` are the answers it can give, empty where they are open-ended.
    """

    name: str
    version: str
    run: Callable[[list[Document]], None]
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def score(self, documents: list[Document], truth: list[str]) -> float:
        """The share of documents for which this step finds the label in `truth` (what it needs must be there)."""
        self.run(documents)
        right = (self.label(d) == label for d, label in zip(documents, truth, strict=True))
        return sum(right) / max(len(documents), 1)

    def label(self, document: Document) -> str:
        """What it found. A step that finds something in few messages leaves nothing in the others: `none`."""
        finding = document.findings.get(self.name)
        return finding.label if finding is not None else NOTHING


class StepUnavailable(RuntimeError):
    """A step cannot read anything on this machine (a part is missing); the others go on without it."""
